"""The words of an HTML mail, as somebody would type them: one pass, whatever is left unclosed."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

from channels.email.anatomy.tags import Tag, tokens
from channels.email.anatomy.word_sets import words

QUOTE: Final = "\ue0f0"
"""Stands in the text where a mail program's quote container begins. A private-use character of ours."""

_BLOCKS: Final = words(
    "address article aside blockquote body center dd details dir div dl dt fieldset figcaption figure footer form h1 "
    "h2 h3 h4 h5 h6 header hr li main menu nav ol p pre section summary table tbody tfoot thead tr ul"
)
_SPACED: Final = words("p ul ol dl blockquote h1 h2 h3 h4 h5 h6 pre table")
_SKIPPED: Final = words("script style title head template noscript object iframe select svg math")
_QUOTE_CLASSES: Final = words(
    "gmail_quote gmail_quote_container yahoo_quoted moz-cite-prefix protonmail_quote zmail_extra tutanota_quote "
    "ms-outlook-mobile-reference-message mail-quote-collapse quote-container front-blockquote"
)
_QUOTE_IDS: Final = frozenset(
    ("divrplyfwdmsg", "appendonsend", "mail-editor-reference-message-container", "olk_src_body_section")
)
_LINE_TAGS: Final = ("p>", "p ", "br", "div", "tr", "li", "td")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_MOST_DEPTH: Final = 30
"""Levels of lists and quotes that indent."""


def text_of(html: str) -> str:
    """Plain text. Links keep their address, lists their marks, table cells stand apart; quotes begin with `>`."""
    return marked_text_of(html).replace(QUOTE, "")


def marked_text_of(html: str) -> str:
    """Plain text with QUOTE where a quoting mail program put its container."""
    writer = _Writer()
    for token in tokens(html.replace(QUOTE, "")):
        writer.take(token)
    return writer.text()


def roughly(html: str) -> str:
    """The words without any reading of structure, for HTML that takes too long: one scan, tags left out."""
    said: list[str] = []
    at = 0
    while (opened := html.find("<", at)) >= 0:
        said.append(html[at:opened])
        closed = html.find(">", opened)
        if closed < 0:
            at = len(html)
            break
        said.append("\n" if html[opened + 1 : opened + 6].lower().lstrip("/").startswith(_LINE_TAGS) else " ")
        at = closed + 1
    said.append(html[at:])
    lines = (" ".join(line.split()) for line in unescape("".join(said)).splitlines())
    return "\n".join(line for line in lines if line)


class _Writer:
    """Collects lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._blank = 0
        self._quotes = 0
        self._lists: list[int] = []
        self._pre = 0
        self._skipped: str = ""
        self._skip_depth = 0
        self._links: list[tuple[str, int]] = []
        self._cells = 0

    def take(self, token: Tag | str) -> None:
        """One more token."""
        if self._skipped:
            if isinstance(token, Tag) and (token.name == self._skipped or token.name == "body"):
                self._skip_depth += -1 if token.is_end else 1
                # The body begins even where the head is left open.
                if self._skip_depth == 0 or token.name == "body":
                    self._skipped = ""
        elif isinstance(token, str):
            self._say(token)
        elif token.is_end:
            self._end(token.name)
        elif token.name in _SKIPPED:
            self._skipped, self._skip_depth = token.name, 1
        else:
            self._start(token.name, token.attributes)

    def _start(self, tag: str, said: dict[str, str]) -> None:
        if _begins_quote(tag, said):
            self._break()
            self._line.append(QUOTE)
        if tag == "br":
            self._end_line()
        elif tag in _BLOCKS:
            self._break(spaced=tag in _SPACED and not self._lists)
            self._open_block(tag)
        elif tag in {"td", "th"}:
            if self._cells:
                self._line.append("\t")
            self._cells += 1
        elif tag == "a":
            if len(self._links) < _MOST_DEPTH:
                self._links.append((said.get("href", "").strip(), len(self._line)))
        elif tag == "img":
            self._word(said.get("alt", ""))

    def _end(self, tag: str) -> None:
        if tag == "a":
            self._close_link()
        elif tag in _BLOCKS:
            self._break(spaced=tag in _SPACED and not self._lists)
            self._close_block(tag)
        elif tag == "br":
            self._end_line()

    def _say(self, data: str) -> None:
        if self._pre:
            first, *rest = data.split("\n")
            self._line.append(first)
            for line in rest:
                self._end_line()
                self._line.append(line)
        else:
            self._word(_SPACE.sub(" ", data))

    def text(self) -> str:
        self._break()
        return "\n".join(self._lines).strip("\n")

    def _open_block(self, tag: str) -> None:
        if tag == "hr":
            self._line.append("---")
            self._end_line()
        elif tag == "blockquote":
            self._quotes = min(self._quotes + 1, _MOST_DEPTH)
        elif tag in {"ul", "menu", "dir"}:
            self._lists = [*self._lists, 0][:_MOST_DEPTH]
        elif tag == "ol":
            self._lists = [*self._lists, 1][:_MOST_DEPTH]
        elif tag == "li":
            self._open_item()
        elif tag == "pre":
            self._pre += 1
        elif tag == "tr":
            self._cells = 0

    def _open_item(self) -> None:
        indent = "  " * max(0, len(self._lists) - 1)
        if self._lists and self._lists[-1]:
            self._line.append(f"{indent}{self._lists[-1]}. ")
            self._lists[-1] += 1
        else:
            self._line.append(f"{indent}- ")

    def _close_block(self, tag: str) -> None:
        if tag == "blockquote":
            self._quotes = max(0, self._quotes - 1)
        elif tag in {"ul", "ol", "menu", "dir"} and self._lists:
            self._lists.pop()
        elif tag == "pre":
            self._pre = max(0, self._pre - 1)

    def _close_link(self) -> None:
        if not self._links:
            return
        address, start = self._links.pop()
        words = "".join(self._line[start:]).strip()
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        is_link = address.lower().startswith(("http://", "https://", "mailto:", "tel:"))
        if (
            is_link
            and words
            and bare.rstrip("/") not in {words, words.rstrip("/"), "http://" + words, "https://" + words}
        ):
            self._line.append(f" ({bare})")

    def _word(self, text: str) -> None:
        if not text:
            return
        if text[0] == " " and (not self._line or self._line[-1].endswith((" ", "\t"))):
            text = text[1:]
        if text:
            self._line.append(text)

    def _break(self, *, spaced: bool = False) -> None:
        """End the line if anything is on it; a blank one after it if this block stands apart."""
        if "".join(self._line).strip():
            self._end_line()
        else:
            self._line.clear()
        if spaced and self._lines and self._lines[-1] and not self._lines[-1].endswith("> "):
            self._lines.append("")

    def _end_line(self) -> None:
        line = "".join(self._line).replace("\xa0", " ").rstrip()
        self._line.clear()
        self._links = [(address, 0) for address, _ in self._links]
        self._blank = self._blank + 1 if not line else 0
        if self._blank <= 2:
            self._lines.append("> " * self._quotes + line if self._quotes else line)


def _begins_quote(tag: str, said: dict[str, str]) -> bool:
    if tag == "blockquote":
        return said.get("type", "").lower() == "cite" or "gmail_quote" in said.get("class", "")
    if tag not in {"div", "span", "section", "table", "hr"}:
        return False
    if said.get("id", "").lower().removeprefix("x_") in _QUOTE_IDS:
        return True
    return any(c.removeprefix("x_").lower() in _QUOTE_CLASSES for c in said.get("class", "").split()[:20])
