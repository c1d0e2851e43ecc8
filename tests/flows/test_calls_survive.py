"""The hub dies in the middle of every kind of call: callers stay, agents go on, and the records end right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from crm_core.calls import queries
from crm_core.words.clock import SECOND
from crm_core.words.values import CallOutcome, CallState
from tests.flows.call_judge import Truth, all_calls, faults
from tests.flows.call_street import all_there, nothing_open, open_street, soon, until

pytestmark = pytest.mark.timeout(240)

AGENTS = ("Anna", "Ben", "Cleo", "Dora", "Zoe")
DEAD = 3.0
"""Seconds that nobody answers."""
STATES = {
    CallState.GREETING, CallState.QUEUED, CallState.OFFERED, CallState.TALKING, CallState.WRAP_UP, CallState.VOICEMAIL,
}  # fmt: skip
"""In which there is a call when the hub dies."""


@pytest.mark.parametrize(
    "kind", [pytest.param("sqlite"), pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])]
)
async def test_callers_stay_while_the_hub_is_dead_and_every_call_ends_right(
    kind: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_street(make_database(kind), tmp_path, AGENTS) as street:
        # Everybody gets to where they shall be when it happens.
        long, long_id = await street.comes(1, "2")
        zoe = await street.taken(long_id)
        waiting, waiting_id = await street.comes(2, "2")
        written, written_id = await street.comes(3)
        cleo = await street.taken(written_id)
        refreshed, refreshed_id = await street.comes(4)
        ben = await street.taken(refreshed_id)
        lost, lost_id = await street.comes(5)
        dora = await street.taken(lost_id)
        message, message_id = await street.comes(6, "3")
        await until(lambda: soon("beep" in message.heard))
        offered, offered_id = await street.comes(7)
        await street.offer(offered_id)
        await street.ask(cleo, f"calls/{written_id}/hang-up")
        await street.state(written_id, CallState.WRAP_UP)
        chooser = await street.at_the_menu(8)

        street.hub.kill()
        assert {call.state for call in await street.db.read(all_calls)} == STATES
        street.cloud.exchange.end(street.cloud.leg(ben.phone).call, "completed")
        street.cloud.exchange.end(lost.call, "completed")
        await asyncio.sleep(DEAD / 2)
        street.cloud.exchange.end(message.call, "completed")
        await chooser.press("1")
        await asyncio.sleep(DEAD / 2)
        assert [one.is_over for one in (long, waiting, refreshed, offered, chooser)] == [False] * 5
        assert (long.hears(), street.cloud.leg(zoe.phone).hears()) == ({zoe.phone}, {long.call.caller})
        await asyncio.to_thread(street.hub.start)

        # What was lost meanwhile is found; who was in a call is in it again.
        gone = await street.state(lost_id, CallState.WRAP_UP, CallState.ENDED)
        assert gone.outcome is CallOutcome.ANSWERED
        await street.written(lost_id, dora)
        await street.written(written_id, cleo)
        await street.ask(ben, f"calls/{refreshed_id}/rejoin", {"device": ben.tab})
        await street.speaks(refreshed_id, ben)
        await until(lambda: soon(refreshed.hears() == {ben.phone}))
        anna = await street.taken(offered_id)
        chooser_id = (await until(lambda: street.call_of(chooser))).id
        await until(lambda: soon("press 1" in chooser.call.hears))
        await chooser.press("1")
        other = await street.taken(chooser_id)

        # And everything ends.
        for caller, call_id, mate in (
            (long, long_id, zoe), (refreshed, refreshed_id, ben), (offered, offered_id, anna),
            (chooser, chooser_id, other),
        ):  # fmt: skip
            await caller.hang_up()
            await street.state(call_id, CallState.WRAP_UP)
            await street.written(call_id, mate)
        assert await street.taken(waiting_id) == zoe
        await waiting.hang_up()
        await street.state(waiting_id, CallState.WRAP_UP)
        await street.written(waiting_id, zoe)
        await until(lambda: street.db.read(nothing_open))
        await until(lambda: street.db.read(all_there))
        assert any(one.is_voicemail for one in (await street.db.read(queries.whole, message_id)).recordings)
        assert await faults(street.db, Truth(calls=street.cloud.exchange.calls, slack=2 * SECOND)) == []
        assert written.is_over
