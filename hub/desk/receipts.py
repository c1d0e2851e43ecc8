"""What becomes of messages that left: receipts from the other side, and read marks."""

from __future__ import annotations

from channels.contract import DeliveryReported
from crm_core.conversations import actions, timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.store import outbox
from crm_core.store.transaction import Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.values import ConversationValue, EntryValue


def report(tx: Tx, account_id: int, event: DeliveryReported) -> EntryValue | None:
    """Move the message of a receipt forward; none when nobody knows the id, or it stands further already."""
    entry_id = outbox.entry_of(tx, account_id, event.external_id)
    if entry_id is None:
        return None
    return actions.set_delivery(tx, entry_id, event.status, reason=event.reason)


def contact_read(tx: Tx, conversation_id: int, entry_id: int) -> ConversationValue | None:
    """
    The contact has seen everything up to an entry: messages to them until there are READ.

    Only forward; none when nothing changed.
    """
    found = conversation_row(tx, conversation_id, lock=True)
    upto = min(entry_id, found.last_entry_id)
    if upto <= found.contact_read_id:
        return None
    for unread in timeline.unread_outbound(tx, conversation_id, found.contact_read_id, upto):
        actions.set_delivery(tx, unread, DeliveryStatus.READ)
    conversation = actions.change(tx, conversation_id, contact_read_id=upto)
    actions.changed(tx, conversation)
    return conversation
