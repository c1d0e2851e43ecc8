"""A PostgreSQL server of the test run's own, with a database per test made from a template."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.peers.children import Child, free_port, unavailable

# Durability is not what these servers are for; the tests that kill servers start their own with it.
HASTY = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200", "max_wal_size=64MB")
MEMORY = Path("/dev/shm")
ENOUGH = 1 << 30
"""Bytes that have to be free in memory for a server to live there: containers often have only a little of it."""


def find_binaries() -> Path | None:
    """The folder with initdb and postgres: Debian keeps it off PATH, one per major version."""
    versions = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest = max(versions, key=lambda path: float(path.parts[-3]), default=None)
    found = newest or shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def unprivileged_user() -> str | None:
    """The user to run as, since PostgreSQL refuses root. None when we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _fastest() -> Path | None:
    """Where a server lives best: a new database is some 350 files, which a disk takes its time over."""
    is_roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ENOUGH
    return MEMORY if is_roomy else None


class PostgresServer:
    """A running server. `url(name)` is what the hub takes as its database."""

    def __init__(self, *settings: str) -> None:
        binaries = find_binaries()
        if binaries is None:
            unavailable("PostgreSQL is not installed (apt-get install postgresql)")
        user = unprivileged_user()
        folder = Path(tempfile.mkdtemp(prefix="postgresql-", dir=_fastest()))
        if user is not None:
            shutil.chown(folder, user)
        self.port = free_port()
        self._names = count(1)
        data = folder / "data"
        initdb = f"{binaries}/initdb -D {data} -A trust -U hub -E UTF8 --locale=C.UTF-8 --no-sync".split()
        identity: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
        made = subprocess.run(initdb, cwd=folder, capture_output=True, text=True, check=False, **identity)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {made.stderr[-2000:]}")
        options = [word for setting in (*HASTY, *settings) for word in ("-c", setting)]
        address = ["-h", "127.0.0.1", "-p", str(self.port), "-k", str(folder)]
        self.child = Child(
            [binaries / "postgres", "-D", data, *address, *options],
            folder=folder,
            user=user,
            stop_signal=signal.SIGINT,
        )
        self.child.wait_until(self._answers)

    def url(self, name: str) -> str:
        """The database's URL in SQLAlchemy's form."""
        return f"postgresql+psycopg://hub@127.0.0.1:{self.port}/{name}"

    def create(self, template: str = "template1") -> str:
        """Make a database as a copy of `template`, which nobody may be connected to; return its name."""
        name = f"test_{next(self._names)}"
        with self._admin() as admin:
            statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        return name

    def drop(self, name: str) -> None:
        """Remove a database, and end whatever is still connected to it."""
        with self._admin() as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def stop(self) -> None:
        self.child.stop()

    def _admin(self) -> psycopg.Connection[Any]:
        plain = re.sub(r"^postgresql\+psycopg", "postgresql", self.url("postgres"))
        return psycopg.connect(plain, autocommit=True)

    def _answers(self) -> bool:
        try:
            self._admin().close()
        except psycopg.OperationalError:
            return False
        return True
