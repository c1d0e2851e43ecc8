"""A PostgreSQL server of the bench's own: in a temporary folder, with the durability that production has."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql

from crm_core.words.errors import HubError

PATIENCE: Final = 60.0
"""Seconds in which the server has to answer for the first time."""


class PeerMissing(HubError):
    """What a figure is measured against is not installed on this machine."""


class PostgresServer:
    """A running server. `url(name)` is what the hub takes as its database."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.binaries = binaries
        self.folder = folder
        self.identity = _identity()
        self.port = free_port()
        if self.identity:
            shutil.chown(folder, self.identity["user"])
        self._run("initdb", "-D", folder / "data", "-A", "trust", "-U", "hub", "-E", "UTF8", "--locale=C.UTF-8")
        with (folder / "log").open("wb") as output:
            self._process = subprocess.Popen(  # noqa: S603
                [binaries / "postgres", "-D", folder / "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", folder],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **self.identity,
            )
        self._wait()

    def url(self, name: str) -> str:
        """The database's URL in SQLAlchemy's form."""
        return f"postgresql+psycopg://hub@127.0.0.1:{self.port}/{name}"

    def create(self, name: str, template: str = "template1") -> None:
        """Make a database as a copy of `template`, which nobody may be connected to; one of this name goes first."""
        with self.connected("postgres") as admin:
            admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(copy.format(sql.Identifier(name), sql.Identifier(template)))

    def connected(self, name: str) -> psycopg.Connection[Any]:
        """A connection that commits each statement."""
        return psycopg.connect(f"host=127.0.0.1 port={self.port} user=hub dbname={name}", autocommit=True)

    def pgbench(self, name: str, files: Sequence[str], *, clients: int, seconds: float, known: int) -> float:
        """
        Transactions per second of scripts (`path@weight`), prepared; they know `:known`. Raises RuntimeError.

        Less than a second is measured by twenty transactions of each client.
        """
        howlong = ["-T", round(seconds)] if seconds >= 1 else ["-t", 20]
        words = [word for file in files for word in ("-f", file)]
        address = ["-h", "127.0.0.1", "-p", self.port, "-U", "hub"]
        said = self._run(
            "pgbench", *address, "-n", "-M", "prepared", "-D", f"known={known}", "-c", clients, *howlong, *words, name
        )
        found = re.search(r"tps = ([\d.]+)", said)
        if found is None:
            raise RuntimeError(f"pgbench said: {said[-500:]}")
        return float(found[1])

    def stop(self) -> None:
        """End it in order: no connection is waited for."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(timeout=30)

    def _run(self, program: str, *words: object) -> str:
        argv = [str(self.binaries / program), *map(str, words)]
        done = subprocess.run(  # noqa: S603
            argv, cwd=self.folder, capture_output=True, text=True, check=False, **self.identity
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr[-1000:]}")
        said: str = done.stdout
        return said

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self.connected("postgres").close()
            except psycopg.OperationalError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    words = (self.folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL did not start: {words[-1000:]}") from error
                time.sleep(0.05)
            else:
                return


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A server for as long as this is open. Raises PeerMissing when PostgreSQL is not installed."""
    binaries = find_binaries()
    if binaries is None:
        raise PeerMissing("PostgreSQL is not installed here (Debian: apt-get install postgresql).")
    with tempfile.TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as folder:
        server = PostgresServer(Path(folder), binaries)
        try:
            yield server
        finally:
            server.stop()


def find_binaries(places: Sequence[str] = ("/usr/lib/postgresql",)) -> Path | None:
    """The folder with initdb, postgres and pgbench: Debian keeps it off PATH, one per major version."""
    found = [path for place in places for path in Path(place).glob("*/bin/initdb")]
    newest = max(found, key=lambda path: float(path.parts[-3]), default=None) or shutil.which("initdb")
    return Path(newest).resolve().parent if newest else None


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def _identity() -> dict[str, Any]:
    """As whom to run, since PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    user = "postgres" if "postgres" in {entry.pw_name for entry in pwd.getpwall()} else "nobody"
    return {"user": user, "group": user, "extra_groups": []}
