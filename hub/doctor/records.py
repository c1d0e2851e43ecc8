"""Checks of the book of record: the database, its version, its promises, its clock, and the key to its secrets."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from crm_core import migrations
from crm_core.accounts.probe import sealed_texts
from crm_core.accounts.sealing import Sealer, WrongHouseKey
from crm_core.store.database import Database
from crm_core.store.probe import Facts, facts, file_of, prove_writable
from crm_core.words.clock import MINUTE, SECOND, Clock, Moment
from crm_core.words.errors import HubError
from hub.config import Settings, derived_key, house_key
from hub.doctor.findings import Finding, fine, warning, wrong

_REMOTE: Final = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "ceph",
    "gluster",
    "lustre",
    "afs",
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.rclone",
)
OLDEST: Final = 140_000
"""PostgreSQL's server_version_num of the oldest version that we test with: 14."""
TOOL_NODE: Final = 15
"""The node number of short-lived commands, so that their ids never meet those of a running hub."""
_FULL: Final = ("2", "3")
"""SQLite's `synchronous`: FULL and EXTRA keep every commit through a power cut."""


async def database(settings: Settings, clock: Clock) -> AsyncIterator[Finding]:
    """Everything about the database; less when it cannot be reached."""
    path = file_of(settings.database_url)
    if path is not None:
        yield await asyncio.to_thread(_place, path)
        if not path.exists():
            yield fine(f"The database {path} will be made at the first start.")
            yield await asyncio.to_thread(key, settings, [])
            return
    try:
        version = await asyncio.to_thread(migrations.current, settings.database_url)
        yield at_version(version, migrations.head())
        if version is None:
            yield await asyncio.to_thread(key, settings, [])
            return
        db = await Database.open(settings.database_url, clock=clock, node=TOOL_NODE)
    except HubError as error:
        yield wrong(f"The database cannot be reached: {error}", "See HUB_DATABASE_URL, and whether its server runs.")
        return
    try:
        async for finding in _asked(db, settings):
            yield finding
    finally:
        await asyncio.shield(db.close())


async def _asked(db: Database, settings: Settings) -> AsyncIterator[Finding]:
    try:
        said = await db.write(facts)
        await db.write(prove_writable)
        sealed = await db.read(sealed_texts)
    except HubError as error:
        yield wrong(
            f"The database cannot be written: {error}", "See the database's own log, and whether its disk is full."
        )
        return
    yield fine(f"{'SQLite' if db.is_sqlite else 'PostgreSQL'} {said.version} takes what is written.")
    for finding in promises(said, is_sqlite=db.is_sqlite):
        yield finding
    yield clocks(said.now - db.clock())
    yield await asyncio.to_thread(key, settings, sealed)


def at_version(current: str | None, head: str) -> Finding:
    """Whether the tables are those that this program knows."""
    if current == head:
        return fine(f"The tables are at version {head}.")
    if current is None:
        return warning("The database has no tables yet.", "The first start makes them; or run: hub migrate")
    if current.isdigit() and head.isdigit() and int(current) > int(head):
        return wrong(
            f"The tables are at version {current}, this program knows only {head}.",
            "Run the version of the hub that wrote them, or a newer one.",
        )
    return warning(
        f"The tables are at version {current}, not {head}.", "The next start updates them; or run: hub migrate"
    )


def promises(said: Facts, *, is_sqlite: bool) -> Iterator[Finding]:
    """Whether the database keeps what it acknowledged through a power cut."""
    yield from _sqlite_promises(said.settings) if is_sqlite else _postgresql_promises(said.settings)


def _sqlite_promises(settings: Mapping[str, str]) -> Iterator[Finding]:
    if settings["journal_mode"] != "wal":
        yield wrong(
            f"SQLite's journal is {settings['journal_mode']!r} and not 'wal': reading and writing block each other.",
            "Move HUB_DATA_DIR to a local disk; some file systems cannot share memory, which WAL needs.",
        )
    if settings["synchronous"] not in _FULL:
        yield wrong(
            "SQLite does not wait for the disk: a power cut loses messages.", "Let nothing set synchronous lower."
        )


def _postgresql_promises(settings: Mapping[str, str]) -> Iterator[Finding]:
    if int(settings["server_version_num"]) < OLDEST:
        yield wrong("This PostgreSQL is too old.", f"Update it to version {OLDEST // 10_000} or newer.")
    for name in ("fsync", "full_page_writes"):
        if settings[name] != "on":
            yield wrong(f"PostgreSQL runs with {name}={settings[name]}: a power cut destroys data.", f"Set {name}=on.")
    if settings["synchronous_commit"] == "off":
        yield wrong(
            "PostgreSQL runs with synchronous_commit=off: a crash loses messages that were acknowledged.",
            "Set synchronous_commit=on, at least for the hub's user.",
        )
    if settings["server_encoding"] != "UTF8":
        yield wrong(
            f"The database's encoding is {settings['server_encoding']}: it cannot hold every language.",
            "Make it anew with: createdb -E UTF8 -T template0",
        )


def clocks(ahead: Moment) -> Finding:
    """`ahead` is by how many milliseconds the database's clock is ahead of ours."""
    seconds = abs(ahead) / SECOND
    where = "ahead of" if ahead > 0 else "behind"
    if abs(ahead) >= MINUTE:
        return wrong(f"The database's clock is {seconds:.0f} s {where} this machine's.", "Run a time service on both.")
    if abs(ahead) >= 2 * SECOND:
        return warning(
            f"The database's clock is {seconds:.0f} s {where} this machine's.", "Run a time service on both."
        )
    return fine("The clocks agree.")


def key(settings: Settings, sealed: Sequence[str]) -> Finding:
    """Whether the key of the house is there, is only its owner's, and opens what was `sealed` with it. Blocks."""
    path = settings.key_file
    if settings.secret_key is None:
        try:
            mode, is_empty = path.stat().st_mode, not path.read_bytes().strip()
        except FileNotFoundError:
            return _without_key(path, sealed)
        except OSError as error:
            return wrong(f"The key {path} cannot be read: {error.strerror}.", "Give it to the user the hub runs as.")
        if is_empty:
            return wrong(f"The key {path} is empty.", "Put it back from a backup.")
        if stat.S_IMODE(mode) & 0o077:
            return wrong(f"Others can read the key {path}.", f"Run: chmod 600 {path}")
    origin = "HUB_SECRET_KEY" if settings.secret_key is not None else str(path)
    if unopened := sum(not _opens(settings, text) for text in sealed):
        return wrong(
            f"The key in {origin} does not open the secrets of {unopened} of {len(sealed)} channel accounts.",
            "Use the key they were sealed with, from a backup, or enter those secrets again.",
        )
    return fine(f"The key of the house is in {origin}; keep a copy of it with the backups.")


def _without_key(path: Path, sealed: Sequence[str]) -> Finding:
    if not sealed:
        return fine(f"The key of the house will be made at the first start, in {path}.")
    return wrong(
        f"The key {path} is gone: the secrets of {len(sealed)} channel accounts cannot be opened.",
        "Put it back from a backup, or set HUB_SECRET_KEY to it. With a new one every secret is entered again.",
    )


def _place(path: Path) -> Finding:
    mounts = Path("/proc/self/mounts")
    return on_disk(path, mounts.read_text(encoding="utf-8", errors="replace") if mounts.exists() else "")


def on_disk(path: Path, mounts: str) -> Finding:
    """Whether a SQLite file is on a disk of this machine, by the table of /proc/self/mounts."""
    kinds = [line.split(" ")[1:3] for line in mounts.splitlines() if line.count(" ") >= 2]
    over = [
        (place.replace("\\040", " "), kind) for place, kind in kinds if path.is_relative_to(place.replace("\\040", " "))
    ]
    kind = max(over, key=lambda found: len(found[0]), default=("", ""))[1]
    if kind.startswith(_REMOTE):
        return wrong(
            f"The SQLite database {path} is on a network file system ({kind}), where locks cannot be trusted.",
            "Move HUB_DATA_DIR to a disk of this machine, or use PostgreSQL.",
        )
    return fine("The database's file is on a disk of this machine.")


def _opens(settings: Settings, text: str) -> bool:
    try:
        Sealer(derived_key(house_key(settings), "accounts")).unseal(text)
    except WrongHouseKey:
        return False
    return True
