from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from crm_core.calls.rules import Step, advance, next_deadline
from crm_core.calls.rules.call import Call, is_over, living
from crm_core.calls.rules.signals import Placed, Signal, TimePassed
from crm_core.words.calls import DigitPressed
from crm_core.words.values.calls import CallState, LegMode, LegRole, LegState
from crm_core.words.values.marks import Direction
from tests.crm_core.calls.chance import any_plan, any_signal
from tests.crm_core.calls.legality import IN_LINE, check
from tests.crm_core.calls.telling import ADA, Story

MODES = ["none", "optional", "mandatory", "timeout", "forced"]


def a_call(chance: Random) -> Story:
    story = Story(
        any_plan(chance), out=chance.random() < 0.3, mode=chance.choice(MODES), number=chance.choice(["+48500", ""])
    )
    if chance.random() < 0.9:
        if story.call.direction is Direction.OUT:
            happens(story, Placed(agent_id=ADA, leg_id=story.new_id(), device="tab"))
        else:
            story.begun()
    return story


def happens(story: Story, signal: Signal, *, late: int = 0) -> None:
    """The signal happens; told a second time it changes nothing. What is pressed twice is two keys."""
    before, told = story.call, len(story.facts)
    story.hears(signal, late=late)
    after = story.call
    assert (after is before) == (after.version == before.version)
    assert after is not before or len(story.facts) == told
    if not isinstance(signal, DigitPressed):
        again = advance(after, signal, story.now - late, spare_id=story.new_id(), told_at=story.now)
        assert again == Step(after), "told twice is told once"
    check(after, story.facts)
    if is_over(before):
        stays_over(before, after)


def stays_over(before: Call, after: Call) -> None:
    assert is_over(after), "nothing brings a call back"
    assert before.state is not CallState.ENDED or after.state is CallState.ENDED
    for name in ("ended_at", "ended_by", "answered_at", "ring", "greet", "wait", "talk", "hold", "legs"):
        same = getattr(after, name) == getattr(before, name)
        assert same or (name == "legs" and before.state is CallState.WRAP_UP), name


def left_alone(story: Story) -> None:
    """Time goes on and nobody does anything: in the end the call is over, spoken on, or waits for somebody."""
    for _ in range(200):
        due = next_deadline(story.call)
        if due is None:
            break
        story.now = max(story.now, due)
        version = story.call.version
        happens(story, TimePassed())
        assert story.call.version > version, "what is due leads on"
    else:
        raise AssertionError("the call never comes to rest")
    rests(story.call)


def rests(call: Call) -> None:
    never_begun = call.state is CallState.RINGING and all(leg.role is LegRole.CUSTOMER for leg in call.legs)
    if never_begun or call.state in (CallState.ENDED, *IN_LINE):
        return
    assert call.state in (CallState.TALKING, CallState.HELD)
    assert any(leg.state is LegState.CONNECTED and leg.mode is LegMode.TALK for leg in living(call))


@settings(max_examples=400, deadline=None)
@given(seed=st.integers(0, 2**40), length=st.integers(1, 60))
def test_whatever_happens_to_a_call_in_whatever_order_it_stays_legal_and_ends(seed: int, length: int) -> None:
    chance = Random(seed)
    story = a_call(chance)
    for _ in range(length):
        story.now += chance.choice([0, 1, 900, 900, 5_000, 5_000, 21_000, 65_000])
        happens(story, any_signal(chance, story.call, story.new_id()), late=chance.choice([0, 0, 0, 1_500]))
    left_alone(story)
