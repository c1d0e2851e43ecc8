"""Sessions that run out, by their time or for want of use: they end like those that are ended, sockets included."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Final

import structlog

from crm_core.staff import sessions
from crm_core.store.database import Database
from crm_core.words.clock import HOUR, MINUTE, Clock, Moment
from crm_core.words.errors import HubError

LOOK_SECONDS: Final = 20.0
"""How long a session that has run out may still have its sockets."""
NOTED_EVERY: Final[Moment] = 10 * MINUTE
"""How exact the use of an open console is known: the shortest time without use that can be set is an hour."""

log = structlog.get_logger(__name__)


class Lapsing:
    """One per process. `open_sessions` names the sessions whose consoles are open here: an open console is use."""

    def __init__(
        self, db: Database, clock: Clock, open_sessions: Callable[[], Collection[int]], *, idle_hours: int
    ) -> None:
        self._db = db
        self._clock = clock
        self._open_sessions = open_sessions
        self._idle: Moment = idle_hours * HOUR
        self._noted_at: Moment | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            try:
                await self.step()
            except HubError as error:
                log.info("sessions have to wait", code=error.code)
            await asyncio.sleep(LOOK_SECONDS)

    async def step(self) -> int:
        """Note which sessions are in use, and end those that have lapsed; how many ended."""
        now = self._clock()
        if self._noted_at is None or now - self._noted_at >= NOTED_EVERY:
            used = self._open_sessions()
            if used:
                await self._db.write(sessions.mark_all_seen, used)
            self._noted_at = now
        if not await self._db.read(sessions.lapsed, self._idle, 1):
            return 0
        ended = await self._db.write(sessions.end_lapsed, self._idle)
        log.info("sessions have run out", count=ended)
        return ended
