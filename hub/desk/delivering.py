"""The outbox worker: claims deliveries owed, sends with no transaction open, settles what became of each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from channels.contract import AccountBroken, ChannelError, OutboundMessage, Refused, Sends, Sent, TryLater, Unclear
from crm_core.accounts import actions as accounts_actions
from crm_core.contacts.queries import address_of
from crm_core.conversations import actions, timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.conversations.rows import entry_value
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.outbox import Owed
from crm_core.store.transaction import Tx
from crm_core.words.clock import MINUTE, SECOND, Moment
from crm_core.words.content import Content, DeliveryStatus, FileRef, ThreadKey
from crm_core.words.errors import HubError
from crm_core.words.events import EntryAdded, EntryChanged
from crm_core.words.ids import new_token
from crm_core.words.values import Direction
from hub.machinery.accounts import Accounts, Open

LEASE: Final[Moment] = 60 * SECOND
"""How long a send may take until nobody knows any more whether it went."""
SEND_SECONDS: Final = 45.0
POLL_SECONDS: Final = 2.0
AT_ONCE: Final = 64
ATTEMPTS: Final = 12
"""Tries of a message that its provider puts off, before it fails: about two hours."""
LONGEST_PAUSE: Final[Moment] = 15 * MINUTE

log = structlog.get_logger(__name__)


class Deliverer:
    """One per process; several processes share the work by leases."""

    def __init__(self, db: Database, accounts: Accounts, sent: Callable[[str], None] = lambda _kind: None) -> None:
        self._db = db
        self._accounts = accounts
        self._token = new_token()
        self._awake = asyncio.Event()
        self._sent = sent
        self._sending: asyncio.Future[list[BaseException | None]] | None = None

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
        try:
            while True:
                try:
                    async with asyncio.timeout(POLL_SECONDS):
                        await self._awake.wait()
                except TimeoutError:
                    pass
                self._awake.clear()
                try:
                    await self.step()
                except HubError as error:
                    log.warning("deliveries have to wait", code=error.code)
                    await asyncio.sleep(POLL_SECONDS)
        finally:
            if self._sending is not None:
                await asyncio.wait([self._sending], timeout=SEND_SECONDS)

    async def step(self) -> int:
        """Deliver everything that is due now; how many were tried."""
        await self._db.write(_settle_expired, self._may_repeat)
        tried = 0
        while True:
            owed = await self._db.write(outbox.claim, self._token, LEASE, AT_ONCE)
            tried += len(owed)
            if not owed:
                return tried
            # Shielded: told to stop, the worker still finishes and settles what is on its way.
            self._sending = asyncio.gather(*(self._deliver(one) for one in owed), return_exceptions=True)
            for outcome in await asyncio.shield(self._sending):
                if isinstance(outcome, BaseException):
                    log.warning("a delivery could not be settled; its lease will run out", exc_info=outcome)
            self._sending = None

    def _may_repeat(self, account_id: int) -> bool:
        opened = self._accounts.by_id(account_id)
        return opened is not None and opened.channel.capabilities.dedupes_sends

    async def _deliver(self, owed: Owed) -> None:
        opened = self._accounts.by_id(owed.account_id)
        if opened is None:
            await self._db.write(_put_off, owed, self._token, pause(owed.attempts), "The account is not open.")
            return
        message = await self._db.read(_message, owed)
        try:
            sent = await self._send(opened, message)
        except TryLater as error:
            await self._later(owed, error)
        except Unclear as error:
            await self._doubt(opened, owed, error)
        except AccountBroken as error:
            await self._db.write(_put_off, owed, self._token, LONGEST_PAUSE, str(error))
            await self._db.write(accounts_actions.set_state, owed.account_id, "broken", str(error))
        except ChannelError as error:
            await self._db.write(_failed, owed, self._token, str(error))
        else:
            await self._db.write(_sent, owed, self._token, sent)
            self._sent(opened.kind)

    async def _send(self, opened: Open, message: OutboundMessage) -> Sent:
        if not isinstance(opened.channel, Sends):
            raise Refused("This channel cannot send messages.")
        try:
            async with asyncio.timeout(SEND_SECONDS):
                return await opened.channel.send(message)
        except TimeoutError as error:
            raise Unclear("The provider did not answer in time.") from error
        except HubError:
            raise
        except Exception as error:
            log.error("a channel failed in an unforeseen way", account=opened.account.id, exc_info=error)
            raise Unclear("The channel failed in an unforeseen way.") from error

    async def _later(self, owed: Owed, error: TryLater) -> None:
        if owed.attempts >= ATTEMPTS:
            await self._db.write(_failed, owed, self._token, f"Given up after {owed.attempts} tries: {error}")
            return
        await self._db.write(_put_off, owed, self._token, error.after_ms or pause(owed.attempts), str(error))

    async def _doubt(self, opened: Open, owed: Owed, error: Unclear) -> None:
        if opened.channel.capabilities.dedupes_sends:
            await self._db.write(_put_off, owed, self._token, pause(owed.attempts), str(error))
        else:
            await self._db.write(_unconfirmed, owed, self._token, str(error))


def pause(attempts: int) -> Moment:
    """Milliseconds until the next try: 2 s, doubled with each, at most 15 minutes."""
    return min(LONGEST_PAUSE, 2 * SECOND << min(attempts, 20))


def _message(tx: Tx, owed: Owed) -> OutboundMessage:
    row = timeline.row(tx, owed.entry_id)
    entry = entry_value(row)
    conversation = conversation_row(tx, owed.conversation_id)
    return OutboundMessage(
        delivery=owed.id,
        entry=entry,
        thread=ThreadKey(conversation.thread),
        to=address_of(tx, row["identity_id"]),
        content=Content(text=entry.text, files=tuple(FileRef(f.id) for f in entry.files)),
    )


def _sent(tx: Tx, owed: Owed, token: str, sent: Sent) -> None:
    if outbox.settle_sent(tx, owed.id, token, external_ids=sent.external_ids):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.SENT)


def _failed(tx: Tx, owed: Owed, token: str, why: str) -> None:
    if outbox.settle_failed(tx, owed.id, token, why):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.FAILED, reason=why)


def _unconfirmed(tx: Tx, owed: Owed, token: str, why: str) -> None:
    if outbox.settle_unconfirmed(tx, owed.id, token, why):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.UNCONFIRMED, reason=why)


def _put_off(tx: Tx, owed: Owed, token: str, after: Moment, why: str) -> None:
    outbox.settle_later(tx, owed.id, token, not_before=tx.now + after, error=why)


def _settle_expired(tx: Tx, may_repeat: Callable[[int], bool]) -> None:
    """Sends whose lease ran out in the middle: owed again where repeats are dropped, in doubt elsewhere."""
    for owed in outbox.expired(tx):
        if may_repeat(owed.account_id):
            outbox.owe_again(tx, owed.entry_id)
        else:
            why = "The hub stopped while it was sending."
            outbox.doubt(tx, owed.id, why)
            actions.set_delivery(tx, owed.entry_id, DeliveryStatus.UNCONFIRMED, reason=why)
