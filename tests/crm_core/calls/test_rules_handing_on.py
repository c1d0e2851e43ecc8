from __future__ import annotations

from msgspec.structs import replace

from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import (
    AgentGone,
    ConsultAccepted,
    ConsultOver,
    ConsultQueued,
    Held,
    HungUp,
    InvitationAnswered,
    LeftQueue,
    Owned,
    Queued,
    Rejoined,
    ThreeWay,
    TransferCancelled,
    TransferDone,
    Unanswered,
    Wrapping,
)
from crm_core.words.calls import Hears, LegEnded, LegLost
from crm_core.words.values.calls import CallOutcome, CallState, LegMode, LegState
from tests.crm_core.calls.telling import ADA, BOB, CLEO, REPAIRS, SALES, START, Story, said

BACK_IN_LINE = Queued(queue_id=SALES, at=START, again=True)


def result(story: Story) -> str:
    return story.call.transfers[-1].result


def talking() -> Story:
    story = Story(CallPlan(queue_id=SALES, wait_prompt=said("wait"))).talking(ADA)
    story.passes(60_000)
    return story


def test_a_blind_transfer_is_done_when_the_colleague_speaks() -> None:
    story = talking()
    leg_id = story.handed(to_agent_id=BOB)
    assert story.told(Wrapping) == [Wrapping(agent_id=ADA, until=story.now + 30_000)]
    assert story.told(Owned)[-1] == Owned(agent_id=BOB)
    assert story.contact_hears() is Hears.MUSIC
    story.hears(InvitationAnswered(agent_id=BOB, yes=True, device="tab2"))
    assert result(story) == ""
    story.connected(leg_id)
    assert result(story) == "done"
    assert story.contact_hears() is Hears.ROOM
    story.passes(5_000)
    story.hears(LegEnded())
    assert (story.call.talk, story.call.hold) == (65_000, 0)
    assert story.call.agent_id == BOB


def test_a_colleague_who_declines_does_not_answer_or_signed_out_leaves_the_contact_in_line_at_their_old_place() -> None:
    for no in (InvitationAnswered(agent_id=BOB, yes=False), AgentGone(agent_id=BOB), None):
        story = talking()
        story.handed(to_agent_id=BOB)
        facts = story.passes(30_000) if no is None else story.hears(no)
        assert BACK_IN_LINE in facts
        assert result(story) == "failed"
        assert story.call.agent_id is None
        assert story.contact_hears() is Hears.PROMPT
        assert Unanswered(agent_id=BOB) not in story.facts


def test_a_colleague_who_says_yes_and_whose_device_fails_is_out_of_routing_and_the_contact_in_line() -> None:
    story = talking()
    leg_id = story.handed(to_agent_id=BOB)
    story.hears(InvitationAnswered(agent_id=BOB, yes=True, device="tab2"))
    assert story.hears(LegEnded(leg_id=leg_id, reason="failed")) == [Unanswered(agent_id=BOB), BACK_IN_LINE]
    assert result(story) == "failed"


def test_a_colleague_who_takes_it_and_puts_down_at_once_does_not_hang_up_on_the_contact() -> None:
    story = talking()
    story.handed(to_agent_id=BOB)
    story.hears(InvitationAnswered(agent_id=BOB, yes=True, device="tab2"))
    story.hears(HungUp(agent_id=BOB))
    assert story.call.state is CallState.QUEUED


def test_to_a_queue_the_contact_waits_at_the_place_of_when_they_first_came() -> None:
    story = talking()
    story.handed(to_queue_id=REPAIRS)
    assert result(story) == "done"
    assert story.told(Queued)[-1] == Queued(queue_id=REPAIRS, at=START, again=True)
    story.passes(10_000)
    story.hears(LegEnded())
    assert (story.call.wait, story.call.outcome) == (10_000, CallOutcome.ANSWERED)


def test_a_number_that_is_busy_fails_or_does_not_answer_gives_the_contact_back_to_the_line() -> None:
    for reason in ("busy", "failed", "declined", "no_answer", "hung_up"):
        story = talking()
        leg_id = story.handed(to_number="+48999")
        assert story.told(LeftQueue) == [LeftQueue()]
        assert story.hears(LegEnded(leg_id=leg_id, reason=reason))[-1] == BACK_IN_LINE, reason
        assert result(story) == "failed"
    rung_out = talking()
    rung_out.handed(to_number="+48999")
    rung_out.passes(60_000)
    assert rung_out.call.state is CallState.QUEUED


def test_a_contact_who_speaks_with_a_number_outside_is_over_when_that_hangs_up() -> None:
    story = talking()
    leg_id = story.handed(to_number="+48999")
    story.connected(leg_id)
    assert story.contact_hears() is Hears.ROOM
    story.passes(9_000)
    story.hears(LegEnded(leg_id=leg_id))
    assert story.call.outcome is CallOutcome.ANSWERED
    assert story.call.talk == 69_000


def test_an_outbound_contact_of_no_queue_is_let_go_when_a_transfer_fails() -> None:
    story = Story(CallPlan(), out=True)
    story.call = replace(story.call, queue_id=None)
    story.calling_out().connected(None)
    leg_id = story.handed(to_number="+48999")
    story.hears(LegEnded(leg_id=leg_id, reason="busy"))
    assert story.call.outcome is CallOutcome.ANSWERED
    assert story.scene.over


def test_a_question_first_holds_the_contact_and_hands_over_when_it_is_complete() -> None:
    story = talking()
    asked = story.asks(BOB)
    assert asked.mode is LegMode.CONSULT
    assert story.contact_hears() is Hears.MUSIC
    story.passes(20_000)
    facts = story.hears(TransferDone(agent_id=ADA))
    assert facts == [Owned(agent_id=BOB), Wrapping(agent_id=ADA, until=story.now + 30_000)]
    assert story.contact_hears() is Hears.ROOM
    assert result(story) == "done"
    assert story.call.hold == 20_000
    story.hears(LegEnded())
    assert {fact.agent_id for fact in story.told(Wrapping) if fact.until} == {ADA, BOB}


def test_nothing_is_complete_while_nobody_has_answered() -> None:
    story = talking()
    story.handed(attended=True, to_agent_id=BOB)
    assert story.hears(TransferDone(agent_id=ADA)) == []
    assert story.hears(ThreeWay(agent_id=ADA)) == []


def test_a_question_that_is_taken_back_frees_the_colleague_and_the_contact_is_heard_again() -> None:
    story = talking()
    story.asks(BOB)
    assert story.hears(TransferCancelled(agent_id=ADA)) == [Wrapping(agent_id=BOB, until=None)]
    assert story.leg_of(BOB) is None
    assert story.contact_hears() is Hears.ROOM
    assert result(story) == "cancelled"


def test_only_whoever_asks_decides_what_becomes_of_it() -> None:
    story = talking()
    story.asks(BOB)
    before = story.call
    for somebody in (BOB, CLEO):
        story.hears(TransferDone(agent_id=somebody))
        story.hears(ThreeWay(agent_id=somebody))
        story.hears(TransferCancelled(agent_id=somebody))
    assert story.call is before


def test_the_contact_never_hears_what_is_asked_about_them() -> None:
    story = talking()
    leg_id = story.handed(attended=True, to_agent_id=BOB)
    story.hears(Held(agent_id=ADA, on=False))
    assert story.contact_hears() is Hears.ROOM
    story.hears(InvitationAnswered(agent_id=BOB, yes=True, device="tab2"))
    story.connected(leg_id)
    assert story.contact_hears() is Hears.MUSIC
    story.hears(Held(agent_id=ADA, on=False))
    assert story.contact_hears() is Hears.MUSIC


def test_a_colleague_who_declines_a_question_or_leaves_it_gives_the_contact_back_to_the_agent() -> None:
    declined = talking()
    declined.handed(attended=True, to_agent_id=BOB)
    assert declined.hears(InvitationAnswered(agent_id=BOB, yes=False)) == []
    left = talking()
    left.asks(BOB)
    assert left.hears(HungUp(agent_id=BOB)) == [Wrapping(agent_id=BOB, until=None)]
    for story in (declined, left):
        assert result(story) == "failed"
        assert story.contact_hears() is Hears.ROOM


def test_a_colleague_who_is_lost_while_they_are_asked_is_waited_for_and_then_given_up() -> None:
    story = talking()
    asked = story.asks(BOB)
    story.hears(LegLost(leg_id=asked.id))
    assert story.contact_hears() is Hears.MUSIC
    assert story.passes(30_000) == [Unanswered(agent_id=BOB)]
    assert story.contact_hears() is Hears.ROOM


def test_a_colleague_who_refreshes_while_they_are_asked_is_still_the_one_who_is_asked() -> None:
    story = talking()
    story.asks(BOB)
    leg_id = story.new_id()
    story.hears(Rejoined(agent_id=BOB, leg_id=leg_id, device="tab3"))
    story.connected(leg_id)
    story.hears(TransferDone(agent_id=ADA))
    assert story.call.agent_id == BOB
    assert result(story) == "done"


def test_a_queue_is_asked_until_somebody_comes_or_the_agent_goes_back() -> None:
    story = talking()
    story.handed(attended=True, to_queue_id=REPAIRS)
    assert story.told(ConsultQueued) == [ConsultQueued(queue_id=REPAIRS)]
    leg_id = story.new_id()
    story.hears(ConsultAccepted(agent_id=BOB, leg_id=leg_id, device="tab2"))
    assert story.hears(ConsultAccepted(agent_id=CLEO, leg_id=story.new_id(), device="tab3")) == []
    story.connected(leg_id)
    story.hears(TransferDone(agent_id=ADA))
    assert story.call.agent_id == BOB
    gone_back = talking()
    gone_back.handed(attended=True, to_queue_id=REPAIRS)
    assert gone_back.hears(TransferCancelled(agent_id=ADA)) == [ConsultOver()]
    hung_up = talking()
    hung_up.handed(attended=True, to_queue_id=REPAIRS)
    assert ConsultOver() in hung_up.hears(LegEnded())


def test_an_agent_who_hangs_up_in_a_question_leaves_the_call_to_whoever_was_asked() -> None:
    story = talking()
    story.asks(BOB)
    story.hears(HungUp(agent_id=ADA))
    assert story.call.agent_id == BOB
    assert story.contact_hears() is Hears.ROOM


def test_an_agent_who_is_lost_before_the_colleague_answers_leaves_nobody_waiting_for_nothing() -> None:
    story = talking()
    story.handed(attended=True, to_agent_id=BOB)
    leg = story.leg_of(ADA)
    assert leg is not None
    story.hears(LegEnded(leg_id=leg.id, reason="failed"))
    assert story.call.state is CallState.QUEUED
    assert story.leg_of(BOB) is None
    assert result(story) == "failed"


def test_three_speak_and_the_call_goes_on_when_one_of_them_leaves() -> None:
    story = talking()
    story.asks(BOB)
    story.hears(ThreeWay(agent_id=ADA))
    assert story.call.three_way
    assert story.contact_hears() is Hears.ROOM
    story.hears(HungUp(agent_id=ADA))
    assert story.call.agent_id == BOB
    assert not story.call.three_way
    assert story.told(Owned)[-1] == Owned(agent_id=BOB)
    story.hears(HungUp(agent_id=BOB))
    assert story.scene.over


def test_the_one_who_was_called_in_leaves_and_the_call_stays_whose_it_was() -> None:
    story = talking()
    story.asks(BOB)
    story.hears(ThreeWay(agent_id=ADA))
    story.hears(Held(agent_id=ADA, on=True))
    story.hears(HungUp(agent_id=BOB))
    assert story.call.agent_id == ADA
    assert story.call.state is CallState.HELD, "who holds the contact lets them go on"


def test_a_number_outside_that_stays_alone_with_the_contact_is_nobodys_work() -> None:
    story = talking()
    leg_id = story.handed(attended=True, to_number="+48999")
    story.connected(leg_id)
    story.hears(ThreeWay(agent_id=ADA))
    facts = story.hears(HungUp(agent_id=ADA))
    assert LeftQueue() in facts
    assert story.contact_hears() is Hears.ROOM
    story.hears(LegEnded(leg_id=leg_id))
    assert story.scene.over


def test_who_hands_on_a_three_way_call_hands_on_the_contact_alone() -> None:
    story = talking()
    story.asks(BOB)
    story.hears(ThreeWay(agent_id=ADA))
    story.handed(to_agent_id=CLEO)
    assert story.leg_of(BOB) is None
    assert story.leg_of(ADA) is None
    assert story.call.state is CallState.CONNECTING


def test_a_call_is_handed_on_by_who_speaks_once_at_a_time_and_to_nobody_who_is_in_it() -> None:
    story = talking()
    story.handed(by=BOB, to_agent_id=CLEO)
    story.handed(to_agent_id=ADA)
    story.handed()
    story.handed(to_agent_id=BOB, to_number="+48999")
    assert story.call.transfers == []
    story.asks(BOB)
    story.handed(attended=True, to_agent_id=CLEO)
    story.handed(by=BOB, to_agent_id=CLEO)
    assert len(story.call.transfers) == 1


def test_an_agent_who_gets_a_call_back_while_they_write_it_down_writes_it_down_once() -> None:
    story = talking()
    story.handed(to_queue_id=REPAIRS)
    story.connected(story.accepted(ADA).id)
    assert story.passes(60_000) == [], "the first wrap-up frees nobody who is in the call"
    story.hears(LegEnded())
    assert story.told(Wrapping)[-1] == Wrapping(agent_id=ADA, until=story.now + 30_000)


def test_a_contact_who_hangs_up_in_the_middle_of_a_transfer_ends_it_all() -> None:
    story = talking()
    leg_id = story.handed(to_agent_id=BOB)
    story.passes(2_000)
    story.hears(LegEnded())
    assert story.leg(leg_id).state is LegState.ENDED
    assert result(story) == "cancelled"
    assert [fact.agent_id for fact in story.told(Wrapping)] == [ADA], "who was only asked was never busy"
