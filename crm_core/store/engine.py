"""Opening SQLite and PostgreSQL the same way, and naming what goes wrong with them."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

import msgspec
import psycopg
from sqlalchemy import Engine, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from crm_core.words.errors import HubError, StoreFull, StoreUnavailable

BUSY_MS: Final = 15_000
"""How long a write waits for a lock that another process holds on a SQLite file."""

_WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={BUSY_MS}",
    "foreign_keys=ON",
    "cache_size=-64000",
    "wal_autocheckpoint=4000",
    "temp_store=MEMORY",
)
_READER_PRAGMAS = ("query_only=ON", f"busy_timeout={BUSY_MS}", "cache_size=-32000", "temp_store=MEMORY")


_PASSING = (OperationalError, sqlite3.OperationalError, psycopg.OperationalError)


def make_engine(url: str) -> Engine:
    """The engine of the writer thread: one connection."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url, _WRITER_PRAGMAS, begin="BEGIN IMMEDIATE", size=1)
    return _postgresql(url, size=1, timeout="30s")


def make_reader(url: str) -> Engine:
    """The engine of the readers: connections that cannot write, each question one consistent snapshot."""
    if make_url(url).get_backend_name() == "sqlite":
        return _sqlite(url, _READER_PRAGMAS, begin="BEGIN", size=4)
    engine = _postgresql(url, size=4, timeout="20s")
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def _sqlite(url: str, pragmas: tuple[str, ...], *, begin: str, size: int) -> Engine:
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        connect_args={"check_same_thread": False, "timeout": BUSY_MS / 1000},
        # An error's text goes to the log, and the parameters are people's words.
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
        # None hands transactions to us: the driver's own would begin them late and without IMMEDIATE.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _postgresql(url: str, *, size: int, timeout: str) -> Engine:
    milliseconds = int(timeout.removesuffix("s")) * 1000
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        pool_size=size,
        max_overflow=0,
        pool_pre_ping=True,
        # An error's text goes to the log, and the parameters are people's words.
        hide_parameters=True,
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
        connect_args={
            "options": f"-c statement_timeout={milliseconds} -c lock_timeout={BUSY_MS} -c timezone=UTC",
            "connect_timeout": 5,
        },
    )


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def translated(error: BaseException) -> HubError:
    """The database's complaint as one of ours. Its text may hold people's words, so it is not passed on."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, PoolTimeout):
        return StoreUnavailable()
    if isinstance(error, DBAPIError | sqlite3.Error | psycopg.Error):
        text = str(error.orig if isinstance(error, DBAPIError) else error).lower()
        if "disk is full" in text or "no space left" in text or "disk i/o" in text:
            return StoreFull()
        if isinstance(error, _PASSING):
            return StoreUnavailable()
    return HubError()
