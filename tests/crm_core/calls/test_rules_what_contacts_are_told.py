"""Nobody is recorded, or listened to where it is announced, before they were told."""

from __future__ import annotations

from msgspec.structs import replace

from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import Held, HungUp, Joined, RecordingWished, TakenOver
from crm_core.words.calls import Hears, LegAnswered, LegEnded, PromptPlayed, RecordingFailed
from crm_core.words.values.calls import CallState, LegMode, RecordingState
from tests.crm_core.calls.telling import ADA, BOB, SALES, SUE, Story, said

TOLD = CallPlan(queue_id=SALES, recording_prompt=said("recording"), listening_prompt=said("listening"))
RECORDED = replace(TOLD, record=True)


def called_out(plan: CallPlan) -> Story:
    """The contact has just answered a call of ours."""
    story = Story(plan, out=True).calling_out()
    contact = story.call.legs[-1]
    story.hears(LegAnswered(leg_id=contact.id, external_id="CA9"))
    assert story.call.state is CallState.TALKING
    return story


def is_told(story: Story) -> str:
    """What the contact is told now, if anything; only while they hear it, and not the others."""
    prompt = story.call.prompt
    assert (prompt is not None) == (story.contact_hears() is Hears.PROMPT)
    return "" if prompt is None else prompt.code


def ends(story: Story) -> None:
    """What is said is said to its end."""
    assert story.call.prompt is not None
    story.hears(PromptPlayed(seq=story.call.prompt.seq))


def joins(story: Story, mode: LegMode, *, announce: bool = False) -> None:
    story.hears(Joined(agent_id=SUE, leg_id=story.new_id(), mode=mode, device="tab9", announce=announce))


def test_who_is_called_hears_that_they_are_recorded_before_they_are() -> None:
    story = called_out(RECORDED)
    assert (is_told(story), story.call.recording, story.call.recordings) == ("recording", RecordingState.OFF, [])
    story.now += 3_000
    ends(story)
    assert (is_told(story), story.call.recording) == ("", RecordingState.ON)
    assert story.call.recordings[0].since == story.now


def test_a_notice_whose_end_nobody_reports_keeps_nobody_from_the_talk_nor_from_the_recording() -> None:
    story = called_out(RECORDED)
    story.passes(14_999)
    assert story.call.recording is RecordingState.OFF
    story.passes(1)
    assert (is_told(story), story.call.recording) == ("", RecordingState.ON)


def test_a_caller_who_heard_it_before_anybody_answered_is_recorded_from_the_first_word() -> None:
    story = Story(replace(RECORDED, opening=[said("greeting"), said("recording")])).begun()
    ends(story)
    ends(story)
    story.connected(story.accepted(ADA).id)
    assert (is_told(story), story.call.recording) == ("", RecordingState.ON)


def test_a_caller_whose_greeting_was_never_heard_is_told_by_whoever_answers() -> None:
    story = Story(replace(RECORDED, opening=[said("greeting"), said("recording")])).begun()
    story.passes(120_000)
    story.connected(story.accepted(ADA).id)
    assert (is_told(story), story.call.recording) == ("recording", RecordingState.OFF)


def test_an_agent_who_records_by_hand_has_it_told_once_in_a_call() -> None:
    story = Story(TOLD).talking(ADA)
    story.hears(RecordingWished(agent_id=ADA, on=True))
    story.hears(RecordingWished(agent_id=ADA, on=True))
    assert (is_told(story), story.call.recording) == ("recording", RecordingState.OFF)
    ends(story)
    assert (is_told(story), story.call.recording) == ("", RecordingState.ON)
    assert story.call.recordings[0].agent_id == ADA
    for on in (False, True):
        story.hears(RecordingWished(agent_id=ADA, on=on))
        assert is_told(story) == ""
    story.hears(RecordingFailed(external_id=""))
    story.hears(RecordingWished(agent_id=ADA, on=True))
    assert (is_told(story), story.call.recording) == ("", RecordingState.ON)


def test_a_recording_that_is_given_up_while_it_is_announced_does_not_begin() -> None:
    story = Story(TOLD).talking(ADA)
    story.hears(RecordingWished(agent_id=ADA, on=True))
    story.hears(RecordingWished(agent_id=ADA, on=False))
    ends(story)
    assert (story.call.recording, story.call.recordings) == (RecordingState.OFF, [])


def test_a_contact_who_is_handed_on_before_the_notice_was_over_hears_it_again() -> None:
    story = Story(RECORDED).talking(ADA)
    assert is_told(story) == "recording"
    story.handed(to_queue_id=SALES)
    assert (story.call.state, story.call.recording) == (CallState.QUEUED, RecordingState.OFF)
    story.connected(story.accepted(BOB).id)
    assert (is_told(story), story.call.recording) == ("recording", RecordingState.OFF)
    ends(story)
    assert story.call.recording is RecordingState.ON


def test_a_notice_that_ends_while_the_contact_is_held_was_heard() -> None:
    story = called_out(RECORDED)
    story.hears(Held(agent_id=ADA, on=True))
    assert is_told(story) == "recording"
    ends(story)
    assert (story.contact_hears(), story.call.recording) == (Hears.MUSIC, RecordingState.ON)


def test_nobody_is_recorded_by_a_line_that_cannot_tell_them() -> None:
    story = Story(replace(RECORDED, may_record=False)).talking(ADA)
    story.hears(RecordingWished(agent_id=ADA, on=True))
    assert (is_told(story), story.call.recording, story.call.notices) == ("", RecordingState.OFF, [])


def test_a_call_that_ends_while_it_is_announced_leaves_no_recording_to_wait_for() -> None:
    story = called_out(RECORDED)
    story.hears(LegEnded())
    assert (story.call.recordings, story.call.sought, story.call.notices) == ([], 0, [])


def test_where_the_house_always_tells_it_every_supervisor_is_announced_without_asking_for_it() -> None:
    story = Story(TOLD).talking(ADA)
    story.call = replace(story.call, announces=True)
    joins(story, LegMode.MONITOR)
    assert is_told(story) == "listening"
    ends(story)
    assert is_told(story) == ""


def test_without_that_the_supervisor_decides() -> None:
    story = Story(TOLD).talking(ADA)
    joins(story, LegMode.MONITOR)
    assert is_told(story) == ""
    joins(story, LegMode.WHISPER, announce=True)
    assert is_told(story) == "listening"


def test_a_supervisor_who_is_announced_is_announced_again_when_they_are_heard_and_not_else() -> None:
    story = Story(TOLD).talking(ADA)
    joins(story, LegMode.MONITOR, announce=True)
    ends(story)
    joins(story, LegMode.WHISPER, announce=True)
    assert is_told(story) == ""
    joins(story, LegMode.BARGE, announce=True)
    assert is_told(story) == "listening"
    ends(story)
    story.hears(HungUp(agent_id=SUE))
    joins(story, LegMode.MONITOR, announce=True)
    assert is_told(story) == "listening"


def test_what_is_being_said_delays_an_announcement_and_does_not_swallow_it() -> None:
    story = called_out(RECORDED)
    joins(story, LegMode.MONITOR, announce=True)
    assert is_told(story) == "recording"
    ends(story)
    assert is_told(story) == "listening"
    ends(story)
    assert (is_told(story), story.call.notices) == ("", [])


def test_nobody_is_told_of_a_supervisor_who_has_left_meanwhile() -> None:
    story = called_out(RECORDED)
    joins(story, LegMode.MONITOR, announce=True)
    story.hears(HungUp(agent_id=SUE))
    ends(story)
    assert is_told(story) == ""


def test_a_supervisor_who_takes_over_is_announced_when_the_contact_hears_them() -> None:
    story = Story(TOLD).talking(ADA)
    leg_id = story.new_id()
    story.hears(TakenOver(agent_id=SUE, leg_id=leg_id, device="tab9", announce=True))
    assert story.call.prompt is None
    story.connected(leg_id)
    assert is_told(story) == "listening"


def test_a_take_over_that_fails_is_not_announced() -> None:
    story = Story(TOLD).talking(ADA)
    leg_id = story.new_id()
    story.hears(TakenOver(agent_id=SUE, leg_id=leg_id, device="tab9", announce=True))
    story.hears(LegEnded(leg_id=leg_id, reason="failed"))
    story.connected(story.accepted(BOB).id)
    assert is_told(story) == ""
