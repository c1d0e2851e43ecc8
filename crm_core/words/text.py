"""Text from strangers, made storable and bounded without losing what it says."""

from __future__ import annotations

import re
import unicodedata

MAX_MESSAGE = 64_000
"""Characters of one message's text that are kept; longer ones are refused at the door in words."""

_SURROGATE = re.compile("[\ud800-\udfff]")
_CONTROL = re.compile("[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f]")
_SPACE = re.compile(r"\s+")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def storable(text: str) -> str:
    """The text as every database takes it: NUL becomes U+2400, a lone surrogate U+FFFD; all else stays."""
    if text.isascii() and "\0" not in text:
        return text
    if "\0" in text:
        text = text.replace("\0", "\u2400")
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str, *, most: int) -> str:
    """A name or title: one line, no control or bidi-override characters, at most `most` characters."""
    if text.isprintable() and "  " not in text:
        # Nothing of what is taken out below is printable.
        flat = text.strip()
    else:
        flat = _BIDI.sub("", _CONTROL.sub("", _SPACE.sub(" ", storable(text)))).strip()
    return flat if len(flat) <= most else flat[: most - 1].rstrip() + "…"


def preview(text: str, *, most: int = 160) -> str:
    """The first words of a message for a list row."""
    return one_line(text[: most * 4], most=most)


def folded(text: str) -> str:
    """The text for comparing: NFKD without marks, case folded. `Жанна` and `жанна` meet."""
    if text.isascii():
        return text.lower()
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return bare.casefold()
