from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.outbox import Owed
from crm_core.words.clock import SECOND
from tests.peers.clock import VirtualClock

LEASE = 60 * SECOND
ME, YOU = "my token", "your token"


async def owe(db: Database, entry_id: int, conversation_id: int = 1) -> None:
    def action(tx: outbox.Tx) -> None:
        outbox.owe(tx, account_id=5, conversation_id=conversation_id, entry_id=entry_id)

    await db.write(action)


async def claim(db: Database, token: str = ME, most: int = 10) -> list[Owed]:
    return await db.write(outbox.claim, 5, token, LEASE, most)


def entries(owed: list[Owed]) -> list[int]:
    return [one.entry_id for one in owed]


async def test_of_a_conversation_one_message_is_on_its_way_at_a_time(db: Database) -> None:
    for entry_id, conversation_id in ((1, 1), (2, 1), (3, 2)):
        await owe(db, entry_id, conversation_id)
    first = await claim(db)
    assert entries(first) == [1, 3]
    assert await claim(db, YOU) == []
    assert await db.write(outbox.settle_sent, first[0].id, ME, external_ids=["x1"])
    assert entries(await claim(db, YOU)) == [2]
    assert await db.read(outbox.entry_of, 5, "x1") == 1


async def test_a_message_that_is_put_off_holds_back_those_after_it(db: Database, clock: VirtualClock) -> None:
    await owe(db, 1)
    await owe(db, 2)
    (one,) = await claim(db)
    await db.write(outbox.settle_later, one.id, ME, not_before=clock() + SECOND, error="busy")
    assert await claim(db) == []
    clock.advance(SECOND)
    (again,) = await claim(db)
    assert (again.entry_id, again.attempts) == (1, 2)


async def test_an_older_message_sent_again_waits_for_the_one_on_its_way(db: Database) -> None:
    await owe(db, 1)
    (one,) = await claim(db)
    await db.write(outbox.settle_failed, one.id, ME, "no such number")
    await owe(db, 2)
    (two,) = await claim(db)
    await db.write(outbox.owe_again, 1)
    assert await claim(db, YOU) == []
    await db.write(outbox.settle_sent, two.id, ME, external_ids=[])
    assert entries(await claim(db, YOU)) == [1]


async def test_only_who_holds_the_lease_settles(db: Database) -> None:
    await owe(db, 1)
    (one,) = await claim(db)
    assert not await db.write(outbox.settle_sent, one.id, YOU, external_ids=["x"])
    assert not await db.write(outbox.settle_failed, one.id, YOU, "x")
    assert not await db.write(outbox.settle_unconfirmed, one.id, YOU, "x")
    assert await db.write(outbox.settle_sent, one.id, ME, external_ids=["x"])
    assert not await db.write(outbox.settle_sent, one.id, ME, external_ids=["x"])


async def test_a_message_knows_when_it_was_taken_in_hand_and_what_has_gone_of_it(
    db: Database, clock: VirtualClock
) -> None:
    await owe(db, 1)
    clock.advance(3_600 * SECOND)
    (one,) = await claim(db)
    assert one.tried_at == clock()
    assert not await db.write(outbox.note_half, one.id, YOU, external_id="x1", parts=2)
    assert await db.write(outbox.note_half, one.id, ME, external_id="x1", parts=2)
    clock.advance(LEASE)
    (cut_off,) = await db.read(outbox.expired)
    assert (cut_off.tried_at, cut_off.parts) == (one.tried_at, 2)
    assert await db.read(outbox.is_half, 1)
    assert await db.read(outbox.entry_of, 5, "x1") == 1
    assert await db.write(outbox.prove, one.id, "x1")
    assert not await db.read(outbox.is_half, 1)


async def test_a_lease_that_ran_out_is_doubt_and_is_never_claimed_by_itself(db: Database, clock: VirtualClock) -> None:
    await owe(db, 1)
    (one,) = await claim(db)
    assert await db.read(outbox.expired) == []
    clock.advance(LEASE)
    assert await claim(db, YOU) == []
    assert entries(await db.read(outbox.expired)) == [1]
    await db.write(outbox.doubt, one.id, "The hub stopped while it was sending.")
    assert await db.read(outbox.expired) == []
    # Who was slow does not decide any more.
    assert not await db.write(outbox.settle_sent, one.id, ME, external_ids=["late"])
    await db.write(outbox.owe_again, 1)
    assert entries(await claim(db, YOU)) == [1]


async def test_no_more_is_taken_than_asked_for_oldest_first(db: Database) -> None:
    for n in range(1, 6):
        await owe(db, n, n)
    assert entries(await claim(db, most=3)) == [1, 2, 3]
    assert entries(await claim(db, YOU, most=3)) == [4, 5]


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def test_two_processes_never_take_the_same_message(
    kind: str, make_database: Callable[[str], str], clock: VirtualClock
) -> None:
    url = make_database(kind)
    one, two = await Database.open(url, clock=clock), await Database.open(url, clock=clock, node=1)
    for n in range(1, 41):
        await owe(one, n, n % 10)
    taken: list[int] = []
    for _ in range(4):
        both = await asyncio.gather(claim(one, ME, 10), claim(two, YOU, 10))
        for db, token, owed in ((one, ME, both[0]), (two, YOU, both[1])):
            assert len({o.conversation_id for o in owed}) == len(owed)
            taken += entries(owed)
            for o in owed:
                assert await db.write(outbox.settle_sent, o.id, token, external_ids=[])
    await asyncio.gather(one.close(), two.close())
    assert sorted(taken) == list(range(1, 41))


async def test_what_a_process_left_that_is_gone_is_free_soon_and_not_at_once(db: Database, clock: VirtualClock) -> None:
    await owe(db, 1, 1)
    await owe(db, 2, 2)
    await claim(db, "0.gone", most=1)
    await claim(db, "1.alive", most=1)
    assert await db.write(lambda tx: outbox.abandon(tx, "0.", within=20 * SECOND)) == 1
    assert await db.read(outbox.expired) == []
    clock.advance(20 * SECOND)
    assert entries(await db.read(outbox.expired)) == [1]
