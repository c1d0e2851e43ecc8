"""Several jobs at once, of which the first that fails ends the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable


async def together(*jobs: Callable[[], Awaitable[None]]) -> None:
    """Run the jobs to their end. Raises the first failure as it is, once the others have ended.

    The task that waits stays as it was found, whatever happens. A bare TaskGroup does not leave it so before Python
    3.13: when a child fails while its parent waits for the end of the block, the parent goes on counting as being
    cancelled, and up to Python 3.11.2 every timeout it sets thereafter cancels it instead of running out; and who
    cancels the parent while the other children still put their things away is not heard at all. Hence no child fails
    here, and a child that has failed is written down instead.
    """
    failures: list[Exception] = []
    running: set[asyncio.Task[None]] = set()

    async def run(job: Callable[[], Awaitable[None]]) -> None:
        try:
            await job()
        except Exception as failure:
            failures.append(failure)
            # What is ending already is left in peace: it may be saying goodbye to its server.
            for other in running if len(failures) == 1 else ():
                if other is not asyncio.current_task():
                    other.cancel()

    async with asyncio.TaskGroup() as group:
        running.update(group.create_task(run(job)) for job in jobs)
    if failures:
        raise failures[0]
