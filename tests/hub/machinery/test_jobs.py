"""The runner of jobs goes on whatever one job, the disk or the database does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from crm_core.store import jobs
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, HOUR
from crm_core.words.errors import Invalid
from hub.machinery.jobs import ATTEMPTS, JobRunner
from tests.peers.absent_database import AbsentDatabase
from tests.peers.clock import VirtualClock


def _sweep(_tx: Tx, _payload: Mapping[str, Any]) -> list[str]:
    return ["a-file"]


def _refuse(_tx: Tx, _payload: Mapping[str, Any]) -> None:
    raise Invalid("It cannot be done.")


def _mistake(_tx: Tx, _payload: Mapping[str, Any]) -> None:
    raise TypeError("Nobody thought of this.")


async def _broken_disk(_names: list[str]) -> None:
    raise PermissionError("The folder may not be written.")


async def test_a_disk_that_fails_after_a_job_does_not_end_the_runner(db: Database, clock: VirtualClock) -> None:
    runner = JobRunner(db, {"sweep": _sweep}, every={"sweep": HOUR}, afterwards={"sweep": _broken_disk})
    await db.write(jobs.schedule, "sweep", "", {}, due_at=clock())
    assert await runner.step() == 1
    clock.advance(HOUR)
    assert await runner.step() == 1


async def test_a_repeated_job_is_never_given_up(db: Database, clock: VirtualClock) -> None:
    failing = JobRunner(db, {"sweep": _refuse}, every={"sweep": HOUR})
    await db.write(jobs.schedule, "sweep", "", {}, due_at=clock())
    for _ in range(ATTEMPTS + 2):
        assert await failing.step() == 1
        clock.advance(DAY)
    assert await JobRunner(db, {"sweep": _sweep}, every={"sweep": HOUR}).step() == 1


async def test_a_mistake_in_a_job_ends_neither_the_runner_nor_other_jobs(db: Database, clock: VirtualClock) -> None:
    runner = JobRunner(db, {"mistake": _mistake, "sweep": _sweep})
    for kind in ("mistake", "sweep"):
        await db.write(jobs.schedule, kind, "", {}, due_at=clock())
    assert await runner.step() == 2
    tried = 1
    for _ in range(ATTEMPTS + 2):
        clock.advance(DAY)
        tried += await runner.step()
    assert tried == ATTEMPTS
    assert not await db.read(jobs.is_scheduled, "sweep", "")


async def test_a_database_that_is_away_at_the_start_does_not_end_the_runner(
    database_url: str, clock: VirtualClock
) -> None:
    db = await AbsentDatabase.open(database_url, clock=clock)
    assert isinstance(db, AbsentDatabase)
    db.is_away = True
    running = asyncio.create_task(JobRunner(db, {"sweep": _sweep}, every={"sweep": HOUR}).run())
    for _ in range(5):
        await asyncio.sleep(0)
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])
    await db.close()
