"""A conversation from the contact's side: what they may see of it, and how far they have seen it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from crm_core.conversations import participants, timeline
from crm_core.conversations.actions import set_delivery
from crm_core.conversations.model import Entry
from crm_core.conversations.queries import of_identity, row
from crm_core.conversations.rows import conversation_value
from crm_core.store import journal
from crm_core.store.transaction import Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.values import ConversationValue, Direction, EntryKind, EntryValue

_MOST_MARKED = 500
"""Messages marked at once; whoever was away for more has them marked from the newest on."""


@dataclass(frozen=True, slots=True)
class Said:
    """Messages with an identity over all its conversations, oldest first, as of a journal position."""

    position: int
    entries: list[EntryValue]
    conversation: ConversationValue | None
    """The newest one."""
    has_more: bool


def said_with(tx: Tx, identity_id: int, *, before: int | None, most: int) -> Said:
    """The newest messages, or those before one. Notes and notices are not even selected, nor what the same
    conversation said by other ways: who sits at this browser is shown what was written here.
    """
    position = journal.head(tx).position
    conversations = of_identity(tx, identity_id)
    ids = [c.id for c in conversations] + participants.conversations_of(tx, identity_id)
    entries = timeline.newest(
        tx, ids, before=before, most=most + 1, kinds=[EntryKind.MESSAGE], with_identity=identity_id
    )
    return Said(position, entries[-most:], _newest(tx, identity_id), len(entries) > most)


def newest_with(tx: Tx, identity_id: int) -> ConversationValue | None:
    """The newest conversation with an identity, open or closed."""
    return _newest(tx, identity_id)


def _newest(tx: Tx, identity_id: int) -> ConversationValue | None:
    found = of_identity(tx, identity_id)[:1]
    # It may be with another address of theirs by now.
    for conversation_id in participants.conversations_of(tx, identity_id)[:1]:
        found.append(conversation_value(row(tx, conversation_id)._mapping))
    return max(found, key=lambda c: c.id, default=None)


def conversation_of(tx: Tx, identity_id: int, entry_id: int) -> int | None:
    """The conversation of a message, if it is this identity's. Anybody else's is as good as none."""
    found: int | None = tx.scalar(
        select(Entry.conversation_id).where(
            Entry.id == entry_id, Entry.kind == EntryKind.MESSAGE, Entry.identity_id == identity_id
        )
    )
    return found


def arrived(tx: Tx, identity_id: int, up_to: int) -> None:
    """Their page shows our messages up to this one: those on their way are DELIVERED. Only forward, only their own."""
    conversation_id = conversation_of(tx, identity_id, up_to)
    if conversation_id is None:
        return
    before = [status for status in DeliveryStatus if DeliveryStatus.DELIVERED.outranks(status)]
    rows = tx.all(
        select(Entry.id)
        .where(
            Entry.conversation_id == conversation_id,
            Entry.identity_id == identity_id,
            timeline.has_left(),
            Entry.id <= up_to,
            Entry.kind == EntryKind.MESSAGE,
            Entry.direction == Direction.OUT,
            Entry.delivery.in_(before),
        )
        .order_by(Entry.id.desc())
        .limit(_MOST_MARKED)
    )
    for (entry_id,) in reversed(rows):
        set_delivery(tx, entry_id, DeliveryStatus.DELIVERED)
