"""Pages of a list by keyset: a cursor says where the last row stood, so nothing is skipped or shown twice."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Generic, TypeVar

from crm_core.words.errors import Invalid

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursor of those after them; none at the end."""

    items: list[T]
    next_cursor: str | None = None


def cursor_of(*keys: int | str | None) -> str:
    """The sort keys of the last row as an opaque text."""
    return base64.urlsafe_b64encode(json.dumps(keys, separators=(",", ":")).encode()).decode().rstrip("=")


def keys_of(cursor: str, *kinds: type) -> list[int | str]:
    """The sort keys back. Raises Invalid for a text that `cursor_of` did not make for such keys."""
    try:
        keys = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Invalid("The cursor is not one of ours.") from error
    if not isinstance(keys, list) or len(keys) != len(kinds):
        raise Invalid("The cursor is not one of ours.")
    for key, kind in zip(keys, kinds, strict=True):
        if type(key) is not kind or (isinstance(key, int) and abs(key) >= 2**63):
            raise Invalid("The cursor is not one of ours.")
    return keys
