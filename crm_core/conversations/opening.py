"""Finding the open conversation of whoever wrote, or opening one; for many messages at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from sqlalchemy import bindparam, func, insert, or_, select, update

from crm_core.contacts.resolving import KnownIdentity
from crm_core.conversations import participants
from crm_core.conversations.model import Conversation
from crm_core.store.prepared import AnySelect, ManyRows, RowsOf, one_of
from crm_core.store.transaction import Tx
from crm_core.words.values import AuthorKind, ConversationStatus

_TABLE = Conversation.__table__
_insert = ManyRows(insert(Conversation))
_HEARD = (
    "thread",
    "preview",
    "preview_author",
    "last_activity_at",
    "last_entry_id",
    "last_inbound_id",
    "waiting_since",
    "entry_count",
    "version",
)
"""What one more message of somebody who is being looked after changes."""
_SELDOM = (
    "status",
    "who",
    "account_id",
    "channel",
    "identity_id",
    "contact_id",
    "case_id",
    "subject",
    "closed_at",
    "queue_id",
    "assignee_id",
    "last_assignee_id",
    "work_state",
    "snoozed_until",
)
_seldom = itemgetter(*_SELDOM)


def _update(columns: Sequence[str]) -> ManyRows:
    conversation = update(Conversation).where(Conversation.id == bindparam("id_"))
    return ManyRows(conversation.values({c: bindparam(f"{c}_") for c in columns}))


_hear = _update(_HEARD)
# SQLite writes an index anew for each column that is set, even to what it was.
_change = _update(_HEARD + _SELDOM)
_open = RowsOf(
    lambda is_sqlite: _locked(
        select(*_TABLE.c).where(
            or_(
                one_of(Conversation.identity_id, "identities", is_sqlite=is_sqlite),
                one_of(Conversation.contact_id, "contacts", is_sqlite=is_sqlite),
            ),
            Conversation.status != ConversationStatus.CLOSED,
        ),
        is_sqlite=is_sqlite,
    )
)
_named = RowsOf(
    lambda is_sqlite: _locked(
        select(*_TABLE.c).where(one_of(Conversation.id, "ids", is_sqlite=is_sqlite)), is_sqlite=is_sqlite
    )
)
_last = RowsOf(
    lambda is_sqlite: select(Conversation.identity_id, Conversation.last_assignee_id).where(
        Conversation.id.in_(
            select(func.max(Conversation.id))
            .where(
                one_of(Conversation.identity_id, "identities", is_sqlite=is_sqlite),
                Conversation.last_assignee_id.is_not(None),
            )
            .group_by(Conversation.identity_id)
        )
    )
)


def _locked(statement: AnySelect, *, is_sqlite: bool) -> AnySelect:
    return statement if is_sqlite else statement.order_by(Conversation.id).with_for_update()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who writes, by which account, the thread the answer goes to, and the conversation they proved to be in."""

    identity: KnownIdentity
    account_id: int
    kind: str
    thread: str
    conversation_id: int | None = None
    automatic: bool = False
    """Written by a machine: the answer to whoever wrote before goes where it went."""


@dataclass(slots=True, eq=False)
class Opened:
    """A conversation in hand: its row as it will be, written by `flush`. Messages of one batch share it."""

    row: dict[str, Any]
    before: tuple[Any, ...] | None
    """What it was, of the columns that seldom change; none for a new one."""
    passed: set[int] = field(default_factory=set)
    """Identities that spoke in it and are not the one it is with now."""

    @property
    def is_new(self) -> bool:
        return self.before is None

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

    def noted(self, now: int, entry_id: int) -> None:
        """Note what a machine wrote: it is there to be read, and changes nothing for whoever waits."""
        row = self.row
        row["last_entry_id"] = entry_id
        row["last_activity_at"] = now
        row["entry_count"] += 1
        row["version"] += 1

    def asked(self, now: int, entry_id: int, words: str) -> None:
        """Note what a machine answers: it is there to be read, and a conversation of nothing else is over at once."""
        row = self.row
        if row["entry_count"] == 0:
            row["preview"], row["preview_author"] = words, AuthorKind.CONTACT
            row["status"], row["closed_at"] = ConversationStatus.CLOSED, now
        self.noted(now, entry_id)

    def has_guest(self, identity: KnownIdentity) -> bool:
        """Whether this is somebody else than the contact it is with: on copy, or forwarded to."""
        row = self.row
        is_theirs = row["identity_id"] == identity.id
        return not is_theirs and (identity.contact_id is None or row["contact_id"] != identity.contact_id)


def open_or_continue(tx: Tx, wanted: Sequence[Wanted]) -> list[Opened]:
    """For each message the conversation it belongs to, in order; the same object where it is the same.

    A known contact continues their open conversation whichever identity they use.
    """
    known = _open_ones(tx, wanted)
    strangers = [w.identity.id for w in wanted if _found(known, w) is None]
    last = _last_assignees(tx, strangers)
    answer: list[Opened] = []
    for one in wanted:
        conversation = _found(known, one)
        is_just_opened = conversation is None
        if conversation is None:
            conversation = Opened(_new_row(tx, one.identity, last.get(one.identity.id)), None)
        answer.append(conversation)
        own = known.get(("identity", one.identity.id))
        is_elsewhere = own is not None and own is not conversation
        # An identity is the one of a single open conversation; in a second one its owner speaks as a guest.
        if conversation.before is not None and (is_elsewhere or conversation.has_guest(one.identity)):
            conversation.passed.add(one.identity.id)
            continue
        if one.automatic and not is_just_opened:
            if conversation.row["identity_id"] != one.identity.id:
                conversation.passed.add(one.identity.id)
            continue
        known[("identity", one.identity.id)] = conversation
        if one.identity.contact_id is not None:
            known[("contact", one.identity.contact_id)] = conversation
        if conversation.before is not None and conversation.row["identity_id"] != one.identity.id:
            conversation.passed.add(conversation.row["identity_id"])
        conversation.row.update(
            who=one.identity.shown_name,
            contact_id=one.identity.contact_id,
            identity_id=one.identity.id,
            account_id=one.account_id,
            channel=one.kind,
            thread=one.thread,
        )
    return answer


def flush(tx: Tx, opened: Sequence[Opened]) -> None:
    """Write the conversations in hand: new ones inserted, the others updated, each once."""
    once = list({id(o): o for o in opened}.values())
    _insert.run(tx, [o.row for o in once if o.is_new])
    for conversation in once:
        if conversation.passed:
            participants.add(tx, conversation.row["id"], conversation.passed)
    # In the order of ids, so that two writers never wait for each other.
    old = sorted((o for o in once if not o.is_new), key=lambda o: o.row["id"])
    _hear.run(tx, [o.row for o in old if o.before == _seldom(o.row)])
    _change.run(tx, [o.row for o in old if o.before != _seldom(o.row)])


_Known = dict[tuple[str, int], Opened]


def _found(known: _Known, wanted: Wanted) -> Opened | None:
    found = None if wanted.conversation_id is None else known.get(("conversation", wanted.conversation_id))
    if found is None:
        found = known.get(("identity", wanted.identity.id))
    if found is None and wanted.identity.contact_id is not None:
        found = known.get(("contact", wanted.identity.contact_id))
    return found


def _open_ones(tx: Tx, wanted: Sequence[Wanted]) -> _Known:
    identities = {w.identity.id for w in wanted}
    contacts = {w.identity.contact_id for w in wanted if w.identity.contact_id is not None}
    known: _Known = {}
    for row in _open.all(tx, {"identities": sorted(identities), "contacts": sorted(contacts)}):
        opened = Opened(row, _seldom(row))
        known[("conversation", row["id"])] = opened
        known[("identity", row["identity_id"])] = opened
        if row["contact_id"] is not None:
            known.setdefault(("contact", row["contact_id"]), opened)
    missing = {w.conversation_id for w in wanted if w.conversation_id is not None}
    missing -= {identifier for kind, identifier in known if kind == "conversation"}
    if missing:
        for row in _named.all(tx, {"ids": sorted(missing)}):
            known[("conversation", row["id"])] = Opened(row, _seldom(row))
    return known


def _last_assignees(tx: Tx, identity_ids: Sequence[int]) -> dict[int, int]:
    """Who had the last closed conversation with each of these identities."""
    if not identity_ids:
        return {}
    rows = _last.all(tx, {"identities": list(identity_ids)})
    return {row["identity_id"]: row["last_assignee_id"] for row in rows}


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
