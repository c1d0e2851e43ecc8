"""Callers in line and those who are asked for them: what is lost between the two is found again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crm_core.calls.rules.call import Call, leg_of
from crm_core.calls.rules.signals import OfferedTo, PositionKnown
from crm_core.words.calls import PromptPlayed
from crm_core.words.values import Activity, CallState, LegState
from crm_core.work import actions as work
from hub.desk import staffing
from hub.desk.calls import asking, handing, moving
from hub.desk.calls.handing import Onward
from hub.desk.calls.minding import Minder
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene


@asynccontextmanager
async def minding(town: Town) -> AsyncIterator[None]:
    """The hub looks after calls from now on; what was before, it has not heard."""
    minder = Minder(town.db, town.clock, town.scene.assigner)
    town.db.subscribe(minder.heard)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(minder.run())
        yield
        running.cancel()


async def becomes(town: Town, call: Call, state: CallState) -> None:
    async with asyncio.timeout(20):
        while True:
            if (await town.now(call.id)).state is state:
                return
            await asyncio.sleep(0.001)


async def is_told(town: Town, call: Call, place: int) -> None:
    async with asyncio.timeout(60):
        while True:
            if (await town.now(call.id)).position == place:
                return
            await asyncio.sleep(0.001)


async def test_a_caller_who_is_asked_for_is_known_as_such_and_waits_again_when_the_offer_ends(scene: Scene) -> None:
    town = town_of(scene)
    async with minding(town):
        call = await town.ring()
        offer = await town.offer(scene.anna)
        await becomes(town, call, CallState.OFFERED)
        await scene.activity(scene.ben, Activity.BREAK)
        await scene.db.write(work.time_out, offer.id)
        await becomes(town, call, CallState.QUEUED)


async def test_a_caller_whose_offer_ended_unheard_is_found_when_the_hub_starts_again(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.ring()
    offer = await town.offer(scene.anna)
    await scene.db.write(moving.move, call.id, OfferedTo(agent_id=scene.anna.agent_id))
    await scene.db.write(work.time_out, offer.id)
    for agent in (scene.anna, scene.ben):
        await scene.activity(agent, Activity.BREAK)
    assert await scene.db.read(asking.mismatched) == [call.id]
    async with minding(town):
        # Nobody is at work: who waits for nobody may leave a message.
        await becomes(town, call, CallState.VOICEMAIL)


async def test_a_caller_who_is_asked_for_unheard_is_found_too(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.ring()
    await town.offer(scene.anna)
    async with minding(town):
        await becomes(town, call, CallState.OFFERED)
    assert await scene.db.read(asking.mismatched) == []


async def test_an_agent_who_goes_offline_in_a_call_stays_in_it_and_is_asked_into_no_other(scene: Scene) -> None:
    town = town_of(scene)
    async with minding(town):
        await town.ring()
        call = await town.take(scene.anna)
        to_ben = Onward(agent_id=scene.ben.agent_id, attended=True)
        await scene.db.write(handing.transfer, scene.anna, call.id, to_ben, town.line)
        for agent in (scene.anna, scene.ben):
            await scene.db.write(staffing.set_activity, agent, agent.agent_id, Activity.OFFLINE)
        await becomes(town, call, CallState.TALKING)
    call = await town.now(call.id)
    mine = leg_of(call, scene.anna.agent_id)
    assert mine is not None
    assert mine.state is LegState.CONNECTED
    assert leg_of(call, scene.ben.agent_id) is None


async def test_a_place_in_line_is_told_after_what_is_being_said_and_not_left_out(scene: Scene) -> None:
    town = town_of(scene)
    async with minding(town):
        hears, waits = await town.ring(), await town.ring("+4930901821")
        said = PositionKnown(position=3, estimate=None, prompt_text="One moment.")
        hears = await scene.db.write(moving.move, hears.id, said)
        town.clock.advance(46_000)
        await is_told(town, waits, 2)
        # The hub has come past the other one by now, who was hearing something else.
        assert (await town.now(hears.id)).position == 3
        assert hears.prompt is not None
        await town.report(hears, PromptPlayed(seq=hears.prompt.seq))
        await is_told(town, hears, 1)
