"""Questions about conversations. Whoever selects conversations for a person does it here, through `readable_by`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, exists, func, literal, or_, select, true, union_all

from crm_core.contacts.model import Identity
from crm_core.conversations.model import Conversation, Mention
from crm_core.conversations.rows import conversation_value
from crm_core.store.prepared import RowsOf, held
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.paging import Page, cursor_of, keys_of
from crm_core.words.permissions import Actor, Permission, may_read
from crm_core.words.values import ConversationStatus, ConversationValue

TABLE = Conversation.__table__
MOST = 100
_one = select(*TABLE.c).where(Conversation.id == bindparam("id"), Conversation.ws == bindparam("ws"))
_row = RowsOf(lambda _is_sqlite: _one)
_locked = RowsOf(lambda is_sqlite: held(_one, is_sqlite=is_sqlite))


class View(StrEnum):
    """The lists of the console."""

    MINE = "mine"
    QUEUE = "queue"
    UNASSIGNED = "unassigned"
    ALL = "all"
    MENTIONS = "mentions"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class Sort(StrEnum):
    NEWEST = "newest"
    """Newest activity first."""
    OLDEST = "oldest"
    WAITING = "waiting"
    """Who waits longest for an answer first; those who do not wait come last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Which conversations, in which order, from where."""

    view: View = View.MINE
    queue_id: int | None = None
    channel: str | None = None
    tag: str | None = None
    assignee_id: int | None = None
    identity_id: int | None = None
    contact_id: int | None = None
    sort: Sort = Sort.NEWEST
    cursor: str | None = None
    limit: int = 50


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """`permissions.may_read` as a condition."""
    if actor.may(Permission.SEE_ALL):
        return true()
    return or_(Conversation.assignee_id == actor.agent_id, Conversation.queue_id.in_(sorted(actor.queues) or [-1]))


def row(tx: Tx, conversation_id: int, *, lock: bool = False) -> Row[Any]:
    """A conversation's row, whoever may see it. Raises NotFound."""
    found = (_locked if lock else _row).first(tx, {"id": conversation_id, "ws": tx.ws})
    if found is None:
        raise NotFound
    return found


def readable_row(tx: Tx, actor: Actor, conversation_id: int, *, lock: bool = False) -> Row[Any]:
    """A conversation's row if the actor may read it. Raises NotFound, also for what they may not see."""
    found = row(tx, conversation_id, lock=lock)
    if not may_read(actor, found):
        raise NotFound
    return found


def get(tx: Tx, actor: Actor, conversation_id: int) -> ConversationValue:
    """One conversation as the actor may see it. Raises NotFound."""
    return conversation_value(readable_row(tx, actor, conversation_id)._mapping)


def get_many(tx: Tx, actor: Actor, ids: Sequence[int]) -> list[ConversationValue]:
    """Those of the ids that the actor may read, in the ids' order."""
    rows = tx.all(select(*TABLE.c).where(Conversation.id.in_(ids), readable_by(actor)))
    by_id = {r.id: conversation_value(r._mapping) for r in rows}
    return [by_id[i] for i in ids if i in by_id]


def held_by(tx: Tx, agent_id: int) -> list[ConversationValue]:
    """Every conversation that is not closed and has this assignee, newest activity first."""
    rows = tx.all(
        select(*TABLE.c)
        .where(Conversation.assignee_id == agent_id, Conversation.status != ConversationStatus.CLOSED)
        .order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
    )
    return [conversation_value(r._mapping) for r in rows]


def must_be_only_open(tx: Tx, identity_id: int, conversation_id: int) -> None:
    """Raises Conflict when the identity has another conversation that is not closed."""
    other = tx.first(
        select(Conversation.id).where(
            Conversation.identity_id == identity_id,
            Conversation.id != conversation_id,
            Conversation.status != ConversationStatus.CLOSED,
        )
    )
    if other is not None:
        raise Conflict(
            "The contact has another open conversation. Go on there.",
            why="other_conversation",
            conversation_id=other.id,
        )


def open_of_address(tx: Tx, address: Address) -> int | None:
    """The conversation with an address that is not closed, if there is one."""
    found: int | None = tx.scalar(
        select(Conversation.id)
        .join(Identity, Identity.id == Conversation.identity_id)
        .where(
            Identity.ws == tx.ws,
            Identity.scheme == address.scheme,
            Identity.scope == address.scope,
            Identity.value == address.value,
            Conversation.status != ConversationStatus.CLOSED,
        )
    )
    return found


def of_identity(tx: Tx, identity_id: int) -> list[ConversationValue]:
    """All conversations with an identity, newest first."""
    rows = tx.all(
        select(*TABLE.c).where(Conversation.identity_id == identity_id).order_by(Conversation.id.desc()).limit(MOST)
    )
    return [conversation_value(r._mapping) for r in rows]


def page(tx: Tx, actor: Actor, listing: Listing) -> Page[ConversationValue]:
    """One page of a list, by keyset. Raises Invalid for a foreign cursor or limit."""
    if not 1 <= listing.limit <= MOST:
        raise Invalid(f"A page has 1 to {MOST} rows.")
    order = _order(listing.sort)
    conditions = [Conversation.ws == tx.ws, *_of_view(actor, listing), *_filters(tx, listing)]
    if listing.cursor:
        conditions.append(order.after(listing.cursor))
    rows = tx.all(_statement(actor, listing, conditions, order))
    items = [conversation_value(r._mapping) for r in rows[: listing.limit]]
    more = len(rows) > listing.limit
    return Page(items, order.cursor(items[-1]) if more else None)


def counts(tx: Tx, actor: Actor) -> dict[str, int]:
    """How many conversations stand in each view, counted up to 1 000 each."""
    answer: dict[str, int] = {}
    for view in (View.MINE, View.QUEUE, View.UNASSIGNED, View.MENTIONS, View.SNOOZED, View.ALL):
        few = select(literal(1)).where(*_of_view(actor, Listing(view=view))).limit(1_000).subquery()
        answer[view] = tx.scalar(select(func.count()).select_from(few))
    return answer


def _of_view(actor: Actor, listing: Listing) -> list[ColumnElement[bool]]:
    not_closed = Conversation.status != ConversationStatus.CLOSED
    # "not closed" is spelled out, since SQLite uses a partial index only for its own condition.
    open_ = and_(not_closed, Conversation.status == ConversationStatus.OPEN)
    match listing.view:
        case View.MINE:
            return [open_, Conversation.assignee_id == actor.agent_id]
        case View.QUEUE:
            return [open_, Conversation.assignee_id.is_(None), Conversation.queue_id.in_(sorted(actor.queues) or [-1])]
        case View.UNASSIGNED:
            return [open_, Conversation.assignee_id.is_(None), readable_by(actor)]
        case View.SNOOZED:
            return [not_closed, Conversation.status == ConversationStatus.SNOOZED, readable_by(actor)]
        case View.CLOSED:
            return [Conversation.status == ConversationStatus.CLOSED, readable_by(actor)]
        case View.MENTIONS:
            named = exists().where(Mention.conversation_id == Conversation.id, Mention.agent_id == actor.agent_id)
            return [not_closed, named, readable_by(actor)]
        case _:
            return [not_closed, readable_by(actor)]


def _filters(tx: Tx, listing: Listing) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    for column, value in (
        (Conversation.queue_id, listing.queue_id),
        (Conversation.channel, listing.channel),
        (Conversation.assignee_id, listing.assignee_id),
        (Conversation.identity_id, listing.identity_id),
        (Conversation.contact_id, listing.contact_id),
    ):
        if value is not None:
            wanted.append(column == value)
    if listing.tag is not None:
        wanted.append(_has_tag(tx, listing.tag))
    return wanted


def _has_tag(tx: Tx, tag: str) -> ColumnElement[bool]:
    if tx.is_sqlite:
        each = func.json_each(Conversation.tags).table_valued("value")
    else:
        each = func.json_array_elements_text(Conversation.tags).table_valued("value")
    return select(literal(1)).select_from(each).where(each.c.value == tag).exists()


@dataclass(frozen=True, slots=True)
class _Order:
    key: Any
    descending: bool

    def by(self) -> tuple[Any, Any]:
        return (self.key.desc(), Conversation.id.desc()) if self.descending else (self.key, Conversation.id)

    def after(self, cursor: str) -> ColumnElement[bool]:
        key, identifier = keys_of(cursor, int, int)
        if self.descending:
            return or_(self.key < key, and_(self.key == key, Conversation.id < identifier))
        return or_(self.key > key, and_(self.key == key, Conversation.id > identifier))

    def cursor(self, last: ConversationValue) -> str:
        if self.key is _WAITING:
            return cursor_of(last.waiting_since or _NEVER, last.id)
        return cursor_of(last.last_activity_at, last.id)


_NEVER = 2**62
_WAITING = func.coalesce(Conversation.waiting_since, _NEVER)


def _order(sort: Sort) -> _Order:
    if sort is Sort.WAITING:
        return _Order(_WAITING, descending=False)
    return _Order(Conversation.last_activity_at, descending=sort is Sort.NEWEST)


def _statement(actor: Actor, listing: Listing, conditions: list[ColumnElement[bool]], order: _Order) -> Select[Any]:
    limit = listing.limit + 1
    plain = select(*TABLE.c).where(*conditions).order_by(*order.by()).limit(limit)
    if listing.view is not View.QUEUE or listing.queue_id is not None or len(actor.queues) < 2:
        return plain
    # One ordered index scan for each queue, merged: `queue_id IN (…)` alone would sort everything that waits.
    arms = [select(plain.where(Conversation.queue_id == q).subquery()) for q in sorted(actor.queues)]
    every = union_all(*arms).subquery()
    keys = {c.name: c for c in every.c}
    key = func.coalesce(keys["waiting_since"], _NEVER) if order.key is _WAITING else keys["last_activity_at"]
    by = (key.desc(), keys["id"].desc()) if order.descending else (key, keys["id"])
    return select(*every.c).order_by(*by).limit(limit)
