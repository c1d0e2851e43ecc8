"""Whoever asked to be called back is called, or somebody sees to it; once they were served, nobody calls any more."""

from __future__ import annotations

from crm_core.calls import queries
from crm_core.calls.rules.call import Call, leg_of
from crm_core.conversations import queries as conversations
from crm_core.words.calls import LegEnded
from crm_core.words.values import Activity, CallOutcome, CallState, LegRole, OfferValue, WorkState
from hub.desk.calls import acting, taking
from tests.hub.desk.calls.town import ALICE, Town, town_of
from tests.hub.desk.scene import Scene


async def somebody_asked(scene: Scene) -> tuple[Town, Call, OfferValue]:
    """Alice asked to be called back, and Anna, who is alone at work, is asked to do it."""
    town = town_of(scene)
    for agent in (scene.anna, scene.ben, scene.sofia):
        await scene.activity(agent, Activity.BREAK)
    asked = await town.plays(await town.presses(await town.ring(), "*"))
    assert (asked.outcome, asked.state) == (CallOutcome.CALLBACK, CallState.ENDED)
    await scene.activity(scene.anna, Activity.AVAILABLE)
    offer = await town.offer(scene.anna)
    assert (offer.call_id, offer.purpose) == (asked.id, "callback")
    return town, asked, offer


async def anna_calls_back(town: Town, offer: OfferValue) -> Call:
    """Anna took the offer; the call that she places."""
    anna = town.scene.anna
    await town.db.write(taking.accept, anna, offer.id, "tab-1", lambda _id: town.line)
    [out] = await town.db.read(queries.with_agent, anna.agent_id)
    assert out.number == ALICE
    return await town.now(out.id)


async def test_who_is_not_reached_by_a_call_back_is_left_to_somebody(scene: Scene) -> None:
    town, asked, offer = await somebody_asked(scene)
    call = await town.device_answers(await anna_calls_back(town, offer), scene.anna)
    customer = next(leg for leg in call.legs if leg.role is LegRole.CUSTOMER)
    call = await town.report_by_id(call, LegEnded(leg_id=customer.id, reason="busy"))
    assert (call.outcome, call.state) == (CallOutcome.BUSY, CallState.ENDED)
    row = await scene.db.read(conversations.get, scene.sofia, asked.conversation_id)
    assert row.work_state is WorkState.QUEUED
    assert row.waiting_since is not None


async def test_a_call_back_that_never_left_the_agents_device_is_offered_to_the_next(scene: Scene) -> None:
    town, asked, offer = await somebody_asked(scene)
    call = await anna_calls_back(town, offer)
    await scene.db.write(acting.device_left, scene.anna, call.id, "tab-1", "no microphone")
    assert (await town.now(call.id)).state is CallState.ENDED
    assert await scene.offers(scene.anna) == []
    await scene.activity(scene.ben, Activity.AVAILABLE)
    again = await town.offer(scene.ben)
    assert (again.call_id, again.purpose) == (asked.id, "callback")


async def test_who_calls_again_and_is_served_is_not_called_back(scene: Scene) -> None:
    town, asked, offer = await somebody_asked(scene)
    await scene.activity(scene.ben, Activity.AVAILABLE)
    again = await town.ring()
    assert again.conversation_id == asked.conversation_id
    [ringing] = await scene.offers(scene.ben)
    await scene.db.write(taking.accept, scene.ben, ringing.id, "tab-2", lambda _id: town.line)
    assert await scene.offers(scene.anna) == [offer]
    again = await town.device_answers(await town.now(again.id), scene.ben)
    assert leg_of(again, scene.ben.agent_id) is not None
    assert await scene.offers(scene.anna) == []


async def test_who_calls_again_while_we_call_them_is_not_left_to_somebody_as_well(scene: Scene) -> None:
    town, asked, offer = await somebody_asked(scene)
    call = await town.device_answers(await anna_calls_back(town, offer), scene.anna)
    await scene.activity(scene.ben, Activity.AVAILABLE)
    await town.ring()
    customer = next(leg for leg in call.legs if leg.role is LegRole.CUSTOMER)
    await town.report_by_id(call, LegEnded(leg_id=customer.id, reason="busy"))
    row = await scene.db.read(conversations.get, scene.sofia, asked.conversation_id)
    assert row.work_state is None
