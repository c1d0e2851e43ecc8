"""Sets of UIDs as text, so that one fits a cursor: `4,7:90,93`. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

MOST_KEPT: Final = 2_000
"""UIDs that are remembered one by one, the highest; all below the lowest of them count as seen."""


def as_text(uids: Collection[int]) -> str:
    """The highest of them as ranges."""
    spans: list[list[int]] = []
    for uid in sorted(set(uids))[-MOST_KEPT:]:
        if spans and spans[-1][1] == uid - 1:
            spans[-1][1] = uid
        else:
            spans.append([uid, uid])
    return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in spans)


def from_text(text: str) -> set[int]:
    """What `as_text` wrote; nothing of a text that it did not write."""
    found: set[int] = set()
    for span in text.split(",") if text else ():
        first, _, last = span.partition(":")
        if not first.isdecimal() or (last and not last.isdecimal()):
            return set()
        found.update(range(int(first), min(int(last or first), int(first) + MOST_KEPT) + 1))
    return found
