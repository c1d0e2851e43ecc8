"""Ids: whole numbers below 2^53 that grow with time, so SQL, JSON and JavaScript all carry them exactly.

Layout, high to low: 40 bits of milliseconds since 2026-01-01 (until 2060), 4 bits of node, 9 bits of
sequence. An id is no secret: whoever asks with one must be entitled to the row, and links that need no
sign-in carry a random token of their own.
"""

from __future__ import annotations

import secrets
import threading
from typing import Final

from crm_core.words.clock import Clock, Moment

EPOCH: Final[Moment] = 1_767_225_600_000
NODES: Final = 16
_SEQUENCE_BITS: Final = 9
_NODE_BITS: Final = 4
LARGEST: Final = 2**53 - 1


class Ids:
    """Makes ids; safe to share between threads. One per process, with a node number no other process uses."""

    def __init__(self, clock: Clock, *, node: int = 0) -> None:
        if not 0 <= node < NODES:
            raise ValueError(f"The node number must be 0 to {NODES - 1}.")
        self._clock = clock
        self._node = node << _SEQUENCE_BITS
        self._lock = threading.Lock()
        self._tick = 0
        self._sequence = 0

    def __call__(self) -> int:
        """A new id, greater than every id this object gave before, also when the clock steps back."""
        with self._lock:
            tick = self._clock() - EPOCH
            if tick > self._tick:
                self._tick, self._sequence = tick, 0
            else:
                self._sequence += 1
                if self._sequence >> _SEQUENCE_BITS:
                    self._tick, self._sequence = self._tick + 1, 0
            return (self._tick << (_NODE_BITS + _SEQUENCE_BITS)) | self._node | self._sequence


def made_at(identifier: int) -> Moment:
    """When an id was made, in milliseconds."""
    return (identifier >> (_NODE_BITS + _SEQUENCE_BITS)) + EPOCH


def first_at(moment: Moment) -> int:
    """The least id that can be made at a moment: ids below it are older."""
    return max(0, moment - EPOCH) << (_NODE_BITS + _SEQUENCE_BITS)


def new_token() -> str:
    """An unguessable text of 256 random bits, for links, sessions and API tokens."""
    return secrets.token_urlsafe(32)
