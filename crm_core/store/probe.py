"""Questions about the database itself, for readiness and for `hub doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import make_url, text, update

from crm_core.store.journal import JournalHead
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment

_POSTGRESQL: Final = text(
    "SELECT current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS synchronous_commit, "
    "current_setting('full_page_writes') AS full_page_writes, current_setting('server_encoding') AS server_encoding, "
    "current_setting('server_version_num') AS server_version_num, current_setting('server_version') AS version, "
    "(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a database says of itself. `settings` are SQLite's pragmas or PostgreSQL's parameters, by name."""

    version: str
    now: Moment
    """The time of the database's own clock."""
    settings: dict[str, str]


def prove_writable(tx: Tx) -> None:
    """Write something that changes nothing: the commit goes to the disk as any other."""
    tx.execute(update(JournalHead).where(JournalHead.ws == tx.ws).values(position=JournalHead.position))


def facts(tx: Tx) -> Facts:
    """What the connection of `tx` says: ask it in a write to learn of the writer's."""
    if tx.is_sqlite:
        pragmas = ("journal_mode", "synchronous", "foreign_keys")
        settings = {name: str(tx.connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in pragmas}
        version = tx.scalar(text("SELECT sqlite_version()"))
        return Facts(version=version, now=tx.now, settings=settings)
    row = tx.execute(_POSTGRESQL).mappings().one()
    settings = {name: str(row[name]) for name in row if name not in ("version", "now")}
    return Facts(version=row["version"], now=row["now"], settings=settings)


def file_of(url: str) -> Path | None:
    """The file of a SQLite database; none for a server's."""
    parts = make_url(url)
    return Path(parts.database) if parts.get_backend_name() == "sqlite" and parts.database else None
