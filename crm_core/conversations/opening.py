"""Finding the open conversation of whoever wrote, or opening one; for many messages at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, update

from crm_core.contacts.resolving import KnownIdentity
from crm_core.conversations.model import Conversation
from crm_core.store.transaction import Tx
from crm_core.words.values import AuthorKind, ConversationStatus

_TABLE = Conversation.__table__
_insert = insert(_TABLE)  # type: ignore[arg-type]
_WRITTEN = (
    "status",
    "who",
    "account_id",
    "channel",
    "identity_id",
    "contact_id",
    "thread",
    "queue_id",
    "assignee_id",
    "last_assignee_id",
    "work_state",
    "preview",
    "preview_author",
    "last_activity_at",
    "last_entry_id",
    "last_inbound_id",
    "waiting_since",
    "snoozed_until",
    "entry_count",
    "version",
)
_update = (
    update(Conversation).where(Conversation.id == bindparam("b_id")).values({c: bindparam(f"b_{c}") for c in _WRITTEN})
)

Wanted = tuple[KnownIdentity, int, str, str]
"""Who writes, the account's id and kind, and the thread the answer goes to."""


@dataclass(slots=True, eq=False)
class Opened:
    """A conversation in hand: its row as it will be, written by `flush`. Messages of one batch share it."""

    row: dict[str, Any]
    is_new: bool

    def heard(self, now: int, entry_id: int, words: str) -> None:
        """Note an inbound message: last words, waiting since, awake again."""
        row = self.row
        row["last_entry_id"] = row["last_inbound_id"] = entry_id
        row["last_activity_at"] = now
        row["preview"], row["preview_author"] = words, AuthorKind.CONTACT
        row["waiting_since"] = row["waiting_since"] or now
        row["status"], row["snoozed_until"] = ConversationStatus.OPEN, None
        row["entry_count"] += 1
        row["version"] += 1


def open_or_continue(tx: Tx, wanted: Sequence[Wanted]) -> list[Opened]:
    """For each message the conversation it belongs to, in order; the same object where it is the same.

    A known contact continues their open conversation whichever identity they use.
    """
    known = _open_ones(tx, wanted)
    strangers = [w[0].id for w in wanted if _found(known, w[0]) is None]
    last = _last_assignees(tx, strangers)
    answer: list[Opened] = []
    for identity, account_id, kind, thread in wanted:
        conversation = _found(known, identity)
        if conversation is None:
            row = _new_row(tx, identity, last.get(identity.id))
            conversation = Opened(row, is_new=True)
        known[("identity", identity.id)] = conversation
        if identity.contact_id is not None:
            known[("contact", identity.contact_id)] = conversation
        conversation.row.update(
            who=identity.shown_name,
            contact_id=identity.contact_id,
            identity_id=identity.id,
            account_id=account_id,
            channel=kind,
            thread=thread,
        )
        answer.append(conversation)
    return answer


def flush(tx: Tx, opened: Sequence[Opened]) -> None:
    """Write the conversations in hand: new ones inserted, the others updated, each once."""
    once = list({id(o): o for o in opened}.values())
    new = [o.row for o in once if o.is_new]
    if new:
        tx.execute(_insert, new)
    old = [{"b_id": o.row["id"], **{f"b_{c}": o.row[c] for c in _WRITTEN}} for o in once if not o.is_new]
    if old:
        # In the order of ids, so that two writers never wait for each other.
        tx.execute(_update, sorted(old, key=lambda p: p["b_id"]))


_Known = dict[tuple[str, int], Opened]


def _found(known: _Known, identity: KnownIdentity) -> Opened | None:
    found = known.get(("identity", identity.id))
    if found is None and identity.contact_id is not None:
        found = known.get(("contact", identity.contact_id))
    return found


def _open_ones(tx: Tx, wanted: Sequence[Wanted]) -> _Known:
    identities = {w[0].id for w in wanted}
    contacts = {w[0].contact_id for w in wanted if w[0].contact_id is not None}
    theirs: ColumnElement[bool] = Conversation.identity_id.in_(sorted(identities))
    if contacts:
        theirs = or_(theirs, Conversation.contact_id.in_(sorted(contacts)))
    statement = select(*_TABLE.c).where(theirs, Conversation.status != ConversationStatus.CLOSED)
    if not tx.is_sqlite:
        statement = statement.order_by(Conversation.id).with_for_update()
    known: _Known = {}
    for row in tx.all(statement):
        opened = Opened(dict(row._mapping), is_new=False)
        known[("identity", row.identity_id)] = opened
        if row.contact_id is not None:
            known.setdefault(("contact", row.contact_id), opened)
    return known


def _last_assignees(tx: Tx, identity_ids: Sequence[int]) -> dict[int, int]:
    """Who had the last closed conversation with each of these identities."""
    if not identity_ids:
        return {}
    newest = (
        select(func.max(Conversation.id))
        .where(Conversation.identity_id.in_(identity_ids), Conversation.last_assignee_id.is_not(None))
        .group_by(Conversation.identity_id)
    )
    rows = tx.all(select(Conversation.identity_id, Conversation.last_assignee_id).where(Conversation.id.in_(newest)))
    return {r.identity_id: r.last_assignee_id for r in rows}


def _new_row(tx: Tx, identity: KnownIdentity, last_assignee_id: int | None) -> dict[str, Any]:
    empty: dict[str, Any] = dict.fromkeys(c.name for c in _TABLE.c)
    return {
        **empty,
        "id": tx.new_id(),
        "ws": tx.ws,
        "status": ConversationStatus.OPEN,
        "last_assignee_id": last_assignee_id,
        "subject": "",
        "preview": "",
        "preview_author": AuthorKind.CONTACT,
        "priority": 0,
        "tags": [],
        "opened_at": tx.now,
        "last_activity_at": tx.now,
        "last_entry_id": 0,
        "last_inbound_id": 0,
        "contact_read_id": 0,
        "agent_read_id": 0,
        "entry_count": 0,
        "version": 0,
    }
