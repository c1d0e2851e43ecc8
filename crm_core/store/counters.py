"""Numbers that people say, counted up one at a time: case 1, case 2."""

from __future__ import annotations

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import Base, Ref
from crm_core.store.prepared import Answering, RowsOf
from crm_core.store.transaction import Tx


class Counter(Base):
    """The last number given under a name."""

    __tablename__ = "counter"

    ws: Mapped[Ref] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[Ref]


def _counted(*, is_sqlite: bool) -> Answering:
    new = sqlite.insert(Counter) if is_sqlite else postgresql.insert(Counter)
    more = {"value": Counter.value + new.excluded.value}
    return new.on_conflict_do_update(index_elements=["ws", "name"], set_=more).returning(Counter.value)


_count_on = RowsOf(lambda is_sqlite: _counted(is_sqlite=is_sqlite))


def next_number(tx: Tx, name: str) -> int:
    """The next number under a name, from 1. Rolled back with the transaction; writers stand in line for it."""
    return next_numbers(tx, name, 1)[0]


def next_numbers(tx: Tx, name: str, count: int) -> range:
    """So many numbers in a row under a name, the first of all being 1."""
    last: int = _count_on.all(tx, {"ws": tx.ws, "name": name, "value": count})[0]["value"]
    return range(last - count + 1, last + 1)
