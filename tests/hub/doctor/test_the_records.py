"""The doctor asks the database whether it keeps what it acknowledges, and whether the key opens what is sealed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, text

from crm_core import migrations
from crm_core.accounts.model import Account
from crm_core.accounts.sealing import Sealer
from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.probe import Facts
from crm_core.store.transaction import Tx
from crm_core.words.clock import MINUTE, SECOND, system_clock
from hub.config import Settings, derived_key, house_key
from hub.doctor import Level, begin_epoch, examine, records
from tests.peers.children import free_port
from tests.peers.clock import VirtualClock
from tests.peers.postgresql import PostgresServer


async def findings(settings: Settings) -> dict[str, Level]:
    return {found.sentence: found.level async for found in records.database(settings, system_clock)}


def wrong_in(found: dict[str, Level]) -> list[str]:
    return [sentence for sentence, level in found.items() if level is Level.WRONG]


async def test_a_database_in_order_is_fine_throughout(database_url: str, tmp_path: Path) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path)
    found = await findings(settings)
    # The tests' own PostgreSQL is made to be fast, not to outlive a power cut.
    hasty = [] if "sqlite" in database_url else ["fsync=off", "full_page_writes=off", "synchronous_commit=off"]
    assert [name for name in hasty if any(name in sentence for sentence in wrong_in(found))] == hasty
    assert len(wrong_in(found)) == len(hasty)
    assert Level.WARNING not in found.values()
    assert any("takes what is written" in sentence for sentence in found)
    assert any("clocks agree" in sentence for sentence in found)
    assert any(migrations.head() in sentence for sentence in found)


async def test_looking_changes_nothing(database_url: str, tmp_path: Path, clock: VirtualClock) -> None:
    settings = Settings(database_url=database_url, data_dir=tmp_path / "var", port=free_port())
    db = await Database.open(database_url, clock=clock)
    before = await db.read(journal.head)
    await examine(settings)
    assert await db.read(journal.head) == before
    await db.close()
    assert not (tmp_path / "var").exists()


async def test_a_hub_that_was_never_started_is_no_fault(tmp_path: Path) -> None:
    found = await findings(Settings(data_dir=tmp_path / "var"))
    assert set(found.values()) == {Level.FINE}
    assert not (tmp_path / "var").exists()


async def test_an_empty_database_is_only_a_warning(
    tmp_path: Path, postgresql_server: PostgresServer, request: pytest.FixtureRequest
) -> None:
    (tmp_path / "hub.sqlite3").touch()
    name = postgresql_server.create()
    request.addfinalizer(lambda: postgresql_server.drop(name))
    for url in (f"sqlite:///{tmp_path}/hub.sqlite3", postgresql_server.url(name)):
        found = await findings(Settings(data_dir=tmp_path, database_url=url))
        assert found["The database has no tables yet."] is Level.WARNING
        assert not wrong_in(found)


async def test_a_server_that_is_away_is_told_without_its_password(tmp_path: Path) -> None:
    url = f"postgresql://hub:hunter2@127.0.0.1:{free_port()}/hub"
    found = await findings(Settings(data_dir=tmp_path, database_url=url))
    assert any("cannot be reached" in sentence for sentence in wrong_in(found))
    assert "hunter2" not in str(found)


async def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    (tmp_path / "hub.sqlite3").write_text("this is a letter, not a database " * 100)
    found = await findings(Settings(data_dir=tmp_path))
    assert any("cannot be reached" in sentence for sentence in wrong_in(found))


def test_tables_of_a_newer_hub_are_not_touched_by_an_older_one() -> None:
    assert records.at_version("0007", "0003").is_wrong
    assert records.at_version("0003", "0003").level is Level.FINE
    assert records.at_version("0002", "0003").level is Level.WARNING
    assert records.at_version(None, "0003").level is Level.WARNING


GOOD = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "server_encoding": "UTF8",
    "server_version_num": "150004",
}


def promised(*, is_sqlite: bool, **settings: str) -> list[Level]:
    said = Facts(version="1", now=0, settings=settings)
    return [found.level for found in records.promises(said, is_sqlite=is_sqlite)]


def test_a_database_that_would_lose_what_it_acknowledged_is_wrong() -> None:
    assert promised(is_sqlite=True, journal_mode="wal", synchronous="2") == []
    assert promised(is_sqlite=True, journal_mode="delete", synchronous="2") == [Level.WRONG]
    assert promised(is_sqlite=True, journal_mode="wal", synchronous="1") == [Level.WRONG]
    assert promised(is_sqlite=False, **GOOD) == []
    for name, value in {
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "server_encoding": "SQL_ASCII",
        "server_version_num": "130009",
    }.items():
        assert promised(is_sqlite=False, **{**GOOD, name: value}) == [Level.WRONG]


def test_clocks_that_disagree_are_told() -> None:
    assert records.clocks(-SECOND).level is Level.FINE
    assert records.clocks(5 * SECOND).sentence == "The database's clock is 5 s ahead of this machine's."
    assert records.clocks(-5 * SECOND).level is Level.WARNING
    assert records.clocks(-MINUTE).is_wrong


MOUNTS = """overlay / overlay rw 0 0
nas:/x /data nfs4 rw 0 0
/dev/sdb /data/local\\040disk ext4 rw 0 0
//nas/y /share cifs rw 0 0
host /host 9p rw 0 0
"""


@pytest.mark.parametrize(
    ("path", "level"),
    [
        ("/var/hub.sqlite3", Level.FINE),
        ("/data/hub.sqlite3", Level.WRONG),
        ("/data/local disk/hub.sqlite3", Level.FINE),
        ("/database/hub.sqlite3", Level.FINE),
        ("/share/deep/hub.sqlite3", Level.WRONG),
        ("/host/hub.sqlite3", Level.WRONG),
    ],
)
def test_sqlite_on_a_network_file_system_is_wrong(path: str, level: Level) -> None:
    assert records.on_disk(Path(path), MOUNTS).level is level
    assert records.on_disk(Path(path), "").level is Level.FINE


def sealed_with(key: bytes) -> list[str]:
    return [Sealer(derived_key(key, "accounts")).seal({"password": "hunter2"})]


def test_the_key_must_be_there_be_ones_own_and_open_what_is_sealed(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert records.key(settings, []).level is Level.FINE
    assert "is gone" in records.key(settings, ["sealed"]).sentence
    sealed = sealed_with(house_key(settings))
    assert records.key(settings, sealed).level is Level.FINE
    settings.key_file.chmod(0o640)
    assert "chmod 600" in records.key(settings, sealed).advice
    settings.key_file.chmod(0o600)
    other = records.key(settings, sealed + sealed_with(b"another key"))
    assert other.is_wrong
    assert "1 of 2" in other.sentence
    settings.key_file.write_text("\n")
    assert "is empty" in records.key(settings, sealed).sentence


def test_a_key_that_is_given_must_open_what_is_sealed_too(tmp_path: Path) -> None:
    given = "k" * 48
    settings = Settings(data_dir=tmp_path, secret_key=given)
    assert records.key(settings, sealed_with(given.encode())).level is Level.FINE
    found = records.key(settings, sealed_with(b"old"))
    assert found.is_wrong
    assert given not in str(found)


def _add_account(tx: Tx, sealed: str) -> None:
    facts = {"kind": "webchat", "name": "Shop", "public_key": "k", "settings": {}, "sealed": sealed}
    tx.execute(
        insert(Account),
        {"id": 1, "ws": tx.ws, "created_at": tx.now, "state": "open", "problem": "", "version": 1, **facts},
    )


async def test_a_lost_key_is_noticed_by_what_the_database_holds(db: Database, tmp_path: Path) -> None:
    await db.write(_add_account, sealed_with(b"lost")[0])
    settings = Settings(data_dir=tmp_path, database_url=db.url)
    assert any("is gone" in sentence for sentence in wrong_in(await findings(settings)))
    await asyncio.to_thread(house_key, settings)
    assert any("does not open" in sentence for sentence in wrong_in(await findings(settings)))


async def test_redis_is_asked_when_it_is_to_be_used(tmp_path: Path, redis_url: str) -> None:
    for url, level in ((redis_url, Level.FINE), (f"redis://127.0.0.1:{free_port()}", Level.WRONG)):
        settings = Settings(data_dir=tmp_path, port=free_port(), redis_url=url)
        told = [found for found in await examine(settings) if "Redis" in found.sentence]
        assert [found.level for found in told] == [level]


async def test_a_new_epoch_makes_old_positions_meaningless(db: Database) -> None:
    before = await db.read(journal.head)
    await db.write(begin_epoch)
    after = await db.read(journal.head)
    assert after.position == before.position
    assert after.epoch != before.epoch


async def test_a_sqlite_file_that_another_program_spoilt_is_told(
    make_database: Callable[[str], str], tmp_path: Path
) -> None:
    url = make_database("sqlite")
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE journal_head"))
    engine.dispose()
    found = await findings(Settings(data_dir=tmp_path, database_url=url))
    assert any("cannot be written" in sentence for sentence in wrong_in(found))
