"""Brings calls to their providers: whatever changed, the newest scene of each call is arranged, one at a time.

A scene is whole, so only the newest matters: what changed three times meanwhile is arranged once. After a start
every call that is not over is arranged again, and the end of each one that its provider may not know of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog
from msgspec.structs import replace

from channels.contract import AccountBroken, CarriesCalls, Refused, TryLater
from crm_core.calls import actions, queries
from crm_core.calls.rules.call import Call
from crm_core.calls.rules.scenes import scene
from crm_core.calls.rules.signals import Cleared
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.calls import Scene
from crm_core.words.errors import HubError, NotFound
from crm_core.words.events import CallChanged
from crm_core.words.ids import LARGEST
from hub.desk.calls.moving import move
from hub.machinery.accounts import Accounts, Open

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
"""Seconds between tries of a scene that its provider does not take now."""
MOST_TRIES: Final = 12
"""Of the end of a call: after about five minutes its provider surely knows by itself."""

log = structlog.get_logger(__name__)


class Arranger:
    """One per house. `run` until cancelled; feed it events with `heard`."""

    def __init__(self, db: Database, accounts: Accounts) -> None:
        self._db = db
        self._accounts = accounts
        self._wanted: dict[int, int] = {}
        """The newest version of each call that is still to be arranged."""
        self._lanes: set[int] = set()
        self._shown: dict[int, Scene] = {}
        """What the provider was brought to last."""
        self._news: dict[int, asyncio.Event] = {}
        self._group: asyncio.TaskGroup | None = None

    def heard(self, events: Sequence[Committed]) -> None:
        """Arrange what changed."""
        for committed in events:
            if isinstance(committed.event, CallChanged):
                self._want(committed.event.call.id, committed.event.call.version)

    async def run(self) -> None:
        """Arrange until cancelled, beginning with what the last process may have left undone."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for call in await self._left():
                self._want(call.id, call.version)
            for call_id in tuple(self._wanted):
                self._open_lane(call_id)
            await asyncio.Event().wait()

    async def _left(self) -> Sequence[Call]:
        while True:
            try:
                return await self._db.read(_all_left)
            except HubError as error:
                log.warning("calls have to wait", code=error.code)
                await asyncio.sleep(FIRST_PAUSE)

    def _want(self, call_id: int, version: int) -> None:
        self._wanted[call_id] = max(version, self._wanted.get(call_id, 0))
        if call_id in self._news:
            self._news[call_id].set()
        self._open_lane(call_id)

    def _open_lane(self, call_id: int) -> None:
        if self._group is not None and call_id not in self._lanes:
            self._lanes.add(call_id)
            self._group.create_task(self._lane(call_id), name=f"call {call_id}")

    async def _lane(self, call_id: int) -> None:
        pause, tries = FIRST_PAUSE, 0
        news = self._news[call_id] = asyncio.Event()
        try:
            while call_id in self._wanted:
                version = self._wanted[call_id]
                news.clear()
                done = await self._once(call_id)
                tries = 0 if done else tries + 1
                if (done or tries >= MOST_TRIES) and self._wanted.get(call_id) == version:
                    del self._wanted[call_id]
                    break
                if not done:
                    await _pause(news, pause)
                    pause = min(pause * 2, LONGEST_PAUSE)
        finally:
            self._lanes.discard(call_id)
            self._news.pop(call_id, None)
        if call_id in self._wanted:
            self._open_lane(call_id)

    async def _once(self, call_id: int) -> bool:
        """Whether the provider was brought to the newest scene."""
        try:
            call = await self._db.read(queries.whole, call_id)
            wished = scene(call)
            before = self._shown.get(call_id)
            if before is not None and replace(before, version=wished.version) == wished:
                return True
            return await self._arrange(call, wished)
        except NotFound:
            return True
        except HubError as error:
            log.info("a call has to wait", call=call_id, code=error.code)
            return False

    async def _arrange(self, call: Call, wished: Scene) -> bool:
        opened = self._accounts.by_id(call.account_id)
        if opened is None:
            return False
        if not isinstance(opened.channel, CarriesCalls):
            await self._db.write(move, call.id, Cleared(reason="failed"))
            return True
        try:
            await opened.channel.arrange(wished, self._accounts.deliver(opened))
        except TryLater:
            return False
        except (Refused, AccountBroken) as error:
            log.warning("a call cannot be arranged", call=call.id, code=error.code)
            await self._db.write(move, call.id, Cleared(reason="failed"))
            return wished.over
        except HubError:
            raise
        except Exception as error:
            log.error("a channel failed to arrange a call", call=call.id, exc_info=error)
            return False
        await self._arranged(call, wished, opened)
        return True

    async def _arranged(self, call: Call, wished: Scene, opened: Open) -> None:
        if wished.over:
            self._shown.pop(call.id, None)
            await self._db.write(actions.arranged, call.id, LARGEST)
        else:
            self._shown[call.id] = wished
        log.debug("a call was arranged", call=call.id, kind=opened.kind)


async def _pause(news: asyncio.Event, seconds: float) -> None:
    """Wait, but no longer than until the call changes."""
    try:
        async with asyncio.timeout(seconds):
            await news.wait()
    except TimeoutError:
        pass


def _all_left(tx: Tx) -> list[Call]:
    found = {call.id: call for call in (*queries.unarranged(tx), *queries.live(tx))}
    return [found[call_id] for call_id in sorted(found)]
