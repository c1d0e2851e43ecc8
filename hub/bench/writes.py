"""What the product writes, word for word: listened to at the driver, to be written again without the product."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final

from sqlalchemy import Engine, event

TOGETHER: Final = 50
"""Messages in one transaction of the limit."""
_PRAGMAS: Final = ("journal_mode=WAL", "synchronous=FULL", "cache_size=-64000", "wal_autocheckpoint=4000")
"""The product's own."""


@dataclass(slots=True)
class Writes:
    """Statements that write, in the order in which each was first run, with every set of parameters."""

    rows: dict[str, list[Any]] = field(default_factory=dict)

    def heard(self, statement: str, parameters: Any) -> None:
        if statement.lstrip()[:6].upper() in ("INSERT", "UPDATE", "DELETE"):
            self.rows.setdefault(statement, []).extend(parameters if isinstance(parameters, list) else [parameters])

    def per_message(self, messages: int) -> dict[str, float]:
        """Rows per message by verb and table."""
        shares: dict[str, float] = {}
        for statement, rows in self.rows.items():
            words = statement.split()
            name = f"{words[0].lower()} {words[1 if words[0].upper() == 'UPDATE' else 2]}"
            shares[name] = round(shares.get(name, 0) + len(rows) / messages, 3)
        return shares


@contextmanager
def listening() -> Iterator[Writes]:
    """Keep what any connection of SQLAlchemy's writes meanwhile."""
    writes = Writes()

    def before(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        writes.heard(statement, parameters)

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield writes
    finally:
        event.remove(Engine, "before_cursor_execute", before)


def replay(database: Path, writes: Writes, messages: int, seconds: float) -> float:
    """
    Messages per second of plain sqlite3 writing these rows, 50 messages a transaction, synchronous=FULL.

    `database` is as it was before the product wrote them. Stops after `seconds`, or when all is written.
    """
    connection = sqlite3.connect(database, isolation_level=None)
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    done = 0
    began = perf_counter()
    while done < messages and perf_counter() - began < seconds:
        upto = min(done + TOGETHER, messages)
        connection.execute("BEGIN IMMEDIATE")
        for statement, rows in writes.rows.items():
            _run(connection, statement, _share(rows, done, upto, messages))
        connection.execute("COMMIT")
        done = upto
    rate = done / (perf_counter() - began)
    connection.close()
    return rate


def _share(rows: Sequence[Any], done: int, upto: int, messages: int) -> Sequence[Any]:
    return rows[len(rows) * done // messages : len(rows) * upto // messages]


def _run(connection: sqlite3.Connection, statement: str, rows: Sequence[Any]) -> None:
    if "RETURNING" in statement:
        for row in rows:
            connection.execute(statement, row).fetchall()
    else:
        connection.executemany(statement, rows)
