"""What we write, marked up as Telegram takes it: HTML to text with entities, cut where a message is full. Pure.

Entities cannot be misread as a parse mode's tags can, and a cut through a bold passage leaves two bold halves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlsplit

from aiogram.types import MessageEntity

_KINDS: Final = {
    **dict.fromkeys(("b", "strong", "h1", "h2", "h3", "h4", "h5", "h6"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "a": "text_link",
}
_BLOCKS: Final = frozenset(
    {*("p", "div", "ul", "ol", "table", "tr", "li", "blockquote", "pre", "h1", "h2", "h3", "h4")}
)
_PARAGRAPHS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "blockquote", "pre"})
_UNSEEN: Final = frozenset({"script", "style", "head", "title", "template"})
_LINKED: Final = frozenset({"http", "https", "mailto", "tel"})
_SPACES: Final = re.compile(r"[ \t\r\n\f]+")


@dataclass(frozen=True, slots=True)
class Span:
    """A passage from one character to before another, as Python counts them."""

    kind: str
    start: int
    end: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Marked:
    """Words, and which of them are marked."""

    text: str
    spans: tuple[Span, ...] = ()

    @property
    def entities(self) -> list[MessageEntity] | None:
        """As Telegram takes them, counted in UTF-16 units; none where nothing is marked."""
        return [
            MessageEntity(
                type=span.kind,
                offset=units(self.text[: span.start]),
                length=units(self.text[span.start : span.end]),
                url=span.url or None,
            )
            for span in self.spans
        ] or None


def units(text: str) -> int:
    """The text's length as Telegram counts it, in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def marked(html: str) -> Marked:
    """The words of some HTML; what Telegram cannot show is shown as plain words."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return stripped(Marked("".join(reader.written), tuple(reader.spans)))


def stripped(whole: Marked) -> Marked:
    """Without space at either end."""
    start = len(whole.text) - len(whole.text.lstrip())
    return _part(whole, start, len(whole.text.rstrip()))


def cut(whole: Marked, most: int) -> list[Marked]:
    """Parts of at most `most` UTF-16 units, cut between paragraphs, else lines, else words, else characters."""
    parts = []
    rest = stripped(whole)
    while units(rest.text) > most:
        fitting = len(rest.text.encode("utf-16-le")[: most * 2].decode("utf-16-le", "ignore"))
        end = _place_to_cut(rest.text, fitting)
        parts.append(stripped(_part(rest, 0, end)))
        rest = stripped(_part(rest, end, len(rest.text)))
    return [part for part in (*parts, rest) if part.text]


def _place_to_cut(text: str, fitting: int) -> int:
    for between, least in (("\n\n", fitting // 2), ("\n", fitting // 2), (" ", 1)):
        place = text.rfind(between, least, fitting + 1)
        if place > 0:
            return place
    return fitting


def _part(whole: Marked, start: int, end: int) -> Marked:
    end = max(start, end)
    spans = (replace(s, start=max(s.start, start) - start, end=min(s.end, end) - start) for s in whole.spans)
    return Marked(whole.text[start:end], tuple(s for s in spans if s.start < s.end))


class _Reader(HTMLParser):
    """Writes down the words, and remembers from where to where a mark reached."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.written: list[str] = []
        self.spans: list[Span] = []
        self._length = 0
        self._open: list[tuple[str, str, int, str]] = []
        self._unseen = 0
        self._raw = 0

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        if tag == "br":
            self._write("\n")
            return
        self._unseen += tag in _UNSEEN
        self._break(tag)
        if tag == "li":
            self._write("• ")
        self._raw += tag == "pre"
        if tag in _KINDS:
            url = _address(dict(attrs).get("href") or "") if tag == "a" else ""
            self._open.append((tag, _KINDS[tag], self._length, url))

    def handle_endtag(self, tag: str) -> None:
        self._unseen = max(0, self._unseen - (tag in _UNSEEN))
        self._raw = max(0, self._raw - (tag == "pre"))
        for place in range(len(self._open) - 1, -1, -1):
            name, kind, start, url = self._open[place]
            if name == tag:
                del self._open[place]
                if start < self._length and (kind != "text_link" or url):
                    self.spans.append(Span(kind, start, self._length, url))
                break
        self._break(tag)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._raw:
            self._write(data)
            return
        words = _SPACES.sub(" ", data)
        last = self.written[-1][-1:] if self.written else "\n"
        self._write(words.lstrip(" ") if last in ("\n", " ") else words)

    def _break(self, tag: str) -> None:
        """A block begins on a line of its own, a paragraph after an empty one."""
        if tag not in _BLOCKS or not self.written:
            return
        end = "".join(self.written[-3:])
        wanted = 2 if tag in _PARAGRAPHS else 1
        self._write("\n" * max(0, wanted - (len(end) - len(end.rstrip("\n")))))

    def _write(self, words: str) -> None:
        if words:
            self.written.append(words)
            self._length += len(words)


def _address(raw: str) -> str:
    flat = raw.strip()
    try:
        return flat if urlsplit(flat).scheme in _LINKED else ""
    except ValueError:
        return ""
