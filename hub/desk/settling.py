"""What became of a delivery, written down: in the outbox, on the entry, and in what was waiting for its id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from channels.contract import ReachChanged, Refused, Sent
from crm_core.contacts.queries import address_of
from crm_core.conversations import actions, timeline
from crm_core.store import outbox, receipts
from crm_core.store.outbox import Owed
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.content import DeliveryStatus, ExternalId, ReachState
from crm_core.words.text import one_line
from crm_core.words.values import Author, AuthorKind
from hub.desk import fallback
from hub.desk.receipts import reach_changed

DOUBTS: Final = 5
"""Tries of one message of which nobody knew whether it went, before an agent decides."""
_SYSTEM: Final = Author(kind=AuthorKind.SYSTEM)
NOBODY_KNOWS: Final = "The hub stopped while it was sending, or the provider did not answer."


def sent(tx: Tx, owed: Owed, token: str, how: Sent, *, may_be_lost: bool = False) -> None:
    """It went. Receipts that came before its id was known are applied.

    `may_be_lost`: by a way whose people are reached only while they look.
    """
    if outbox.settle_sent(tx, owed.id, token, external_ids=how.external_ids):
        _known(tx, owed, how)
        if may_be_lost:
            fallback.left(tx, owed.entry_id)


def found(tx: Tx, owed: Owed, how: Sent) -> None:
    """The provider says that it has what nobody knew to have gone."""
    if outbox.prove(tx, owed.id, how.external_ids[0] if how.external_ids else ""):
        _known(tx, owed, how)


def failed(tx: Tx, owed: Owed, token: str, why: str, *, may_go_elsewhere: bool = True) -> None:
    """It will never go by this way; by the account's fallback, if it `may_go_elsewhere`."""
    if outbox.settle_failed(tx, owed.id, token, why):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.FAILED, reason=why)
        if may_go_elsewhere:
            fallback.failed(tx, owed.entry_id)


def given_up(tx: Tx, account_id: int, since: Moment, most: int, why: str) -> int:
    """What an account owes since before a moment fails; how many did."""
    owed = [one for one in outbox.overdue(tx, account_id, since, most) if outbox.give_up(tx, one.id, why)]
    for one in owed:
        actions.set_delivery(tx, one.entry_id, DeliveryStatus.FAILED, reason=why)
        fallback.failed(tx, one.entry_id)
    return len(owed)


def refused(tx: Tx, owed: Owed, token: str, error: Refused) -> None:
    """The provider will never take it. What that tells of the recipient counts first: who opted out is reached no
    other way instead."""
    entry = timeline.value(tx, owed.entry_id)
    if error.reach is not None and entry.identity_id is not None:
        address = address_of(tx, entry.identity_id)
        told = ReachChanged(address=address, state=error.reach, at=tx.now, reason=str(error))
        reach_changed(tx, owed.account_id, told)
    failed(tx, owed, token, str(error), may_go_elsewhere=error.reach is not ReachState.OPTED_OUT)


def half(tx: Tx, owed: Owed, token: str, sent: Sequence[ExternalId]) -> None:
    """These parts of it went, whatever becomes of the others: answers to them are answers to it."""
    if sent and outbox.note_half(tx, owed.id, token, external_id=sent[0], parts=len(sent)):
        receipts.note_parts(tx, owed.account_id, owed.entry_id, sent[1:])


def unconfirmed(tx: Tx, owed: Owed, token: str, why: str) -> None:
    """It may or may not have gone: an agent decides."""
    if outbox.settle_unconfirmed(tx, owed.id, token, why):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.UNCONFIRMED, reason=why)


def put_off(tx: Tx, owed: Owed, token: str, after: Moment, why: str) -> None:
    """It did not go, and is owed again after so many milliseconds."""
    outbox.settle_later(tx, owed.id, token, not_before=tx.now + after, error=why)


def doubted(tx: Tx, owed: Owed, token: str, after: Moment, why: str) -> None:
    """Nobody knows whether it went, and a repeat does no harm: owed again, but not for ever."""
    if may_be_repeated(owed):
        outbox.settle_later(tx, owed.id, token, not_before=tx.now + after, error=why, is_doubtful=True)
    else:
        unconfirmed(tx, owed, token, why)


def expire(tx: Tx, owed: Owed, *, may_repeat: bool, why: str = NOBODY_KNOWS) -> None:
    """Its lease ran out in mid-send: owed again where a repeat does no harm, in doubt elsewhere or at last."""
    if may_repeat and may_be_repeated(owed):
        outbox.repeat(tx, owed.id)
    elif outbox.doubt(tx, owed.id, why):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.UNCONFIRMED, reason=why)


def look_later(tx: Tx, owed: Owed, after: Moment) -> None:
    """Nobody can say now whether it went: asked again after so many milliseconds."""
    outbox.look_later(tx, owed.id, tx.now + after)


def may_be_repeated(owed: Owed) -> bool:
    """Whether a doubtful delivery has not been in doubt too often, this time counted."""
    return owed.doubts + 1 < DOUBTS


def _known(tx: Tx, owed: Owed, how: Sent) -> None:
    actions.set_delivery(tx, owed.entry_id, DeliveryStatus.SENT)
    receipts.note_parts(tx, owed.account_id, owed.entry_id, how.external_ids[1:])
    for address, reason in how.left_out.items():
        facts: dict[str, str | int | None] = {"address": address, "reason": one_line(reason, most=300)}
        actions.add_notice(tx, owed.conversation_id, "delivery_failed_for", facts, by=_SYSTEM)
    for kept in receipts.taken(tx, owed.account_id, how.external_ids):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus(kept.status), reason=kept.reason)
