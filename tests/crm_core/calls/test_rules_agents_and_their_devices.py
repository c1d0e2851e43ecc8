from __future__ import annotations

import pytest

from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import (
    AcceptedBy,
    AgentGone,
    Answered,
    Cleared,
    Held,
    HungUp,
    LeftQueue,
    Muted,
    Over,
    Owned,
    Placed,
    Queued,
    Rejoined,
    Unanswered,
    Wrapping,
)
from crm_core.words.calls import Hears, LegAnswered, LegEnded, LegLost, LegRinging, QualityMeasured
from crm_core.words.values.calls import CallOutcome, CallState, EndedBy, LegState
from tests.crm_core.calls.telling import ADA, BOB, CLEO, SALES, START, Story, said


def test_the_natural_way_of_a_call_ends_with_its_times_to_the_millisecond() -> None:
    story = Story().begun()
    story.passes(12_345)
    leg = story.accepted(ADA)
    assert story.told(Owned) == [Owned(agent_id=ADA)]
    assert story.call.state is CallState.CONNECTING
    assert story.contact_hears() is Hears.MUSIC
    story.passes(655)
    assert story.connected(leg.id) == [Answered()]
    assert story.contact_hears() is Hears.ROOM
    story.passes(60_000)
    story.hears(Held(agent_id=ADA, on=True))
    assert story.contact_hears() is Hears.MUSIC
    story.passes(7_000)
    story.hears(Held(agent_id=ADA, on=False))
    story.passes(3_000)
    facts = story.hears(LegEnded())
    assert facts == [Over(), Wrapping(agent_id=ADA, until=story.now + 30_000)]
    call = story.call
    assert (call.wait, call.talk, call.hold) == (13_000, 63_000, 7_000)
    assert (call.outcome, call.ended_by) == (CallOutcome.ANSWERED, EndedBy.CONTACT)
    assert call.ended_at == START + 83_000
    assert story.leg(leg.id).talk == 70_000


def test_of_two_agents_who_both_say_yes_the_first_has_the_call() -> None:
    story = Story().begun()
    story.accepted(ADA)
    before = story.call
    assert story.hears(AcceptedBy(agent_id=BOB, leg_id=story.new_id(), device="tab2")) == []
    assert story.call is before
    assert story.leg_of(BOB) is None


def test_an_agent_whose_device_does_not_answer_is_out_of_routing_and_the_caller_is_back_in_their_place() -> None:
    story = Story(CallPlan(queue_id=SALES, wait_prompt=said("wait"))).begun()
    story.passes(5_000)
    story.accepted(ADA)
    facts = story.passes(20_000)
    assert facts == [Unanswered(agent_id=ADA), Queued(queue_id=SALES, at=START, again=True)]
    assert story.call.prompt is not None
    assert story.call.prompt.code == "wait"
    assert story.leg_of(ADA) is None


def test_a_caller_to_whom_no_device_gets_through_takes_one_agent_out_of_routing_and_not_all() -> None:
    story = Story(CallPlan(queue_id=SALES, voicemail_prompt=said("voicemail"))).begun()
    for agent_id in (ADA, BOB, CLEO):
        story.accepted(agent_id)
        story.passes(20_000)
    assert story.told(Unanswered) == [Unanswered(agent_id=ADA)]
    assert [fact.agent_id for fact in story.told(Wrapping)] == [BOB, CLEO]
    assert story.call.state is CallState.VOICEMAIL
    assert story.facts[-1] == LeftQueue()


def test_an_agent_whose_own_device_says_that_it_failed_is_out_of_routing_whoever_failed_before() -> None:
    story = Story().begun()
    story.accepted(ADA)
    story.passes(20_000)
    for agent_id in (BOB, CLEO):
        leg = story.accepted(agent_id)
        story.hears(LegEnded(leg_id=leg.id, reason="failed", detail="No microphone."))
    assert [fact.agent_id for fact in story.told(Unanswered)] == [ADA, BOB, CLEO]
    assert story.call.state is CallState.QUEUED


def test_an_agent_who_puts_down_before_a_word_is_spoken_is_free_and_somebody_else_is_asked() -> None:
    story = Story().begun()
    story.accepted(ADA)
    facts = story.hears(HungUp(agent_id=ADA))
    assert facts == [Wrapping(agent_id=ADA, until=None), Queued(queue_id=SALES, at=START, again=True)]


def test_who_was_free_long_ago_is_not_told_so_again_when_the_call_ends() -> None:
    story = Story().begun()
    story.accepted(ADA)
    story.hears(HungUp(agent_id=ADA))
    story.connected(story.accepted(BOB).id)
    facts = story.hears(LegEnded())
    assert [fact.agent_id for fact in facts if isinstance(fact, Wrapping)] == [BOB]


def test_a_refresh_in_a_call_is_music_for_a_moment_and_then_the_same_conversation() -> None:
    story = Story().talking(ADA)
    old = story.leg_of(ADA)
    assert old is not None
    story.passes(10_000)
    story.hears(LegLost(leg_id=old.id))
    assert story.contact_hears() is Hears.MUSIC
    assert story.call.state is CallState.TALKING
    story.passes(4_000)
    new = story.new_id()
    story.hears(Rejoined(agent_id=ADA, leg_id=new, device="tab2"))
    story.connected(new)
    assert story.contact_hears() is Hears.ROOM
    assert story.told(Unanswered) == []
    story.passes(6_000)
    story.hears(LegEnded())
    assert [fact.agent_id for fact in story.told(Wrapping)] == [ADA]
    assert (story.call.talk, story.call.hold) == (16_000, 4_000)


def test_what_a_contact_hears_of_music_while_the_agent_is_lost_is_no_talk() -> None:
    story = Story().talking(ADA)
    leg = story.leg_of(ADA)
    assert leg is not None
    story.passes(10_000)
    story.hears(LegLost(leg_id=leg.id))
    story.passes(5_000)
    story.hears(LegEnded(), late=2_000)
    assert (story.call.talk, story.call.hold) == (10_000, 3_000)


def test_the_late_end_of_a_replaced_leg_does_not_end_the_call() -> None:
    story = Story().talking(ADA)
    old = story.leg_of(ADA)
    assert old is not None
    new = story.new_id()
    story.hears(Rejoined(agent_id=ADA, leg_id=new, device="tab2"))
    assert story.hears(LegEnded(leg_id=old.id)) == []
    story.connected(new)
    assert story.call.state is CallState.TALKING


def test_a_contact_who_hangs_up_during_a_refresh_was_spoken_with_all_the_same() -> None:
    story = Story().talking(ADA)
    story.hears(Rejoined(agent_id=ADA, leg_id=story.new_id(), device="tab2"))
    facts = story.hears(LegEnded())
    assert Wrapping(agent_id=ADA, until=story.now + 30_000) in facts


def test_an_agent_who_hangs_up_during_a_refresh_ends_the_call() -> None:
    story = Story().talking(ADA)
    story.hears(Rejoined(agent_id=ADA, leg_id=story.new_id(), device="tab2"))
    story.hears(HungUp(agent_id=ADA))
    assert story.call.ended_by is EndedBy.AGENT


def test_a_device_that_stays_away_costs_the_agent_the_call_and_the_caller_nothing() -> None:
    story = Story().talking(ADA)
    leg = story.leg_of(ADA)
    assert leg is not None
    story.hears(LegLost(leg_id=leg.id))
    assert story.passes(29_999) == []
    assert story.passes(1) == [Unanswered(agent_id=ADA), Queued(queue_id=SALES, at=START, again=True)]
    assert story.contact_hears() is Hears.MUSIC
    story.connected(story.accepted(BOB).id)
    assert story.call.agent_id == BOB


def test_a_contact_whose_page_is_gone_is_noted_until_it_is_back_and_the_call_stays_as_it_is() -> None:
    story = Story().talking(ADA)
    story.passes(10_000)
    story.hears(LegLost(leg_id=None), late=2_000)
    contact = story.leg(1)
    assert (contact.state, contact.away_since) == (LegState.CONNECTED, story.now - 2_000)
    assert story.call.state is CallState.TALKING
    customer = story.scene.customer
    assert customer is not None
    assert customer.away_since == contact.away_since
    story.passes(1_000)
    again = story.call
    story.hears(LegLost(leg_id=None))
    assert story.call is again
    story.connected(None)
    assert story.leg(1).away_since is None
    assert story.contact_hears() is Hears.ROOM


def test_a_contact_who_stays_away_was_gone_when_they_left() -> None:
    story = Story().talking(ADA)
    story.passes(10_000)
    story.hears(LegLost(leg_id=None))
    story.passes(30_000)
    story.hears(LegEnded(by=EndedBy.CONTACT), late=30_000)
    assert (story.call.outcome, story.call.talk) == (CallOutcome.ANSWERED, 10_000)
    assert (story.call.ended_at, story.leg(1).away_since) == (story.now - 30_000, None)


def test_a_contact_who_goes_away_in_line_has_hung_up_while_waiting() -> None:
    story = Story().begun()
    story.passes(20_000)
    story.hears(LegLost(leg_id=None))
    story.passes(30_000)
    story.hears(LegEnded(by=EndedBy.NOBODY), late=30_000)
    assert (story.call.outcome, story.call.wait) == (CallOutcome.ABANDONED, 20_000)


def test_a_device_that_rang_and_went_away_may_come_back() -> None:
    story = Story().begun()
    leg = story.accepted(ADA)
    story.hears(LegRinging(leg_id=leg.id))
    story.hears(LegLost(leg_id=leg.id))
    story.connected(leg.id)
    assert story.call.state is CallState.TALKING


def test_an_agent_who_says_that_they_are_offline_keeps_the_call_they_are_in() -> None:
    story = Story().talking(ADA)
    assert story.hears(AgentGone(agent_id=ADA)) == []
    assert story.contact_hears() is Hears.ROOM
    assert story.scene.legs[1].connected


def test_an_agent_whose_console_and_device_are_both_gone_loses_the_call_to_somebody_else() -> None:
    story = Story().talking(ADA)
    leg = story.leg_of(ADA)
    assert leg is not None
    story.hears(LegLost(leg_id=leg.id))
    story.hears(AgentGone(agent_id=ADA))
    assert story.passes(30_000) == [Unanswered(agent_id=ADA), Queued(queue_id=SALES, at=START, again=True)]


def test_an_agent_who_is_locked_out_in_a_call_loses_it_but_their_own_telephone_goes_on() -> None:
    in_tab = Story().talking(ADA)
    in_tab.hears(AgentGone(agent_id=ADA, locked_out=True))
    leg = in_tab.leg_of(ADA)
    assert leg is not None
    assert leg.state is LegState.LOST
    on_phone = Story().begun()
    on_phone.connected(on_phone.accepted(ADA, device="phone").id)
    assert on_phone.hears(AgentGone(agent_id=ADA, locked_out=True)) == []
    assert on_phone.contact_hears() is Hears.ROOM


def test_an_end_that_overtakes_the_answer_stands() -> None:
    story = Story().begun()
    leg = story.accepted(ADA)
    story.hears(LegEnded(leg_id=leg.id, reason="failed"))
    story.hears(LegAnswered(leg_id=leg.id), late=500)
    assert story.call.state is CallState.QUEUED
    assert story.leg(leg.id).state is LegState.ENDED


def test_what_is_told_thirty_seconds_late_counts_from_when_it_happened() -> None:
    story = Story().talking(ADA)
    story.passes(90_000)
    story.hears(LegEnded(), late=30_000)
    assert story.call.talk == 60_000
    assert story.call.ended_at == START + 60_000


def test_two_clocks_that_differ_a_little_never_make_time_run_backwards() -> None:
    story = Story().begun()
    story.passes(10_000)
    story.connected(story.accepted(ADA).id)
    story.hears(LegEnded(), late=4_000)
    assert story.call.wait == 10_000
    assert story.call.talk == 0
    assert story.call.ended_at == START + 10_000


def test_a_call_that_its_provider_does_not_know_any_more_ends_with_its_record() -> None:
    waiting = Story().begun()
    waiting.hears(Cleared())
    assert waiting.call.outcome is CallOutcome.FAILED
    assert waiting.told(LeftQueue) == [LeftQueue()]
    speaking = Story().talking()
    speaking.hears(Cleared(reason="ended", by=EndedBy.SUPERVISOR))
    assert speaking.call.outcome is CallOutcome.ANSWERED
    assert speaking.call.ended_by is EndedBy.SUPERVISOR


def test_mute_quality_and_hold_are_of_who_takes_part_only() -> None:
    story = Story().talking(ADA)
    leg = story.leg_of(ADA)
    assert leg is not None
    for signal in (
        Muted(agent_id=BOB, on=True),
        Held(agent_id=BOB, on=True),
        QualityMeasured(leg_id=leg.id, quality="?"),
    ):
        assert story.hears(signal) == []
    assert story.call.state is CallState.TALKING
    story.hears(Muted(agent_id=ADA, on=True))
    story.hears(QualityMeasured(leg_id=leg.id, quality="poor"))
    mine = story.leg_of(ADA)
    assert mine is not None
    assert (mine.muted, mine.quality) == (True, "poor")


def test_calling_out_connects_the_agent_first_and_then_the_number() -> None:
    story = Story(out=True)
    leg_id = story.new_id()
    story.hears(Placed(agent_id=ADA, leg_id=leg_id, device="tab1"))
    assert [leg.agent_id for leg in story.scene.legs] == [ADA]
    story.passes(2_000)
    story.connected(leg_id)
    contact = story.scene.customer
    assert contact is not None
    assert not contact.connected
    story.hears(LegRinging(leg_id=contact.id, external_id="CA9"))
    assert story.call.state is CallState.RINGING
    story.passes(9_000)
    story.hears(LegAnswered(leg_id=contact.id, external_id="CA9"))
    assert story.call.external_id == "CA9"
    story.passes(30_000)
    story.hears(HungUp(agent_id=ADA))
    assert (story.call.ring, story.call.talk, story.call.outcome) == (11_000, 30_000, CallOutcome.ANSWERED)


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("busy", CallOutcome.BUSY),
        ("declined", CallOutcome.BUSY),
        ("no_answer", CallOutcome.NO_ANSWER),
        ("failed", CallOutcome.FAILED),
    ],
)
def test_a_number_that_cannot_be_reached_leaves_the_agent_free(reason: str, outcome: CallOutcome) -> None:
    story = Story(out=True).calling_out()
    facts = story.hears(LegEnded(reason=reason, detail="SIP 486"))
    assert facts == [Over(), Wrapping(agent_id=ADA, until=None)]
    assert (story.call.outcome, story.call.state) == (outcome, CallState.ENDED)
    assert story.call.reason == "SIP 486"


def test_a_number_that_nobody_picks_up_is_given_up_after_a_minute() -> None:
    story = Story(out=True).calling_out()
    story.passes(60_000)
    assert story.call.outcome is CallOutcome.NO_ANSWER


def test_an_agent_who_gives_up_before_the_answer_has_cancelled() -> None:
    story = Story(out=True).calling_out()
    story.hears(HungUp(agent_id=ADA))
    assert story.call.outcome is CallOutcome.CANCELLED
    assert story.call.ended_by is EndedBy.AGENT


def test_an_agent_whose_own_device_fails_calls_nobody_and_is_out_of_routing() -> None:
    story = Story(out=True)
    leg_id = story.new_id()
    story.hears(Placed(agent_id=ADA, leg_id=leg_id, device="tab1"))
    facts = story.hears(LegEnded(leg_id=leg_id, reason="failed"))
    assert Unanswered(agent_id=ADA) in facts
    assert story.call.outcome is CallOutcome.CANCELLED
    assert story.scene.customer is None


def test_a_contact_who_answers_while_the_agent_refreshes_hears_music_and_is_answered() -> None:
    story = Story(out=True).calling_out()
    leg = story.leg_of(ADA)
    assert leg is not None
    story.hears(LegLost(leg_id=leg.id))
    story.connected(None)
    assert story.call.answered_at == story.now
    assert story.contact_hears() is Hears.MUSIC
