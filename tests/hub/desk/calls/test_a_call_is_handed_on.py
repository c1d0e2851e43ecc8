"""Transfers, three-way calls and supervisors: the caller always has somebody, and every agent ends as they should."""

from __future__ import annotations

from dataclasses import replace

import pytest

from crm_core.calls import queries
from crm_core.calls.queries import CallListing
from crm_core.calls.rules.call import Call, leg_of, living
from crm_core.calls.rules.scenes import scene as scene_of
from crm_core.calls.rules.signals import AgentGone
from crm_core.staff import queries as staff
from crm_core.words.calls import Hears, LegLost
from crm_core.words.errors import Conflict, Denied, Gone, Invalid, NotFound
from crm_core.words.values import Activity, CallOutcome, CallState, LegMode, LegRole, LegState
from hub.desk.calls import acting, handing, moving
from hub.desk.calls.handing import Onward
from hub.desk.manners import CallManner
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene


async def talking(scene: Scene) -> tuple[Town, Call]:
    """Anna speaks with Alice."""
    town = town_of(scene)
    await town.ring()
    return town, await town.take(scene.anna)


def heard_by_caller(call: Call) -> Hears:
    customer = scene_of(call).customer
    assert customer is not None
    return customer.hears


async def test_holding_gives_music_and_is_counted_apart_from_talk(scene: Scene) -> None:
    town, call = await talking(scene)
    town.clock.advance(10_000)
    await scene.db.write(acting.hold, scene.anna, call.id, on=True)
    assert heard_by_caller(await town.now(call.id)) is Hears.MUSIC
    town.clock.advance(4_000)
    await scene.db.write(acting.hold, scene.anna, call.id, on=False)
    town.clock.advance(6_000)
    call = await town.hangs_up(call)
    assert (call.talk, call.hold) == (16_000, 4_000)


async def test_an_attended_transfer_asks_first_and_then_leaves_the_call_to_the_other(scene: Scene) -> None:
    town, call = await talking(scene)
    to_ben = Onward(agent_id=scene.ben.agent_id, attended=True)
    await scene.db.write(handing.transfer, scene.anna, call.id, to_ben, town.line)
    with pytest.raises(Conflict):
        await scene.db.write(acting.complete, scene.anna, call.id)
    await scene.db.write(acting.answer, scene.ben, call.id, "tab-2")
    call = await town.device_answers(await town.now(call.id), scene.ben)
    assert heard_by_caller(call) is Hears.MUSIC
    await scene.db.write(acting.complete, scene.anna, call.id)
    call = await town.now(call.id)
    assert (call.agent_id, call.state, heard_by_caller(call)) == (scene.ben.agent_id, CallState.TALKING, Hears.ROOM)
    anna, ben = [await scene.db.read(staff.agent, a.agent_id) for a in (scene.anna, scene.ben)]
    assert anna.wrap_up_until is not None
    assert (anna.units_used, ben.units_used) == (0, 100)
    call = await town.hangs_up(call)
    assert (call.outcome, [t.result for t in call.transfers]) == (CallOutcome.ANSWERED, ["done"])


async def test_whoever_comes_into_a_call_is_offered_no_other_meanwhile(scene: Scene) -> None:
    town, call = await talking(scene)
    to_ben = Onward(agent_id=scene.ben.agent_id, attended=True)
    await scene.db.write(handing.transfer, scene.anna, call.id, to_ben, town.line)
    other = await town.ring("+4930901821")
    assert (await town.offer(scene.ben)).call_id == other.id
    await scene.db.write(acting.answer, scene.ben, call.id, "tab-2")
    assert await scene.offers(scene.ben) == []
    assert (await town.now(other.id)).state in (CallState.QUEUED, CallState.OFFERED)
    await town.device_answers(await town.now(call.id), scene.ben)
    await scene.db.write(acting.cancel_transfer, scene.anna, call.id)
    assert [offer.call_id for offer in await scene.offers(scene.ben)] == [other.id]


async def test_nobody_comes_into_a_second_call(scene: Scene) -> None:
    town, call = await talking(scene)
    await town.ring("+4930901821")
    to_ben = Onward(agent_id=scene.ben.agent_id, attended=True)
    await scene.db.write(handing.transfer, scene.anna, call.id, to_ben, town.line)
    await town.take(scene.ben)
    with pytest.raises(Conflict, match="another call"):
        await scene.db.write(acting.answer, scene.ben, call.id, "tab-2")


async def test_a_transfer_to_somebody_who_signed_out_is_refused_and_the_caller_stays(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.activity(scene.ben, Activity.OFFLINE)
    with pytest.raises(Conflict, match="still with you"):
        await scene.db.write(handing.transfer, scene.anna, call.id, Onward(agent_id=scene.ben.agent_id), town.line)
    assert (await town.now(call.id)).state is CallState.TALKING


async def test_a_conference_with_oneself_or_with_nobody_is_refused(scene: Scene) -> None:
    town, call = await talking(scene)
    for onward in (Onward(agent_id=scene.anna.agent_id), Onward(), Onward(number="+4930901820")):
        with pytest.raises((Conflict, Invalid)):
            await scene.db.write(handing.transfer, scene.anna, call.id, onward, town.line)
    assert (await town.now(call.id)).state is CallState.TALKING


async def test_a_blind_transfer_that_nobody_answers_puts_the_caller_back_in_line_at_the_old_place(scene: Scene) -> None:
    town, call = await talking(scene)
    before = call.queued_at
    await scene.db.write(handing.transfer, scene.anna, call.id, Onward(agent_id=scene.ben.agent_id), town.line)
    call = await town.time_passes(call, 30_001)
    assert (call.state, call.queued_at) == (CallState.QUEUED, before)
    assert heard_by_caller(call) in (Hears.MUSIC, Hears.PROMPT)


async def test_a_transfer_to_a_queue_waits_there_with_the_age_of_the_call(scene: Scene) -> None:
    town, call = await talking(scene)
    town.clock.advance(60_000)
    await scene.db.write(handing.transfer, scene.anna, call.id, Onward(queue_id=scene.queue_id), town.line)
    offer = await town.offer(scene.ben)
    assert (offer.call_id, offer.agent_id) == (call.id, scene.ben.agent_id)
    call = await town.now(call.id)
    assert call.queued_at is not None
    assert call.queued_at < town.clock() - 50_000


async def test_three_speak_with_each_other_and_go_on_when_one_leaves(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.db.write(
        handing.transfer, scene.anna, call.id, Onward(agent_id=scene.ben.agent_id, attended=True), town.line
    )
    await scene.db.write(acting.answer, scene.ben, call.id, "tab-2")
    await town.device_answers(await town.now(call.id), scene.ben)
    await scene.db.write(acting.join_all, scene.anna, call.id)
    call = await town.now(call.id)
    assert (call.three_way, heard_by_caller(call)) == (True, Hears.ROOM)
    await scene.db.write(acting.hang_up, scene.anna, call.id)
    call = await town.now(call.id)
    assert (call.state, call.agent_id) == (CallState.TALKING, scene.ben.agent_id)


async def test_a_refresh_does_not_end_the_call(scene: Scene) -> None:
    town, call = await talking(scene)
    own = leg_of(call, scene.anna.agent_id)
    assert own is not None
    call = await town.report_by_id(call, LegLost(leg_id=own.id))
    assert (call.state, heard_by_caller(call)) == (CallState.TALKING, Hears.MUSIC)
    await scene.db.write(acting.rejoin, scene.anna, call.id, "tab-9")
    call = await town.device_answers(await town.now(call.id), scene.anna)
    assert heard_by_caller(call) is Hears.ROOM
    legs = [leg for leg in living(call) if leg.role is LegRole.AGENT]
    assert [(leg.device, leg.state) for leg in legs] == [("tab-9", LegState.CONNECTED)]


async def test_an_agent_who_is_gone_for_good_is_replaced_and_the_caller_never_dropped(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.db.write(moving.move, call.id, AgentGone(agent_id=scene.anna.agent_id, locked_out=True))
    call = await town.time_passes(call, 30_001)
    assert call.state is CallState.QUEUED
    assert (await town.offer(scene.ben)).call_id == call.id


async def test_a_supervisor_listens_whispers_joins_and_takes_over_and_it_is_written_down(scene: Scene) -> None:
    town, call = await talking(scene)
    with pytest.raises(Denied):
        await scene.db.write(handing.listen, scene.ben, call.id, LegMode.MONITOR, "tab-3", announce=False)
    for mode in (LegMode.MONITOR, LegMode.WHISPER, LegMode.BARGE):
        await scene.db.write(handing.listen, scene.sofia, call.id, mode, "tab-3", announce=False)
    call = await town.device_answers(await town.now(call.id), scene.sofia)
    mine = leg_of(call, scene.sofia.agent_id)
    assert mine is not None
    assert mine.mode is LegMode.BARGE
    await scene.db.write(handing.take_over, scene.sofia, call.id, "tab-3")
    call = await town.device_answers(await town.now(call.id), scene.sofia)
    assert (call.agent_id, call.state) == (scene.sofia.agent_id, CallState.TALKING)
    told = await scene.db.read(queries.history, scene.sofia, call.id)
    assert [one.name for one in told if one.agent_id is not None] == ["monitor", "whisper", "barge", "talk"]


async def test_where_the_account_tells_callers_of_supervisors_they_are_told_whoever_asks_for_it_or_not(
    scene: Scene,
) -> None:
    town = town_of(scene, CallManner(announce_listening=True))
    await town.ring()
    call = await town.take(scene.anna)
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.MONITOR, "tab-3", announce=False)
    call = await town.now(call.id)
    assert (heard_by_caller(call), call.announces) == (Hears.PROMPT, True)
    call = await town.plays(call)
    await scene.db.write(handing.take_over, scene.sofia, call.id, "tab-3")
    call = await town.device_answers(await town.now(call.id), scene.sofia)
    assert call.prompt is not None
    assert call.prompt.code == "listening"


async def test_elsewhere_the_supervisor_decides_and_it_is_really_said(scene: Scene) -> None:
    town, call = await talking(scene)
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.MONITOR, "tab-3", announce=False)
    assert heard_by_caller(await town.now(call.id)) is Hears.ROOM
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.WHISPER, "tab-3", announce=True)
    call = await town.now(call.id)
    assert (heard_by_caller(call), call.announces) == (Hears.PROMPT, False)
    await town.plays(call)
    await scene.db.write(handing.take_over, scene.sofia, call.id, "tab-3", announce=True)
    call = await town.device_answers(await town.now(call.id), scene.sofia)
    assert heard_by_caller(call) is Hears.PROMPT


async def test_who_may_not_hand_a_call_on_is_told_so_before_a_number_counts_as_called(scene: Scene) -> None:
    town, call = await talking(scene)
    with pytest.raises(NotFound):
        await scene.db.read(handing.may_hand_on, scene.ben, call.id)
    await scene.db.read(handing.may_hand_on, scene.anna, call.id)
    await scene.db.write(handing.transfer, scene.anna, call.id, Onward(queue_id=scene.queue_id), town.line)
    with pytest.raises(Gone):
        await scene.db.read(handing.may_hand_on, scene.anna, call.id)


async def test_whoever_has_no_part_in_a_call_can_do_nothing_with_it(scene: Scene) -> None:
    _town, call = await talking(scene)
    with pytest.raises(NotFound):
        await scene.db.write(acting.hold, scene.ben, call.id, on=True)
    with pytest.raises(Gone):
        await scene.db.write(acting.answer, scene.anna, call.id, "tab-1")


async def test_a_call_of_another_queue_is_not_read_by_others(scene: Scene) -> None:
    _town, call = await talking(scene)
    stranger = replace(scene.ben, queues=frozenset())
    with pytest.raises(NotFound):
        await scene.db.read(queries.get, stranger, call.id)
    assert (await scene.db.read(queries.page, stranger, CallListing())).items == []
