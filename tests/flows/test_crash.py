"""kill -9, twenty times under load: nothing acknowledged is lost, nothing is there twice, nobody is forgotten."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from crm_core.store import journal
from crm_core.store.database import Database
from hub.console.protocol import Snapshot, SnapshotTaken
from hub.demo.furnish import SHOP_KEY
from tests.flows.crash_agent import CrashAgent
from tests.flows.crash_records import NODE, SECRET_KEY, Records, furnished, records
from tests.flows.crash_visitor import CrashVisitor
from tests.flows.forked_hub import ForkedHub
from tests.flows.judge import Ledgers, judge, judge_work

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

KILLS = 20
VISITORS = 12
SETTLING = 60
"""Seconds after the last kill in which everybody must have caught up. Only a broken hub takes them."""


@dataclass
class World:
    """A hub that can be killed, the people who use it, and a second way into its database."""

    hub: ForkedHub
    db: Database
    http: aiohttp.ClientSession
    rng: random.Random
    begun: int
    """Where the journal stood before anybody came."""
    agents: list[CrashAgent] = field(default_factory=list)
    visitors: list[CrashVisitor] = field(default_factory=list)
    acknowledged: asyncio.Event = field(default_factory=asyncio.Event)

    async def records(self) -> Records:
        names = {visitor.identity: visitor.name for visitor in self.visitors if visitor.identity}
        return await self.db.read(records, names=names, begun=self.begun)

    async def start(self) -> None:
        await asyncio.to_thread(self.hub.start)

    @asynccontextmanager
    async def load(self) -> AsyncIterator[None]:
        """Everybody is at it; left, they are gone, whatever they were doing."""
        async with asyncio.TaskGroup() as group:
            living = [group.create_task(agent.live(self.http)) for agent in self.agents]
            for agent in self.agents:
                await agent.has_begun.wait()
            living += [group.create_task(visitor.live(self.http)) for visitor in self.visitors]
            yield
            for task in living:
                task.cancel()

    async def kill_now_and_then(self, times: int) -> None:
        """Sometimes in the middle of anything, sometimes right after an acknowledgement."""
        for _ in range(times):
            self.acknowledged.clear()
            await self.acknowledged.wait()
            await asyncio.sleep(self.rng.uniform(0.1, 0.8))
            if self.rng.random() < 0.5:
                self.acknowledged.clear()
                await self.acknowledged.wait()
            self.hub.kill()
            await self.start()

    async def settle(self) -> None:
        """Nobody writes anything new; everybody gets what is theirs. Returns after SETTLING at the latest."""
        for visitor in self.visitors:
            visitor.is_writing = False
        for agent in self.agents:
            agent.is_closing = False
        deadline = asyncio.get_running_loop().time() + SETTLING
        while asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.5)
            if not any(v.waiting for v in self.visitors) and not any(a.is_busy for a in self.agents):
                found = await self.records()
                if self._is_quiet(found):
                    return

    def _is_quiet(self, found: Records) -> bool:
        has_work = all(work[0] == "assigned" for one in found.held for work in one.work)
        told = all(set(a.positions) >= self._owed(found, a) for a in self.agents)
        shown = sorted(entry for v in self.visitors for entry in v.shown) == [said.entry_id for said in found.said]
        return has_work and told and shown

    @staticmethod
    def _owed(found: Records, agent: CrashAgent) -> set[int]:
        assert agent.first is not None
        return {position for position in found.events[agent.name] if position > agent.first}

    def ledgers(self, found: Records) -> Ledgers:
        """Everybody's notes side by side."""
        ledgers = Ledgers(stored=found.said)
        for person in (*self.visitors, *self.agents):
            ledgers.sent |= person.sent
            ledgers.acknowledged |= person.acknowledged
        for agent in self.agents:
            ledgers.owed_to_consoles[agent.name] = self._owed(found, agent)
            ledgers.told_to_consoles[agent.name] = agent.positions
            ledgers.shown_on_consoles[agent.name] = agent.shown
        ledgers.shown_to_visitors = {visitor.name: visitor.shown for visitor in self.visitors}
        accepted = {offer: found.offers.get(offer, "nowhere") for a in self.agents for offer in a.accepted}
        ledgers.offers = judge_work(found.held, accepted, self.db.clock())
        return ledgers


@pytest.fixture
def chaos() -> random.Random:
    """The same kills at the same moments each run, as far as a machine allows."""
    return random.Random(20)


@asynccontextmanager
async def opened(url: str, folder: Path, rng: random.Random) -> AsyncIterator[World]:
    """A furnished hub that serves `url`."""
    tokens = await furnished(url)
    environment = {"HUB_DATABASE_URL": url, "HUB_SECRET_KEY": SECRET_KEY, "HUB_DRAIN_SECONDS": "2"}
    hub = ForkedHub(folder, environment)
    db = await Database.open(url, node=NODE)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=30)
    try:
        await asyncio.to_thread(hub.start)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=0)) as http:
            world = World(hub, db, http, rng, (await db.read(journal.head)).position)
            for name, token in tokens.items():
                world.agents.append(CrashAgent(name, hub.url, token, random.Random(rng.random())))
            address = f"{hub.url.replace('http', 'ws', 1)}/chat/{SHOP_KEY}"
            for number in range(VISITORS):
                visitor = CrashVisitor(f"visitor-{number:02}", address, hub.url, random.Random(rng.random()))
                visitor.on_ack = world.acknowledged.set
                world.visitors.append(visitor)
            yield world
    finally:
        await db.close()
        await asyncio.to_thread(hub.stop)


@pytest.mark.parametrize(
    "kind", ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])]
)
async def test_twenty_kills_under_load_lose_nothing_and_double_nothing(
    kind: str, make_database: Callable[[str], str], tmp_path: Path, chaos: random.Random
) -> None:
    async with opened(make_database(kind), tmp_path, chaos) as world:
        async with world.load():
            await world.kill_now_and_then(KILLS)
            await world.settle()
            await every_console_shows_what_a_fresh_one_would(world)
        found = await world.records()
        ledgers = world.ledgers(found)
        assert judge(ledgers) == []
        assert [fault for visitor in world.visitors for fault in visitor.faults] == []
        # A restart is no reason to start anew: every console went on from where it was.
        assert {agent.name: agent.resyncs for agent in world.agents} == {a.name: ["new"] for a in world.agents}
        assert set(found.deliveries) <= {"queued", "sending", "sent", "delivered", "read"}
        there_was_load(world, ledgers)


async def every_console_shows_what_a_fresh_one_would(world: World) -> None:
    for agent in world.agents:
        kept, fresh = await both_views(world, agent)
        tries = 20
        while kept != fresh and (tries := tries - 1):
            # A delivery may be marked between the two looks.
            await asyncio.sleep(0.25)
            kept, fresh = await both_views(world, agent)
        assert kept == fresh, agent.name


async def both_views(world: World, agent: CrashAgent) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the console made of the events it heard since its first snapshot, and a snapshot taken now."""
    watched = [one.conversation.id for one in agent.snapshot.watched]
    async with agent.open(world.http, resume=False, watching=watched) as console:
        await console.until(SnapshotTaken)
        assert console.snapshot is not None
        return comparable(agent.snapshot), comparable(console.snapshot)


def comparable(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot without who is here now, which no event tells, and without the order of the screen."""
    shown: dict[str, Any] = msgspec.to_builtins(snapshot)
    del shown["position"]
    for agent in (shown["me"], *shown["agents"]):
        del agent["present"]
    shown["watched"] = sorted(shown["watched"], key=lambda one: one["conversation"]["id"])
    return shown


def there_was_load(world: World, ledgers: Ledgers) -> None:
    """A judge who was shown nothing has proved nothing."""
    replies = sum(said.is_reply for said in ledgers.stored)
    assert len(ledgers.stored) - replies > 5 * KILLS
    assert replies > 2 * KILLS
    assert sum(len(agent.accepted) for agent in world.agents) >= VISITORS
    assert sum(agent.closed for agent in world.agents) > 0
