"""The newest events, ready to send: what a console that was away for a moment missed.

Kept in memory so that two thousand consoles returning at once ask the database for nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from crm_core.store.journal import Committed
from crm_core.words.clock import DAY, Moment
from crm_core.words.events import AnyEvent
from crm_core.words.permissions import Audience, audience
from hub.console.frames import encoded_event

MOST: Final = 5_000
"""Events behind which a console is given a snapshot instead (RELIABILITY.md, event log)."""
MOST_BYTES: Final = 32 * 1024 * 1024
OLDEST: Final[Moment] = DAY


@dataclass(frozen=True, slots=True)
class Kept:
    """An event with what sending it needs: who may be told, and the bytes."""

    position: int
    at: Moment
    event: AnyEvent
    told: Audience
    frame: bytes

    @classmethod
    def of(cls, committed: Committed) -> Kept:
        event = committed.event
        return cls(committed.position, committed.at, event, audience(event), encoded_event(committed))


class Backlog:
    """Contiguous positions, the newest last."""

    def __init__(self, *, most: int = MOST, most_bytes: int = MOST_BYTES) -> None:
        self._kept: deque[Kept] = deque()
        self._most = most
        self._most_bytes = most_bytes
        self._bytes = 0
        self._head = -1

    def begin(self, position: int) -> None:
        """The journal stands here; events from here on will follow."""
        self._head = position

    def add(self, kept: Kept) -> None:
        """Keep the next event, and let go of the oldest where there are too many."""
        if self._kept and kept.position != self._kept[-1].position + 1:
            self._kept.clear()
            self._bytes = 0
        self._head = kept.position
        self._kept.append(kept)
        self._bytes += len(kept.frame)
        while len(self._kept) > self._most or self._bytes > self._most_bytes:
            self._bytes -= len(self._kept.popleft().frame)

    def add_before(self, earlier: Sequence[Kept]) -> None:
        """Keep events from before the first one: what the journal has at start."""
        for kept in reversed(earlier):
            if self._kept and kept.position != self._kept[0].position - 1:
                continue
            if len(self._kept) >= self._most or self._bytes + len(kept.frame) > self._most_bytes:
                return
            self._kept.appendleft(kept)
            self._bytes += len(kept.frame)

    def since(self, position: int, now: Moment) -> Sequence[Kept] | None:
        """Every event after a position, in order; none (not even an empty list) when some are not here any more."""
        if position == self._head:
            return []
        if not self._kept or position > self._head:
            return None
        first = self._kept[0].position
        if position < first - 1:
            return None
        found = list(islice(self._kept, position - first + 1, None))
        if found and found[0].at < now - OLDEST:
            return None
        return found
