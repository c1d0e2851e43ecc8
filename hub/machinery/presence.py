"""Which agents have a console open. Kept in memory: after a restart the sockets come back and say so again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from crm_core.words.clock import SECOND, Clock, Moment

GRACE: Final[Moment] = 60 * SECOND
"""How long an agent without a socket still counts as here: a reload, a tunnel, a lift."""
TICK_SECONDS: Final = 1.0


class Presence:
    """Counts sockets per agent. `gone` is called once the grace after an agent's last socket has passed.

    `seen` is called with (agent id, present) when the answer of `is_present` changes.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        gone: Callable[[int], None] | None = None,
        seen: Callable[[int, bool], None] | None = None,
        grace: Moment = GRACE,
    ) -> None:
        self._clock = clock
        self._grace = grace
        self._sockets: dict[int, int] = {}
        self._leaving: dict[int, Moment] = {}
        self.gone = gone
        self.seen = seen

    def came(self, agent_id: int) -> None:
        """A console of this agent opened."""
        was = self.is_present(agent_id)
        self._sockets[agent_id] = self._sockets.get(agent_id, 0) + 1
        self._leaving.pop(agent_id, None)
        if not was and self.seen is not None:
            self.seen(agent_id, True)

    def left(self, agent_id: int) -> None:
        """A console of this agent closed."""
        rest = self._sockets.get(agent_id, 0) - 1
        if rest > 0:
            self._sockets[agent_id] = rest
        elif self._sockets.pop(agent_id, None) is not None:
            self._leaving[agent_id] = self._clock() + self._grace

    def expect(self, agent_ids: Iterable[int]) -> None:
        """After a restart: these were here before, and have the grace to come back until they count as gone."""
        until = self._clock() + self._grace
        for agent_id in agent_ids:
            if not self.is_present(agent_id):
                self._leaving[agent_id] = until

    def is_present(self, agent_id: int) -> bool:
        """Whether the agent has a console open, or had one within the grace."""
        return agent_id in self._sockets or agent_id in self._leaving

    def is_connected(self, agent_id: int) -> bool:
        """Whether the agent has a console open right now."""
        return agent_id in self._sockets

    def present(self) -> frozenset[int]:
        """Everybody who is present."""
        return frozenset(self._sockets) | frozenset(self._leaving)

    def next_wake(self) -> Moment | None:
        """When `tick` next has something to do."""
        return min(self._leaving.values(), default=None)

    def tick(self) -> None:
        """Let go of those whose grace has passed."""
        now = self._clock()
        for agent_id in [agent for agent, until in self._leaving.items() if until <= now]:
            del self._leaving[agent_id]
            if self.seen is not None:
                self.seen(agent_id, False)
            if self.gone is not None:
                self.gone(agent_id)

    async def run(self) -> None:
        """Tick, until cancelled."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.tick()
