"""What becomes of messages that left: receipts from the other side, read marks, and whether one may write again."""

from __future__ import annotations

from channels.contract import DeliveryReported, ReachChanged
from crm_core.contacts import reach
from crm_core.contacts.queries import address_in, identity_row
from crm_core.contacts.resolving import KnownIdentity, resolve
from crm_core.conversations import actions, timeline
from crm_core.conversations.queries import open_of_address
from crm_core.conversations.queries import row as conversation_row
from crm_core.files.actions import claim_for_entry
from crm_core.store import outbox, receipts
from crm_core.store.outbox import Owed
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, display
from crm_core.words.content import DeliveryStatus, ReachState
from crm_core.words.errors import NotFound
from crm_core.words.text import one_line
from crm_core.words.values import Author, AuthorKind, ConversationValue, EntryValue
from hub.desk import fallback

_SYSTEM = Author(kind=AuthorKind.SYSTEM)


def report(tx: Tx, account_id: int, event: DeliveryReported) -> EntryValue | None:
    """Move the message of a receipt forward; none when it stands further already, or nobody knows the id yet.

    A receipt may come before the answer to the request that sent the message: it is kept until the id is
    known. One that names our own delivery proves that a doubtful send arrived.
    """
    entry_id = _named(tx, account_id, event)
    if entry_id is None:
        return None
    entry = timeline.value(tx, entry_id)
    if event.raw is not None and event.reason:
        _keep_report(tx, account_id, entry, event)
    if event.recipient is not None and event.status is not DeliveryStatus.SENT and not _is_to(tx, entry, event):
        _of_a_copy(tx, entry, event)
        return None
    moved = actions.set_delivery(tx, entry_id, event.status, reason=event.reason)
    if moved is not None and event.status is DeliveryStatus.FAILED:
        fallback.failed(tx, entry_id)
    elif moved is None and event.reason:
        _note_delay(tx, entry_id, event.reason)
    return moved


def reach_changed(tx: Tx, account_id: int, event: ReachChanged) -> None:
    """Note that an address may not, or may again, be written to; their open conversation says so.

    What is reported late, after something newer, changes nothing.
    """
    identity = _whose(tx, account_id, event)
    if identity is None or not reach.set_state(tx, identity.id, account_id, event.state, event.reason, at=event.at):
        return
    known = reach.way(tx, identity.id, account_id)
    conversation_id = open_of_address(tx, identity.address)
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


def _named(tx: Tx, account_id: int, event: DeliveryReported) -> int | None:
    """The entry that a receipt is about; none when nobody knows it, or the receipt may not speak of it."""
    entry_id = _proven(tx, account_id, event)
    if entry_id is not None or event.conversation_id is not None:
        return entry_id
    entry_id = outbox.entry_of(tx, account_id, event.external_id)
    if entry_id is None:
        entry_id = receipts.entry_of_part(tx, account_id, event.external_id)
    if entry_id is not None and outbox.is_half(tx, entry_id):
        # One part got there: that says nothing of the message until the others went.
        entry_id = None
    if entry_id is None:
        kept = receipts.Kept(event.status, event.reason, event.at)
        receipts.keep(tx, account_id, event.external_id, kept, delivery_id=event.delivery)
    return entry_id


def _proven(tx: Tx, account_id: int, event: DeliveryReported) -> int | None:
    owed = _owed(tx, account_id, event)
    if owed is None:
        return None
    if outbox.prove(tx, owed.id, event.external_id):
        actions.set_delivery(tx, owed.entry_id, DeliveryStatus.SENT)
    return owed.entry_id if outbox.has_gone(tx, owed.id) else None


def _owed(tx: Tx, account_id: int, event: DeliveryReported | ReachChanged) -> Owed | None:
    """The delivery that a report names: the account's, and of the conversation whose token the report bears."""
    owed = None if event.delivery is None else outbox.delivery(tx, event.delivery)
    if owed is None or owed.account_id != account_id:
        return None
    return owed if event.conversation_id in (None, owed.conversation_id) else None


def _whose(tx: Tx, account_id: int, event: ReachChanged) -> KnownIdentity | None:
    """The identity that a report is believed of; none for one whom the message it names never went to."""
    if event.conversation_id is None:
        return resolve(tx, event.address, "", {})
    owed = _owed(tx, account_id, event)
    if owed is None or not outbox.has_gone(tx, owed.id):
        return None
    entry = timeline.value(tx, owed.entry_id)
    own = _address(tx, entry)
    if own is not None and own.value == event.address.value:
        return resolve(tx, own, "", {})
    on_copy = [] if entry.details is None else [*entry.details.to, *entry.details.cc, *entry.details.bcc]
    return resolve(tx, event.address, "", {}) if event.address.value in {n.value for n in on_copy} else None


def _address(tx: Tx, entry: EntryValue) -> Address | None:
    return None if entry.identity_id is None else address_in(identity_row(tx, entry.identity_id))


def _is_to(tx: Tx, entry: EntryValue, event: DeliveryReported) -> bool:
    """Whether a report is about the one whom the message is for."""
    own = _address(tx, entry)
    return own is None or event.recipient is None or own.value == event.recipient.value


def _of_a_copy(tx: Tx, entry: EntryValue, event: DeliveryReported) -> None:
    """The message has not failed because a copy did, or somewhere that it was handed on to; people shall know."""
    if event.status is not DeliveryStatus.FAILED or event.recipient is None:
        return
    address, reason = display(event.recipient), one_line(event.reason or "", most=300)
    facts: dict[str, str | int | None] = {"address": address, "reason": reason.removeprefix(f"{address}: ")}
    if timeline.last_notice(tx, entry.conversation_id, "delivery_failed_for") != facts:
        actions.add_notice(tx, entry.conversation_id, "delivery_failed_for", facts, by=_SYSTEM)


def _keep_report(tx: Tx, account_id: int, entry: EntryValue, event: DeliveryReported) -> None:
    """The report stays with the message it is about, to download; a failure rather than a delay."""
    has_one = entry.details is not None and entry.details.raw_file_id is not None
    if event.raw is None or (has_one and event.status is not DeliveryStatus.FAILED):
        return
    uploader = (AuthorKind.SYSTEM, account_id)
    try:
        claim_for_entry(tx, [uploader], [event.raw.id], entry.conversation_id, entry.id)
    except NotFound:
        # It was kept before: the same report is read again when the hub stopped in between.
        return
    actions.change_details(tx, entry.id, raw_file_id=event.raw.id)


def _note_delay(tx: Tx, entry_id: int, reason: str) -> None:
    """A report that changes nothing but says something: a mail that is on its way for hours, say."""
    row = timeline.row(tx, entry_id)
    if row["delivery"] == DeliveryStatus.SENT:
        actions.add_notice(tx, row["conversation_id"], "delivery_delayed", {"reason": reason[:300]}, by=_SYSTEM)
