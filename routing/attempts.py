"""What one call of `assign` still has to look at, in the order of the work."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from routing.ordering import Place

ANYBODY = -1
"""Stands for the agent where a work item is tried because it is new, not because somebody became free."""


class Attempts:
    """New work, and for each freed agent the one item they come to next; earliest place first.

    `complete`: everything that waits is new, so that no agent can lead to anything more. True after a start.
    """

    def __init__(self, new: Iterable[Place]) -> None:
        self._heap = [(place, ANYBODY) for place in new]
        self._next: dict[int, Place] = {}
        self.complete = False
        heapify(self._heap)

    def expect(self, agent_id: int, place: Place) -> None:
        """This agent comes to this place next, whatever was expected before."""
        if self._next.get(agent_id) != place:
            self._next[agent_id] = place
            heappush(self._heap, (place, agent_id))

    def take(self) -> tuple[Place, int] | None:
        """The earliest place and who led to it (an agent's id or ANYBODY), or None when nothing is left."""
        while self._heap:
            place, agent_id = heappop(self._heap)
            if agent_id == ANYBODY:
                return place, agent_id
            if self._next.get(agent_id) == place:
                del self._next[agent_id]
                return place, agent_id
        return None
