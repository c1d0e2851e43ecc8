"""Whose a conversation is, when contacts get names, become one, and become two again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update

from crm_core.conversations import actions
from crm_core.conversations.model import Conversation
from crm_core.conversations.rows import conversation_value
from crm_core.store.transaction import Tx
from crm_core.words.values import ConversationStatus, ConversationValue

_TABLE = Conversation.__table__
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as conversations show it."""

    contact_id: int
    name: str


def name(tx: Tx, conversation: ConversationValue, contact_id: int | None, who: str) -> None:
    """Let a conversation be a contact's, or a stranger's, under this name, and tell it if that is new."""
    if (conversation.contact_id, conversation.who) != (contact_id, who):
        actions.changed(tx, actions.change(tx, conversation.id, contact_id=contact_id, who=who))


def name_closed(tx: Tx, person: Person) -> None:
    """Let a contact's closed conversations carry their name; consoles learn it with the contact."""
    closed = update(Conversation).where(
        Conversation.contact_id == person.contact_id,
        Conversation.status == ConversationStatus.CLOSED,
        Conversation.who != person.name,
    )
    tx.execute(closed.values(who=person.name))


def move(tx: Tx, giver_id: int, taker: Person, identity_ids: Sequence[int]) -> dict[str, Any]:
    """Give all conversations of one contact to another; what `put_back` needs, as JSON.

    Open ones are told one by one. Closed ones only change hands: their lists are read anew when they are looked
    at. `identity_ids` are the giver's.
    """
    theirs = _of(tx, giver_id)
    strays = [r.id for r in _of(tx, taker.contact_id) if r.identity_id in set(identity_ids)]
    _hand_over_closed(tx, giver_id, taker.contact_id)
    for row in theirs:
        if row.status != ConversationStatus.CLOSED:
            name(tx, conversation_value(row._mapping), taker.contact_id, taker.name)
    return {"moved": [[r.id, r.identity_id] for r in theirs], "strays": strays}


def put_back(tx: Tx, kept: Mapping[str, Any], holder_id: int, back: Person, identity_ids: Sequence[int]) -> list[int]:
    """Give back what `move` gave, and what these identities began since; the ids of closed ones.

    A conversation that went on by an address of the holder's own stays with the holder.
    """
    moved = dict(kept["moved"])
    strays, theirs = set(kept["strays"]), set(identity_ids)

    def is_theirs(row: Row[Any]) -> bool:
        if row.identity_id in theirs:
            return row.id not in strays
        return bool(moved.get(row.id) == row.identity_id)

    returning = [r for r in _of(tx, holder_id) if is_theirs(r)]
    closed = [r.id for r in returning if r.status == ConversationStatus.CLOSED]
    for at in range(0, len(closed), _CHUNK):
        some = update(Conversation).where(Conversation.id.in_(closed[at : at + _CHUNK]))
        tx.execute(some.values(contact_id=back.contact_id))
    for row in returning:
        if row.status != ConversationStatus.CLOSED:
            name(tx, conversation_value(row._mapping), back.contact_id, back.name)
    return closed


def _of(tx: Tx, contact_id: int) -> Sequence[Row[Any]]:
    return tx.all(select(*_TABLE.c).where(Conversation.contact_id == contact_id).order_by(Conversation.id))


def _hand_over_closed(tx: Tx, giver_id: int, taker_id: int) -> None:
    closed = update(Conversation).where(
        Conversation.contact_id == giver_id, Conversation.status == ConversationStatus.CLOSED
    )
    tx.execute(closed.values(contact_id=taker_id))
