"""Whoever asked to be called back is called, or somebody sees to it; once they were served, nobody calls any more."""

from __future__ import annotations

import dataclasses

import pytest

from channels.contract import Calling
from crm_core.calls import queries
from crm_core.calls.rules.call import Call, leg_of
from crm_core.conversations import queries as conversations
from crm_core.words.calls import LegEnded
from crm_core.words.dialling import DialPlan, DialRefused, Why
from crm_core.words.errors import Conflict
from crm_core.words.events import EntryAdded
from crm_core.words.values import Activity, CallOutcome, CallState, LegRole, OfferValue, WorkState
from hub.desk.calls import acting, promised, taking
from hub.desk.calls.dialling import Line
from tests.hub.desk.calls.town import ALICE, Town, town_of
from tests.hub.desk.scene import Scene

NOWHERE = Calling(media="sip", dials_numbers=True, dial_plan=DialPlan(countries=frozenset({"PL"})))
"""What a line can do that calls no numbers of Alice's country."""


class Counted:
    """The one line there is, and what was counted; `why`: what it refuses each number for."""

    def __init__(self, line: Line | None, why: Why | None = None) -> None:
        self.line = line
        self.why = why
        self.called: list[str] = []

    def by_id(self, account_id: int) -> Line | None:
        return self.line

    async def count(self, line: Line, number: str, agent_id: int, *, is_promised: bool = False) -> None:
        assert is_promised
        if self.why is not None:
            raise DialRefused(self.why)
        self.called.append(number)


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


@pytest.mark.parametrize(
    "calling", [NOWHERE, Calling(media="webrtc")], ids=["a country that is not called", "a line that calls nobody"]
)
async def test_who_could_not_be_called_back_is_not_told_that_they_will_be(scene: Scene, calling: Calling) -> None:
    town = town_of(scene)
    town.source = dataclasses.replace(town.source, calling=calling)
    call = await town.presses(await town.ring(), "*")
    assert (call.state, call.outcome) == (CallState.QUEUED, None)
    assert call.plan.offers_callback


async def test_who_can_never_be_called_back_is_offered_to_nobody_else_and_somebody_is_told_why(scene: Scene) -> None:
    town, asked, offer = await somebody_asked(scene)
    line = dataclasses.replace(town.line, calling=NOWHERE)
    with pytest.raises(DialRefused):
        await promised.count(scene.db, Counted(line), scene.anna, offer.id)
    await promised.count(scene.db, Counted(line), scene.anna, offer.id)
    await scene.activity(scene.ben, Activity.AVAILABLE)
    assert [one for one in await scene.offers() if one.purpose == "callback"] == []
    row = await scene.db.read(conversations.get, scene.sofia, asked.conversation_id)
    assert (row.work_state, row.waiting_since is None) == (WorkState.OFFERED, False)
    told = [e.entry.notice for e in await scene.events() if isinstance(e, EntryAdded) and e.entry.notice is not None]
    assert [n.facts["why"] for n in told if n.code == "callback_failed"] == ["country"]


async def test_a_line_that_calls_no_numbers_any_more_keeps_no_promise_waiting(scene: Scene) -> None:
    town, _asked, offer = await somebody_asked(scene)
    line = dataclasses.replace(town.line, calling=Calling(media="sip"))
    with pytest.raises(Conflict):
        await promised.count(scene.db, Counted(line), scene.anna, offer.id)
    assert [one for one in await scene.offers() if one.purpose == "callback"] == []


async def test_too_many_calls_within_a_minute_only_delay_a_promise(scene: Scene) -> None:
    town, _asked, offer = await somebody_asked(scene)
    with pytest.raises(DialRefused):
        await promised.count(scene.db, Counted(town.line, Why.AGENT_RATE), scene.anna, offer.id)
    assert await scene.offers(scene.anna) == [offer]
    counted = Counted(town.line)
    await promised.count(scene.db, counted, scene.anna, offer.id)
    assert counted.called == [ALICE]
    await promised.count(scene.db, Counted(None), scene.anna, offer.id)
    assert await scene.offers(scene.anna) == [offer]
