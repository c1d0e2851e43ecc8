"""How time passes for calls: by itself, or only when a test says so; and when nothing happens any more."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import Protocol

from crm_core.words.clock import Clock, Moment


class Alarm(Protocol):
    def cancel(self) -> None: ...


class Passing(Protocol):
    """Something that can call back later."""

    def after(self, milliseconds: Moment, then: Callable[[], None], /) -> Alarm: ...


class RealTime:
    """Time as it is; `speed` 10 makes a minute six seconds (for those who only listen)."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed

    def after(self, milliseconds: Moment, then: Callable[[], None], /) -> Alarm:
        return asyncio.get_running_loop().call_later(milliseconds / 1_000 / self.speed, then)


class _Ring:
    def __init__(self, then: Callable[[], None]) -> None:
        self.then: Callable[[], None] | None = then

    def cancel(self) -> None:
        self.then = None


class HeldTime:
    """Time that stands still until it is told to pass."""

    def __init__(self, now: Clock, advance: Callable[[Moment], object]) -> None:
        self._now = now
        self._advance = advance
        self._due: list[tuple[Moment, int, _Ring]] = []
        self._order = count()

    def after(self, milliseconds: Moment, then: Callable[[], None], /) -> Alarm:
        ring = _Ring(then)
        heapq.heappush(self._due, (self._now() + milliseconds, next(self._order), ring))
        return ring

    def step(self, until: Moment) -> bool:
        """Go to the next thing that is due until then, and do it; false when there is none, and it is then."""
        while self._due and self._due[0][0] <= until:
            at, _, ring = heapq.heappop(self._due)
            if ring.then is None:
                continue
            self._advance(max(0, at - self._now()))
            ring.then()
            return True
        self._advance(max(0, until - self._now()))
        return False


class Bustle:
    """Who is doing something right now; everybody else waits for time, or for somebody."""

    def __init__(self) -> None:
        self._busy = 0
        self._quiet = asyncio.Event()
        self._quiet.set()

    def begin(self) -> None:
        self._busy += 1
        self._quiet.clear()

    def end(self) -> None:
        self._busy -= 1
        if self._busy == 0:
            self._quiet.set()

    @property
    def is_quiet(self) -> bool:
        """Whether nobody does anything."""
        return self._busy == 0

    async def quiet(self) -> None:
        """Return when nobody does anything."""
        await self._quiet.wait()
