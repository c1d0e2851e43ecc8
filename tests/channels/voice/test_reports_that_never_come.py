"""Reports of legs late or never: nobody who talks is dropped, nobody who is gone is kept, and it costs few requests."""

from __future__ import annotations

import random

import pytest

from channels.contract import CallReported
from channels.simulators.twilio import How
from crm_core.calls.rules.signals import Joined, TransferDone, TransferWished
from crm_core.words.calls import LegAnswered
from crm_core.words.clock import SECOND
from crm_core.words.values.calls import CallOutcome, CallState, LegMode
from tests.channels.voice.bench import GLANCE, OTHER, THEIRS, Town, town

AGENT, BOSS = "client:agent_7_tab1", "client:agent_9_tab9"
ASTRAY = ["silent", "late", "held", "twice", "as usual"]


def go_astray(it: Town, how: str) -> None:
    """What becomes of Twilio's reports from now on."""
    habits = it.cloud.exchange.habits
    habits.silent, habits.held, habits.twice = how == "silent", how == "held", how == "twice"
    habits.late = 30 * SECOND if how == "late" else 0


def looks(it: Town) -> int:
    """How often Twilio's list of calls in progress was asked for."""
    return sum(path.endswith("/Calls.json") for _, path, _ in it.cloud.asked)


def asked_after(it: Town) -> int:
    """How often Twilio was asked after one call by its name."""
    return sum("/Calls/" in path and method == "GET" for method, path, _ in it.cloud.asked)


def near(told: int, true: int, *, slack: int = GLANCE * SECOND) -> bool:
    """Whether a duration is right, but for what passes between two glances."""
    return abs(told - true) <= slack


@pytest.mark.parametrize("how", ASTRAY)
async def test_an_agent_whose_answer_was_not_told_talks_to_the_end(how: str) -> None:
    async with town() as it:
        go_astray(it, how)
        caller = await it.calls()
        call = it.desk.call()
        await it.live(20)
        it.desk.accept(call.id)
        await it.settle()
        await it.live(61)
        assert (caller.hears(), it.desk.connected(call.id)) == ({AGENT}, {None, 7})
        await it.does(caller.hang_up())
        await it.live(31)
        ended = it.desk.calls[call.id]
        assert ended.outcome is CallOutcome.ANSWERED
        assert near(ended.wait, 20_000, slack=SECOND)
        assert near(ended.talk, 61_000, slack=SECOND)
        assert it.cloud.leg(AGENT).is_over
        assert sum(one.called == AGENT for one in it.cloud.exchange.calls) == 1


@pytest.mark.parametrize("how", ASTRAY)
async def test_a_contact_who_was_called_and_whose_answer_was_not_told_talks_to_the_end(how: str) -> None:
    async with town() as it:
        go_astray(it, how)
        it.cloud.exchange.dials[OTHER] = How.IGNORES
        call = it.desk.place(OTHER)
        await it.settle()
        await it.live(20)
        await it.does(it.cloud.leg(OTHER).answer())
        await it.live(70)
        assert it.cloud.leg(OTHER).hears() == {AGENT}
        await it.does(it.cloud.leg(OTHER).hang_up())
        await it.live(31)
        ended = it.desk.calls[call.id]
        assert ended.outcome is CallOutcome.ANSWERED
        assert near(ended.talk, 70_000)


@pytest.mark.parametrize("how", ASTRAY)
async def test_a_number_that_is_asked_for_advice_and_a_listener_are_not_dropped(how: str) -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        go_astray(it, how)
        it.desk.do(call.id, TransferWished(agent_id=7, leg_id=it.desk.new_id(), attended=True, to_number=OTHER))
        listening = Joined(agent_id=9, leg_id=it.desk.new_id(), mode=LegMode.MONITOR, device="tab9")
        it.desk.do(call.id, listening)
        await it.settle()
        await it.live(90)
        assert agent.hears() == {OTHER}
        assert not it.cloud.leg(BOSS).is_over
        it.desk.do(call.id, TransferDone(agent_id=7))
        await it.settle()
        await it.live(60)
        assert (caller.hears(), it.cloud.leg(BOSS).hears()) == ({OTHER}, {THEIRS, OTHER})


@pytest.mark.parametrize("how", ["silent", "held"])
async def test_a_caller_whose_end_was_not_told_is_gone_in_less_than_a_minute(how: str) -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        await it.live(40)
        go_astray(it, how)
        await it.does(caller.hang_up())
        await it.live(25)
        assert (it.desk.calls[call.id].talk, agent.is_over) == (40_000, True)


async def test_an_agents_browser_that_is_gone_untold_leaves_the_caller_with_music_and_not_alone() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        go_astray(it, "silent")
        await it.does(agent.hang_up())
        await it.live(25)
        assert it.desk.connected(call.id) == {None}
        assert it.desk.calls[call.id].state is CallState.TALKING
        await it.live(31)
        assert it.desk.calls[call.id].state is CallState.QUEUED
        assert not caller.is_over


async def test_a_telephone_that_declined_untold_rings_no_longer_than_until_the_next_look_at_all() -> None:
    async with town() as it:
        it.cloud.exchange.dials[OTHER] = How.DECLINES
        it.desk.place(THEIRS)
        await it.settle()
        it.desk.do(it.desk.call().id, TransferWished(agent_id=7, leg_id=900, attended=True, to_number=OTHER))
        go_astray(it, "silent")
        await it.settle()
        await it.live(25)
        assert it.desk.call().transfers[-1].result == "failed"
        assert it.desk.connected(it.desk.call().id) == {None, 7}


async def test_a_restart_forgets_nothing_of_whom_it_called() -> None:
    async with town() as it:
        go_astray(it, "silent")
        it.cloud.exchange.dials[AGENT] = How.IGNORES
        caller = await it.calls()
        it.desk.accept(it.desk.call().id)
        await it.settle()
        await it.restart()
        await it.settle()
        await it.does(it.cloud.leg(AGENT).answer())
        await it.live(30)
        assert caller.hears() == {AGENT}


async def test_an_account_that_was_opened_anew_glances_at_calls_that_nothing_changed_in() -> None:
    async with town() as it:
        caller, _, call = await it.talks()
        await it.restart(arranged=False)
        await it.channel.reconcile(it.desk)
        go_astray(it, "silent")
        await it.does(caller.hang_up())
        await it.live(25)
        assert it.desk.calls[call.id].state is CallState.WRAP_UP


async def test_what_the_glance_saw_first_is_not_undone_by_reports_in_any_order() -> None:
    async with town() as it:
        go_astray(it, "held")
        caller = await it.calls()
        call = it.desk.call()
        it.desk.accept(call.id)
        await it.settle()
        await it.live(40)
        await it.does(it.cloud.leg(AGENT).hang_up())
        await it.live(25)
        shuffled = random.Random(7)
        await it.cloud.exchange.release(lambda kept: shuffled.sample(kept * 2, len(kept) * 2))
        await it.settle()
        assert it.desk.connected(call.id) == {None}
        assert not caller.is_over


async def test_twilio_is_not_asked_while_there_is_no_call_and_once_for_all_who_are_rung() -> None:
    async with town() as it:
        await it.live(60)
        assert (looks(it), asked_after(it)) == (0, 0)
        it.cloud.exchange.dials[AGENT] = it.cloud.exchange.dials[OTHER] = How.IGNORES
        for n in range(3):
            it.desk.place(f"+1202456141{n}", agent_id=7)
        await it.settle()
        await it.live(18)
        assert looks(it) == 6
        assert asked_after(it) == 3


async def test_calls_that_are_connected_cost_one_request_in_twenty_seconds() -> None:
    async with town() as it:
        for n in range(3):
            caller = await it.calls(f"+1202555017{n}")
            it.desk.accept(it.desk.call(caller.sid).id, 7 + n, device=f"tab{n}")
            await it.settle()
        before = len(it.cloud.asked)
        await it.live(120)
        assert len(it.cloud.asked) - before <= 7


async def test_a_glance_reports_each_answer_once() -> None:
    async with town() as it:
        go_astray(it, "silent")
        await it.calls()
        it.desk.accept(it.desk.call().id)
        await it.settle()
        await it.live(60)
        told = [one for one in it.desk.events if isinstance(one, CallReported) and isinstance(one.signal, LegAnswered)]
        assert [one.key for one in told] == [f"{it.cloud.leg(AGENT).sid}:answered"]
