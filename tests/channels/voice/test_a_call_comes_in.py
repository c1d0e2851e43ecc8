from __future__ import annotations

import io
import wave

from channels.simulators.twilio import How
from crm_core.calls.rules.signals import HungUp, PositionKnown
from crm_core.words.values.calls import CallOutcome, CallState
from tests.channels.calling import MENU
from tests.channels.voice.bench import MUSIC, OURS, THEIRS, town

AGENT = "client:agent_7_tab1"
PLAYS = frozenset({f"♪ {MUSIC}"})


async def test_a_caller_is_greeted_chooses_and_waits_with_music() -> None:
    async with town(plan=MENU) as it:
        caller = await it.calls()
        assert caller.hears() == {"Welcome to Fern & Clay."}
        await it.wait(3)
        assert caller.hears() == {"For sales press 1. To leave a message press 2."}
        await it.does(caller.press("1"))
        assert caller.hears() == PLAYS
        call = it.desk.call(caller.sid)
        assert (call.state, call.number, call.line, call.chosen) == (CallState.QUEUED, THEIRS, OURS, ["1"])


async def test_a_caller_who_presses_nothing_is_asked_again_and_then_gets_in_line() -> None:
    async with town(plan=MENU) as it:
        caller = await it.calls()
        await it.wait(30)
        assert [words for words in caller.heard if words.startswith("For sales")] == [
            "For sales press 1. To leave a message press 2."
        ] * 2
        assert caller.hears() == PLAYS


async def test_an_agent_takes_the_call_and_both_hear_each_other() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        assert (caller.hears(), agent.hears()) == ({AGENT}, {THEIRS})
        assert (call.state, call.agent_id) == (CallState.TALKING, 7)


async def test_the_caller_hears_music_until_the_agents_device_has_answered() -> None:
    async with town() as it:
        it.cloud.exchange.dials[AGENT] = How.IGNORES
        caller = await it.calls()
        it.desk.accept(it.desk.call().id)
        await it.settle()
        assert caller.hears() == PLAYS
        await it.does(it.cloud.leg(AGENT).answer())
        assert caller.hears() == {AGENT}


async def test_the_caller_hangs_up_and_the_agents_device_is_hung_up_too() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        await it.wait(60)
        await it.does(caller.hang_up())
        assert agent.is_over
        ended = it.desk.calls[call.id]
        assert (ended.outcome, ended.talk, ended.ended_by) == (CallOutcome.ANSWERED, 60_000, "contact")


async def test_the_agent_hangs_up_and_the_caller_is_out_of_it() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.desk.do(call.id, HungUp(agent_id=7))
        await it.settle()
        assert (caller.is_over, agent.is_over) == (True, True)
        assert it.desk.calls[call.id].ended_by == "agent"


async def test_a_caller_who_hangs_up_while_it_rings_leaves_no_phantom() -> None:
    async with town() as it:
        it.cloud.exchange.dials[AGENT] = How.IGNORES
        caller = await it.calls()
        it.desk.accept(it.desk.call().id)
        await it.settle()
        await it.does(caller.hang_up())
        assert it.cloud.leg(AGENT).is_over
        assert it.desk.call().outcome is CallOutcome.ABANDONED


async def test_the_place_in_line_is_said_between_the_music_and_the_star_asks_to_be_called_back() -> None:
    async with town() as it:
        caller = await it.calls()
        call = it.desk.call()
        it.desk.do(call.id, PositionKnown(position=2, estimate=60_000, prompt_text="You are second.", offer="Press *."))
        await it.settle()
        assert caller.hears() == {"You are second. Press *."}
        await it.wait(5)
        assert caller.hears() == PLAYS
        await it.does(caller.press("*"))
        assert it.desk.call().outcome is CallOutcome.CALLBACK
        assert caller.is_over


async def test_the_music_goes_on_for_as_long_as_the_line_is() -> None:
    async with town() as it:
        caller = await it.calls()
        await it.wait(700)
        assert caller.hears() == PLAYS
        assert not caller.is_over
        await it.does(caller.hang_up())
        assert it.desk.call().wait == 700_000


async def test_hold_is_music_for_the_caller_and_silence_for_the_agent() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.desk.hold(call.id, on=True)
        await it.settle()
        assert (caller.hears(), agent.hears()) == (PLAYS, frozenset())
        it.desk.hold(call.id, on=False)
        await it.settle()
        assert (caller.hears(), agent.hears()) == ({AGENT}, {THEIRS})


async def test_a_message_is_left_and_kept() -> None:
    async with town(plan=MENU) as it:
        caller = await it.calls()
        await it.wait(3)
        await it.does(caller.press("2"))
        assert caller.hears() == {"Please leave a message after the tone."}
        await it.wait(3)
        assert caller.heard[-1] == "beep"
        await it.wait(2)
        caller.speak("Please call me back.")
        await it.wait(5)
        await it.does(caller.press("#"))
        await it.channel.fetch_recordings(it.desk)
        call = it.desk.call()
        assert caller.is_over
        assert call.outcome is CallOutcome.VOICEMAIL
        assert [(r.is_voicemail, r.duration) for r in call.recordings] == [(True, 8_000)]
        assert list(it.bench.files.names.values()) == ["voice-message.wav"]
        with wave.open(io.BytesIO(it.bench.files.contents[call.recordings[0].file_id or 0])) as kept:
            sound = [any(kept.readframes(kept.getframerate())) for _ in range(8)]
        # The words began in the third second or the fourth, and are said within two.
        assert (sound[:2], any(sound[2:5]), sound[5:]) == ([False, False], True, [False, False, False])


async def test_whoever_hangs_up_after_the_tone_has_left_a_message_all_the_same() -> None:
    async with town(plan=MENU) as it:
        caller = await it.calls()
        await it.wait(3)
        await it.does(caller.press("2"))
        await it.wait(10)
        await it.does(caller.hang_up())
        await it.channel.fetch_recordings(it.desk)
        assert it.desk.call().outcome is CallOutcome.VOICEMAIL
