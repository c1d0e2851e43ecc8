"""Runs jobs when they are due: claimed with a lease, done in one transaction, put off longer each time they fail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import structlog

from crm_core.store import jobs
from crm_core.store.database import Database
from crm_core.store.jobs import Claimed
from crm_core.store.transaction import Tx
from crm_core.words.clock import MINUTE, SECOND, Moment
from crm_core.words.errors import HubError
from crm_core.words.ids import new_token

POLL_SECONDS: Final = 2.0
LEASE: Final[Moment] = 2 * MINUTE
AT_ONCE: Final = 32
ATTEMPTS: Final = 10
FIRST_PAUSE: Final[Moment] = 5 * SECOND

JobAction = Callable[[Tx, Mapping[str, Any]], Any]
"""What a kind of job does, given its payload, in one transaction."""

Afterwards = Callable[[Any], Awaitable[None]]
"""What is done outside the database with an action's result, once it is committed. May be lost by a crash."""

log = structlog.get_logger(__name__)


class JobRunner:
    """One per process; several share the work by leases. `every` repeats kinds: {kind: milliseconds}."""

    def __init__(
        self,
        db: Database,
        actions: Mapping[str, JobAction],
        *,
        every: Mapping[str, Moment] | None = None,
        afterwards: Mapping[str, Afterwards] | None = None,
    ) -> None:
        self._db = db
        self._actions = actions
        self._every = every or {}
        self._afterwards = afterwards or {}
        self._token = new_token()

    async def run(self) -> None:
        """Do what is due, until cancelled."""
        unscheduled = list(self._every)
        while True:
            try:
                while unscheduled:
                    await self._db.write(_schedule_if_absent, unscheduled[-1])
                    unscheduled.pop()
                done = await self.step()
            except HubError as error:
                log.warning("jobs have to wait", code=error.code)
                done = 0
            if not done:
                await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> int:
        """Do every job that is due now; how many."""
        claimed = await self._db.write(jobs.claim, self._token, LEASE, AT_ONCE)
        for job in claimed:
            await self._do(job)
        return len(claimed)

    async def _do(self, job: Claimed) -> None:
        action = self._actions.get(job.kind)
        if action is None:
            await self._db.write(jobs.fail, job.id, self._token, "Nobody knows this kind of job.")
            return
        try:
            result = await self._db.write(_done, action, job, self._token, self._every.get(job.kind))
        except HubError as error:
            log.warning("a job failed", kind=job.kind, attempts=job.attempts, code=error.code)
            await self._put_off(job, str(error))
        except Exception as error:
            # A mistake in one job must not end the house, which would meet it again at every start.
            log.error("a job failed in an unforeseen way", kind=job.kind, attempts=job.attempts, exc_info=error)
            await self._put_off(job, type(error).__name__)
        else:
            await self._finish_outside(job.kind, result)

    async def _put_off(self, job: Claimed, why: str) -> None:
        if job.attempts >= ATTEMPTS and job.kind not in self._every:
            await self._db.write(jobs.fail, job.id, self._token, why)
            return
        pause = FIRST_PAUSE * 2 ** min(job.attempts, ATTEMPTS)
        await self._db.write(jobs.retry, job.id, self._token, after=pause, error=why)

    async def _finish_outside(self, kind: str, result: Any) -> None:
        if kind not in self._afterwards:
            return
        try:
            await self._afterwards[kind](result)
        except Exception as error:
            # The job is done; a disk or a bucket that fails here must not end the jobs of the house.
            log.error("what follows a job failed", kind=kind, exc_info=error)


def _done(tx: Tx, action: JobAction, job: Claimed, token: str, every: Moment | None) -> Any:
    result = action(tx, job.payload)
    jobs.finish(tx, job.id, token)
    if every is not None:
        jobs.schedule(tx, job.kind, "", {}, due_at=tx.now + every)
    return result


def _schedule_if_absent(tx: Tx, kind: str) -> None:
    if not jobs.is_scheduled(tx, kind, ""):
        jobs.schedule(tx, kind, "", {}, due_at=tx.now)
