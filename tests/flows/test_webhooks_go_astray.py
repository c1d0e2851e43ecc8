"""What Twilio asks and never hears the answer of, and recordings of which it never tells."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.typedefs import Handler

from crm_core.words.clock import SECOND
from crm_core.words.values import CallOutcome, CallState, KeptState
from tests.flows import call_lives as lives
from tests.flows.call_judge import Truth, faults
from tests.flows.call_street import BIN
from tests.flows.call_town import SHOP, CallTown, hire, open_call_town

pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]

KINDS = ["sqlite", pytest.param("postgresql", marks=[pytest.mark.postgresql, pytest.mark.slow])]
HALF_AN_HOUR = 1_800
"""Seconds: more than fits into the largest file that people may send."""
PATIENCE = 1.5
"""Seconds that the provider waits for an answer here."""


class Door:
    """The hub's door as the provider finds it: `ways` says for each request to come whether it is taken late, or its
    answer is lost on the way."""

    def __init__(self) -> None:
        self.ways: deque[str] = deque()
        self.astray = 0

    def guard(self, app: web.Application) -> None:
        """Stand before the hub's own handlers."""
        app.middlewares.append(self._passes)

    @web.middleware
    async def _passes(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        way = self.ways.popleft() if self.ways and request.path.startswith("/in/") else ""
        self.astray += bool(way)
        if way == "late":
            await asyncio.sleep(2 * PATIENCE)
        answer = await handler(request)
        if way == "never":
            await asyncio.sleep(2 * PATIENCE)
        return answer


@asynccontextmanager
async def with_a_bin(town: CallTown) -> AsyncIterator[None]:
    """While no answer comes, the provider plays a document that asks again."""

    async def shown(_request: web.Request) -> web.Response:
        return web.Response(text=BIN.format(door=town.cloud.lines[SHOP].url), content_type="text/xml")

    app = web.Application()
    app.router.add_post("/bin", shown)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    town.cloud.lines[SHOP].fallback = f"http://127.0.0.1:{runner.addresses[0][1]}/bin"
    yield
    await runner.cleanup()


@pytest.mark.parametrize(
    "ways", [["late"] * 3, ["never"] * 3, ["", "", "late", "never", "late"], ["never", "", "late"]]
)
@pytest.mark.parametrize("kind", KINDS)
async def test_answers_that_come_late_or_never_cost_a_caller_a_moment_and_no_call(
    kind: str, ways: list[str], make_database: Callable[[str], str], tmp_path: Path
) -> None:
    door = Door()
    async with open_call_town(make_database(kind), tmp_path, guard=door.guard) as town, with_a_bin(town):
        town.cloud.exchange.habits.patience = PATIENCE
        await hire(town, "Anna", "Plants")
        door.ways.extend(ways)
        await town.run(lives.answered(town, 1))
        await asyncio.sleep(3 * PATIENCE)
        await town.passes(60)
        [call] = town.calls.values()
        assert call.outcome is CallOutcome.ANSWERED
        assert door.astray == len(ways) - ways.count("")
        await lives.recordings_are_there(town)
        truth = Truth(calls=town.cloud.exchange.calls, forgot=town.forgot, slack=10 * SECOND)
        assert await faults(town.house.db, truth) == []


@pytest.mark.parametrize("kind", KINDS)
async def test_a_recording_that_never_arrives_is_missing_after_its_time_and_still_kept_when_it_is_found(
    kind: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_call_town(make_database(kind), tmp_path) as town:
        await hire(town, "Anna", "Plants")
        await town.run(unheard(town))
        [call] = town.calls.values()
        assert [one.state for one in call.recordings] == [KeptState.AWAITED]
        await town.passes(660)
        [call] = town.calls.values()
        assert (call.state, [one.state for one in call.recordings]) == (CallState.ENDED, [KeptState.MISSING])
        await town.reconcile()
        await lives.recordings_are_there(town)
        [call] = town.calls.values()
        assert [one.state for one in call.recordings] == [KeptState.STORED]


async def unheard(town: CallTown) -> None:
    """A call is recorded, and nobody is told where the recording is."""
    caller, call = await lives.in_line(town, lives.theirs(1))
    await lives.taken(town, call.id)
    await town.until("it is recorded", lambda: town.cloud.exchange.recordings)
    town.cloud.exchange.recordings[-1].callback = ""
    await town.rest(30)
    town.cloud.exchange.end(caller.call, "completed")
    await town.until("the call is over", lambda: town.calls[call.id].state in lives.OVER)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_call_of_half_an_hour_is_recorded_whole(
    kind: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_call_town(make_database(kind), tmp_path) as town:
        await hire(town, "Anna", "Plants")
        await town.run(long(town))
        await lives.recordings_are_there(town)
        [call] = town.calls.values()
        [recording] = call.recordings
        assert (recording.state, recording.duration) == (KeptState.STORED, call.talk)
        assert call.talk >= HALF_AN_HOUR * SECOND


async def long(town: CallTown) -> None:
    """Two talk for half an hour."""
    caller, call = await lives.in_line(town, lives.theirs(1))
    await lives.taken(town, call.id)
    await town.rest(HALF_AN_HOUR)
    town.cloud.exchange.end(caller.call, "completed")
    await town.until("the call is over", lambda: town.calls[call.id].state in lives.OVER)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_message_of_which_is_told_late_ended_when_it_was_left(
    kind: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_call_town(make_database(kind), tmp_path) as town:
        await hire(town, "Anna", "Plants")
        await town.run(told_late(town))
        truth = Truth(calls=town.cloud.exchange.calls)
        assert await faults(town.house.db, truth) == []


async def told_late(town: CallTown) -> None:
    """Somebody leaves a message and hangs up; everything about it comes half a minute later."""
    caller, call = await lives.at_the_menu(town, lives.theirs(1))
    await caller.press("3")
    await town.until("the tone was heard", lambda: "beep" in caller.heard)
    await town.rest(10)
    town.cloud.exchange.habits.late = 30_000
    town.cloud.exchange.end(caller.call, "completed")
    await town.until("the message is there", lambda: any(r.file_id for r in town.calls[call.id].recordings))
    await town.rest(60)
