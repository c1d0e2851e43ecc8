"""By which of a provider's ids a message is known, and receipts that came before we knew the id.

A provider may report on a message before it has answered the request that sent it: such receipts are kept
and applied when the id is stored. Ids are never forgotten, so a late receipt finds its message.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Index, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Id, OptionalRef, OptionalWords, Ref, Words
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment

GROUP: Final = "part_of:"
"""How names begin that no provider gave: they lead to the entry that the parts of one album join."""


class Part(Base):
    """A further id of a message: one of the parts as which ours went or theirs came, the name by which answers
    refer to theirs, or a name of ours for all parts of theirs (`GROUP`)."""

    __tablename__ = "sent_part"

    account_id: Mapped[Id]
    external_id: Mapped[str] = mapped_column(primary_key=True)
    ws: Mapped[Ref]
    entry_id: Mapped[Ref]

    __table_args__ = (Index(None, "entry_id"),)


class Receipt(Base):
    """A report on a message whose id nobody knew yet."""

    __tablename__ = "receipt"

    id: Mapped[Id]
    ws: Mapped[Ref]
    account_id: Mapped[Ref]
    external_id: Mapped[Words]
    delivery_id: Mapped[OptionalRef]
    status: Mapped[Words]
    reason: Mapped[OptionalWords]
    at: Mapped[At]

    __table_args__ = (Index(None, "account_id", "external_id"),)


@dataclass(frozen=True, slots=True)
class Kept:
    """A receipt that waited for its message."""

    status: str
    reason: str | None
    at: Moment


def note_parts(tx: Tx, account_id: int, entry_id: int, external_ids: Sequence[str]) -> None:
    """Remember further ids of a message that went in several parts. Harmless twice."""
    if not external_ids:
        return
    insert_one = sqlite.insert(Part) if tx.is_sqlite else postgresql.insert(Part)
    tx.execute(
        insert_one.on_conflict_do_nothing(),
        [{"account_id": account_id, "external_id": i, "ws": tx.ws, "entry_id": entry_id} for i in external_ids],
    )


def point(tx: Tx, account_id: int, name: str, entry_id: int) -> None:
    """Let a name lead to this entry, wherever it led before."""
    tx.execute(delete(Part).where(Part.account_id == account_id, Part.external_id == name))
    note_parts(tx, account_id, entry_id, [name])


def entry_of_part(tx: Tx, account_id: int, external_id: str) -> int | None:
    """The entry that has this among its further ids."""
    found: int | None = tx.scalar(
        select(Part.entry_id).where(Part.account_id == account_id, Part.external_id == external_id)
    )
    return found


def parts_of(tx: Tx, account_id: int, entry_id: int) -> list[str]:
    """The further ids of a message of ours that went in several parts, in no order."""
    return [r.external_id for r in tx.all(select(Part.external_id).where(*_of(account_id, entry_id)))]


def _of(account_id: int, entry_id: int) -> tuple[ColumnElement[bool], ...]:
    return Part.entry_id == entry_id, Part.account_id == account_id


def names_of(tx: Tx, entry_ids: Sequence[int]) -> dict[int, str]:
    """The further id of each of these entries that has one; the first, where there are several.

    None for what came as an album: its own id is as good as any of its parts'.
    """
    rows = tx.all(select(Part.entry_id, Part.external_id).where(Part.entry_id.in_(entry_ids))) if entry_ids else []
    albums = {row.entry_id for row in rows if row.external_id.startswith(GROUP)}
    found: dict[int, str] = {}
    for row in rows:
        if row.entry_id not in albums:
            found.setdefault(row.entry_id, row.external_id)
    return found


def keep(tx: Tx, account_id: int, external_id: str, kept: Kept, *, delivery_id: int | None = None) -> None:
    """Keep a receipt until its message is known."""
    tx.execute(
        insert(Receipt).values(
            id=tx.new_id(),
            ws=tx.ws,
            account_id=account_id,
            external_id=external_id,
            delivery_id=delivery_id,
            status=kept.status,
            reason=kept.reason,
            at=kept.at,
        )
    )


def taken(tx: Tx, account_id: int, external_ids: Sequence[str]) -> list[Kept]:
    """The receipts that waited for these ids, in the order they came; they wait no longer."""
    if not external_ids:
        return []
    rows = tx.all(
        delete(Receipt)
        .where(Receipt.account_id == account_id, Receipt.external_id.in_(list(external_ids)))
        .returning(Receipt.id, Receipt.status, Receipt.reason, Receipt.at)
    )
    return [Kept(r.status, r.reason, r.at) for r in sorted(rows, key=lambda r: r.id)]
