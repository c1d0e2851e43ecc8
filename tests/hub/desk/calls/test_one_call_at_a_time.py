"""Whoever is on the phone, to speak, to advise or to listen, is rung by no other call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from crm_core.calls import queries
from crm_core.calls.rules.call import Call
from crm_core.staff import queries as staff
from crm_core.words.errors import Conflict
from crm_core.words.values import Activity, LegMode
from crm_core.work import actions as work
from hub.desk.assigner import Assigner
from hub.desk.calls import acting, handing
from hub.desk.calls.handing import Onward
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene


async def talking(scene: Scene) -> tuple[Town, Call]:
    """Anna speaks with Alice; nobody else is at work."""
    town = town_of(scene)
    await town.ring()
    await scene.activity(scene.ben, Activity.BREAK)
    return town, await town.take(scene.anna)


@asynccontextmanager
async def another_caller_is_offered_to_nobody(town: Town, scene: Scene) -> AsyncIterator[Call]:
    """Meanwhile; by the assigner that has watched, and by one that starts only now."""
    other = await town.ring("+4930901821")
    assert await scene.offers() == []
    late = Assigner(scene.db, scene.clock, lambda _agent_id: True)
    await late.start()
    await late.step()
    assert await scene.offers() == []
    yield other


async def test_a_supervisor_who_listens_is_offered_no_call_until_they_stop(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.activity(scene.sofia, Activity.AVAILABLE)
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.MONITOR, "tab-3", announce=False)
    async with another_caller_is_offered_to_nobody(town, scene) as other:
        await scene.db.write(acting.hang_up, scene.sofia, call.id)
        offer = await town.offer()
    assert (offer.call_id, offer.agent_id) == (other.id, scene.sofia.agent_id)


async def test_whoever_advises_for_their_queue_is_offered_no_call(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.activity(scene.ben, Activity.AVAILABLE)
    to_queue = Onward(queue_id=scene.queue_id, attended=True)
    await scene.db.write(handing.transfer, scene.anna, call.id, to_queue, town.line)
    await town.take(scene.ben, tab="tab-2")
    async with another_caller_is_offered_to_nobody(town, scene):
        await scene.db.write(acting.join_all, scene.anna, call.id)
        assert await scene.offers() == []


async def test_an_offer_for_which_somebody_else_was_faster_is_not_made_to_whoever_listens(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.activity(scene.sofia, Activity.AVAILABLE)
    other = await town.ring("+4930901821")
    [waiting] = [w for w in await scene.db.read(work.all_open) if w.call_id == other.id]
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.MONITOR, "tab-3", announce=False)
    made = await scene.db.write(work.offer, waiting.id, scene.sofia.agent_id, offer_ms=20_000, trace=None)
    assert made is None
    assert [one.id for one in await scene.db.read(queries.phoning, scene.sofia.agent_id)] == [call.id]


async def test_whoever_begins_to_listen_is_rung_no_more_and_another_agent_is(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.activity(scene.sofia, Activity.AVAILABLE)
    other = await town.ring("+4930901821")
    assert (await town.offer()).agent_id == scene.sofia.agent_id
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.MONITOR, "tab-3", announce=False)
    assert await scene.offers() == []
    await scene.activity(scene.ben, Activity.AVAILABLE)
    offer = await town.offer()
    assert (offer.call_id, offer.agent_id) == (other.id, scene.ben.agent_id)


async def test_advice_that_is_over_ends_nobodys_writing_down_of_another_call(scene: Scene) -> None:
    town, first = await talking(scene)
    first = await town.hangs_up(first)
    writes_until = first.legs[-1].wrap_up_until
    assert writes_until == scene.clock() + 30_000
    await scene.activity(scene.ben, Activity.AVAILABLE)
    await town.ring("+4930901821")
    second = await town.take(scene.ben, tab="tab-2")
    to_anna = Onward(agent_id=scene.anna.agent_id, attended=True)
    await scene.db.write(handing.transfer, scene.ben, second.id, to_anna, town.line)
    await scene.db.write(acting.answer, scene.anna, second.id, "tab-1")
    await town.device_answers(await town.now(second.id), scene.anna)
    await scene.db.write(acting.hang_up, scene.anna, second.id)
    assert (await scene.db.read(staff.agent, scene.anna.agent_id)).wrap_up_until == writes_until
    await town.time_passes(first, 30_001)
    assert (await scene.db.read(staff.agent, scene.anna.agent_id)).wrap_up_until is None


async def test_nobody_listens_to_two_calls_or_hands_one_to_somebody_who_is_in_another(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.activity(scene.ben, Activity.AVAILABLE)
    await town.ring("+4930901821")
    second = await town.take(scene.ben, tab="tab-2")
    with pytest.raises(Conflict, match="in another call"):
        await scene.db.write(handing.transfer, scene.anna, call.id, Onward(agent_id=scene.ben.agent_id), town.line)
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.MONITOR, "tab-3", announce=False)
    with pytest.raises(Conflict, match="You are in another call"):
        await scene.db.write(handing.listen, scene.sofia, second.id, LegMode.MONITOR, "tab-3", announce=False)
    with pytest.raises(Conflict, match="You are in another call"):
        await scene.db.write(handing.take_over, scene.sofia, second.id, "tab-3")
