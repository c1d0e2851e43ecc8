"""The outbox worker: claims deliveries owed, sends with no transaction open, settles what became of each.

Every account has a lane of its own, so that a slow provider holds up nobody else's messages, and what an account owes
while it is closed or broken simply waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import structlog

from channels.contract import (
    AccountBroken,
    ChannelError,
    OutboundMessage,
    Recalls,
    Refused,
    Sends,
    Sent,
    TryLater,
    Unclear,
)
from crm_core.accounts import actions as accounts_actions
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.outbox import Owed
from crm_core.words.clock import DAY, HOUR, MINUTE, SECOND, Moment
from crm_core.words.content import DeliveryStatus, ExternalId
from crm_core.words.errors import HubError, Invalid, NotFound, StoreUnavailable
from crm_core.words.events import EntryAdded, EntryChanged
from crm_core.words.ids import new_token
from crm_core.words.values import Direction
from hub.desk import settling
from hub.desk.allowed import must_still_go
from hub.desk.parcels import Parcels
from hub.desk.recovering import Recovery
from hub.desk.ways import Why
from hub.machinery.accounts import Accounts, Open

SETTLING: Final[Moment] = 15 * SECOND
"""What a lease lasts longer than the send that it is for."""
STOP_SECONDS: Final = 45.0
"""How long a house that is told to stop waits for what is on its way."""
POLL_SECONDS: Final = 2.0
AT_ONCE: Final = 32
"""Messages of one account on their way at a time."""
GONE: Final = "A part of this message is gone: it cannot be sent."
LONGEST_PAUSE: Final[Moment] = 15 * MINUTE
GRACE: Final[Moment] = 20 * SECOND
"""After a start, how long what the process before was sending is left alone."""
GIVEN_TO_OPEN: Final[Moment] = HOUR
"""How long a send that was cut off waits for its account to be open again, so that its provider can be asked."""
WAITS_FOR_OPEN: Final[Moment] = DAY
"""How long a message waits for its account to be open before it fails (RELIABILITY.md, G3)."""
NEVER_OPEN: Final = "The channel account was not open for a day. Send it by another way."

log = structlog.get_logger(__name__)


class Deliverer:
    """One per process; several processes share the work by leases."""

    def __init__(
        self,
        db: Database,
        accounts: Accounts,
        parcels: Parcels,
        sent: Callable[[str], None] = lambda _kind: None,
        *,
        node: int = 0,
    ) -> None:
        self._db = db
        self._accounts = accounts
        self._parcels = parcels
        # One process has a node's number at a time, so what bears it from before was left by one that is gone.
        self._family = f"{node}."
        self._token = self._family + new_token()
        self._awake = asyncio.Event()
        self._since = db.clock()
        self._sent = sent
        self._recovery = Recovery(db, parcels)
        self._lanes: dict[int, asyncio.Task[int]] = {}

    def heard(self, events: Sequence[Committed]) -> None:
        """Look at once when something was written that has to leave."""
        for committed in events:
            match committed.event:
                case EntryAdded(entry=entry) | EntryChanged(entry=entry):
                    if entry.direction is Direction.OUT and entry.delivery is DeliveryStatus.QUEUED:
                        self._awake.set()
                case _:
                    pass

    async def run(self) -> None:
        """Deliver until cancelled; what is being sent then is finished first."""
        is_begun = False
        async with asyncio.TaskGroup() as group:
            try:
                while True:
                    await self._rest()
                    try:
                        if not is_begun:
                            await self._db.write(outbox.abandon, self._family, within=GRACE)
                            is_begun = True
                        await self._open_lanes(group)
                    except HubError as error:
                        log.warning("deliveries have to wait", code=error.code)
                        await asyncio.sleep(POLL_SECONDS)
                    except Exception as error:
                        log.error("a round of deliveries failed", exc_info=error)
                        await asyncio.sleep(POLL_SECONDS)
            finally:
                # Told to stop, a lane still settles what is on its way.
                if self._lanes:
                    await asyncio.wait(self._lanes.values(), timeout=STOP_SECONDS)

    async def step(self) -> int:
        """Deliver everything that is due now, to the end; how many were tried."""
        tried = 0
        async with asyncio.TaskGroup() as group:
            lanes = await self._open_lanes(group)
        tried += sum(lane.result() for lane in lanes)
        return tried

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(POLL_SECONDS):
                await self._awake.wait()
        except TimeoutError:
            pass
        self._awake.clear()

    async def _open_lanes(self, group: asyncio.TaskGroup) -> list[asyncio.Task[int]]:
        """Set a lane to work for each open account that owes or doubts something and has none at work."""
        expired = await self._db.read(outbox.expired)
        due = {*await self._db.read(outbox.lanes), *(one.account_id for one in expired)}
        for one in expired:
            is_closed = self._accounts.by_id(one.account_id) is None
            if is_closed and self._db.clock() - one.owed_at > GIVEN_TO_OPEN:
                await self._recovery.settle(None, one)
        begun = []
        for account_id in sorted(due):
            opened = self._accounts.by_id(account_id)
            if opened is None:
                await self._give_up(account_id)
            elif account_id not in self._lanes:
                lane = group.create_task(self._shielded(opened), name=f"lane {account_id}")
                self._lanes[account_id] = lane
                lane.add_done_callback(partial(self._lane_ended, account_id))
                begun.append(lane)
        return begun

    async def _give_up(self, account_id: int) -> None:
        """Fail what waits for a closed account for too long. Whoever has just started may only not have opened it."""
        now = self._db.clock()
        if now - self._since > GIVEN_TO_OPEN:
            await self._db.write(settling.given_up, account_id, now - WAITS_FOR_OPEN, AT_ONCE, NEVER_OPEN)

    def _lane_ended(self, account_id: int, _lane: asyncio.Task[int]) -> None:
        self._lanes.pop(account_id, None)
        # Something may have been written between its last look and its end.
        self._awake.set()

    async def _shielded(self, opened: Open) -> int:
        """A lane to its end; an unforeseen error ends it, not the house. Cancelled, the batch in hand is finished."""
        try:
            return await self._lane(opened)
        except HubError as error:
            log.warning("a lane has to wait", account=opened.account.id, code=error.code)
        except Exception as error:
            log.error("a lane failed", account=opened.account.id, exc_info=error)
        return 0

    async def _lane(self, opened: Open) -> int:
        tried = 0
        while self._accounts.by_id(opened.account.id) is opened:
            await self._recover(opened)
            owed = await self._db.write(outbox.claim, opened.account.id, self._token, _lease(opened), _most(opened))
            if not owed:
                break
            tried += len(owed)
            sending = asyncio.gather(*(self._deliver(opened, one) for one in owed), return_exceptions=True)
            try:
                outcomes = await asyncio.shield(sending)
            except asyncio.CancelledError:
                await asyncio.wait([sending], timeout=STOP_SECONDS)
                raise
            for outcome in outcomes:
                if isinstance(outcome, BaseException):
                    log.warning("a delivery could not be settled; its lease will run out", exc_info=outcome)
            if True in outcomes and False not in outcomes:
                await self._accounts.serves(opened)
        return tried

    async def _recover(self, opened: Open) -> None:
        """What expired of an account, as many at a time as are sent at a time; the others of the house go on."""
        expired = await self._db.read(outbox.expired, opened.account.id)
        await asyncio.gather(*(self._recovery.settle(opened, one) for one in expired[:AT_ONCE]))

    async def _packed(self, opened: Open, owed: Owed) -> OutboundMessage | None:
        """The message; none when it cannot be put together, which is settled then."""
        try:
            return await self._parcels.message(owed)
        except StoreUnavailable:
            raise
        except NotFound:
            await self._db.write(settling.failed, owed, self._token, GONE)
        except Exception as error:
            log.error("a message could not be packed", account=opened.account.id, exc_info=error)
            await self._later(opened, owed, TryLater("The message could not be put together."))
        return None

    async def _may_go(self, opened: Open, owed: Owed, message: OutboundMessage) -> bool:
        """Whether they may still be written to; settled when not. Who asked for silence is not written to elsewhere."""
        try:
            await self._db.read(must_still_go, message.entry, opened.channel.capabilities)
        except Invalid as error:
            elsewhere = error.facts["why"] is not Why.OPTED_OUT
            await self._db.write(settling.failed, owed, self._token, str(error), may_go_elsewhere=elsewhere)
            return False
        return True

    async def _deliver(self, opened: Open, owed: Owed) -> bool | None:
        """Send one and settle it. Whether the account serves; none when this tells nothing of it."""
        message = await self._packed(opened, owed)
        if message is None or not await self._may_go(opened, owed, message):
            return None
        try:
            sent = await self._send(opened, message)
        except TryLater as error:
            await self._half(owed, error.sent)
            await self._later(opened, owed, error)
        except Unclear as error:
            await self._half(owed, error.sent)
            await self._doubt(opened, owed, error)
        except AccountBroken as error:
            await self._db.write(settling.put_off, owed, self._token, pause(owed.attempts), str(error))
            await self._db.write(accounts_actions.set_state, owed.account_id, "broken", str(error))
            return False
        except Refused as error:
            await self._db.write(settling.refused, owed, self._token, error)
        except ChannelError as error:
            await self._db.write(settling.failed, owed, self._token, str(error))
        else:
            may_be_lost = opened.channel.capabilities.loses_visitors
            await self._db.write(settling.sent, owed, self._token, sent, may_be_lost=may_be_lost)
            self._sent(opened.kind)
            return True
        return None

    async def _send(self, opened: Open, message: OutboundMessage) -> Sent:
        if not isinstance(opened.channel, Sends):
            raise Refused("This channel cannot send messages.")
        try:
            async with asyncio.timeout(opened.channel.capabilities.send_seconds):
                return await opened.channel.send(message)
        except TimeoutError as error:
            raise Unclear("The provider did not answer in time.") from error
        except ChannelError:
            raise
        except NotFound as error:
            raise Refused(GONE) from error
        except Exception as error:
            log.error("a channel failed in an unforeseen way", account=opened.account.id, exc_info=error)
            raise Unclear("The channel failed in an unforeseen way.") from error

    async def _half(self, owed: Owed, sent: Sequence[ExternalId]) -> None:
        if sent:
            await self._db.write(settling.half, owed, self._token, sent)

    async def _later(self, opened: Open, owed: Owed, error: TryLater) -> None:
        hours = opened.channel.capabilities.keep_trying_hours
        if self._db.clock() - owed.owed_at > hours * HOUR:
            why = f"Given up after {hours} hours: {error}"
            await self._db.write(settling.failed, owed, self._token, why)
            return
        after = error.after_ms or pause(owed.attempts)
        await self._db.write(settling.put_off, owed, self._token, after, str(error))

    async def _doubt(self, opened: Open, owed: Owed, error: Unclear) -> None:
        if opened.channel.capabilities.dedupes_sends:
            await self._db.write(settling.doubted, owed, self._token, pause(owed.attempts), str(error))
        elif isinstance(opened.channel, Recalls):
            # The lease runs out soon and the provider is asked then: it may not know itself yet.
            log.info("a provider is asked later whether it has a message", account=opened.account.id)
        else:
            await self._db.write(settling.unconfirmed, owed, self._token, str(error))


def _most(opened: Open) -> int:
    return min(AT_ONCE, opened.channel.capabilities.sends_at_once)


def _lease(opened: Open) -> Moment:
    return int(opened.channel.capabilities.send_seconds * 1000) + SETTLING


def pause(attempts: int) -> Moment:
    """Milliseconds until the next try: 2 s, doubled with each, at most 15 minutes."""
    return min(LONGEST_PAUSE, 2 * SECOND << min(attempts, 20))
