"""The bus of one process: committed events in order, with gaps filled from the journal, and whispers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import structlog

from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.words.errors import HubError
from hub.bus.whispers import Whisper

POLL_SECONDS: Final = 1.0
"""How long an event of another process may stay unseen."""
READ: Final = 500
"""Events read from the journal at once."""
FOLLOWER_EVENTS: Final = 2_000
"""Events a follower may have waiting before it reads them from the journal instead."""

Listener = Callable[[Sequence[Committed]], None]
Ear = Callable[[Whisper], None]

log = structlog.get_logger(__name__)


class Bus:
    """Tells events once each, in the journal's order. `await start()` first; `run()` runs as long as the house."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._position = -1
        self._listeners: list[Listener] = []
        self._ears: list[Ear] = []
        self._waiting: list[tuple[int, asyncio.Future[None]]] = []
        self._behind = asyncio.Event()
        self._filling = asyncio.Lock()
        db.subscribe(self.feed)

    @property
    def position(self) -> int:
        """The newest position that has been told."""
        return self._position

    async def start(self) -> None:
        """Begin at the journal's end: what was committed before is nobody's news. Raises StoreUnavailable."""
        self._position = (await self._db.read(journal.head)).position

    async def run(self) -> None:
        """Look for what other processes wrote, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._behind.wait()
            except TimeoutError:
                pass
            self._behind.clear()
            try:
                await self.poll()
            except HubError as error:
                log.warning("the journal could not be read", code=error.code)
                await asyncio.sleep(POLL_SECONDS)

    async def poll(self) -> None:
        """Tell everything the journal has and the bus has not told. Raises StoreUnavailable."""
        if self._position < 0:
            return
        async with self._filling:
            while True:
                found = await self._db.read(journal.after, self._position, most=READ)
                self._tell(found)
                if len(found) < READ:
                    return

    def feed(self, events: Sequence[Committed]) -> None:
        """Take what this process just committed. With a gap before it, the journal is read instead."""
        if self._position < 0 or not events:
            return
        if events[0].position > self._position + 1:
            self._behind.set()
        else:
            self._tell(events)

    async def reached(self, position: int) -> None:
        """Return when everything up to `position` has been told. Raises StoreUnavailable."""
        if self._position >= position:
            return
        reached = asyncio.get_running_loop().create_future()
        self._waiting.append((position, reached))
        # This process's own commit is on its way through the event loop; another's is in the journal.
        await asyncio.sleep(0)
        if not reached.done():
            await self.poll()
        await reached

    def subscribe(self, callback: Listener) -> Callable[[], None]:
        """Call back with each run of contiguous events. The answer is how to end it."""
        self._listeners.append(callback)
        return lambda: self._listeners.remove(callback) if callback in self._listeners else None

    async def follow(self, *, most: int = FOLLOWER_EVENTS) -> AsyncIterator[Committed]:
        """Every event from now on, at the follower's own pace and in bounded memory. Raises StoreUnavailable."""
        buffer: list[Committed] = []
        awake = asyncio.Event()

        def keep(events: Sequence[Committed]) -> None:
            if len(buffer) + len(events) > most:
                buffer.clear()
            else:
                buffer.extend(events)
            awake.set()

        seen = self._position
        end = self.subscribe(keep)
        try:
            while True:
                await awake.wait()
                awake.clear()
                ready = list(buffer)
                buffer.clear()
                while seen < self._position:
                    if not ready or ready[0].position > seen + 1:
                        ready = list(await self._db.read(journal.after, seen, most=READ))
                    for event in ready:
                        if event.position > seen:
                            seen = event.position
                            yield event
                    ready = []
        finally:
            end()

    def whisper(self, whisper: Whisper) -> None:
        """Tell everybody who hears now. Nothing is kept."""
        for ear in tuple(self._ears):
            try:
                ear(whisper)
            except Exception as error:
                log.error("a whisper was not understood", exc_info=error)

    def hear(self, ear: Ear) -> Callable[[], None]:
        """Call back with each whisper. The answer is how to end it."""
        self._ears.append(ear)
        return lambda: self._ears.remove(ear) if ear in self._ears else None

    def _tell(self, events: Sequence[Committed]) -> None:
        news = [event for event in events if event.position > self._position]
        if not news:
            return
        self._position = news[-1].position
        for listener in tuple(self._listeners):
            try:
                listener(news)
            except Exception as error:
                log.error("a listener failed", exc_info=error)
        if self._waiting:
            self._wake()

    def _wake(self) -> None:
        still: list[tuple[int, asyncio.Future[None]]] = []
        for position, reached in self._waiting:
            if position > self._position:
                still.append((position, reached))
            elif not reached.done():
                reached.set_result(None)
        self._waiting = still
