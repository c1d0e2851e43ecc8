"""Moments at which waiting is over: the end of a wrap-up, a cooldown or a wait for the preferred agent."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heappop, heappush
from typing import NamedTuple


class Alarm(NamedTuple):
    """Something ends at `at` (int ms) for an agent, or for a work item where `of_work` is true."""

    at: int
    of_work: bool
    id: int


class Alarms:
    """A heap of alarms. One that no longer holds stays inside until it comes to the top, and is dropped there."""

    def __init__(self, holds: Callable[[Alarm], bool]) -> None:
        """`holds` says whether what the alarm stands for is still to be expected at that moment."""
        self._heap: list[Alarm] = []
        self._holds = holds

    def set(self, alarm: Alarm) -> None:
        """Add an alarm; the same one twice is harmless."""
        heappush(self._heap, alarm)

    def due(self, now: int) -> Iterable[Alarm]:
        """Take out, one by one, the alarms whose moment is `now` or earlier and that still hold."""
        while self._heap and self._heap[0].at <= now:
            alarm = heappop(self._heap)
            if self._holds(alarm):
                yield alarm

    def next(self) -> int | None:
        """The moment of the earliest alarm that still holds, int ms."""
        while self._heap and not self._holds(self._heap[0]):
            heappop(self._heap)
        return self._heap[0].at if self._heap else None
