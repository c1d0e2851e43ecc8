"""What `hub serve` says once it listens."""

from __future__ import annotations

from crm_core.staff.actions import NewAgent, add_agent, disable_agent
from crm_core.store.database import Database
from crm_core.words.values import Role
from hub.serving import announcement

URL = "https://hub.example.com"


async def test_a_hub_without_an_administrator_says_how_to_add_the_first_one(db: Database) -> None:
    await db.write(add_agent, None, NewAgent(name="Ann", email="ann@example.com"))
    assert "hub user add" in await db.read(announcement, URL)
    ada = await db.write(add_agent, None, NewAgent(name="Ada", email="ada@example.com", role=Role.ADMINISTRATOR))
    assert await db.read(announcement, URL) == f"Switchboard listens at {URL}\n"
    eve = NewAgent(name="Eve", email="eve@example.com", role=Role.ADMINISTRATOR)
    await db.write(add_agent, None, eve)
    await db.write(disable_agent, None, ada.id)
    assert "hub user add" not in await db.read(announcement, URL)
