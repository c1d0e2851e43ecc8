"""The writer thread: one commit for many, each unit for itself, and nothing acknowledged that is not there."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import insert, select

from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.idempotency import KeptAnswer
from crm_core.store.journal import Committed
from crm_core.store.transaction import Batch, Tx
from crm_core.words.errors import Denied, HubError, StoreFull, StoreUnavailable
from crm_core.words.events import SignedOut
from tests.peers.clock import VirtualClock


def put(tx: Tx, key: str) -> str:
    tx.execute(
        insert(KeptAnswer).values(agent_id=1, key=key, ws=tx.ws, request_hash="", status=200, body="", at=tx.now)
    )
    tx.record(SignedOut(agent_id=1, session_id=len(key)))
    return key


def put_and_fail(tx: Tx, key: str) -> str:
    put(tx, key)
    raise Denied


def put_and_stumble(tx: Tx, key: str) -> str:
    put(tx, key)
    raise ZeroDivisionError


def keys(tx: Tx) -> list[str]:
    return sorted(r.key for r in tx.all(select(KeptAnswer.key)))


def positions(tx: Tx) -> list[int]:
    return [c.position for c in journal.after(tx, 0, most=1_000)]


async def test_a_unit_that_fails_leaves_its_neighbours_and_their_events_alone(db: Database) -> None:
    told: list[Committed] = []
    db.subscribe(told.extend)
    outcomes = await asyncio.gather(
        db.write(put, "a"),
        db.write(put_and_fail, "b"),
        db.write(put_and_stumble, "c"),
        db.write(put, "dd"),
        return_exceptions=True,
    )
    assert outcomes[0] == "a"
    assert outcomes[3] == "dd"
    assert isinstance(outcomes[1], Denied)
    assert type(outcomes[2]) is HubError
    assert await db.read(keys) == ["a", "dd"]
    assert await db.read(positions) == [1, 2]
    assert [(c.position, c.event.session_id) for c in told if isinstance(c.event, SignedOut)] == [(1, 1), (2, 2)]


async def test_a_unit_that_fails_with_nobody_beside_it_leaves_nothing(db: Database) -> None:
    told: list[Committed] = []
    db.subscribe(told.extend)
    with pytest.raises(Denied):
        await db.write(put_and_fail, "a")
    with pytest.raises(HubError):
        await db.write(put_and_stumble, "b")
    assert await db.write(put, "c") == "c"
    assert await db.read(keys) == ["c"]
    assert [c.position for c in told] == await db.read(positions) == [1]


async def test_two_units_that_want_one_key_have_one_winner(db: Database) -> None:
    outcomes = await asyncio.gather(db.write(put, "same"), db.write(put, "same"), return_exceptions=True)
    assert sorted(type(o).__name__ for o in outcomes) == ["HubError", "str"]
    assert await db.read(positions) == [1]


async def test_events_are_told_in_the_order_of_their_positions_and_only_once(db: Database) -> None:
    told: list[int] = []
    db.subscribe(lambda events: told.extend(c.position for c in events))
    await asyncio.gather(*(db.write(put, f"k{n}") for n in range(500)))
    assert told == list(range(1, 501))
    assert await db.read(positions) == told


async def test_a_listener_hears_before_the_caller_goes_on(db: Database) -> None:
    told: list[Committed] = []
    db.subscribe(told.extend)
    await db.write(put, "a")
    assert len(told) == 1


async def test_a_caller_who_gave_up_before_its_turn_stores_nothing(db: Database) -> None:
    gate = threading.Event()

    def hold(_tx: Tx) -> None:
        gate.wait(10)

    holding = asyncio.ensure_future(db.write(hold))  # house: task because the test ends it itself
    await asyncio.sleep(0.05)
    abandoned = asyncio.ensure_future(db.write(put, "never"))  # house: task because the test ends it itself
    await asyncio.sleep(0)
    abandoned.cancel()
    await asyncio.sleep(0)
    gate.set()
    await holding
    await db.write(put, "after")
    assert await db.read(keys) == ["after"]


async def test_many_units_of_a_batch_action_are_one_call_and_each_has_its_answer(db: Database) -> None:
    calls: list[int] = []

    def many(tx: Tx, arguments: Sequence[tuple[Any, ...]]) -> list[str | BaseException]:
        calls.append(len(arguments))
        return [Denied() if key == "no" else put(tx, key) for (key,) in arguments]

    action = Batch(put, many)
    outcomes = await asyncio.gather(*(db.write(action, key) for key in ["a", "no", "b", "c"]), return_exceptions=True)
    assert [o if isinstance(o, str) else type(o) for o in outcomes] == ["a", Denied, "b", "c"]
    assert await db.read(keys) == ["a", "b", "c"]
    assert sum(calls) <= 4


async def test_a_batch_that_cannot_be_done_together_is_done_one_by_one(db: Database) -> None:
    def many(tx: Tx, arguments: Sequence[tuple[Any, ...]]) -> list[str | BaseException]:
        for (key,) in arguments:
            put(tx, key)
        raise ValueError

    action = Batch(put, many)
    outcomes = await asyncio.gather(*(db.write(action, key) for key in ["a", "a", "b"]), return_exceptions=True)
    assert [type(o).__name__ for o in outcomes] == ["str", "HubError", "str"]
    assert await db.read(keys) == ["a", "b"]
    assert await db.read(positions) == [1, 2]


async def test_a_question_cannot_write(db: Database) -> None:
    with pytest.raises(HubError):
        await db.read(put, "smuggled")
    assert await db.read(keys) == []


async def test_what_was_stored_before_closing_is_there_after_opening(database_url: str, clock: VirtualClock) -> None:
    first = await Database.open(database_url, clock=clock)
    writing = [asyncio.ensure_future(first.write(put, f"k{n}")) for n in range(50)]  # house: task because awaited below
    await asyncio.sleep(0)
    await first.close()
    assert all(isinstance(w, str) for w in await asyncio.gather(*writing))
    with pytest.raises(StoreUnavailable):
        await first.write(put, "late")
    second = await Database.open(database_url, clock=clock)
    try:
        assert len(await second.read(keys)) == 50
        await second.write(put, "more")
        assert (await second.read(positions))[-1] == 51
    finally:
        await second.close()


async def test_two_processes_share_one_line_of_positions(database_url: str, clock: VirtualClock) -> None:
    one = await Database.open(database_url, clock=clock, node=1)
    two = await Database.open(database_url, clock=clock, node=2)
    try:
        await asyncio.gather(*(db.write(put, f"{name}{n}") for n in range(40) for name, db in (("a", one), ("b", two))))
        assert await one.read(positions) == list(range(1, 81))
    finally:
        await one.close()
        await two.close()


async def test_a_write_waits_for_a_database_locked_by_somebody_else_and_then_succeeds(
    make_database: Callable[[str], str], clock: VirtualClock
) -> None:
    url = make_database("sqlite")
    db = await Database.open(url, clock=clock)
    other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    try:
        other.execute("BEGIN IMMEDIATE")
        writing = asyncio.ensure_future(db.write(put, "patient"))  # house: task because awaited below
        await asyncio.sleep(0.3)
        assert not writing.done()
        other.execute("COMMIT")
        assert await writing == "patient"
    finally:
        other.close()
        await db.close()


async def test_a_full_disk_refuses_before_anything_is_acknowledged_and_recovers(
    make_database: Callable[[str], str], clock: VirtualClock
) -> None:
    db = await Database.open(make_database("sqlite"), clock=clock)

    def limit(tx: Tx, pages: int) -> None:
        tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")

    def size(tx: Tx) -> int:
        found = tx.connection.exec_driver_sql("PRAGMA page_count").scalar()
        assert isinstance(found, int)
        return found

    def put_much(tx: Tx, key: str) -> str:
        tx.execute(
            insert(KeptAnswer).values(
                agent_id=1, key=key, ws=tx.ws, request_hash="", status=200, body="x" * 400_000, at=tx.now
            )
        )
        return key

    try:
        await db.write(put, "before")
        await db.write(limit, await db.read(size) + 2)
        with pytest.raises(StoreFull):
            await db.write(put_much, "too much")
        await db.write(limit, 1_000_000)
        assert await db.write(put_much, "fits again") == "fits again"
        assert await db.read(keys) == ["before", "fits again"]
    finally:
        await db.close()
