"""Telegram's text with its entities, as plain text and as HTML of our own making. Pure.

Entities count in UTF-16 units. They may be nested, overlap, or lie outside of the text: nothing of the text is lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

from channels.telegram.reading import Loose, text, whole
from crm_core.words.text import storable

_TAGS: Final = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
    "code": "code",
    "pre": "pre",
}
_LINKED: Final = frozenset({"http", "https", "mailto", "tel"})
_MOST: Final = 500
"""Entities of one message that are looked at; Telegram sends at most 100."""


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    tag: str
    url: str = ""

    @property
    def opening(self) -> str:
        return f'<a href="{escape(self.url)}">' if self.url else f"<{self.tag}>"

    @property
    def closing(self) -> str:
        return f"</{self.tag}>"


def formatted(words: str, entities: Sequence[Loose]) -> tuple[str, str | None]:
    """The plain text, in which the address of a link follows its words, and the HTML; none where nothing is marked."""
    units = words.encode("utf-16-le", "surrogatepass")
    spans = sorted(_spans(entities, units), key=lambda s: (s.start, -s.end))
    if not spans:
        return storable(words), None
    places = sorted({0, len(units) // 2, *(s.start for s in spans), *(s.end for s in spans)})
    plain: list[str] = []
    html: list[str] = []
    within: list[_Span] = []
    for start, end in pairwise(places):
        active = [s for s in spans if s.start <= start and s.end >= end]
        _change(within, active, html)
        piece = _between(units, start, end)
        plain.append(piece)
        marked = escape(piece, quote=False)
        html.append(marked if any(s.tag == "pre" for s in active) else marked.replace("\n", "<br>"))
        plain.extend(f" ({s.url})" for s in spans if s.url and s.end == end and _says_else(units, s))
    _change(within, [], html)
    return "".join(plain), "".join(html)


def _change(within: list[_Span], active: Sequence[_Span], html: list[str]) -> None:
    """Close what ends and open what begins, so that tags are always nested."""
    while within and list(active[: len(within)]) != within:
        html.append(within.pop().closing)
    for span in active[len(within) :]:
        html.append(span.opening)
        within.append(span)


def _spans(entities: Sequence[Loose], units: bytes) -> list[_Span]:
    found = []
    for entity in entities[:_MOST]:
        start, length = whole(entity, "offset"), whole(entity, "length")
        if start is None or length is None or start < 0 or length <= 0:
            continue
        start, end = _edge(units, start), _edge(units, start + length)
        kind = text(entity, "type")
        url = _address(text(entity, "url")) if kind == "text_link" else ""
        if start < end and (url or kind in _TAGS):
            found.append(_Span(start, end, _TAGS.get(kind, "a"), url))
    return found


def _edge(units: bytes, place: int) -> int:
    """The place, inside of the text and between whole characters."""
    place = min(place, len(units) // 2)
    at_low_half = place * 2 < len(units) and 0xDC <= units[place * 2 + 1] <= 0xDF
    after_high_half = place > 0 and 0xD8 <= units[place * 2 - 1] <= 0xDB
    return place - 1 if at_low_half and after_high_half else place


def _between(units: bytes, start: int, end: int) -> str:
    return storable(units[start * 2 : end * 2].decode("utf-16-le", "surrogatepass"))


def _says_else(units: bytes, span: _Span) -> bool:
    return _between(units, span.start, span.end).strip().rstrip("/") != span.url.rstrip("/")


def _address(raw: str) -> str:
    """A link that may be shown as one; nothing for `javascript:` and its like."""
    flat = "".join(c for c in raw.strip() if c.isprintable() and c != " ")
    try:
        scheme = urlsplit(flat).scheme
    except ValueError:
        return ""
    return flat if scheme in _LINKED else ""
