from __future__ import annotations

from typing import Any

import pytest

from channels.simulators.twilio import How
from crm_core.calls.rules.call import CallPlan, leg
from crm_core.calls.rules.signals import (
    HungUp,
    Joined,
    Muted,
    RecordingWished,
    Rejoined,
    TakenOver,
    ThreeWay,
    TransferDone,
    TransferWished,
)
from crm_core.words.values.calls import CallOutcome, CallState, KeptState, LegMode, PromptValue
from tests.channels.calling import QUEUE
from tests.channels.voice.bench import MUSIC, OTHER, THEIRS, Town, town

AGENT, SECOND, BOSS = "client:agent_7_tab1", "client:agent_8_tab8", "client:agent_9_tab9"
PLAYS = frozenset({f"♪ {MUSIC}"})


async def asks(it: Town, call_id: int, **whom: Any) -> None:
    """Agent 7 asks somebody for advice."""
    it.desk.do(call_id, TransferWished(agent_id=7, leg_id=it.desk.new_id(), attended=True, **whom))
    await it.settle()


async def listens(it: Town, call_id: int, mode: LegMode, *, announce: bool = False) -> None:
    """Supervisor 9 joins in."""
    leg_id = it.desk.new_id()
    it.desk.do(call_id, Joined(agent_id=9, leg_id=leg_id, mode=mode, device="tab9", address="", announce=announce))
    await it.settle()


async def test_a_muted_agent_hears_and_is_not_heard() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.desk.do(call.id, Muted(agent_id=7, on=True))
        await it.settle()
        assert (caller.hears(), agent.hears()) == (frozenset(), {THEIRS})
        it.desk.do(call.id, Muted(agent_id=7, on=False))
        await it.settle()
        assert caller.hears() == {AGENT}


async def test_an_attended_transfer_to_a_number_by_way_of_a_question() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        await asks(it, call.id, to_number=OTHER)
        other = it.cloud.leg(OTHER)
        assert (caller.hears(), agent.hears(), other.hears()) == (PLAYS, {OTHER}, {AGENT})
        it.desk.do(call.id, TransferDone(agent_id=7))
        await it.settle()
        assert (caller.hears(), other.hears(), agent.is_over) == ({OTHER}, {THEIRS}, True)


async def test_three_of_them_talk() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        await asks(it, call.id, to_number=OTHER)
        it.desk.do(call.id, ThreeWay(agent_id=7))
        await it.settle()
        assert caller.hears() == {AGENT, OTHER}
        assert agent.hears() == {THEIRS, OTHER}


async def test_a_number_that_does_not_answer_gives_the_caller_back() -> None:
    async with town() as it:
        it.cloud.exchange.dials[OTHER] = How.UNREACHABLE
        caller, agent, call = await it.talks()
        await asks(it, call.id, to_number=OTHER)
        assert (caller.hears(), agent.hears()) == ({AGENT}, {THEIRS})
        assert it.desk.calls[call.id].transfers[-1].result == "failed"


async def test_a_blind_transfer_to_a_queue_puts_the_caller_back_in_line_with_music_and_star() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.desk.do(call.id, TransferWished(agent_id=7, leg_id=1, attended=False, to_queue_id=QUEUE))
        await it.settle()
        assert (caller.hears(), agent.is_over) == (PLAYS, True)
        it.desk.accept(call.id, 8, device="tab8")
        await it.settle()
        assert caller.hears() == {SECOND}


async def test_a_refresh_of_the_agents_browser_costs_a_little_music() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        await it.does(agent.hang_up())
        assert caller.hears() == PLAYS
        assert it.desk.calls[call.id].state is CallState.TALKING
        it.desk.do(call.id, Rejoined(agent_id=7, leg_id=it.desk.new_id(), device="tab2"))
        await it.settle()
        assert caller.hears() == {"client:agent_7_tab2"}
        assert it.cloud.leg("client:agent_7_tab2").hears() == {THEIRS}


async def test_an_agents_own_telephone_is_rung_and_hanging_it_up_ends_the_call() -> None:
    async with town() as it:
        caller = await it.calls()
        call = it.desk.call()
        it.desk.accept(call.id, device="phone", address=OTHER)
        await it.settle()
        assert caller.hears() == {OTHER}
        await it.does(it.cloud.leg(OTHER).hang_up())
        assert caller.is_over


@pytest.mark.parametrize(
    ("mode", "contact", "agent", "boss"),
    [
        (LegMode.MONITOR, {AGENT}, {THEIRS}, {THEIRS, AGENT}),
        (LegMode.WHISPER, {AGENT}, {THEIRS, BOSS}, {THEIRS, AGENT}),
        (LegMode.BARGE, {AGENT, BOSS}, {THEIRS, BOSS}, {THEIRS, AGENT}),
    ],
)
async def test_a_supervisor_is_heard_by_nobody_the_agent_or_all(
    mode: LegMode, contact: set[str], agent: set[str], boss: set[str]
) -> None:
    async with town() as it:
        caller, softphone, call = await it.talks()
        await listens(it, call.id, mode)
        heard = caller.hears(), softphone.hears(), it.cloud.leg(BOSS).hears()
        assert heard == (contact, agent, boss)


async def test_a_supervisor_changes_how_they_take_part_without_being_called_again() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        for mode in (LegMode.MONITOR, LegMode.WHISPER, LegMode.BARGE, LegMode.MONITOR):
            await listens(it, call.id, mode)
        assert (caller.hears(), agent.hears()) == ({AGENT}, {THEIRS})
        assert sum(one.called == BOSS for one in it.cloud.exchange.calls) == 1


async def test_a_supervisor_takes_the_call_over() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.desk.do(call.id, TakenOver(agent_id=9, leg_id=it.desk.new_id(), device="tab9"))
        await it.settle()
        assert (caller.hears(), agent.is_over) == ({BOSS}, True)


async def test_the_caller_is_told_that_somebody_listens() -> None:
    plan = CallPlan(
        queue_id=QUEUE, listening_prompt=PromptValue(seq=0, code="listening", text="This call is listened to.")
    )
    async with town(plan=plan) as it:
        caller, agent, call = await it.talks()
        await listens(it, call.id, LegMode.MONITOR, announce=True)
        assert caller.hears() == {"This call is listened to."}
        assert agent.hears() == frozenset()
        await it.wait(2)
        assert (caller.hears(), agent.hears()) == ({AGENT}, {THEIRS})
        assert caller.heard.count("This call is listened to.") == 1


async def test_a_call_is_recorded_through_hold_pause_and_transfer_in_one_piece() -> None:
    async with town(plan=CallPlan(queue_id=QUEUE, record=True)) as it:
        caller, _, call = await it.talks()
        await it.wait(10)
        it.desk.do(call.id, RecordingWished(agent_id=7, on=False))
        await it.settle()
        await it.wait(30)
        it.desk.do(call.id, RecordingWished(agent_id=7, on=True))
        await it.settle()
        await asks(it, call.id, to_number=OTHER)
        await it.wait(5)
        it.desk.do(call.id, TransferDone(agent_id=7))
        await it.settle()
        await it.wait(5)
        await it.does(caller.hang_up())
        await it.channel.fetch_recordings(it.desk)
        kept = it.desk.calls[call.id].recordings
        assert [(one.state, one.duration) for one in kept] == [(KeptState.STORED, 20_000)]
        assert len(it.cloud.exchange.recordings) == 1


async def test_who_is_called_hears_that_they_are_recorded_and_nothing_is_recorded_before() -> None:
    told = PromptValue(seq=0, code="recording", text="This call is recorded.")
    async with town(plan=CallPlan(queue_id=QUEUE, record=True, recording_prompt=told)) as it:
        call = it.desk.place(OTHER)
        await it.settle()
        agent, other = it.cloud.leg(AGENT), it.cloud.leg(OTHER)
        assert (other.hears(), it.cloud.exchange.recordings) == ({"This call is recorded."}, [])
        await it.wait(2)
        assert (agent.hears(), other.hears()) == ({OTHER}, {AGENT})
        await it.wait(10)
        await it.does(other.hang_up())
        await it.channel.fetch_recordings(it.desk)
        [kept] = it.desk.calls[call.id].recordings
        assert kept.duration is not None
        assert (kept.state, kept.duration < it.desk.calls[call.id].talk) == (KeptState.STORED, True)
        assert other.heard.count("This call is recorded.") == 1


async def test_a_recording_that_was_wished_as_the_caller_hung_up_is_not_waited_for() -> None:
    async with town() as it:
        caller, _, call = await it.talks()
        it.desk.do(call.id, RecordingWished(agent_id=7, on=True))
        await it.does(caller.hang_up())
        kept = it.desk.calls[call.id]
        assert it.cloud.exchange.recordings == []
        assert (kept.recordings, kept.sought) == ([], 0)


async def test_an_agent_calls_a_number_and_hears_it_ring() -> None:
    async with town() as it:
        it.cloud.exchange.dials[OTHER] = How.IGNORES
        call = it.desk.place(OTHER)
        await it.settle()
        agent, other = it.cloud.leg(AGENT), it.cloud.leg(OTHER)
        assert (agent.call.status, other.call.status) == ("in-progress", "ringing")
        await it.wait(4)
        await it.does(other.answer())
        assert (agent.hears(), other.hears()) == ({OTHER}, {AGENT})
        await it.wait(20)
        await it.does(other.hang_up())
        ended = it.desk.calls[call.id]
        assert (ended.outcome, ended.talk, ended.ring) == (CallOutcome.ANSWERED, 20_000, 4_000)


@pytest.mark.parametrize(
    ("how", "outcome"),
    [
        (How.DECLINES, CallOutcome.BUSY),
        (How.UNREACHABLE, CallOutcome.FAILED),
        (How.IGNORES, CallOutcome.NO_ANSWER),
    ],
)
async def test_somebody_who_is_called_and_does_not_answer(how: How, outcome: CallOutcome) -> None:
    async with town() as it:
        it.cloud.exchange.dials[OTHER] = how
        call = it.desk.place(OTHER)
        await it.settle()
        await it.wait(65)
        assert it.desk.calls[call.id].outcome is outcome
        assert it.cloud.leg(AGENT).is_over


async def test_an_agent_gives_up_before_anybody_answers() -> None:
    async with town() as it:
        it.cloud.exchange.dials[OTHER] = How.IGNORES
        call = it.desk.place(OTHER)
        await it.settle()
        it.desk.do(call.id, HungUp(agent_id=7))
        await it.settle()
        assert it.cloud.leg(OTHER).is_over
        assert it.desk.calls[call.id].outcome is CallOutcome.CANCELLED


async def test_somebody_who_was_called_is_held_and_put_in_line() -> None:
    async with town() as it:
        call = it.desk.place(OTHER)
        await it.settle()
        other = it.cloud.leg(OTHER)
        it.desk.hold(call.id, on=True)
        await it.settle()
        assert other.hears() == PLAYS
        it.desk.hold(call.id, on=False)
        it.desk.do(call.id, TransferWished(agent_id=7, leg_id=1, attended=False, to_queue_id=QUEUE))
        await it.settle()
        assert (other.hears(), it.desk.calls[call.id].state) == (PLAYS, CallState.QUEUED)
        await it.wait(400)
        assert other.hears() == PLAYS
        it.desk.accept(call.id, 8, device="tab8")
        await it.settle()
        assert other.hears() == {SECOND}


async def test_an_agent_whose_device_declines_leaves_the_caller_in_line() -> None:
    async with town() as it:
        it.cloud.exchange.dials[AGENT] = How.DECLINES
        caller = await it.calls()
        call = it.desk.call()
        it.desk.accept(call.id)
        await it.settle()
        assert caller.hears() == PLAYS
        assert it.desk.calls[call.id].state is CallState.QUEUED
        assert leg(it.desk.calls[call.id], None) is not None
