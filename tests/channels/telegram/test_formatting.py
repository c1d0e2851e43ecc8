from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram.formatting import formatted


def mark(kind: str, offset: int, length: int, **more: Any) -> dict[str, Any]:
    return {"type": kind, "offset": offset, "length": length, **more}


@pytest.mark.parametrize(
    ("text", "entities", "html"),
    [
        ("plain", [], None),
        ("see @ann and #tag", [mark("mention", 4, 4), mark("hashtag", 13, 4)], None),
        ("be bold", [mark("bold", 3, 4)], "be <b>bold</b>"),
        ("😀😀 x", [mark("italic", 5, 1)], "😀😀 <i>x</i>"),
        ("a & <b>", [mark("bold", 0, 1)], "<b>a</b> &amp; &lt;b&gt;"),
        ("ab", [mark("bold", 0, 2), mark("italic", 0, 1)], "<b><i>a</i>b</b>"),
        ("abc", [mark("bold", 0, 2), mark("italic", 1, 2)], "<b>a<i>b</i></b><i>c</i>"),
        ("x\ny", [mark("code", 0, 1)], "<code>x</code><br>y"),
        ("x\ny", [mark("pre", 0, 3, language="py")], "<pre>x\ny</pre>"),
        ("long", [mark("bold", 2, 900)], "lo<b>ng</b>"),
        ("odd", [mark("bold", -1, 2), mark("bold", 9, 2), mark("bold", 0, 0), {"type": "bold"}], None),
    ],
)
def test_marks_become_tags_of_ours(text: str, entities: list[dict[str, Any]], html: str | None) -> None:
    assert formatted(text, entities) == (text, html)


def test_a_link_hidden_behind_words_is_named_in_the_plain_text() -> None:
    plain, html = formatted("our shop.", [mark("text_link", 4, 4, url="https://shop.example/?a=1&b=2")])
    assert plain == "our shop (https://shop.example/?a=1&b=2)."
    assert html == 'our <a href="https://shop.example/?a=1&amp;b=2">shop</a>.'


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "java\nscript:alert(1)", " JavaScript:x", "data:text/html,x", "vbscript:x", "", "//x", "http://[",
     'x" onclick="y'],
)  # fmt: skip
def test_a_link_that_is_none_is_plain_words(url: str) -> None:
    assert formatted("click", [mark("text_link", 0, 5, url=url)]) == ("click", None)


def test_a_quote_in_an_address_stays_in_the_address() -> None:
    _, html = formatted("x", [mark("text_link", 0, 1, url='https://a.example/"><script>')])
    assert html is not None
    assert "<script>" not in html


marks = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["bold", "italic", "pre", "text_link", "spoiler", "blockquote", "?"]),
        "offset": st.integers(-3, 30),
        "length": st.integers(-3, 30),
        "url": st.sampled_from(["https://a.example", "javascript:x"]),
    }
)


@settings(deadline=None)
@given(st.text(max_size=20), st.lists(marks, max_size=6))
def test_whatever_is_marked_no_word_is_lost_and_tags_are_nested(text: str, entities: list[dict[str, Any]]) -> None:
    plain, html = formatted(text, [{**e, "type": "bold"} if e["type"] == "text_link" else e for e in entities])
    assert plain == text.replace("\0", "\u2400")
    if html is not None:
        opened: list[str] = []
        for tag in _tags(html):
            if tag.startswith("/"):
                assert opened.pop() == tag[1:]
            elif tag != "br":
                opened.append(tag)
        assert not opened


def _tags(html: str) -> list[str]:
    return [part.partition(">")[0].split(" ")[0] for part in html.split("<")[1:]]
