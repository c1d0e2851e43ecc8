"""`hub migrate`, and the database as short-lived commands open it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from crm_core import migrations
from crm_core.store.database import Database
from hub.commands.settings import configured
from hub.config import Settings

R = TypeVar("R")

TOOL_NODE: Final = 15
"""The node number of short-lived commands, so that their ids never meet those of a running hub."""


async def with_database(settings: Settings, use: Callable[[Database], Awaitable[R]]) -> R:
    """Use the database of these settings, and let go of it. Raises StoreUnavailable."""
    db = await Database.open(settings.database_url, node=TOOL_NODE)
    try:
        return await use(db)
    finally:
        await asyncio.shield(db.close())


def brought_up(settings: Settings) -> str | None:
    """Bring the database of these settings to the newest version, which is returned. Raises StoreUnavailable."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(settings.database_url)
    return migrations.current(settings.database_url)


def migrate() -> None:
    """Bring the database to the newest version. `hub serve` does it too."""
    print(f"The database is at version {brought_up(configured())}.")
