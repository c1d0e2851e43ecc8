from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.events import DispositionChanged, SignedOut
from crm_core.words.values import AuthorKind, DispositionValue
from hub.bus.local import Bus
from hub.bus.whispers import Typing, Whisper
from tests.peers.clock import VirtualClock


def happen(tx: Tx, *names: str) -> None:
    for number, name in enumerate(names, start=1):
        tx.record(DispositionChanged(disposition=DispositionValue(id=number, name=name)))


def names(events: list[Committed]) -> list[str]:
    return [c.event.disposition.name for c in events if isinstance(c.event, DispositionChanged)]


@pytest.fixture
async def bus(db: Database) -> Bus:
    bus = Bus(db)
    await bus.start()
    return bus


@pytest.fixture
async def other(database_url: str, clock: VirtualClock) -> AsyncIterator[Database]:
    """Another process on the same database."""
    database = await Database.open(database_url, clock=clock, node=1)
    yield database
    await database.close()


async def test_listeners_hear_every_event_once_and_in_order(db: Database, bus: Bus) -> None:
    heard: list[Committed] = []
    bus.subscribe(heard.extend)
    await asyncio.gather(*(db.write(happen, f"a{n}", f"b{n}") for n in range(20)))
    assert [c.position for c in heard] == list(range(1, 41))
    assert sorted(names(heard)) == sorted(f"{letter}{n}" for n in range(20) for letter in "ab")


async def test_what_another_process_wrote_is_told_in_its_place(db: Database, bus: Bus, other: Database) -> None:
    heard: list[Committed] = []
    bus.subscribe(heard.extend)
    await db.write(happen, "ours")
    await other.write(happen, "theirs")
    await db.write(happen, "ours again")
    assert names(heard) == ["ours"], "a gap is never stepped over"
    await bus.poll()
    assert names(heard) == ["ours", "theirs", "ours again"]


async def test_a_running_bus_finds_other_processes_news_by_itself(db: Database, bus: Bus, other: Database) -> None:
    seen = asyncio.Event()
    bus.subscribe(lambda _: seen.set())
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(bus.run())
        await other.write(happen, "theirs")
        async with asyncio.timeout(60):
            await seen.wait()
        running.cancel()
    assert bus.position == 1


async def test_a_listener_that_fails_keeps_nothing_from_the_others(db: Database, bus: Bus) -> None:
    heard: list[Committed] = []

    def fail(_: object) -> None:
        raise RuntimeError

    bus.subscribe(fail)
    bus.subscribe(heard.extend)
    await db.write(happen, "a")
    assert names(heard) == ["a"]


async def test_a_listener_that_left_hears_nothing(db: Database, bus: Bus) -> None:
    heard: list[Committed] = []
    leave = bus.subscribe(heard.extend)
    leave()
    leave()
    await db.write(happen, "a")
    assert heard == []


async def test_a_slow_follower_holds_nobody_up_and_misses_nothing(db: Database, bus: Bus) -> None:
    heard: list[Committed] = []
    bus.subscribe(heard.extend)
    followed: list[int] = []
    follower = bus.follow(most=3)
    first = asyncio.ensure_future(anext(follower))
    await asyncio.sleep(0)
    for number in range(10):
        await db.write(happen, f"{number}")
    assert len(heard) == 10, "the follower has not read one yet"
    followed.append((await first).position)
    while followed[-1] < 10:
        followed.append((await anext(follower)).position)
    assert followed == list(range(1, 11))
    await follower.aclose()


async def test_waiting_for_a_position_ends_when_it_was_told(db: Database, bus: Bus, other: Database) -> None:
    await other.write(happen, "a", "b")
    position = (await db.read(journal.head)).position
    await bus.reached(position)
    assert bus.position == 2
    await bus.reached(1)


async def test_events_of_before_the_start_are_not_told(db: Database) -> None:
    await db.write(happen, "old")
    bus = Bus(db)
    heard: list[Committed] = []
    bus.subscribe(heard.extend)
    await bus.start()
    await bus.poll()
    await db.write(happen, "new")
    assert names(heard) == ["new"]


async def test_events_keep_their_kind_through_the_journal(db: Database, bus: Bus, other: Database) -> None:
    heard: list[Committed] = []
    bus.subscribe(heard.extend)

    def end(tx: Tx) -> None:
        tx.record(SignedOut(agent_id=7, session_id=9))

    await other.write(end)
    await bus.poll()
    assert [c.event for c in heard] == [SignedOut(agent_id=7, session_id=9)]


async def test_whispers_reach_those_who_hear_and_nobody_later(bus: Bus) -> None:
    typing = Typing(conversation_id=1, by=AuthorKind.CONTACT, on=True)
    heard: list[Whisper] = []
    deaf: Callable[[], None] = bus.hear(heard.append)
    bus.whisper(typing)
    late: list[Whisper] = []
    bus.hear(late.append)
    deaf()
    bus.whisper(Typing(conversation_id=1, by=AuthorKind.CONTACT, on=False))
    assert heard == [typing]
    assert [w.on for w in late if isinstance(w, Typing)] == [False]
