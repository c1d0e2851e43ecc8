"""The journal: every event, once, with a position in commit order.

A position is taken from one counter row at the very end of a transaction. The row's lock is held from
there to the commit, so positions become visible in order and a reader of "position > last" never steps
over one. The group commit makes that lock cheap.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Index, bindparam, delete, insert, select, update
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Id, Ref, Words
from crm_core.store.prepared import ManyRows, RowsOf
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.events import AnyEvent, decode, encode
from crm_core.words.ids import new_token


class JournalRow(Base):
    """One event. `payload` is its JSON, the same bytes a console receives."""

    __tablename__ = "journal"

    position: Mapped[Id]
    ws: Mapped[Ref]
    at: Mapped[At]
    type: Mapped[Words]
    payload: Mapped[Words]

    __table_args__ = (Index(None, "at"),)


class JournalHead(Base):
    """The counter: one row per workspace.

    `epoch` is a random text written when the journal is made; after a restore from a backup it is made
    anew (`hub doctor --new-epoch`), so that a console with positions of the lost future starts afresh.
    """

    __tablename__ = "journal_head"

    ws: Mapped[Id]
    position: Mapped[Ref] = mapped_column(default=0)
    epoch: Mapped[Words]


@dataclass(frozen=True, slots=True)
class Committed:
    """An event with its place in the world's order."""

    position: int
    at: Moment
    event: AnyEvent
    payload: bytes


_advance = RowsOf(
    lambda _is_sqlite: (
        update(JournalHead)
        .where(JournalHead.ws == bindparam("b_ws"))
        .values(position=JournalHead.position + bindparam("count"))
        .returning(JournalHead.position)
    )
)
_insert = ManyRows(insert(JournalRow))


def append(tx: Tx) -> Sequence[Committed]:
    """Give the transaction's events their positions and write them. Call it last, once."""
    if not tx.events:
        return ()
    last: int = _advance.all(tx, {"b_ws": tx.ws, "count": len(tx.events)})[0]["position"]
    first = last - len(tx.events) + 1
    committed = [
        Committed(first + offset, tx.now, happened, encode(happened)) for offset, happened in enumerate(tx.events)
    ]
    _insert.run(
        tx,
        [
            {
                "position": c.position,
                "ws": tx.ws,
                "at": c.at,
                "type": type(c.event).__name__,
                "payload": c.payload.decode(),
            }
            for c in committed
        ],
    )
    return committed


@dataclass(frozen=True, slots=True)
class Head:
    """The newest position, and the epoch that positions belong to."""

    position: int
    epoch: str


def head(tx: Tx) -> Head:
    """Where the journal stands in this transaction's view."""
    row = tx.first(select(JournalHead.position, JournalHead.epoch).where(JournalHead.ws == tx.ws))
    assert row is not None, "the workspace has no journal"
    return Head(row.position, row.epoch)


def begin_epoch(tx: Tx) -> None:
    """Positions known outside mean nothing any more, as after a restore: every console starts afresh."""
    tx.execute(update(JournalHead).where(JournalHead.ws == tx.ws).values(epoch=new_token()))


def after(tx: Tx, position: int, *, most: int) -> Sequence[Committed]:
    """The first `most` events after a position, in order."""
    rows = tx.all(
        select(JournalRow.position, JournalRow.at, JournalRow.payload)
        .where(JournalRow.ws == tx.ws, JournalRow.position > position)
        .order_by(JournalRow.position)
        .limit(most)
    )
    return [Committed(r.position, r.at, decode(r.payload), r.payload.encode()) for r in rows]


def forget(tx: Tx, *, before: Moment, most: int = 5_000) -> int:
    """Delete events of before a moment, oldest first, at most so many at once; how many went."""
    old = (
        select(JournalRow.position)
        .where(JournalRow.ws == tx.ws, JournalRow.at < before)
        .order_by(JournalRow.position)
        .limit(most)
    )
    return tx.changed(delete(JournalRow).where(JournalRow.position.in_(old)))
