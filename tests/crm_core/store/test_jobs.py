from __future__ import annotations

import pytest

from crm_core.store import idempotency, jobs
from crm_core.store.database import Database
from crm_core.store.idempotency import KEPT_FOR, Answer
from crm_core.words.clock import MINUTE, SECOND
from crm_core.words.errors import Invalid
from tests.peers.clock import VirtualClock

LEASE = MINUTE


async def test_a_job_is_done_when_it_is_due_and_once(db: Database, clock: VirtualClock) -> None:
    await db.write(jobs.schedule, "wake", "7", {"conversation_id": 7}, due_at=clock() + SECOND)
    assert await db.write(jobs.claim, "me", LEASE, 10) == []
    clock.advance(SECOND)
    (job,) = await db.write(jobs.claim, "me", LEASE, 10)
    assert (job.kind, job.key, job.payload, job.attempts) == ("wake", "7", {"conversation_id": 7}, 1)
    assert await db.write(jobs.claim, "you", LEASE, 10) == []
    assert await db.write(jobs.finish, job.id, "me")
    assert not await db.write(jobs.finish, job.id, "me")
    assert not await db.read(jobs.is_scheduled, "wake", "7")


async def test_scheduling_again_moves_a_job(db: Database, clock: VirtualClock) -> None:
    await db.write(jobs.schedule, "wake", "7", {"n": 1}, due_at=clock())
    await db.write(jobs.schedule, "wake", "7", {"n": 2}, due_at=clock() + MINUTE)
    assert await db.write(jobs.claim, "me", LEASE, 10) == []
    clock.advance(MINUTE)
    assert [j.payload for j in await db.write(jobs.claim, "me", LEASE, 10)] == [{"n": 2}]


async def test_a_cancelled_job_is_not_done(db: Database, clock: VirtualClock) -> None:
    await db.write(jobs.schedule, "wake", "7", {}, due_at=clock())
    await db.write(jobs.cancel, "wake", "7")
    await db.write(jobs.cancel, "wake", "7")
    assert await db.write(jobs.claim, "me", LEASE, 10) == []


async def test_a_job_whose_worker_was_lost_is_taken_by_another(db: Database, clock: VirtualClock) -> None:
    await db.write(jobs.schedule, "wake", "7", {}, due_at=clock())
    (mine,) = await db.write(jobs.claim, "me", LEASE, 10)
    clock.advance(LEASE)
    (yours,) = await db.write(jobs.claim, "you", LEASE, 10)
    assert (yours.id, yours.attempts) == (mine.id, 2)
    assert not await db.write(jobs.finish, mine.id, "me")
    assert await db.write(jobs.finish, yours.id, "you")


async def test_a_job_that_failed_is_tried_later_and_given_up_for_a_person_to_see(
    db: Database, clock: VirtualClock
) -> None:
    await db.write(jobs.schedule, "wake", "7", {}, due_at=clock())
    (job,) = await db.write(jobs.claim, "me", LEASE, 10)
    await db.write(jobs.retry, job.id, "me", after=MINUTE, error="busy")
    assert await db.write(jobs.claim, "me", LEASE, 10) == []
    clock.advance(MINUTE)
    (again,) = await db.write(jobs.claim, "me", LEASE, 10)
    assert again.attempts == 2
    await db.write(jobs.fail, again.id, "me", "never")
    clock.advance(10 * LEASE)
    assert await db.write(jobs.claim, "me", LEASE, 10) == []
    assert await db.read(jobs.is_scheduled, "wake", "7")


async def test_an_answer_is_kept_a_day_for_its_own_request(db: Database, clock: VirtualClock) -> None:
    assert await db.read(idempotency.kept, 1, "key", "hash") is None
    await db.write(idempotency.keep, 1, "key", "hash", Answer(201, "{}"))
    assert await db.read(idempotency.kept, 1, "key", "hash") == Answer(201, "{}")
    assert await db.read(idempotency.kept, 2, "key", "hash") is None
    with pytest.raises(Invalid):
        await db.read(idempotency.kept, 1, "key", "other hash")
    clock.advance(KEPT_FOR)
    await db.write(idempotency.sweep)
    assert await db.read(idempotency.kept, 1, "key", "hash") is not None
    clock.advance(1)
    await db.write(idempotency.sweep)
    assert await db.read(idempotency.kept, 1, "key", "hash") is None
