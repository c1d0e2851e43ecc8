"""A hub of its own, furnished, with agents at their desks and visitors in the shop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp
from playwright.async_api import Browser, BrowserContext, StorageState, ViewportSize

from crm_core import migrations
from crm_core.store.database import Database
from crm_core.words.clock import Moment, system_clock
from hub.config import Settings, load_settings
from tests.flows.hub_process import HubProcess
from tests.flows.shop_visitor import ShopVisitor
from tests.peers.clock import VirtualClock
from tests.peers.complaints import Complaints
from tests.screenshots import ordinary, overfull
from tests.screenshots.ordinary import ADA, ANNA
from tests.screenshots.seeding import Seeder

DESK: Final = ViewportSize(width=1280, height=800)
SEATED: Final = (ordinary.ANNA, ordinary.BEN, ordinary.SOFIA, ordinary.NILS, ordinary.MILA)
"""Who has a console open all the time: the hub sends home who has none for a minute."""

Writing = Callable[[Seeder, Settings], Awaitable[None]]
WORLDS: Final[dict[str, tuple[Writing, Moment]]] = {
    "ordinary": (ordinary.write_ordinary, ordinary.BEGAN_BEFORE),
    "overfull": (overfull.write_overfull, overfull.BEGAN_BEFORE),
}


@dataclass
class Town:
    """One world while its hub runs."""

    world: str
    hub: HubProcess
    browser: Browser
    complaints: Complaints
    conversations: dict[str, int] = field(default_factory=dict)
    """Ids of conversations by who wrote."""
    sessions: dict[str, StorageState] = field(default_factory=dict)
    """What the browsers of agents and visitors keep, by name."""
    seats: list[BrowserContext] = field(default_factory=list)

    companion: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One stage at a time has a companion: what they do in one would end what they do in another."""

    @property
    def url(self) -> str:
        return self.hub.url

    async def settle(self, links: dict[str, str]) -> None:
        """Everybody signs in; those of `SEATED` stay at their desks."""
        for name, link in links.items():
            context = await self.arrive(name)
            page = await context.new_page()
            await page.goto(f"{self.url}/sign-in/{link}")
            await page.get_by_role("banner").wait_for()
            self.sessions[name] = await context.storage_state()
            if name in SEATED:
                self.seats.append(context)
            else:
                await context.close()

    async def arrive(self, name: str, size: ViewportSize = DESK, *, is_touch: bool = False) -> BrowserContext:
        """A browser of `name`, signed in when they have been before."""
        context = await self.browser.new_context(
            viewport=size,
            storage_state=self.sessions.get(name),
            locale="en-GB",
            timezone_id="Europe/Warsaw",
            has_touch=is_touch,
            reduced_motion="reduce",
        )
        self.complaints.follow(context, f"{self.world}, {name or 'nobody'}")
        return context

    async def chat(self, name: str, *said: str, files: tuple[Path, ...] = ()) -> ShopVisitor:
        """Somebody writes in the shop; their browser is kept as `name`."""
        context = await self.arrive(name)
        visitor = ShopVisitor(await context.new_page(), f"{self.url}/demo")
        await visitor.enter()
        await visitor.open_chat()
        await visitor.introduce_herself(name, said[0])
        for words in said[1:]:
            await visitor.write(words)
        for file in files:
            await visitor.attach(file)
        self.sessions[name] = await context.storage_state()
        self.conversations[name] = await self._conversation_of(name)
        return visitor

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None, *, as_name: str = ADA) -> Any:
        """Ask the API as an agent."""
        token = next(agent["api_token"] for agent in self.hub.facts["agents"] if agent["name"] == as_name)
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            aiohttp.ClientSession(headers=headers, raise_for_status=True) as session,
            session.request(method, f"{self.url}/api/v1/{path}", json=body) as answer,
        ):
            return await answer.json()

    async def give_to_anna(self, name: str, *answers: str) -> None:
        """Anna takes the conversation and answers."""
        me = await self.ask("GET", "me", as_name=ANNA)
        path = f"conversations/{self.conversations[name]}"
        await self.ask("POST", f"{path}/assign", {"agent_id": me["agent"]["id"]})
        for text in answers:
            await self.ask("POST", f"{path}/replies", {"text": text}, as_name=ANNA)

    async def _conversation_of(self, name: str) -> int:
        for _ in range(50):
            page = await self.ask("GET", "conversations?view=all&sort=newest&limit=20")
            for found in page["items"]:
                if found["who"] == name:
                    return int(found["id"])
            await asyncio.sleep(0.1)
        raise RuntimeError(f"{name} wrote, and no conversation appeared")


async def write_world(world: str, folder: Path) -> Seeder:
    """Write a world into the folder of a hub that does not run yet."""
    settings = load_settings({"HUB_DATA_DIR": str(folder)})
    await asyncio.to_thread(folder.mkdir, parents=True)
    await asyncio.to_thread(migrations.upgrade, settings.database_url)
    writing, before = WORLDS[world]
    clock = VirtualClock(system_clock() - before)
    db = await Database.open(settings.database_url, clock=clock)
    try:
        seeder = Seeder(db, clock)
        await writing(seeder, settings)
        return seeder
    finally:
        await db.close()
