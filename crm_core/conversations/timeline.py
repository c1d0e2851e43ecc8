"""The timeline: entries are added once and read in pages, newest page first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, false, func, insert, not_, or_, select

from crm_core.conversations.model import Entry
from crm_core.conversations.queries import readable_row
from crm_core.conversations.rows import entry_value
from crm_core.store.fulltext import index_entries
from crm_core.store.prepared import ManyRows, RowsOf, one_of
from crm_core.store.transaction import Fields, Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.permissions import Actor
from crm_core.words.values import Direction, EntryKind, EntryValue

TABLE = Entry.__table__
MOST: Final = 200
_insert = ManyRows(insert(Entry))
_one = RowsOf(lambda _is_sqlite: select(*TABLE.c).where(Entry.id == bindparam("id"), Entry.ws == bindparam("ws")))
_last = RowsOf(
    lambda is_sqlite: (
        select(*TABLE.c)
        .where(Entry.conversation_id == bindparam("conversation_id"), one_of(Entry.kind, "kinds", is_sqlite=is_sqlite))
        .order_by(Entry.id.desc())
        .limit(bindparam("most"))
    )
)
_seen = RowsOf(
    lambda is_sqlite: select(*TABLE.c).where(
        Entry.account_id == bindparam("account_id"), one_of(Entry.external_id, "ids", is_sqlite=is_sqlite)
    )
)


def new_entry(tx: Tx, **known: Any) -> dict[str, Any]:
    """A whole entry row from the columns that matter; the rest empty. Not stored yet."""
    return {
        "id": tx.new_id(),
        "ws": tx.ws,
        "author_id": None,
        "author_name": "",
        "account_id": None,
        "channel": "",
        "identity_id": None,
        "at": tx.now,
        "sent_at": None,
        "text": "",
        "files": None,
        "notice": None,
        "details": None,
        "external_id": None,
        "client_key": None,
        "digest": None,
        "delivery": None,
        "delivery_reason": None,
        "version": 1,
        **known,
    }


def store(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert entries and make their words findable. Raises when a unique key is taken: ask before."""
    if not rows:
        return
    _insert.run(tx, rows)
    spoken = [(r["id"], r["text"]) for r in rows if r["text"] and r["kind"] != EntryKind.NOTICE]
    if spoken:
        index_entries(tx, spoken)


def seen_before(tx: Tx, keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Fields]:
    """Of these (account, external id), the entries that exist."""
    by_account: dict[int, list[str]] = {}
    for account_id, external_id in keys:
        by_account.setdefault(account_id, []).append(external_id)
    # One range of the unique index for each account: SQLite reads every entry for (account, id) IN (VALUES …).
    return {
        (account_id, row["external_id"]): row
        for account_id, ids in by_account.items()
        for row in _seen.all(tx, {"account_id": account_id, "ids": ids})
    }


def spoken_by(tx: Tx, conversation_id: int, account_id: int, *, most: int = 20) -> list[int]:
    """Ids of the newest messages of a conversation that came or went by an account, oldest first."""
    rows = tx.all(
        select(Entry.id)
        .where(
            Entry.conversation_id == conversation_id,
            Entry.account_id == account_id,
            Entry.kind == EntryKind.MESSAGE,
        )
        .order_by(Entry.id.desc())
        .limit(most)
    )
    return [r.id for r in reversed(rows)]


def came_by(tx: Tx, account_id: int) -> bool:
    """Whether anything that has a provider's id came by an account."""
    found = select(Entry.id).where(Entry.account_id == account_id, Entry.external_id.is_not(None)).limit(1)
    return tx.first(found) is not None


def external_ids(tx: Tx, ids: Sequence[int]) -> dict[int, str]:
    """The provider's id of each of these entries that came from one."""
    rows = tx.all(select(Entry.id, Entry.external_id).where(Entry.id.in_(ids))) if ids else []
    return {r.id: r.external_id for r in rows if r.external_id}


def last_notice(tx: Tx, conversation_id: int, code: str) -> dict[str, Any] | None:
    """The facts of the newest notice of this code, among the last fifty lines of a conversation."""
    for entry in reversed(newest(tx, [conversation_id], most=50, kinds=[EntryKind.NOTICE])):
        if entry.notice is not None and entry.notice.code == code:
            return dict(entry.notice.facts)
    return None


def by_client_key(tx: Tx, conversation_id: int, agent_id: int, key: str) -> EntryValue | None:
    """The entry an agent submitted under this key before, if any."""
    found = tx.first(
        select(*TABLE.c).where(
            Entry.conversation_id == conversation_id, Entry.author_id == agent_id, Entry.client_key == key
        )
    )
    return None if found is None else entry_value(found._mapping)


def row(tx: Tx, entry_id: int) -> Fields:
    """An entry's row. Raises NotFound."""
    found = _one.first(tx, {"id": entry_id, "ws": tx.ws})
    if found is None:
        raise NotFound
    return found._mapping


def value(tx: Tx, entry_id: int) -> EntryValue:
    """An entry, whoever may see it. Raises NotFound."""
    return entry_value(row(tx, entry_id))


def page(
    tx: Tx, actor: Actor, conversation_id: int, *, before: int | None = None, after: int | None = None, most: int = 50
) -> list[EntryValue]:
    """Entries of a readable conversation, oldest first: the newest, those before an id, or those after one.

    Raises NotFound when the actor may not read the conversation, Invalid for a page of no sense.
    """
    readable_row(tx, actor, conversation_id)
    return newest(tx, [conversation_id], before=before, after=after, most=most)


def newest(
    tx: Tx,
    conversation_ids: Sequence[int],
    *,
    before: int | None = None,
    after: int | None = None,
    most: int = 50,
    kinds: Sequence[EntryKind] = (),
    with_identity: int | None = None,
) -> list[EntryValue]:
    """Entries of conversations the caller answers for, oldest first, of the kinds asked for (none: all).

    `with_identity`: only what this identity wrote or was sent, as far as it has left.
    """
    if not 1 <= most <= MOST:
        raise Invalid(f"A page has 1 to {MOST} entries.")
    if before is not None and after is not None:
        raise Invalid("Ask for entries before an id or after one, not both.")
    if not conversation_ids:
        return []
    statement = select(*TABLE.c).where(Entry.conversation_id.in_(conversation_ids)).limit(most)
    if kinds:
        statement = statement.where(Entry.kind.in_(kinds))
    if with_identity is not None:
        statement = statement.where(Entry.identity_id == with_identity, has_left())
    if after is not None:
        rows = tx.all(statement.where(Entry.id > after).order_by(Entry.id))
        return [entry_value(r._mapping) for r in rows]
    if before is not None:
        statement = statement.where(Entry.id < before)
    rows = tx.all(statement.order_by(Entry.id.desc()))
    return [entry_value(r._mapping) for r in reversed(rows)]


def last_of(tx: Tx, conversation_id: int, kinds: Sequence[EntryKind], *, most: int = 1) -> list[EntryValue]:
    """The newest entries of these kinds in a conversation that the caller answers for, the newest first."""
    rows = _last.all(tx, {"conversation_id": conversation_id, "kinds": list(kinds), "most": most})
    return [entry_value(row) for row in rows]


def has_left() -> ColumnElement[bool]:
    """Whether a message may be shown to whom it is for: not one that waits for its time, or was taken back."""
    send_at = Entry.details["send_at"].as_string()
    waits = and_(Entry.delivery == DeliveryStatus.QUEUED, Entry.details.is_not(None), send_at.is_not(None))
    return or_(
        Entry.delivery.is_(None), and_(Entry.delivery != DeliveryStatus.CANCELLED, not_(func.coalesce(waits, false())))
    )


# house: parameters because a stretch of a timeline has a conversation, an identity and two ends
def unread_outbound(tx: Tx, conversation_id: int, identity_id: int, after: int, upto: int) -> list[int]:
    """Messages to this identity in this stretch of the timeline that are not READ yet."""
    rows = tx.all(
        select(Entry.id).where(
            Entry.conversation_id == conversation_id,
            Entry.identity_id == identity_id,
            has_left(),
            Entry.id > after,
            Entry.id <= upto,
            Entry.kind == EntryKind.MESSAGE,
            Entry.direction == Direction.OUT,
            Entry.delivery != DeliveryStatus.READ,
        )
    )
    return [r.id for r in rows]
