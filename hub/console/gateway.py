"""The consoles' gateway as the composition root sees it."""

from __future__ import annotations

from collections.abc import Callable

from crm_core.store.database import Database
from crm_core.words.clock import Clock, monotonic
from hub.bus.local import Bus
from hub.console.catching_up import CatchingUp
from hub.console.live import Live
from hub.machinery.presence import Presence


class Gateway:
    """One per process. `await start()` after the bus; `run()` as long as the house stands; `await close()` to drain."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        presence: Presence,
        *,
        clock: Clock,
        elapsed: Callable[[], float] = monotonic,
    ) -> None:
        self.live = Live(db, bus, presence, clock=clock, elapsed=elapsed)
        self.catching_up = CatchingUp(self.live)

    async def start(self) -> None:
        """Hear the bus, and fetch the newest events. Raises StoreUnavailable."""
        await self.live.start()

    async def run(self) -> None:
        """Serve snapshots and keep the heart beating, until cancelled."""
        await self.catching_up.run()

    def sessions(self) -> frozenset[int]:
        """The sessions whose consoles are open here."""
        actors = [console.actor for console in self.live.crowd.all if not console.is_ended]
        return frozenset(one.session_id for one in actors if one is not None and one.session_id is not None)

    async def close(self) -> None:
        """Refuse new consoles and let everybody go, each told when to come back."""
        await self.live.close()
