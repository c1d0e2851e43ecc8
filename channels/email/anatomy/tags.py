"""HTML as a stream of tags and words, read the way browsers read it; each character is looked at once.

The standard library's reader is quadratic in comments and tags left open, which strangers can send.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Final, NamedTuple

from channels.email.anatomy.word_sets import words

RAW: Final = words("script style title textarea xmp iframe noembed noframes noscript plaintext")
"""Elements whose inside is no markup."""

_NAME = re.compile(r"[A-Za-z][^\s/>]{0,100}")
_ATTRIBUTE = re.compile(r"[\s/]*([^\s/>=][^\s/>=]{0,200})?")
_EQUALS = re.compile(r"\s*=\s*")
_BARE = re.compile(r"[^\s>]*")
_MOST_ATTRIBUTES: Final = 40
_MOST_VALUE: Final = 4_000


class Tag(NamedTuple):
    """A start or end tag; names are lower case, attributes unescaped, the first of a name counts."""

    name: str
    attributes: dict[str, str]
    is_end: bool


def tokens(html: str) -> Iterator[Tag | str]:
    """Tags, and between them words with their entities read. Comments and the insides of raw elements are left out."""
    at = 0
    last = {mark: html.rfind(mark) for mark in (">", '"', "'")}
    while at < len(html):
        opened = html.find("<", at)
        if opened < 0 or opened + 1 >= len(html):
            yield unescape(html[at:])
            return
        if opened > at:
            yield unescape(html[at:opened])
        letter = html[opened + 1]
        if letter in "!?" or (letter == "/" and not html[opened + 2 : opened + 3].isalpha()):
            at = _past_comment(html, opened)
            continue
        is_end = letter == "/"
        name = _NAME.match(html, opened + 1 + is_end) if letter == "/" or letter.isascii() else None
        if name is None:
            yield "<"
            at = opened + 1
            continue
        attributes, at = _attributes(html, name.end(), last)
        tag = Tag(name[0].lower(), attributes, is_end)
        if tag.name in RAW and not is_end:
            at = _past_raw(html, at, tag.name)
            continue
        yield tag


def _past_comment(html: str, opened: int) -> int:
    if html.startswith("<!-->", opened):
        return opened + 5
    # Conditional comments of Outlook hide markup from others: what is between two of them is read.
    if html.startswith("<!--", opened):
        end = html.find("-->", opened + 4)
        return len(html) if end < 0 else end + 3
    end = html.find(">", opened)
    return len(html) if end < 0 else end + 1


def _past_raw(html: str, at: int, name: str) -> int:
    for found in re.finditer(rf"(?i)</{name}(?=[\s/>]|$)", html[at:]):
        end = html.find(">", at + found.end())
        return len(html) if end < 0 else end + 1
    return len(html)


def _attributes(html: str, at: int, last: dict[str, int]) -> tuple[dict[str, str], int]:
    """The attributes of a tag, and where it ends. A quote that nobody closes ends with the tag."""
    said: dict[str, str] = {}
    while at < len(html):
        name = _ATTRIBUTE.match(html, at)
        at = at if name is None else name.end()
        if at >= len(html):
            break
        if html[at] == ">":
            if name is not None and name[1]:
                said.setdefault(name[1].lower(), "")
            return said, at + 1
        value = ""
        equals = _EQUALS.match(html, at)
        if equals is not None:
            value, at = _value(html, equals.end(), last)
        if name is None or not name[1]:
            # An equals sign that stands alone; one step on, so that this ends.
            at += equals is None
        elif len(said) < _MOST_ATTRIBUTES:
            said.setdefault(name[1].lower(), unescape(value[:_MOST_VALUE]))
    return said, len(html)


def _value(html: str, at: int, last: dict[str, int]) -> tuple[str, int]:
    if at < len(html) and html[at] in "\"'":
        if last[html[at]] > at:
            end = html.find(html[at], at + 1)
            return html[at + 1 : end], end + 1
        end = html.find(">", at) if last[">"] > at else len(html)
        return html[at + 1 : end], end
    bare = _BARE.match(html, at)
    return ("", at) if bare is None else (bare[0], bare.end())
