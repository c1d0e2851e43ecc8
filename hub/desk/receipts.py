"""What becomes of messages that left: receipts from the other side, read marks, and whether one may write again."""

from __future__ import annotations

from channels.contract import DeliveryReported, ReachChanged
from crm_core.contacts import reach
from crm_core.contacts.resolving import resolve
from crm_core.conversations import actions, timeline
from crm_core.conversations.queries import open_of_address
from crm_core.conversations.queries import row as conversation_row
from crm_core.store import outbox, receipts
from crm_core.store.transaction import Tx
from crm_core.words.addresses import display
from crm_core.words.content import DeliveryStatus, ReachState
from crm_core.words.values import Author, AuthorKind, ConversationValue, EntryValue
from hub.desk import fallback

_SYSTEM = Author(kind=AuthorKind.SYSTEM)


def report(tx: Tx, account_id: int, event: DeliveryReported) -> EntryValue | None:
    """Move the message of a receipt forward; none when it stands further already, or nobody knows the id yet.

    A receipt may come before the answer to the request that sent the message: it is kept until the id is
    known. One that names our own delivery proves that a doubtful send arrived.
    """
    entry_id = _proven(tx, account_id, event)
    if entry_id is None:
        entry_id = outbox.entry_of(tx, account_id, event.external_id)
    if entry_id is None:
        entry_id = receipts.entry_of_part(tx, account_id, event.external_id)
    if entry_id is None:
        kept = receipts.Kept(event.status, event.reason, event.at)
        receipts.keep(tx, account_id, event.external_id, kept, delivery_id=event.delivery)
        return None
    moved = actions.set_delivery(tx, entry_id, event.status, reason=event.reason)
    if moved is not None and event.status is DeliveryStatus.FAILED:
        fallback.failed(tx, entry_id)
    elif moved is None and event.reason:
        _note_delay(tx, entry_id, event.reason)
    return moved


def reach_changed(tx: Tx, account_id: int, event: ReachChanged) -> None:
    """Note that an address may not, or may again, be written to; their open conversation says so."""
    identity = resolve(tx, event.address, "", {})
    if not reach.set_state(tx, identity.id, account_id, event.state, event.reason):
        return
    known = reach.way(tx, identity.id, account_id)
    conversation_id = open_of_address(tx, event.address)
    if conversation_id is not None and (known is not None or event.state is not ReachState.OK):
        facts: dict[str, str | int | None] = {"address": display(event.address), "reason": event.reason or None}
        actions.add_notice(tx, conversation_id, f"reach_{event.state}", facts, by=_SYSTEM)


def contact_read(tx: Tx, conversation_id: int, identity_id: int, entry_id: int) -> ConversationValue | None:
    """
    The contact has seen everything that this identity was sent, up to an entry: it is READ.

    Only forward; none when nothing changed.
    """
    found = conversation_row(tx, conversation_id, lock=True)
    upto = min(entry_id, found.last_entry_id)
    if upto <= found.contact_read_id:
        return None
    for unread in timeline.unread_outbound(tx, conversation_id, identity_id, found.contact_read_id, upto):
        actions.set_delivery(tx, unread, DeliveryStatus.READ)
    conversation = actions.change(tx, conversation_id, contact_read_id=upto)
    actions.changed(tx, conversation)
    return conversation


def _proven(tx: Tx, account_id: int, event: DeliveryReported) -> int | None:
    if event.delivery is None:
        return None
    owed = outbox.delivery(tx, event.delivery)
    if owed is None or owed.account_id != account_id:
        return None
    if outbox.prove(tx, owed.id, event.external_id):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.SENT)
    return owed.entry_id


def _note_delay(tx: Tx, entry_id: int, reason: str) -> None:
    """A report that changes nothing but says something: a mail that is on its way for hours, say."""
    row = timeline.row(tx, entry_id)
    if row["delivery"] == DeliveryStatus.SENT:
        actions.add_notice(tx, row["conversation_id"], "delivery_delayed", {"reason": reason[:300]}, by=_SYSTEM)
