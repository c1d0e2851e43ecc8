"""Calling back whoever asked for it: counted as called, or given up where their number will never be called."""

from __future__ import annotations

from typing import Protocol

from crm_core.store.database import Database
from crm_core.words.dialling import DialRefused
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.permissions import Actor
from hub.desk.calls import dialling, taking
from hub.desk.calls.dialling import Line


class Counting(Protocol):
    """The lines, as far as calling back needs them."""

    def by_id(self, account_id: int) -> Line | None: ...
    async def count(self, line: Line, number: str, agent_id: int, *, is_promised: bool = False) -> None: ...


async def count(db: Database, lines: Counting, actor: Actor, offer_id: int) -> None:
    """Count what taking an offer calls, if it calls anybody.

    Raises DialRefused, Conflict and Invalid where that cannot be. Unless it is only too much for this minute, the offer
    goes to nobody else then, and somebody decides how to reach them. Raises NotFound.
    """
    wanted = await db.read(taking.to_be_called, actor, offer_id)
    line = None if wanted is None else lines.by_id(wanted[0])
    if wanted is None or line is None:
        return
    try:
        dialling.allowed(line, wanted[1])
        await lines.count(line, wanted[1], actor.agent_id, is_promised=True)
    except (DialRefused, Conflict, Invalid) as error:
        if dialling.is_for_good(error):
            why = str(error.why) if isinstance(error, DialRefused) else ""
            await db.write(taking.cannot_be_called, actor, offer_id, why)
        raise
