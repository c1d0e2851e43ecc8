from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from crm_core.words.values import AgentValue
from hub.console.protocol import Happened, Ready, SnapshotTaken
from tests.peers.console_client import ConsoleClient

if TYPE_CHECKING:
    from tests.hub.console.conftest import Live

AT_ONCE = 250
"""Handshakes of one client process under way; the hub is asked for as much as the client can."""


async def come_back(live: Live, agent: AgentValue, texts: list[str], **hello: Any) -> ConsoleClient:
    console = await live.open(agent, **hello)
    assert (await console.until(Ready)).resumed
    heard: list[str] = []
    while len(heard) < len(texts):
        happened = await console.until(Happened)
        heard.append(happened.event.entry.text)
    assert heard == texts
    assert not [f for f in console.frames if isinstance(f, SnapshotTaken)]
    return console


async def all_return(live: Live, count: int) -> None:
    queue = await live.queue("Sales")
    ann = await live.agent("Ann", queue)
    session = await live.session(ann)
    first = await live.open(ann, session)
    await first.until(SnapshotTaken)
    await first.wire.close()
    texts = [f"missed {number}" for number in range(10)]
    for text in texts:
        await live.hear(text, queue=queue)
    gate = asyncio.Semaphore(AT_ONCE)

    async def one() -> ConsoleClient:
        async with gate:
            return await come_back(live, ann, texts, session_id=session, resume=first.resume())

    consoles = await asyncio.gather(*(one() for _ in range(count)))
    assert len(live.live.crowd.all) == len(consoles) == count


async def test_two_hundred_consoles_return_at_once_and_are_current(live: Live) -> None:
    await all_return(live, 200)


@pytest.mark.slow
@pytest.mark.timeout(300)
async def test_two_thousand_consoles_return_at_once_and_are_current(live: Live) -> None:
    await all_return(live, 2_000)


async def test_two_hundred_new_consoles_get_their_snapshots_while_the_world_goes_on(live: Live) -> None:
    queue = await live.queue("Sales")
    ann = await live.agent("Ann", queue)
    session = await live.session(ann)
    ended = asyncio.Event()

    async def talk() -> None:
        number = 0
        while not ended.is_set():
            number += 1
            await live.hear(f"{number}", queue=queue)

    async def one() -> ConsoleClient:
        console = await live.open(ann, session)
        await console.until(SnapshotTaken)
        return console

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(talk())
        consoles = await asyncio.gather(*(one() for _ in range(200)))
        ended.set()
    last = await live.hear("the last", queue=queue)
    for console in consoles:
        while True:
            happened = await console.until(Happened)
            if happened.event.entry.id == last.entry.id:
                break
        taken = next(f for f in console.frames if isinstance(f, SnapshotTaken))
        assert console.positions() == sorted(set(console.positions()))
        assert console.positions()[0] > taken.snapshot.position
        entries = [f.event.entry.text for f in console.frames if isinstance(f, Happened)]
        numbers = [int(text) for text in entries if text != "the last"]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers))) if numbers else True
