"""Originals that were stored before anybody understood them, and what became of that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.accounts.actions import set_cursor
from crm_core.accounts.model import Unread
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.text import one_line

WAITING, READ, QUARANTINED = "waiting", "read", "quarantined"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewOriginal:
    """An original to keep. `cursor` (name, place) moves in the same transaction."""

    account_id: int
    key: str
    file_id: int
    received_at: Moment
    facts: Mapping[str, str]
    cursor: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An original that waits to be read, and how often that was tried."""

    id: int
    account_id: int
    key: str
    file_id: int
    received_at: Moment
    facts: Mapping[str, str]
    attempts: int


def keep(tx: Tx, new: NewOriginal) -> int | None:
    """Keep an original and move its source's cursor; its id, or none when it was kept before."""
    insert_one = sqlite.insert(Unread) if tx.is_sqlite else postgresql.insert(Unread)
    row = insert_one.values(
        id=tx.new_id(),
        ws=tx.ws,
        account_id=new.account_id,
        key=new.key,
        file_id=new.file_id,
        facts=dict(new.facts),
        state=WAITING,
        attempts=0,
        not_before=tx.now,
        problem="",
        received_at=new.received_at,
    )
    kept: int | None = tx.scalar(row.on_conflict_do_nothing().returning(Unread.id))
    if new.cursor is not None:
        set_cursor(tx, new.account_id, *new.cursor)
    return kept


def accounts_waiting(tx: Tx) -> list[int]:
    """Accounts that have an original to be read now."""
    rows = tx.all(
        select(Unread.account_id)
        .where(Unread.state == WAITING, Unread.ws == tx.ws, Unread.not_before <= tx.now)
        .distinct()
    )
    return [r.account_id for r in rows]


def next_of(tx: Tx, account_id: int, *, most: int) -> list[Kept]:
    """The oldest originals of an account that wait, in the order they came.

    One that is put off holds nobody up: what it says may come later than what was written after it.
    """
    rows = tx.all(
        select(*Unread.__table__.c)
        .where(Unread.account_id == account_id, Unread.state == WAITING, Unread.not_before <= tx.now)
        .order_by(Unread.id)
        .limit(most)
    )
    return [
        Kept(
            id=r.id,
            account_id=r.account_id,
            key=r.key,
            file_id=r.file_id,
            received_at=r.received_at,
            facts=r.facts or {},
            attempts=r.attempts,
        )
        for r in rows
    ]


def is_read(tx: Tx, unread_id: int) -> None:
    """It was understood, and all that it says is stored."""
    tx.execute(update(Unread).where(Unread.id == unread_id).values(state=READ, problem=""))


def put_off(tx: Tx, unread_id: int, *, until: Moment, problem: str) -> None:
    """It is tried again later."""
    values = {"attempts": Unread.attempts + 1, "not_before": until, "problem": one_line(problem, most=300)}
    tx.execute(update(Unread).where(Unread.id == unread_id).values(**values))


def quarantine(tx: Tx, unread_id: int, problem: str) -> None:
    """Nobody can read it: it stays, for a person."""
    values = {"state": QUARANTINED, "attempts": Unread.attempts + 1, "problem": one_line(problem, most=300)}
    tx.execute(update(Unread).where(Unread.id == unread_id).values(**values))
