"""kill -9 in mid-fetch and mid-send, on every written channel at once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crm_core.accounts.sealing import Sealer
from crm_core.store.database import Database
from hub.config import Settings, derived_key, house_key
from tests.flows.channel_town import KINDS, PEOPLE, SHOP, WHATSAPP, Town, faults, furnish_channels, open_town, stored
from tests.flows.crash_records import NODE, SECRET_KEY, furnished
from tests.flows.forked_hub import ForkedHub
from tests.peers.dovecot import Dovecot

pytestmark = [pytest.mark.long, pytest.mark.timeout(400)]

KILLS = 5
AGENTS = 2
ANSWERING = 150
"""Seconds at most that the agents go on after the last kill, until somebody was answered on every channel."""
SETTLING = 150
"""Seconds after the last kill in which everything must have arrived: a lease of a minute has to run out."""


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """A mail server that nobody kills."""
    server = Dovecot()
    yield server
    server.stop()


@pytest.mark.parametrize(
    "kind", [pytest.param("sqlite"), pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])]
)
async def test_kills_lose_nothing_and_double_nothing_on_any_channel(
    kind: str, make_database: Callable[[str], str], tmp_path: Path, dovecot: Dovecot
) -> None:
    url, rng = make_database(kind), random.Random(8)
    async with open_town(dovecot, rng) as town:
        await furnished(url)
        key = house_key(Settings(database_url=url, secret_key=SECRET_KEY))  # type: ignore[arg-type]
        keys = await furnish_channels(url, NODE, Sealer(derived_key(key, "accounts")), town)
        hub = ForkedHub(tmp_path, {"HUB_DATABASE_URL": url, "HUB_SECRET_KEY": SECRET_KEY, "HUB_DRAIN_SECONDS": "2"})
        doors = {kind: f"{hub.url}/in/{key}" for kind, key in keys.items()}
        town.cloud.numbers |= {SHOP: doors["sms"], WHATSAPP: doors["whatsapp"]}
        town.gateway.reports = doors["gateway"]
        db = await Database.open(url, node=NODE)
        try:
            await asyncio.to_thread(hub.start)
            await load_and_kill(town, hub, rng)
            found = await settled(town, db)
        finally:
            await db.close()
            await asyncio.to_thread(hub.stop)
        assert found == []
        assert all(len(texts) >= KILLS for texts in town.written.values())
        assert set(town.answered.values()) == set(KINDS)


async def load_and_kill(town: Town, hub: ForkedHub, rng: random.Random) -> None:
    """Everybody writes; now and then the hub dies in the middle of it and comes again."""
    async with asyncio.TaskGroup() as group:
        ways = (town.sms, town.whatsapp, town.chat, town.viber_chat, town.national_sms, town.mail)
        writers = [group.create_task(write(number)) for number in range(PEOPLE) for write in ways]
        answering = [group.create_task(town.answer(hub.url)) for _ in range(AGENTS)]
        for _ in range(KILLS):
            await asyncio.sleep(rng.uniform(1.0, 3.0))
            town.moved.clear()
            await town.moved.wait()
            await asyncio.sleep(rng.uniform(0.0, 0.3))
            hub.kill()
            await asyncio.to_thread(hub.start)
        for task in writers:
            task.cancel()
        async with asyncio.timeout(ANSWERING):
            while set(town.answered.values()) != set(KINDS):
                town.moved.clear()
                await town.moved.wait()
        await asyncio.sleep(3)
        for task in answering:
            task.cancel()


async def settled(town: Town, db: Database) -> list[str]:
    """What is wrong when everything should have arrived."""
    found = ["nobody has looked"]
    deadline = asyncio.get_running_loop().time() + SETTLING
    while found and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(2)
        found = faults(town, await db.read(stored))
    return found
