"""The part of a message that shows why it was found. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from crm_core.words.terms import Query, marks

AROUND: Final = 60
"""Characters shown before the first mark."""
LONGEST: Final = 200
_SPACE: Final = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of text on one line, and the ranges to mark in it.

    Ranges are [start, end) in UTF-16 units, as browsers count: `snippet.slice(start, end)` is what was found.
    """

    text: str
    marks: tuple[tuple[int, int], ...]


def snippet(text: str, query: Query) -> Snippet:
    """The text around what was found first; its beginning when the words are not found literally."""
    flat = _SPACE.sub(" ", text)
    found = marks(flat, query)
    start = _start(flat, found[0][0] if found else 0)
    end = min(len(flat), start + LONGEST)
    shown = flat[start:end]
    before, behind = ("…" if start else ""), ("…" if end < len(flat) else "")
    offset = len(before) - start
    ranges = [(max(a, start) + offset, min(b, end) + offset) for a, b in found if a < end and b > start]
    whole = before + shown + behind
    return Snippet(whole, tuple((_units(whole[:a]), _units(whole[:b])) for a, b in ranges))


def _start(text: str, first: int) -> int:
    if first <= AROUND:
        return 0
    near = first - AROUND
    # At the beginning of a word, where there is one.
    space = text.find(" ", near, first)
    return near if space < 0 else space + 1


def _units(text: str) -> int:
    return len(text) + sum(1 for c in text if ord(c) > 0xFFFF)
