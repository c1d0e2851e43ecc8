"""Encoded words of headers (RFC 2047), whole and broken; one pass, whatever stands there."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from channels.email.anatomy.charsets import codec_of, decode
from channels.email.anatomy.limits import Defects
from crm_core.words.text import storable

FOLD: Final = "\n "
"""What stands in a header's value where its line was folded."""

_HEX = frozenset("0123456789abcdefABCDEF")
_FOLDED = re.compile(r"\n[ \t]*")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]")


class Word(NamedTuple):
    """An encoded word, at `start` up to `end` of the text."""

    start: int
    end: int
    charset: str
    content: bytes


def decoded(text: str, defects: Defects | None = None) -> str:
    """A header's text with its encoded words read. White space between two of them goes; folds become a space.

    Words that follow each other in one charset are joined before they are decoded: some writers cut letters in two.
    """
    noted = defects or Defects()
    if "=?" not in text:
        return storable(unfolded(text))
    said: list[str] = []
    pending: Word | None = None
    at = 0
    for word in words_in(text):
        between = text[at : word.start]
        if pending is not None and not between.strip():
            if pending.charset.lower() == word.charset.lower():
                pending = word._replace(content=pending.content + word.content)
            else:
                said.append(decode(pending.content, pending.charset, noted))
                pending = word
        else:
            if pending is not None:
                said.append(decode(pending.content, pending.charset, noted))
            said.append(between)
            pending = word
        at = word.end
    if pending is not None:
        said.append(decode(pending.content, pending.charset, noted))
    said.append(text[at:])
    return storable(unfolded("".join(said)))


def unfolded(text: str) -> str:
    """Folds are a space; other line ends that hide in a value too."""
    if "\n" in text or "\r" in text:
        return text.replace(FOLD, " ").replace("\r", " ").replace("\n", " ")
    return text


def words_in(text: str) -> Iterator[Word]:
    """The encoded words of a text, from left to right."""
    at = 0
    last = text.rfind("?=")
    while 0 <= (start := text.find("=?", at)) < last:
        word = _word_at(text, start)
        if word is None:
            at = start + 2
            continue
        yield word
        at = word.end


def _word_at(text: str, start: int) -> Word | None:
    mark = text.find("?", start + 2, start + 80)
    if mark < 0 or mark + 2 >= len(text) or text[mark + 2] != "?":
        return None
    charset, kind = text[start + 2 : mark], text[mark + 1]
    if not charset or kind not in "bBqQ" or any(c in " \t\n=" for c in charset):
        return None
    end = text.find("?=", mark + 3)
    if end < 0:
        return None
    inside = text[mark + 3 : end]
    content = _base64(inside) if kind in "bB" else _quoted(inside, codec_of(charset) or "utf-8")
    return Word(start, end + 2, charset, content)


def _base64(text: str) -> bytes:
    raw = _NOT_BASE64.sub(b"", text.encode("ascii", "ignore"))
    raw = raw[: len(raw) - 1] if len(raw) % 4 == 1 else raw
    try:
        return binascii.a2b_base64(raw + b"=" * (-len(raw) % 4))
    except binascii.Error:
        return b""


def _quoted(text: str, codec: str) -> bytes:
    """Bare letters above 127 do not belong here; they were read as text already and go back into the word's charset."""
    text = _FOLDED.sub("", text)
    said = bytearray()
    at = 0
    while at < len(text):
        letter = text[at]
        if letter == "=" and len(text) > at + 2 and text[at + 1] in _HEX and text[at + 2] in _HEX:
            said.append(int(text[at + 1 : at + 3], 16))
            at += 3
            continue
        said += b" " if letter == "_" else letter.encode("ascii" if letter.isascii() else codec, "replace")
        at += 1
    return bytes(said)
