"""The database's versions. `upgrade` brings any database to the newest one, all of it or nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text

from crm_core.store.engine import make_engine, translated

_LOCK: Final = 7_205_759_403
"""PostgreSQL's advisory lock that upgrading processes stand in line for."""
_one_at_a_time = threading.Lock()
"""Alembic keeps the running migration in a module variable."""


def upgrade(url: str) -> None:
    """Bring the database to `head()` in one transaction; harmless when it is there already.

    Blocks: from a running event loop call it by `asyncio.to_thread`. Raises StoreUnavailable when the
    database cannot be reached.
    """
    engine = make_engine(url)
    try:
        _upgrade(engine)
    except Exception as error:
        raise translated(error) from error
    finally:
        engine.dispose()


def current(url: str) -> str | None:
    """The version a database has, or None for one that was never migrated."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return _version(connection)
    except Exception as error:
        raise translated(error) from error
    finally:
        engine.dispose()


def head() -> str:
    """The newest version this program knows."""
    newest = ScriptDirectory.from_config(_config()).get_current_head()
    assert newest is not None, "there are no versions"
    return newest


def _upgrade(engine: Engine) -> None:
    with _one_at_a_time, engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if _version(connection) == head():
            return
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    # A per cent sign in the path would be read as an interpolation.
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
