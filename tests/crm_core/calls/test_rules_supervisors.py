from __future__ import annotations

from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.signals import (
    HungUp,
    Joined,
    ListenedIn,
    Owned,
    Queued,
    TakenOver,
    ThreeWay,
    Unanswered,
    Wrapping,
)
from crm_core.words.calls import Hears, LegEnded, LegLost, PromptPlayed
from crm_core.words.values.calls import CallState, LegMode, LegRole
from tests.crm_core.calls.telling import ADA, BOB, SALES, START, SUE, Story, said


def taken_over(story: Story) -> int:
    leg_id = story.new_id()
    story.hears(TakenOver(agent_id=SUE, leg_id=leg_id, device="tab9"))
    return leg_id


def test_listening_whispering_and_joining_are_one_leg_and_each_is_written_down() -> None:
    story = Story().talking(ADA)
    story.listens(LegMode.MONITOR)
    for mode in (LegMode.WHISPER, LegMode.BARGE):
        story.hears(Joined(agent_id=SUE, leg_id=story.new_id(), mode=mode, device="tab9"))
    heard = [leg for leg in story.scene.legs if leg.role is LegRole.SUPERVISOR]
    assert [leg.mode for leg in heard] == [LegMode.BARGE]
    assert [fact.mode for fact in story.told(ListenedIn)] == [LegMode.MONITOR, LegMode.WHISPER, LegMode.BARGE]


def test_who_only_listens_is_heard_by_nobody() -> None:
    story = Story().talking(ADA)
    story.listens(LegMode.MONITOR)
    assert [leg.muted for leg in story.scene.legs if leg.role is LegRole.SUPERVISOR] == [True]
    assert story.call.state is CallState.TALKING


def test_the_contact_is_told_that_somebody_listens_where_the_house_announces_it() -> None:
    story = Story(CallPlan(queue_id=SALES, listening_prompt=said("listening"))).talking(ADA)
    story.listens(announce=True)
    assert story.contact_hears() is Hears.PROMPT
    assert story.call.prompt is not None
    story.hears(PromptPlayed(seq=story.call.prompt.seq))
    assert story.contact_hears() is Hears.ROOM
    unheard = Story(CallPlan(queue_id=SALES, listening_prompt=said("listening"))).talking(ADA)
    unheard.listens(announce=True)
    unheard.passes(15_000)
    assert unheard.contact_hears() is Hears.ROOM, "no prompt keeps a contact from who they speak with"


def test_nobody_listens_to_a_call_that_waits_or_to_themselves() -> None:
    waiting = Story().begun()
    assert waiting.hears(Joined(agent_id=SUE, leg_id=waiting.new_id(), mode=LegMode.MONITOR, device="t")) == []
    own = Story().talking(SUE)
    assert own.hears(Joined(agent_id=SUE, leg_id=own.new_id(), mode=LegMode.MONITOR, device="t")) == []


def test_a_supervisor_who_leaves_or_is_lost_changes_nothing_for_the_others() -> None:
    story = Story().talking(ADA)
    story.listens(LegMode.BARGE)
    assert story.hears(HungUp(agent_id=SUE)) == []
    leg = story.listens(LegMode.MONITOR)
    story.hears(LegLost(leg_id=leg.id))
    assert story.passes(30_000) == []
    assert story.leg_of(SUE) is None
    assert story.contact_hears() is Hears.ROOM


def test_nobody_listens_on_when_the_contact_is_back_in_line() -> None:
    story = Story().talking(ADA)
    story.listens()
    story.handed(to_queue_id=SALES)
    assert story.leg_of(SUE) is None


def test_a_supervisor_takes_over_and_the_agent_writes_it_down() -> None:
    story = Story().talking(ADA)
    story.listens()
    leg_id = taken_over(story)
    assert Owned(agent_id=SUE) in story.facts
    assert story.told(Wrapping) == [Wrapping(agent_id=ADA, until=story.now + 30_000)]
    assert story.contact_hears() is Hears.MUSIC
    story.connected(leg_id)
    assert story.contact_hears() is Hears.ROOM
    assert story.leg_of(ADA) is None
    assert story.told(ListenedIn)[-1].mode is LegMode.TALK


def test_a_supervisor_whose_device_never_answers_leaves_the_contact_in_line_not_in_silence() -> None:
    story = Story().talking(ADA)
    taken_over(story)
    facts = story.passes(20_000)
    assert facts == [Unanswered(agent_id=SUE), Queued(queue_id=SALES, at=START, again=True)]
    assert story.contact_hears() is Hears.MUSIC


def test_whoever_else_speaks_goes_on_with_the_contact_when_a_take_over_fails() -> None:
    story = Story().talking(ADA)
    number = story.handed(attended=True, to_number="+48999")
    story.connected(number)
    story.hears(ThreeWay(agent_id=ADA))
    leg_id = taken_over(story)
    story.hears(LegEnded(leg_id=leg_id, reason="failed"))
    assert story.contact_hears() is Hears.ROOM
    assert not story.call.three_way


def test_a_colleague_who_is_being_asked_is_let_go_when_a_supervisor_takes_over() -> None:
    story = Story().talking(ADA)
    story.asks(BOB)
    taken_over(story)
    assert story.leg_of(BOB) is None
    assert Wrapping(agent_id=BOB, until=None) in story.facts
    assert story.call.transfers[-1].result == "cancelled"
