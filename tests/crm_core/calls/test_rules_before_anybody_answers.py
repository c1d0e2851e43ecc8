from __future__ import annotations

import pytest
from msgspec.structs import replace

from crm_core.calls.rules.call import CallPlan, MenuChoice
from crm_core.calls.rules.signals import (
    AcceptedBy,
    CallbackWanted,
    LeftQueue,
    NobodyThere,
    OfferedTo,
    OfferOver,
    Over,
    PositionKnown,
    Queued,
    VoicemailLeft,
    WorkEased,
)
from crm_core.words.calls import DigitPressed, Hears, LegEnded, PromptPlayed, RecordingStored
from crm_core.words.values import WaitingStep
from crm_core.words.values.calls import CallOutcome, CallState, EndedBy
from tests.crm_core.calls.telling import ADA, BOB, NUMBER, REPAIRS, SALES, START, Story, said

MENU = CallPlan(
    queue_id=SALES,
    opening=[said("greeting")],
    menu=[
        MenuChoice(digit="1", label="Sales"),
        MenuChoice(digit="2", queue_id=REPAIRS),
        MenuChoice(digit="3", then="voicemail"),
        MenuChoice(digit="4", then="number", number="+48111"),
        MenuChoice(digit="5", then="callback"),
        MenuChoice(digit="6", then="hang_up"),
    ],
    menu_prompt=said("menu"),
)


def in_menu(plan: CallPlan = MENU) -> Story:
    story = Story(plan).begun()
    story.passes(4_000)
    plays_out(story)
    return story


def plays_out(story: Story) -> None:
    assert story.call.prompt is not None
    story.hears(PromptPlayed(seq=story.call.prompt.seq))


def test_a_caller_hears_the_greeting_then_the_menu_then_stands_in_the_line_they_chose() -> None:
    story = Story(MENU).begun()
    assert story.call.prompt is not None
    assert story.call.prompt.code == "greeting"
    story.passes(4_000)
    plays_out(story)
    assert story.call.prompt.code == "menu"
    assert story.call.prompt.digits == "123456"
    story.passes(3_000)
    story.hears(DigitPressed(digit="2"))
    assert story.call.state is CallState.QUEUED
    assert story.call.queue_id == REPAIRS
    assert story.call.chosen == ["2"]
    assert story.call.greet == 7_000
    assert story.told(Queued) == [Queued(queue_id=REPAIRS, at=START + 7_000)]
    assert story.contact_hears() is Hears.MUSIC


@pytest.mark.parametrize(
    ("digit", "state"),
    [
        ("1", CallState.QUEUED),
        ("3", CallState.VOICEMAIL),
        ("4", CallState.CONNECTING),
        ("5", CallState.ENDED),
        ("6", CallState.ENDED),
    ],
)
def test_a_key_of_the_menu_leads_where_it_says(digit: str, state: CallState) -> None:
    story = in_menu()
    story.hears(DigitPressed(digit=digit))
    assert story.call.state is state


def test_wrong_keys_are_asked_again_and_then_the_caller_waits_for_a_person() -> None:
    story = in_menu()
    story.hears(DigitPressed(digit="9"))
    assert story.call.state is CallState.GREETING
    story.hears(DigitPressed(digit="#"))
    assert story.call.state is CallState.QUEUED
    assert story.call.queue_id == SALES


def test_silence_in_the_menu_is_asked_again_and_then_the_caller_waits_for_a_person() -> None:
    story = in_menu()
    plays_out(story)
    assert story.call.state is CallState.GREETING
    plays_out(story)
    assert story.call.state is CallState.QUEUED


def test_a_key_pressed_while_the_greeting_plays_chooses_nothing() -> None:
    story = Story(MENU).begun()
    story.hears(DigitPressed(digit="6"))
    assert story.call.prompt is not None
    assert story.call.prompt.code == "greeting"
    assert story.call.chosen == []


def test_a_prompt_whose_end_is_told_late_or_twice_is_not_skipped_over() -> None:
    story = Story(MENU).begun()
    assert story.call.prompt is not None
    greeting = PromptPlayed(seq=story.call.prompt.seq)
    story.hears(greeting)
    story.hears(greeting)
    assert story.call.prompt.code == "menu"
    assert story.call.menu_round == 1


def test_long_greetings_one_after_another_are_each_waited_for() -> None:
    story = Story(CallPlan(queue_id=SALES, opening=[said("greeting"), said("closed"), said("recording")])).begun()
    for _ in range(2):
        story.passes(100_000)
        plays_out(story)
    story.passes(100_000)
    assert story.call.prompt is not None
    assert story.call.prompt.code == "recording"


def test_a_provider_that_never_says_that_the_prompt_is_over_does_not_keep_the_caller_for_ever() -> None:
    story = Story(MENU).begun()
    story.passes(120_000)
    assert story.call.state is CallState.QUEUED


def test_a_number_outside_that_does_not_answer_brings_the_caller_into_the_line() -> None:
    story = in_menu()
    story.hears(DigitPressed(digit="4"))
    third = story.call.legs[-1]
    assert third.address == "+48111"
    story.hears(LegEnded(leg_id=third.id, reason="busy"))
    assert story.call.state is CallState.QUEUED
    assert story.call.joined_at == story.now, "the steps of waiting begin now"


def test_a_number_outside_that_answers_has_the_call() -> None:
    story = in_menu()
    story.hears(DigitPressed(digit="4"))
    third = story.call.legs[-1]
    story.passes(5_000)
    story.connected(third.id)
    assert story.call.state is CallState.TALKING
    story.passes(60_000)
    story.hears(LegEnded(leg_id=third.id, by=EndedBy.NOBODY))
    assert story.call.outcome is CallOutcome.ANSWERED
    assert story.call.talk == 60_000


def test_the_place_in_line_is_said_once_at_a_time() -> None:
    story = Story().begun()
    story.hears(PositionKnown(position=3, estimate=90_000, prompt_text="You are number 3."))
    assert story.contact_hears() is Hears.PROMPT
    story.hears(PositionKnown(position=2, estimate=60_000, prompt_text="You are number 2."))
    assert story.call.position == 3
    plays_out(story)
    assert story.contact_hears() is Hears.MUSIC
    story.hears(PositionKnown(position=2, estimate=60_000, prompt_text="You are number 2."))
    assert story.call.position == 2
    story.accepted()
    assert story.call.position is None
    assert story.call.prompt is None


def test_a_place_whose_announcement_never_ends_gives_way_to_music() -> None:
    story = Story().begun()
    story.hears(PositionKnown(position=3, estimate=None, prompt_text="You are number 3."))
    story.passes(120_000)
    assert story.contact_hears() is Hears.MUSIC


def test_whoever_is_called_back_keeps_the_place_of_when_they_came() -> None:
    plan = CallPlan(queue_id=SALES, offers_callback=True, callback_prompt=said("callback"))
    story = Story(plan).begun()
    story.passes(90_000)
    story.hears(PositionKnown(position=4, estimate=None, prompt_text="Number 4.", offer="Press star."))
    assert story.call.prompt is not None
    assert story.call.prompt.choices == {"*": "Press star."}
    story.hears(DigitPressed(digit="*"))
    assert story.told(CallbackWanted) == [CallbackWanted()]
    assert story.told(LeftQueue) == []
    assert story.call.queued_at == START
    story.hears(LegEnded())
    assert story.call.outcome is CallOutcome.CALLBACK
    assert story.told(LeftQueue) == []


def test_a_hidden_number_is_not_offered_to_be_called_back() -> None:
    story = Story(CallPlan(queue_id=SALES, offers_callback=True), number="").begun()
    story.hears(PositionKnown(position=4, estimate=None, prompt_text="Number 4.", offer="Press star."))
    assert story.call.prompt is not None
    assert story.call.prompt.digits == ""
    story.hears(DigitPressed(digit="*"))
    assert story.call.state is CallState.QUEUED


def test_a_hidden_number_that_was_to_be_called_back_may_leave_a_message() -> None:
    story = Story(CallPlan(queue_id=SALES, no_agents="callback"), number="").begun()
    story.hears(NobodyThere())
    assert story.call.state is CallState.VOICEMAIL
    assert story.told(LeftQueue) == [LeftQueue()]


def test_with_nobody_at_work_the_queue_decides_what_becomes_of_the_caller() -> None:
    waiting = Story(CallPlan(queue_id=SALES, no_agents="queue")).begun()
    assert waiting.hears(NobodyThere()) == []
    assert waiting.call.state is CallState.QUEUED
    called_back = Story(CallPlan(queue_id=SALES, no_agents="callback")).begun()
    called_back.hears(NobodyThere())
    assert called_back.call.outcome is CallOutcome.CALLBACK
    assert called_back.told(LeftQueue) == []
    away = Story(CallPlan(queue_id=SALES, no_agents="hang_up", goodbye=said("goodbye"))).begun()
    away.hears(NobodyThere())
    assert away.contact_hears() is Hears.PROMPT
    plays_out(away)
    assert away.call.outcome is CallOutcome.MISSED


def test_a_message_is_a_voicemail_whether_it_arrives_before_or_after_the_caller_is_gone() -> None:
    message = RecordingStored(external_id="RE1", file_id=8, duration=9_000, voicemail=True)
    for hung_up_first in (True, False):
        story = Story(CallPlan(then="voicemail")).begun()
        assert story.contact_hears() is Hears.RECORDER
        story.passes(9_000)
        for signal in (LegEnded(), message) if hung_up_first else (message, LegEnded()):
            story.hears(signal)
        story.hears(message)
        assert story.call.outcome is CallOutcome.VOICEMAIL
        assert story.told(VoicemailLeft) == [VoicemailLeft(file_id=8, duration=9_000)]
        assert len(story.call.recordings) == 1
        assert story.call.recordings[0].is_voicemail


def test_a_caller_who_says_nothing_to_the_recorder_is_a_missed_call() -> None:
    story = Story(CallPlan(then="voicemail")).begun()
    story.passes(10 * 60_000)
    assert story.call.state is CallState.ENDED
    assert story.call.outcome is CallOutcome.MISSED


def test_closed_hours_without_voicemail_are_a_missed_call_also_if_the_caller_does_not_listen_to_the_end() -> None:
    story = Story(CallPlan(then="hang_up", opening=[said("closed")])).begun()
    story.hears(LegEnded())
    assert story.call.outcome is CallOutcome.MISSED


def test_waiting_goes_through_its_steps_and_the_place_is_kept() -> None:
    steps = [
        WaitingStep(after=30_000, then="priority"),
        WaitingStep(after=60_000, then="widen"),
        WaitingStep(after=90_000, then="queue", queue_id=REPAIRS),
    ]
    story = Story(CallPlan(queue_id=SALES, steps=steps)).begun()
    story.passes(90_000)
    assert story.told(WorkEased) == [WorkEased(priority=1), WorkEased(widen=True)]
    assert story.told(Queued)[-1] == Queued(queue_id=REPAIRS, at=START, again=True)
    assert story.call.queued_at == START
    assert story.call.joined_at == START + 90_000


def test_two_queues_that_overflow_into_each_other_do_not_send_a_caller_round_for_ever() -> None:
    steps = [WaitingStep(after=0, then="queue", queue_id=queue) for queue in (REPAIRS, SALES)]
    story = Story(CallPlan(queue_id=SALES, steps=steps)).begun()
    story.passes(60_000)
    assert story.call.state is CallState.QUEUED
    assert len(story.told(Queued)) == 6


def test_the_last_step_of_waiting_may_be_a_message_a_callback_a_number_or_the_end() -> None:
    ends = {
        "voicemail": CallState.VOICEMAIL,
        "callback": CallState.ENDED,
        "number": CallState.CONNECTING,
        "hang_up": CallState.ENDED,
    }
    for then, state in ends.items():
        step = WaitingStep(after=30_000, then=then, number="+48111")
        story = Story(CallPlan(queue_id=SALES, steps=[step])).begun()
        story.passes(29_999)
        assert story.call.state is CallState.QUEUED
        story.passes(1)
        assert story.call.state is state, then
        assert (story.told(LeftQueue) == []) == (then == "callback")


def test_a_caller_who_hangs_up_while_an_agent_is_asked_leaves_no_phantom_ring() -> None:
    story = Story().begun()
    story.hears(OfferedTo(agent_id=ADA))
    story.passes(8_000)
    facts = story.hears(LegEnded())
    assert facts == [LeftQueue(), Over()]
    assert story.scene.over
    assert story.call.outcome is CallOutcome.ABANDONED
    assert story.call.wait == 8_000
    assert story.hears(AcceptedBy(agent_id=ADA, leg_id=story.new_id(), device="tab1")) == []


def test_an_offer_that_ends_without_a_yes_leaves_the_caller_in_line_with_their_time() -> None:
    story = Story().begun()
    for _ in range(3):
        story.hears(OfferedTo(agent_id=BOB))
        story.passes(20_000)
        story.hears(OfferOver())
        story.passes(1_000)
    story.hears(LegEnded())
    assert story.call.wait == 63_000
    assert len(story.told(Queued)) == 1


def test_without_a_queue_a_caller_leaves_a_message() -> None:
    story = Story(CallPlan()).begun()
    assert story.call.state is CallState.VOICEMAIL
    assert story.call.number == NUMBER


def test_a_number_that_may_not_be_called_is_promised_no_call_back() -> None:
    plan = CallPlan(queue_id=SALES, offers_callback=True, may_call_back=False)
    story = Story(plan).begun()
    story.hears(PositionKnown(position=2, estimate=None, prompt_text="Two.", offer="Press star."))
    assert story.call.prompt is not None
    assert (story.call.prompt.text, story.call.prompt.digits) == ("Two.", "")
    story.hears(DigitPressed(digit="*"))
    assert (story.call.state, story.told(CallbackWanted)) == (CallState.QUEUED, [])
    closed = Story(replace(plan, then="callback")).begun()
    assert (closed.call.state, closed.told(CallbackWanted)) == (CallState.VOICEMAIL, [])
