"""Jobs that run together: how they end, and what becomes of the task that waits for them."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from channels.together import together


class Job:
    """Works until it is cancelled, and then takes as long over its goodbye as it is given."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ending = asyncio.Event()
        self.may_end = asyncio.Event()
        self.has_said_goodbye = False

    async def run(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ending.set()
            await self.may_end.wait()
            self.has_said_goodbye = True


async def fail(failure: Exception, *, once: asyncio.Event) -> None:
    await once.wait()
    raise failure


async def test_all_are_waited_for() -> None:
    done: list[int] = []

    async def count(number: int) -> None:
        await asyncio.sleep(0)
        done.append(number)

    await together(partial(count, 1), partial(count, 2))
    assert sorted(done) == [1, 2]


async def test_the_first_failure_is_raised_as_it_is_once_the_others_have_ended() -> None:
    job = Job()
    job.may_end.set()
    with pytest.raises(KeyError, match="first"):
        await together(
            job.run,
            partial(fail, KeyError("first"), once=job.begun),
            partial(fail, KeyError("second"), once=job.ending),
        )
    assert job.has_said_goodbye


async def test_a_failure_leaves_no_mark_on_the_task_that_waited() -> None:
    task, job = asyncio.current_task(), Job()
    assert task is not None
    job.may_end.set()
    with pytest.raises(KeyError):
        await together(job.run, partial(fail, KeyError("first"), once=job.begun))
    assert task.cancelling() == 0
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await asyncio.Event().wait()


async def test_who_cancels_is_heard_while_the_others_still_say_goodbye_after_a_failure() -> None:
    job = Job()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(together(job.run, partial(fail, KeyError("first"), once=job.begun)))
        await job.ending.wait()
        waiting.cancel()
        await asyncio.sleep(0)
        job.may_end.set()
    assert waiting.cancelled()


async def test_cancelled_it_cancels_all_and_lets_them_say_goodbye() -> None:
    jobs = Job(), Job()
    for job in jobs:
        job.may_end.set()
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(together(*(job.run for job in jobs)))
        for job in jobs:
            await job.begun.wait()
        waiting.cancel()
    assert waiting.cancelled()
    assert all(job.has_said_goodbye for job in jobs)
