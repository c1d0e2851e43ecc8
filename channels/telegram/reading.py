"""Values out of JSON that may be anything. Pure.

The Bot API gains kinds of messages several times a year, and strict types refuse a whole update for one new field
deep inside it; a customer's words must not be lost to that. So what is needed is picked out, and the rest is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from crm_core.words.text import storable

Loose: TypeAlias = Mapping[str, Any]

EMPTY: Final[Loose] = {}
_DEEPEST: Final = 30


def inner(value: Loose, key: str) -> Loose:
    """The object under a key; an empty one for anything else."""
    found = value.get(key)
    return found if isinstance(found, dict) else EMPTY


def many(value: Loose, key: str) -> list[Loose]:
    """The objects of a list under a key; what is no object is left out."""
    found = value.get(key)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def text(value: Loose, key: str) -> str:
    """The text under a key, storable; empty for anything else."""
    found = value.get(key)
    return storable(found) if isinstance(found, str) else ""


def whole(value: Loose, key: str) -> int | None:
    """The whole number under a key."""
    found = value.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) else None


def number(value: Loose, key: str) -> float | None:
    """The number under a key, whole or not; never one that is none (NaN) or endless."""
    found = value.get(key)
    if isinstance(found, bool) or not isinstance(found, int | float) or not -1e15 < found < 1e15:
        return None
    return float(found)


def words_within(value: Any, keys: frozenset[str], *, wanted: bool = False, depth: int = 0) -> Iterator[str]:
    """Every text under one of these keys, however deep (to 30), in its order. `wanted`: a bare text counts."""
    if depth > _DEEPEST:
        return
    if isinstance(value, str):
        if wanted and value.strip():
            yield storable(value)
    elif isinstance(value, list):
        for item in value:
            yield from words_within(item, keys, wanted=wanted, depth=depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from words_within(item, keys, wanted=key in keys, depth=depth + 1)
