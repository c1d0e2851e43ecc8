"""What the product writes, word for word: listened to at the driver, to be written again without the product."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import psycopg
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


class Ear:
    """Hears every connection that is opened in this process while `ear()` is; `listening` says when it notes."""

    def __init__(self) -> None:
        self._writes: Writes | None = None

    @contextmanager
    def listening(self) -> Iterator[Writes]:
        """Keep what is written meanwhile."""
        self._writes = writes = Writes()
        try:
            yield writes
        finally:
            self._writes = None

    def heard(self, statement: Any, parameters: Any) -> None:
        if self._writes is not None:
            self._writes.heard(str(statement), parameters)


@contextmanager
def ear() -> Iterator[Ear]:
    """Have the drivers' cursors tell what they run. Slower than they are: not for what is timed."""
    found = Ear()

    class SqliteCursor(sqlite3.Cursor):
        def execute(self, sql: str, parameters: Any = (), /) -> SqliteCursor:
            found.heard(sql, parameters)
            return super().execute(sql, parameters)

        def executemany(self, sql: str, parameters: Any, /) -> SqliteCursor:
            found.heard(sql, parameters)
            return super().executemany(sql, parameters)

    class SqliteConnection(sqlite3.Connection):
        def cursor(self, factory: Any = SqliteCursor, /) -> Any:
            return super().cursor(factory)

    class PostgresCursor(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **how: Any) -> PostgresCursor:
            found.heard(query, params)
            return super().execute(query, params, **how)

        def executemany(self, query: Any, params_seq: Any, **how: Any) -> None:
            found.heard(query, params_seq)
            super().executemany(query, params_seq, **how)

    def connects(dialect: Any, _record: Any, _words: Any, options: dict[str, Any]) -> None:
        if dialect.name == "sqlite":
            options["factory"] = SqliteConnection
        else:
            options["cursor_factory"] = PostgresCursor

    event.listen(Engine, "do_connect", connects)
    try:
        yield found
    finally:
        event.remove(Engine, "do_connect", connects)


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
