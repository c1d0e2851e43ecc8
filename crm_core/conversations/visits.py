"""A conversation from the contact's side: what they may see of it, and how far they have seen it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import or_, select

from crm_core.conversations import timeline
from crm_core.conversations.actions import change, changed, set_delivery
from crm_core.conversations.model import Conversation, Entry
from crm_core.conversations.queries import of_identity
from crm_core.store import journal
from crm_core.store.transaction import Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.values import ConversationValue, Direction, EntryKind, EntryValue

_MOST_MARKED = 500


@dataclass(frozen=True, slots=True)
class Said:
    """Messages with an identity over all its conversations, oldest first, as of a journal position."""

    position: int
    entries: list[EntryValue]
    conversation: ConversationValue | None
    """The newest one."""
    has_more: bool


def said_with(tx: Tx, identity_id: int, *, before: int | None, most: int) -> Said:
    """The newest messages, or those before one. Notes and notices are not even selected."""
    position = journal.head(tx).position
    conversations = of_identity(tx, identity_id)
    entries = timeline.newest(
        tx, [c.id for c in conversations], before=before, most=most + 1, kinds=[EntryKind.MESSAGE]
    )
    return Said(position, entries[-most:], conversations[0] if conversations else None, len(entries) > most)


def newest_with(tx: Tx, identity_id: int) -> ConversationValue | None:
    """The newest conversation with an identity, open or closed."""
    conversations = of_identity(tx, identity_id)
    return conversations[0] if conversations else None


def mark(tx: Tx, identity_id: int, up_to: int, status: DeliveryStatus) -> None:
    """Their page shows (DELIVERED), or they looked at (READ), our messages up to an entry.

    Only forward, and only in conversations of this identity: an id of anybody else's entry marks nothing.
    """
    target = tx.scalar(
        select(Entry.conversation_id)
        .join(Conversation, Conversation.id == Entry.conversation_id)
        .where(Entry.id == up_to, Entry.kind == EntryKind.MESSAGE, Conversation.identity_id == identity_id)
    )
    if target is None:
        return
    lower = [s for s in DeliveryStatus if status.outranks(s)]
    ids = tx.all(
        select(Entry.id)
        .where(
            Entry.conversation_id == target,
            Entry.id <= up_to,
            Entry.kind == EntryKind.MESSAGE,
            Entry.direction == Direction.OUT,
            or_(Entry.delivery.is_(None), Entry.delivery.in_(lower)),
        )
        .order_by(Entry.id.desc())
        .limit(_MOST_MARKED)
    )
    if status is DeliveryStatus.READ:
        read = tx.scalar(select(Conversation.contact_read_id).where(Conversation.id == target))
        if read < up_to:
            changed(tx, change(tx, target, contact_read_id=up_to))
    for (entry_id,) in reversed(ids):
        set_delivery(tx, entry_id, status)
