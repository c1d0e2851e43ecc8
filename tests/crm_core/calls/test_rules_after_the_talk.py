from __future__ import annotations

from crm_core.calls.rules import next_deadline
from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import AgentGone, Held, RecordingWished, TimePassed, WrappedUp, Wrapping
from crm_core.words.calls import (
    CostTold,
    LegEnded,
    RecordingFailed,
    RecordingStarted,
    RecordingStored,
)
from crm_core.words.values.calls import CallOutcome, CallState, KeptState, RecordingState
from tests.crm_core.calls.telling import ADA, BOB, SALES, START, SUE, Story

HOUR = 3_600_000


def over(mode: str = "timeout") -> Story:
    story = Story(mode=mode).talking(ADA)
    story.passes(60_000)
    story.hears(LegEnded())
    return story


def stored(name: str = "RE1", duration: int = 60_000) -> RecordingStored:
    return RecordingStored(external_id=name, file_id=5, duration=duration)


def test_without_wrap_up_an_agent_is_free_when_the_contact_is_gone() -> None:
    story = over("none")
    assert story.call.state is CallState.ENDED
    assert story.told(Wrapping) == [Wrapping(agent_id=ADA, until=None)]


def test_a_wrap_up_with_a_time_ends_by_itself() -> None:
    for mode in ("optional", "timeout", "forced"):
        story = over(mode)
        assert story.call.state is CallState.WRAP_UP
        assert story.passes(30_000) == [Wrapping(agent_id=ADA, until=None)]
        assert story.call.state is CallState.ENDED
        assert story.call.wrap_up == 30_000
        assert next_deadline(story.call) is None


def test_a_forced_wrap_up_ends_with_what_its_queue_says_unless_the_agent_said_something() -> None:
    plan = CallPlan(queue_id=SALES, wrap_up=30_000, disposition="not said")
    for mode, said, came in (("forced", None, "not said"), ("forced", "sold", "sold"), ("timeout", None, None)):
        story = Story(plan, mode=mode).talking(ADA)
        story.hears(LegEnded())
        story.hears(WrappedUp(agent_id=ADA, disposition=said))
        assert story.call.disposition == said
        story.passes(30_000)
        assert (story.call.state, story.call.disposition) == (CallState.ENDED, came)


def test_a_mandatory_wrap_up_waits_for_the_agent_but_not_for_ever() -> None:
    story = over("mandatory")
    story.passes(HOUR)
    assert story.call.state is CallState.WRAP_UP
    story.passes(23 * HOUR)
    assert story.call.state is CallState.ENDED


def test_only_who_speaks_with_the_contact_decides_what_is_recorded() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).talking(ADA)
    story.handed(ADA, attended=True, to_agent_id=BOB)
    story.listens()
    for other in (BOB, SUE):
        assert story.leg_of(other) is not None
        story.hears(RecordingWished(agent_id=other, on=False))
        assert story.call.recording is RecordingState.ON
    story.hears(RecordingWished(agent_id=ADA, on=False))
    assert story.call.recording is RecordingState.PAUSED


def test_an_agent_who_is_done_says_so_and_what_it_was_about() -> None:
    story = over()
    story.passes(8_000)
    facts = story.hears(WrappedUp(agent_id=ADA, disposition="sold", note="wants blue", done=True))
    assert facts == [Wrapping(agent_id=ADA, until=None)]
    call = story.call
    assert (call.disposition, call.note, call.wrap_up, call.state) == ("sold", "wants blue", 8_000, CallState.ENDED)


def test_more_time_is_given_once() -> None:
    story = over()
    story.hears(WrappedUp(agent_id=ADA, more=60_000))
    story.hears(WrappedUp(agent_id=ADA, more=60_000))
    assert story.told(Wrapping)[-1].until == START + 60_000 + 90_000
    story.passes(90_000)
    assert story.call.state is CallState.ENDED
    assert story.call.legs[-1].reason == "over"


def test_what_is_written_down_in_talk_or_corrected_after_the_end_is_kept_and_ends_nothing() -> None:
    story = Story().talking(ADA)
    story.hears(WrappedUp(agent_id=ADA, note="a note in talk", done=True))
    assert story.call.state is CallState.TALKING
    story.hears(LegEnded())
    story.passes(30_000)
    story.hears(WrappedUp(agent_id=ADA, disposition="refund", done=True))
    assert (story.call.note, story.call.disposition) == ("a note in talk", "refund")
    assert story.call.state is CallState.ENDED


def test_an_agent_who_goes_away_while_they_write_it_down_closes_nothing() -> None:
    story = over()
    assert story.hears(AgentGone(agent_id=ADA)) == []
    assert story.call.state is CallState.WRAP_UP


def test_a_hub_that_was_away_in_a_wrap_up_ends_the_record_when_it_should_have_ended() -> None:
    story = over()
    story.now += HOUR
    story.hears(TimePassed())
    assert story.call.wrap_up == 30_000
    assert story.call.legs[-1].wrap_up == 30_000


def test_an_agent_who_learns_late_that_the_caller_has_gone_has_all_the_time_to_write_it_down() -> None:
    story = Story().talking(ADA)
    story.passes(90_000)
    story.hears(LegEnded(), late=30_000)
    assert (story.call.talk, story.call.state) == (60_000, CallState.WRAP_UP)
    story.passes(29_999)
    assert story.call.state is CallState.WRAP_UP
    story.hears(WrappedUp(agent_id=ADA, more=60_000))
    story.hears(WrappedUp(agent_id=ADA, more=60_000))
    story.passes(60_001)
    assert story.call.state is CallState.ENDED


def test_a_call_that_went_on_without_its_contact_is_as_long_as_it_was() -> None:
    story = Story().talking(ADA)
    story.passes(60_000)
    story.hears(Held(agent_id=ADA, on=True))
    story.passes(10_000)
    story.hears(Held(agent_id=ADA, on=False))
    story.passes(10_000)
    story.hears(LegEnded(), late=30_000)
    call = story.call
    assert (call.talk + call.hold, call.ended_at, call.outcome) == (50_000, START + 50_000, CallOutcome.ANSWERED)
    assert call.legs[0].ended_at == call.ended_at


def test_a_caller_who_had_gone_before_anybody_took_the_call_was_not_answered() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).begun()
    story.passes(20_000)
    story.connected(story.accepted(ADA).id)
    story.hears(LegEnded(), late=12_000)
    call = story.call
    assert (call.outcome, call.answered_at, call.wait, call.talk) == (CallOutcome.ABANDONED, None, 8_000, 0)
    assert story.told(Wrapping) == [Wrapping(agent_id=ADA, until=None)]


def test_each_agent_of_a_handed_on_call_writes_it_down_on_their_own() -> None:
    story = Story().talking(ADA)
    story.asks(BOB)
    story.hears(LegEnded())
    assert story.told(Wrapping) == [
        Wrapping(agent_id=ADA, until=story.now + 30_000),
        Wrapping(agent_id=BOB, until=None),
    ]


def test_a_recording_runs_pauses_and_goes_on() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).talking(ADA)
    assert story.scene.recording is RecordingState.ON
    story.hears(RecordingStarted(external_id="RE1"))
    assert story.scene.recording_id == "RE1"
    story.hears(RecordingWished(agent_id=ADA, on=False))
    assert story.scene.recording is RecordingState.PAUSED
    story.hears(RecordingWished(agent_id=ADA, on=True))
    assert story.scene.recording is RecordingState.ON
    assert len(story.call.recordings) == 1
    assert story.hears(RecordingWished(agent_id=BOB, on=False)) == []


def test_a_transferred_call_is_recorded_to_its_end_in_one_stretch() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).talking(ADA)
    story.hears(RecordingStarted(external_id="RE1"))
    story.handed(to_queue_id=SALES)
    story.connected(story.accepted(BOB).id)
    assert story.scene.recording is RecordingState.ON
    assert story.scene.recording_id == "RE1"
    story.hears(LegEnded())
    story.hears(stored("RE1"))
    assert [one.state for one in story.call.recordings] == [KeptState.STORED]
    assert story.call.sought == 0


def test_a_provider_that_records_a_transferred_call_in_stretches_loses_no_second_half() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).talking(ADA)
    story.hears(RecordingStarted(external_id="RE1"))
    story.handed(to_queue_id=SALES)
    story.hears(stored("RE1"))
    story.connected(story.accepted(BOB).id)
    story.hears(RecordingStarted(external_id="RE2"))
    assert story.scene.recording_id == "RE2"
    story.hears(LegEnded())
    assert story.call.sought > story.now
    story.hears(stored("RE2"))
    assert [(one.external_id, one.state) for one in story.call.recordings] == [
        ("RE1", KeptState.STORED),
        ("RE2", KeptState.STORED),
    ]


def test_a_recording_that_never_arrives_is_told_to_be_missing_and_still_kept_when_it_comes_at_last() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True), mode="none").talking(ADA)
    story.hears(RecordingStarted(external_id="RE1"))
    story.hears(LegEnded())
    assert story.call.recordings[0].state is KeptState.AWAITED
    story.passes(10 * 60_000)
    assert story.call.recordings[0].state is KeptState.MISSING
    assert next_deadline(story.call) is None
    story.hears(stored("RE1"))
    assert story.call.recordings[0].state is KeptState.STORED
    story.hears(RecordingFailed(external_id="RE1"))
    assert story.call.recordings[0].state is KeptState.STORED


def test_a_recording_whose_beginning_was_never_told_is_the_one_that_was_wished() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).talking(ADA)
    story.hears(LegEnded())
    story.hears(stored("RE7"))
    story.hears(stored("RE7"))
    assert [(one.external_id, one.state) for one in story.call.recordings] == [("RE7", KeptState.STORED)]


def test_a_recording_that_never_began_is_not_missed() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True), mode="none").talking(ADA)
    assert story.scene.owes_recording
    story.hears(LegEnded())
    assert story.scene.owes_recording
    story.hears(RecordingFailed(external_id=""))
    assert story.call.recordings == []
    assert not story.scene.owes_recording
    assert next_deadline(story.call) is None


def test_a_second_try_to_record_has_a_number_of_its_own() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).talking(ADA)
    story.hears(RecordingFailed(external_id=""))
    assert story.call.recording is RecordingState.OFF
    story.hears(RecordingWished(agent_id=ADA, on=True))
    story.hears(RecordingStarted(external_id="RE2"))
    story.hears(RecordingWished(agent_id=ADA, on=False))
    assert [(one.id, one.external_id) for one in story.call.recordings] == [(1, "RE2")]


def test_agents_see_that_nothing_is_recorded_when_it_fails_and_may_try_again() -> None:
    story = Story(CallPlan(queue_id=SALES, record=True)).talking(ADA)
    story.hears(RecordingStarted(external_id="RE1"))
    story.hears(RecordingFailed(external_id="RE1"))
    assert story.call.recording is RecordingState.OFF
    story.hears(RecordingWished(agent_id=ADA, on=True))
    assert story.scene.recording is RecordingState.ON
    assert story.scene.recording_id == ""


def test_what_a_call_costs_is_told_after_it_and_moves_nothing() -> None:
    story = over("none")
    assert story.hears(CostTold(cost="0.0085 USD")) == []
    assert story.call.cost == "0.0085 USD"
    assert story.call.outcome is CallOutcome.ANSWERED
