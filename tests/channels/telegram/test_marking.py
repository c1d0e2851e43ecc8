from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.telegram.marking import Marked, Span, cut, marked, units


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("one<br>two", "one\ntwo"),
        ("<div>one</div><div>two</div>", "one\ntwo"),
        ("<ul><li>milk</li><li>tea</li></ul>", "• milk\n• tea"),
        ("a &amp; &lt;b&gt;", "a & <b>"),
        ("  many \n  spaces  ", "many spaces"),
        ("<pre>x\n  y</pre>", "x\n  y"),
        ("<script>evil()</script>seen<style>p{}</style>", "seen"),
        ("<b>open <i>ever", "open ever"),
        ("</b></i>closed", "closed"),
        ("<unknown>kept</unknown>", "kept"),
        ("", ""),
    ],
)
def test_the_words_of_html_are_kept_and_its_blocks_are_lines(html: str, text: str) -> None:
    assert marked(html).text == text


def test_marks_reach_from_where_to_where_their_tags_stood() -> None:
    found = marked('<p>a <b>bold</b> <a href="https://x.example">link</a> <a href="javascript:x">none</a></p>')
    assert found.text == "a bold link none"
    assert found.spans == (Span("bold", 2, 6), Span("text_link", 7, 11, "https://x.example"))


def test_a_cut_through_a_bold_passage_leaves_two_bold_halves() -> None:
    first, second = cut(Marked("aaaa bbbb", (Span("bold", 2, 7),)), 5)
    assert (first.text, first.spans) == ("aaaa", (Span("bold", 2, 4),))
    assert (second.text, second.spans) == ("bbbb", (Span("bold", 0, 2),))


def test_a_character_of_two_units_is_never_cut_in_half() -> None:
    assert [part.text for part in cut(Marked("😀" * 5), 3)] == ["😀"] * 5


@settings(deadline=None)
@given(st.text(max_size=200), st.integers(2, 50))
def test_parts_fit_and_hold_all_that_is_no_space(text: str, most: int) -> None:
    parts = cut(Marked(text), most)
    assert all(0 < units(part.text) <= most for part in parts)
    assert "".join("".join(part.text.split()) for part in parts) == "".join(text.split())


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(["<b>", "</b>", "<p>", "</p>", "<li>", "<a href=x>", "</a>", "x", " ", "😀", "<pre>", "\n"])
    )
)
def test_whatever_the_tags_are_marks_lie_within_the_text(parts: list[str]) -> None:
    found = marked("".join(parts))
    assert found.text.count("x") == parts.count("x")
    assert all(0 <= span.start < span.end <= len(found.text) for span in found.spans)
    for entity in found.entities or []:
        assert 0 <= entity.offset < entity.offset + entity.length <= units(found.text)
