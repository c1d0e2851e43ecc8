"""How tasks are ended that may not hear it the first time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

AGAIN: Final = 2.0
"""Seconds that a task has to say goodbye before it is told again."""


async def ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Cancel the tasks until they have ended, however often that takes.

    Once is not always enough. Where a task is cancelled in the same moment in which something fails that it waits for,
    a TaskGroup raises the failure and not CancelledError, and so did asyncio.wait_for before Python 3.12; a task that
    tries again after failures then goes on as if nothing had been said.
    """
    pending = {task for task in tasks if not task.done()}
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=AGAIN)
