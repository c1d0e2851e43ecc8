"""Words that agents lay out leave without anything that acts, whatever was pasted into them."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.machinery.media import letters
from tests.channels.webchat.naughty import NAUGHTY

CORPUS = Path(__file__).parents[3] / ".." / "shared" / "corpora" / "naughty-strings" / "blns.json"
TAGS = frozenset(
    {"a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "hr", "i", "li", "ol", "p", "pre", "s"}
    | {"span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u", "ul"}
)
LINKS = [
    "javascript:steal()",
    "JaVaScRiPt:steal()",
    " java\tscript:steal()",
    "java\nscript:steal()",
    "java&#09;script:steal()",
    "&#106;avascript:steal()",
    "\x01javascript:steal()",
    "javascript&colon;steal()",
    "data:text/html,<script>steal()</script>",
    "data:text/html;base64,PHNjcmlwdD4=",
    "vbscript:steal",
    "file:///etc/passwd",
    "blob:https://x.example/1",
    "hub-file:7",
]


class Reader(HTMLParser):
    """What a reader of HTML finds in a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, attrs))


def must_be_harmless(html: str) -> None:
    """Nothing but plain tags, and links that lead to a page, a mailbox or a phone."""
    for tag, attributes in Reader(html).found:
        assert tag in TAGS, html
        for name, value in attributes:
            assert name in ("title", "lang") or (tag, name) in {("a", "href"), ("a", "rel")}, html
            if name == "href":
                scheme, colon, _ = (value or "").strip().lower().partition(":")
                assert not colon or scheme in ("http", "https", "mailto", "tel") or not scheme.isalpha(), html


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_runs_something_is_no_link(link: str) -> None:
    cleaned = letters.cleaned(f'<a href="{link}">press</a>')
    assert [name for _, attributes in Reader(cleaned).found for name, _ in attributes] == ["rel"]
    assert cleaned.endswith(">press</a>")


def test_links_of_people_stay() -> None:
    for link in ("https://shop.example/?a=1", "http://shop.example", "mailto:olena@shop.example", "tel:+380441234567"):
        assert f'href="{link}"' in letters.cleaned(f'<a href="{link}">x</a>')


def test_naughty_strings_are_harmless_as_words_and_as_html() -> None:
    for text in NAUGHTY:
        sound = text.encode("utf-8", "replace").decode()
        for html in (sound, f"<p title='{sound}'>{sound}</p>", f'<a href="{sound}">x</a>', letters.as_html(sound)):
            must_be_harmless(letters.cleaned(html))
        must_be_harmless(letters.as_html(sound))


def test_the_corpus_of_naughty_strings_is_harmless() -> None:
    if not CORPUS.exists():
        pytest.skip("The corpora are not beside this checkout")
    for text in json.loads(CORPUS.read_text(encoding="utf-8")):
        must_be_harmless(letters.cleaned(text))
        must_be_harmless(letters.as_html(text))


PIECES = [
    "<",
    ">",
    '"',
    "'",
    "&",
    "/",
    "script",
    "a href=",
    "javascript:",
    "<b>",
    "</b>",
    "<!--",
    "-->",
    "<svg>",
    "x",
    "\0",
]


@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_cleaning_twice_is_cleaning_once(html: str) -> None:
    once = letters.cleaned(html)
    must_be_harmless(once)
    assert letters.cleaned(once) == once


@given(st.text(max_size=200))
def test_plain_words_laid_out_say_the_same(text: str) -> None:
    words = "".join(Reader(letters.as_html(text)).words)
    assert "".join(words.split()) == "".join(text.split())
