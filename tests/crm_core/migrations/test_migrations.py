from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from crm_core import migrations
from crm_core.migrations.tables import METADATA, is_table_of_ours
from crm_core.store.database import Database
from crm_core.store.engine import make_engine
from crm_core.store.journal import head
from crm_core.words.errors import HubError

FOLDER = Path(migrations.__file__).parent


def test_the_versions_have_one_head() -> None:
    config = Config()
    config.set_main_option("script_location", str(FOLDER))
    config.set_main_option("path_separator", "os")
    assert ScriptDirectory.from_config(config).get_heads() == [migrations.head()]


def test_the_migrated_tables_are_those_of_the_models(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"include_object": is_table_of_ours, "compare_server_default": True}
        )
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_partial_indexes_have_the_condition_of_the_models(database_url: str) -> None:
    engine = make_engine(database_url)
    found = {
        index["name"]: index["dialect_options"]
        for table in METADATA.tables
        for index in inspect(engine).get_indexes(table)
        if index.get("dialect_options")
    }
    dialect = engine.dialect.name
    engine.dispose()
    declared = {
        index.name: index.dialect_options[dialect]["where"]
        for table in METADATA.tables.values()
        for index in table.indexes
        if index.dialect_options[dialect]["where"] is not None
    }
    partial = {name for name, options in found.items() if options.get(f"{dialect}_where") is not None}
    assert partial == set(declared)


async def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    db = await Database.open(database_url)
    before = await db.read(head)
    await asyncio.to_thread(migrations.upgrade, database_url)
    assert await db.read(head) == before
    await db.close()
    assert migrations.current(database_url) == migrations.head()


async def test_a_new_database_starts_its_journal_with_an_epoch_of_its_own(tmp_path: Path) -> None:
    epochs = set()
    for name in ("a.db", "b.db"):
        url = f"sqlite:///{tmp_path / name}"
        await asyncio.to_thread(migrations.upgrade, url)
        db = await Database.open(url)
        journal = await db.read(head)
        await db.close()
        assert journal.position == 0
        epochs.add(journal.epoch)
    assert len(epochs) == 2


def test_a_database_that_was_never_migrated_has_no_version(tmp_path: Path) -> None:
    assert migrations.current(f"sqlite:///{tmp_path / 'new.db'}") is None


def test_an_upgrade_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'hub.db'}"
    engine = make_engine(url)
    with engine.begin() as connection:
        # The last table that the first version makes is in the way.
        connection.execute(text("CREATE TABLE person_search (words TEXT)"))
    with pytest.raises(HubError):
        migrations.upgrade(url)
    assert inspect(engine).get_table_names() == ["person_search"]
    engine.dispose()


async def test_two_processes_that_upgrade_at_once_both_find_it_done(make_database: Callable[[str], str]) -> None:
    url = make_database("sqlite")
    await asyncio.gather(*(asyncio.to_thread(migrations.upgrade, url) for _ in range(4)))
    assert migrations.current(url) == migrations.head()
