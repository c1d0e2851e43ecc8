"""Webhooks late, twice, in any order, never; the hub away, and killed with callers in every state."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from typing import Any

import pytest

from channels.contract import AccountBroken, CallReported, NotGenuine, TryLater
from channels.simulators.twilio import Answer, How
from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import Rejoined
from crm_core.words.values.calls import CallOutcome, CallState, KeptState
from tests.channels.calling import MENU, QUEUE
from tests.channels.voice.bench import ACCOUNT, MUSIC, OTHER, OURS, THEIRS, TOKEN, Town, ringing, town, webhook

AGENT = "client:agent_7_tab1"
PLAYS = frozenset({f"♪ {MUSIC}"})
RECORDED = CallPlan(queue_id=QUEUE, record=True)


async def a_day_of_one_call(it: Town) -> tuple[Any, ...]:
    """A caller waits 20 s, talks 30 s, and hangs up; what the record says."""
    caller = await it.calls()
    await it.wait(20)
    it.desk.accept(it.desk.call().id)
    await it.settle()
    await it.wait(30)
    await it.does(caller.hang_up())
    await it.settle()
    call = it.desk.call()
    return len(it.desk.calls), call.outcome, call.wait, call.talk, call.ended_by


WHAT_IT_SAYS = (1, CallOutcome.ANSWERED, 20_000, 30_000, "contact")


async def test_every_webhook_twice_makes_one_call_of_the_same_length() -> None:
    async with town() as it:
        it.cloud.exchange.habits.twice = True
        assert await a_day_of_one_call(it) == WHAT_IT_SAYS


@pytest.mark.parametrize("seed", range(5))
async def test_reports_in_any_order_end_in_the_same_record(seed: int) -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.cloud.exchange.habits.held = True
        await it.wait(30)
        await it.does(agent.hang_up())
        await it.does(caller.hang_up())
        shuffled = random.Random(seed)
        await it.cloud.exchange.release(lambda kept: shuffled.sample(kept * 2, len(kept) * 2))
        await it.settle()
        ended = it.desk.calls[call.id]
        assert (ended.state, ended.outcome, ended.talk) == (CallState.WRAP_UP, CallOutcome.ANSWERED, 30_000)


async def test_an_answer_that_comes_after_the_end_wakes_nobody() -> None:
    async with town() as it:
        caller = await it.calls()
        call = it.desk.call()
        it.cloud.exchange.habits.held = True
        it.desk.accept(call.id)
        await it.settle()
        await it.does(it.cloud.leg(AGENT).hang_up())
        await it.cloud.exchange.release(lambda kept: kept[::-1])
        await it.settle()
        assert it.desk.connected(call.id) == {None}
        assert caller.hears() == PLAYS


async def test_a_report_that_is_half_a_minute_late_counts_from_when_it_happened() -> None:
    async with town() as it:
        it.cloud.exchange.habits.late = 30_000
        caller, _, call = await it_talks_late(it)
        await it.wait(10)
        await it.does(caller.hang_up())
        await it.wait(31)
        ended = it.desk.calls[call.id]
        assert (ended.outcome, ended.ended_at) == (CallOutcome.ANSWERED, (ended.started_at or 0) + 41_000)


async def it_talks_late(it: Town) -> tuple[Any, Any, Any]:
    """A caller and agent 7 whose device's answer was told late."""
    caller = await it.calls()
    call = it.desk.call()
    call_id = call.id
    it.desk.accept(call_id)
    await it.settle()
    await it.wait(31)
    return caller, it.cloud.leg(AGENT), call


async def test_a_call_of_which_no_end_was_told_ends_when_it_ended() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.cloud.exchange.habits.silent = True
        await it.wait(30)
        await it.does(caller.hang_up())
        await it.wait(200)
        assert it.desk.calls[call.id].state is CallState.TALKING
        await it.channel.reconcile(it.desk)
        await it.settle()
        ended = it.desk.calls[call.id]
        assert (ended.outcome, ended.talk) == (CallOutcome.ANSWERED, 30_000)
        assert agent.is_over


async def test_an_agents_device_whose_end_was_never_told_is_lost_at_the_next_look() -> None:
    async with town() as it:
        _, agent, call = await it.talks()
        it.cloud.exchange.habits.silent = True
        await it.does(agent.hang_up())
        await it.channel.reconcile(it.desk)
        await it.settle()
        assert it.desk.connected(call.id) == {None}


async def test_a_caller_nobody_told_us_of_gets_a_record() -> None:
    async with town() as it:
        it.closed = True
        caller = await it.calls()
        assert caller.is_over
        it.closed = False
        await it.wait(400)
        await it.channel.reconcile(it.desk)
        call = it.desk.call()
        assert (len(it.desk.calls), call.number, call.outcome) == (1, THEIRS, CallOutcome.ABANDONED)
        await it.channel.reconcile(it.desk)
        await it.restart()
        await it.channel.reconcile(it.desk)
        assert len(it.desk.calls) == 1


async def test_a_hub_whose_store_is_away_asks_for_patience_and_the_key_is_not_lost() -> None:
    async with town(plan=MENU) as it:
        caller = await it.calls()
        await it.wait(3)
        it.desk.away = True
        await it.cloud.exchange.pass_time(100)
        await caller.press("1")
        assert caller.hears() == {"One moment, please."}
        await it.cloud.exchange.pass_time(30_000)
        assert not caller.is_over
        it.desk.away = False
        await it.wait(4)
        assert caller.hears() == PLAYS
        assert it.desk.call().chosen == ["1"]
        assert caller.heard.count("One moment, please.") == 1


async def test_a_hub_that_answers_too_late_is_asked_by_the_other_address() -> None:
    async with town() as it:
        it.cloud.exchange.habits.patience = 0.1
        it.cloud.lines[OURS] = replace(it.cloud.lines[OURS], url="http://127.0.0.1:9/in/pub-key")
        caller = await it.calls()
        assert caller.hears() == PLAYS


async def test_a_call_that_was_asked_for_patience_is_sent_on_as_soon_as_the_hub_knows_better() -> None:
    async with town() as it:
        caller = await it.calls()
        call = it.desk.call()
        it.desk.away = True
        # The music has played to its end; the question finds nobody.
        await it.cloud.exchange.pass_time(301_500)
        assert caller.hears() == {"One moment, please."}
        it.desk.away = False
        it.desk.accept(call.id)
        await it.settle()
        assert caller.hears() == {AGENT}


@pytest.mark.parametrize("answer", [Answer.CUT, Answer.CUT_BEFORE, Answer.SERVER_ERROR, Answer.SLOW_DOWN])
async def test_an_invitation_whose_answer_was_lost_rings_once(answer: Answer) -> None:
    async with town() as it:
        caller = await it.calls()
        call = it.desk.call()
        it.cloud.exchange.answers.append(answer)
        it.desk.accept(call.id)
        with pytest.raises(TryLater):
            await it.settle()
        it.desk.stir(call.id)
        await it.settle()
        assert caller.hears() == {AGENT}
        assert sum(one.called == AGENT for one in it.cloud.exchange.calls) == 1


async def test_a_hub_killed_with_a_caller_in_line_finds_them_there() -> None:
    async with town() as it:
        caller = await it.calls()
        await it.restart()
        await it.settle()
        assert caller.hears() == PLAYS
        it.desk.accept(it.desk.call().id)
        await it.settle()
        assert caller.hears() == {AGENT}


async def test_a_hub_killed_in_the_middle_of_a_talk_changes_nothing_that_is_heard() -> None:
    async with town(plan=RECORDED) as it:
        caller, agent, call = await it.talks()
        heard = len(caller.heard)
        await it.restart()
        await it.settle()
        assert (caller.hears(), agent.hears(), len(caller.heard)) == ({AGENT}, {THEIRS}, heard)
        await it.wait(20)
        await it.does(caller.hang_up())
        await it.channel.fetch_recordings(it.desk)
        kept = it.desk.calls[call.id].recordings
        assert [(one.state, one.duration) for one in kept] == [(KeptState.STORED, 20_000)]
        assert sum(one.called == AGENT for one in it.cloud.exchange.calls) == 1


async def test_a_hub_killed_while_a_device_rings_does_not_ring_it_twice() -> None:
    async with town() as it:
        it.cloud.exchange.dials[AGENT] = How.IGNORES
        caller = await it.calls()
        it.cloud.exchange.habits.silent = True
        it.desk.accept(it.desk.call().id)
        await it.settle()
        it.cloud.exchange.habits.silent = False
        await it.restart()
        await it.settle()
        assert sum(one.called == AGENT for one in it.cloud.exchange.calls) == 1
        await it.does(it.cloud.leg(AGENT).answer())
        assert caller.hears() == {AGENT}


async def test_a_hub_killed_while_somebody_hangs_up_hangs_the_rest_up_afterwards() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.cloud.exchange.habits.silent = True
        await it.does(caller.hang_up())
        await it.restart()
        await it.channel.reconcile(it.desk)
        await it.settle()
        assert agent.is_over
        assert it.desk.calls[call.id].outcome is CallOutcome.ANSWERED


async def test_a_hub_killed_while_a_message_is_left_does_not_cut_it_off() -> None:
    async with town(plan=MENU) as it:
        caller = await it.calls()
        await it.wait(3)
        await it.does(caller.press("2"))
        await it.wait(6)
        await it.restart()
        await it.settle()
        await it.wait(4)
        await it.does(caller.press("#"))
        await it.channel.fetch_recordings(it.desk)
        assert caller.heard.count("beep") == 1
        assert [one.duration for one in it.desk.call().recordings] == [8_000]


async def test_an_older_scene_never_takes_a_caller_back_to_what_they_heard_before() -> None:
    async with town(plan=MENU) as it:
        caller = await it.calls()
        older = (await it.desk.live())[0]
        await it.wait(3)
        await it.does(caller.press("1"))
        await it.restart()
        await it.cloud.exchange.pass_time(301_500)
        await it.channel.arrange(older, it.desk)
        await it.cloud.exchange.quiet()
        assert caller.hears() == PLAYS


async def test_a_leg_that_is_tried_again_counts_as_one_call() -> None:
    async with town({"agent_minute": 1}) as it:
        it.desk.place(OTHER, device="phone", address=THEIRS)
        await it.calls()
        call = it.desk.call()
        it.desk.accept(call.id, 8, device="phone", address=OTHER)
        scene = next(one for one in await it.desk.live() if one.call_id == call.id)
        for _ in range(3):
            it.cloud.exchange.answers.append(Answer.SLOW_DOWN)
            with pytest.raises(TryLater):
                await it.channel.arrange(scene, it.desk)
        await it.channel.arrange(scene, it.desk)
        await it.cloud.exchange.quiet()
        assert it.cloud.leg(OTHER).call.status == "in-progress"


async def test_an_agent_rejoins_after_the_hub_was_killed() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        await it.restart()
        await it.does(agent.hang_up())
        it.desk.do(call.id, Rejoined(agent_id=7, leg_id=it.desk.new_id(), device="tab2"))
        await it.settle()
        assert caller.hears() == {"client:agent_7_tab2"}


async def test_a_recording_that_is_late_is_asked_for_again() -> None:
    async with town(plan=RECORDED) as it:
        caller, _, call = await it.talks()
        await it.wait(5)
        it.cloud.exchange.habits.late_recordings = 2
        await it.does(caller.hang_up())
        for _ in range(3):
            await it.channel.fetch_recordings(it.desk)
        assert it.desk.calls[call.id].recordings[0].state is KeptState.STORED


async def test_a_recording_nobody_told_us_of_is_found_and_fetched_once() -> None:
    async with town(plan=RECORDED) as it:
        caller, _, call = await it.talks()
        await it.wait(5)
        it.cloud.exchange.habits.silent = True
        await it.does(caller.hang_up())
        await it.restart()
        for _ in range(2):
            await it.channel.reconcile(it.desk)
            await it.channel.fetch_recordings(it.desk)
        await it.settle()
        await it.restart()
        await it.channel.reconcile(it.desk)
        await it.channel.fetch_recordings(it.desk)
        assert it.desk.calls[call.id].recordings[0].state is KeptState.STORED
        assert len(it.bench.files.contents) == 1


async def test_a_recording_is_fetched_from_twilios_api_whatever_its_webhook_names() -> None:
    async with town(plan=RECORDED) as it:
        caller, _, _ = await it.talks()
        await it.wait(2)
        await it.does(caller.hang_up())
        recording = it.cloud.exchange.recordings[0]
        said = {**recording.form("https://169.254.169.254"), "RecordingUrl": "https://evil.example/x"}
        await it.channel.receive(webhook(said, path="recording", query="call=100"), it.desk)
        await it.channel.fetch_recordings(it.desk)
        fetched = [path for _, path, _ in it.cloud.asked if path.endswith(".wav")]
        assert fetched == [f"/2010-04-01/Accounts/{ACCOUNT}/Recordings/{recording.sid}.wav"]


@pytest.mark.parametrize("path", ["", "fallback", "wait", "digit", "played", "leg", "status", "recording", "recorded"])
async def test_nothing_unsigned_is_believed(path: str) -> None:
    async with town() as it:
        genuine = webhook(ringing(CallStatus="completed", RecordingSid="RE1"), path=path, query="call=100&leg=1")
        for forged in (
            replace(genuine, headers={}),
            replace(genuine, body=genuine.body + b"&Digits=1"),
            replace(genuine, url=genuine.url.replace("call=100", "call=101")),
            webhook(ringing(), path=path, query="call=100&leg=1", token="another"),
        ):
            with pytest.raises(NotGenuine):
                await it.channel.receive(forged, it.desk)
        assert it.desk.events == []


async def test_a_status_of_a_call_that_nobody_knows_changes_nothing() -> None:
    async with town() as it:
        said = ringing(CallStatus="completed", To=OTHER, Direction="outbound-api", SequenceNumber="3")
        for query in ("call=999&leg=5", "call=999&leg=abc", ""):
            await it.channel.receive(webhook(said, path="leg", query=query), it.desk)
        await it.channel.receive(
            webhook({**said, "CallStatus": "levitating"}, path="leg", query="call=9&leg=5"), it.desk
        )
        assert it.desk.calls == {}


async def test_each_report_has_a_name_of_its_own_and_twilios_time() -> None:
    async with town() as it:
        caller, _, _ = await it.talks()
        await it.wait(3)
        await it.does(caller.hang_up())
        reports = [event for event in it.desk.events if isinstance(event, CallReported)]
        assert len({event.key for event in reports}) == len(reports)
        assert reports[-1].at == it.clock()


async def test_a_call_that_twilio_does_not_record_goes_on() -> None:
    async with town(plan=RECORDED) as it:
        it.cloud.exchange.records = False
        caller, _, call = await it.talks()
        assert caller.hears() == {AGENT}
        it.desk.hold(call.id, on=True)
        await it.settle()
        assert caller.hears() == PLAYS
        assert sum(path.endswith("/Recordings.json") and method == "POST" for method, path, _ in it.cloud.asked) == 1


async def test_an_account_that_is_locked_out_says_so_and_one_that_is_away_comes_back() -> None:
    async with town() as it:
        it.cloud.auth_token = "another"
        with pytest.raises(AccountBroken):
            await it.channel.listen(it.desk)
        it.cloud.auth_token = TOKEN
        it.desk.away = True
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(it.channel.listen(it.desk))
            await asyncio.sleep(0.05)
            assert not listening.done()
            listening.cancel()
