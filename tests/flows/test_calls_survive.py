"""The hub dies in the middle of every kind of call: callers stay, agents go on, and the records end right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from channels.simulators.twilio import Caller
from crm_core.calls import queries
from crm_core.words.clock import SECOND
from crm_core.words.values import CallOutcome, CallState
from tests.flows.call_judge import Truth, all_calls, faults
from tests.flows.call_street import Street, all_there, nothing_open, open_street, soon, until
from tests.flows.call_town import Mate

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]

AGENTS = ("Anna", "Ben", "Cleo", "Dora", "Zoe")
DEAD = 3.0
"""Seconds that nobody answers."""
STATES = {
    CallState.GREETING, CallState.QUEUED, CallState.OFFERED, CallState.TALKING, CallState.WRAP_UP, CallState.VOICEMAIL,
}  # fmt: skip
"""In which there is a call when the hub dies."""


@dataclass(slots=True)
class Seat:
    """A call, and who of the staff is in it."""

    caller: Caller
    call_id: int = 0
    mate: Mate | None = None

    @property
    def agent(self) -> Mate:
        assert self.mate is not None
        return self.mate


@pytest.mark.parametrize(
    "kind", [pytest.param("sqlite"), pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])]
)
async def test_callers_stay_while_the_hub_is_dead_and_every_call_ends_right(
    kind: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_street(make_database(kind), tmp_path, AGENTS) as street:
        seats = await everybody_is_somewhere(street)
        street.hub.kill()
        assert {call.state for call in await street.db.read(all_calls)} == STATES
        await nobody_answers(street, seats)
        await asyncio.to_thread(street.hub.start)
        await what_was_lost_is_found(street, seats)
        await everybody_goes_on(street, seats)
        await everything_ends(street, seats)
        await until(lambda: street.db.read(nothing_open))
        await until(lambda: street.db.read(all_there))
        message = await street.db.read(queries.whole, seats["message"].call_id)
        assert any(one.is_voicemail for one in message.recordings)
        assert await faults(street.db, Truth(calls=street.cloud.exchange.calls, slack=2 * SECOND)) == []


async def everybody_is_somewhere(street: Street) -> dict[str, Seat]:
    """In talk, in line, being offered, writing down, at the voicemail, in the menu."""
    seats: dict[str, Seat] = {}
    numbers = count(1)
    for name, key in (("long", "2"), ("waiting", "2"), ("written", "1"), ("refreshed", "1"), ("lost", "1")):
        seats[name] = seat = Seat(*await street.comes(next(numbers), key))
        if name != "waiting":
            seat.mate = await street.taken(seat.call_id)
    seats["message"] = message = Seat(*await street.comes(next(numbers), "3"))
    await until(lambda: soon("beep" in message.caller.heard))
    seats["offered"] = offered = Seat(*await street.comes(next(numbers)))
    await street.offer(offered.call_id)
    written = seats["written"]
    await street.ask(written.agent, f"calls/{written.call_id}/hang-up")
    await street.state(written.call_id, CallState.WRAP_UP)
    seats["chooser"] = Seat(await street.at_the_menu(next(numbers)))
    return seats


async def nobody_answers(street: Street, seats: dict[str, Seat]) -> None:
    """Meanwhile a tab is reloaded, two callers go, and one presses a key; the others stay."""
    exchange = street.cloud.exchange
    exchange.end(street.cloud.leg(seats["refreshed"].agent.phone).call, "completed")
    exchange.end(seats["lost"].caller.call, "completed")
    await asyncio.sleep(DEAD / 2)
    exchange.end(seats["message"].caller.call, "completed")
    await seats["chooser"].caller.press("1")
    await asyncio.sleep(DEAD / 2)
    gone = {name for name, seat in seats.items() if seat.caller.is_over}
    assert gone == {"written", "lost", "message"}
    long = seats["long"]
    heard = long.caller.hears(), street.cloud.leg(long.agent.phone).hears()
    assert heard == ({long.agent.phone}, {long.caller.call.caller})


async def what_was_lost_is_found(street: Street, seats: dict[str, Seat]) -> None:
    """A caller who went has a record that says when, and both who write down can."""
    lost, written = seats["lost"], seats["written"]
    gone = await street.state(lost.call_id, CallState.WRAP_UP, CallState.ENDED)
    assert gone.outcome is CallOutcome.ANSWERED
    for seat in (lost, written):
        await street.written(seat.call_id, seat.agent)


async def everybody_goes_on(street: Street, seats: dict[str, Seat]) -> None:
    """The reloaded tab is in its call again; who was asked takes the call; who chose in vain chooses once more."""
    refreshed, offered, chooser = seats["refreshed"], seats["offered"], seats["chooser"]
    tab = refreshed.agent.tab
    await street.ask(refreshed.agent, f"calls/{refreshed.call_id}/rejoin", {"device": tab})
    await street.speaks(refreshed.call_id, refreshed.agent)
    await until(lambda: soon(refreshed.caller.hears() == {refreshed.agent.phone}))
    offered.mate = await street.taken(offered.call_id)
    chooser.call_id = (await until(lambda: street.call_of(chooser.caller))).id
    await until(lambda: soon("press 1" in chooser.caller.call.hears))
    await chooser.caller.press("1")
    chooser.mate = await street.taken(chooser.call_id)


async def everything_ends(street: Street, seats: dict[str, Seat]) -> None:
    """Each caller hangs up, and is written down; the one in line is answered at last."""
    for name in ("long", "refreshed", "offered", "chooser", "waiting"):
        seat = seats[name]
        seat.mate = seat.mate or await street.taken(seat.call_id)
        await seat.caller.hang_up()
        await street.state(seat.call_id, CallState.WRAP_UP)
        await street.written(seat.call_id, seat.agent)
    assert seats["waiting"].mate == seats["long"].mate
