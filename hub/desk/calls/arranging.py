"""Brings calls to their providers: whatever changed, the newest scene of each call is arranged, one at a time.

A scene is whole, so only the newest matters: what changed three times meanwhile is arranged once. After a start
every call that is not over is arranged again, and the end of each one that its provider may not know of.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import Enum
from typing import Final, Protocol

import structlog
from msgspec.structs import replace

from channels.contract import AccountBroken, CarriesCalls, ChannelError, Deliver, Refused, TryLater
from crm_core.calls import actions, queries
from crm_core.calls.rules.call import Call
from crm_core.calls.rules.scenes import scene
from crm_core.calls.rules.signals import Cleared, Troubled
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.calls import Scene
from crm_core.words.errors import HubError, NotFound
from crm_core.words.events import CallChanged
from crm_core.words.ids import LARGEST
from crm_core.words.values import Direction
from hub.desk.calls.moving import move
from hub.machinery.accounts import Open

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
"""Seconds between tries of a scene that its provider does not take now."""
MOST_TRIES: Final = 12
"""Of the end of a call: after about five minutes its provider surely knows by itself. A live call is never given up."""

log = structlog.get_logger(__name__)


class Lines(Protocol):
    """The open accounts, as far as calls need them."""

    def by_id(self, account_id: int) -> Open | None: ...
    def deliver(self, opened: Open) -> Deliver: ...


class _Came(Enum):
    """What a try came to."""

    DONE = "done"
    NOT_NOW = "not now"
    NOT_OVER_THERE = "not over there"
    """The call is over, and its provider could not be told."""


class Arranger:
    """One per house. `run` until cancelled; feed it events with `heard`.

    `first_pause` and `longest_pause` are seconds between tries.
    """

    def __init__(
        self, db: Database, accounts: Lines, *, first_pause: float = FIRST_PAUSE, longest_pause: float = LONGEST_PAUSE
    ) -> None:
        self._db = db
        self._accounts = accounts
        self._first_pause = first_pause
        self._longest_pause = longest_pause
        self._wanted: dict[int, int] = {}
        """The newest version of each call that is still to be arranged."""
        self._lanes: set[int] = set()
        self._shown: dict[int, Scene] = {}
        """What the provider was brought to last."""
        self._troubles: dict[int, str] = {}
        """What was told of calls that their provider does not take as they shall be."""
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
                await asyncio.sleep(self._first_pause)

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
        pause, tries = self._first_pause, 0
        news = self._news[call_id] = asyncio.Event()
        try:
            while call_id in self._wanted:
                version = self._wanted[call_id]
                news.clear()
                came = await self._once(call_id)
                tries = tries + 1 if came is _Came.NOT_OVER_THERE else 0
                if (came is _Came.DONE or tries >= MOST_TRIES) and self._wanted.get(call_id) == version:
                    del self._wanted[call_id]
                    break
                if came is not _Came.DONE:
                    await _pause(news, pause)
                    pause = min(pause * 2, self._longest_pause)
        finally:
            self._lanes.discard(call_id)
            self._news.pop(call_id, None)
        if call_id in self._wanted:
            self._open_lane(call_id)

    async def _once(self, call_id: int) -> _Came:
        """Bring the provider to the newest scene."""
        try:
            call = await self._db.read(queries.whole, call_id)
            wished = scene(call)
            before = self._shown.get(call_id)
            if before is not None and replace(before, version=wished.version) == wished:
                return _Came.DONE
            done = await self._arrange(call, wished)
        except NotFound:
            return _Came.DONE
        except HubError as error:
            log.info("a call has to wait", call=call_id, code=error.code)
            return _Came.NOT_NOW
        if done:
            return _Came.DONE
        return _Came.NOT_OVER_THERE if wished.over else _Came.NOT_NOW

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
            return await self._refused(call, wished, error)
        except HubError:
            raise
        except Exception as error:
            log.error("a channel failed to arrange a call", call=call.id, exc_info=error)
            return False
        await self._arranged(call, wished, opened)
        return True

    async def _refused(self, call: Call, wished: Scene, error: ChannelError) -> bool:
        """A provider says no. Whoever is on the line stays there; only a contact who cannot be called is let go."""
        log.warning("a call cannot be arranged", call=call.id, code=error.code)
        if wished.over:
            return False
        # As the call keeps it: a long one is cut.
        self._troubles[call.id] = (await self._db.write(move, call.id, Troubled(reason=str(error)))).reason
        if call.direction is Direction.OUT and call.answered_at is None:
            await self._db.write(move, call.id, Cleared(reason="failed"))
        return False

    async def _arranged(self, call: Call, wished: Scene, opened: Open) -> None:
        trouble = self._troubles.pop(call.id, None)
        if wished.over:
            self._shown.pop(call.id, None)
            await self._db.write(actions.arranged, call.id, LARGEST)
        else:
            self._shown[call.id] = wished
            if trouble is not None and trouble == call.reason:
                await self._db.write(move, call.id, Troubled(reason=""))
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
