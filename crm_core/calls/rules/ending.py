"""How calls end: the contact's side, each agent's wrap-up, and the record."""

from __future__ import annotations

from crm_core.calls.rules.call import HANG_UP, VOICEMAIL, Call, has_spoken, is_over, living
from crm_core.calls.rules.hand import IN_LINE, Hand
from crm_core.calls.rules.signals import LeftQueue, Over, WrappedUp, Wrapping
from crm_core.words.clock import Moment
from crm_core.words.values.calls import (
    CallOutcome,
    CallState,
    CallValue,
    EndedBy,
    KeptState,
    LegMode,
    LegRole,
    LegState,
    LegValue,
)
from crm_core.words.values.marks import Direction

RECORDING_SOUGHT = 600_000
"""How long a recording may take to come after the call, in ms, before it counts as missing."""
LONGEST_WRAP_UP = 24 * 3_600_000
"""A wrap-up that only the agent ends still ends after a day."""
CLOCKS_DIFFER = 5_000
"""How much a provider's clock may be behind ours, in ms, before its word counts that nobody was there any more."""
_BUCKETS_BACK = ("talk", "hold", "wait", "greet", "ring")
"""What was counted last is taken off first."""


def over(hand: Hand, reason: str, by: EndedBy = EndedBy.SYSTEM) -> None:
    """Everybody is out of it; agents who spoke wrap up. Twice is once."""
    call = hand.call
    if is_over(call):
        return
    hand.decide(_outcome(call, reason))
    hand.hush()
    hand.stop_recording()
    hand.end_transfer("cancelled")
    hand.move(CallState.WRAP_UP)
    hand.set(
        ended_at=hand.now, ended_by=by, three_way=False,
        reason=call.reason or ("" if reason in ("hung_up", "done") else reason),
    )  # fmt: skip
    if any(one.state is KeptState.AWAITED for one in hand.call.recordings):
        hand.set(sought=hand.now + RECORDING_SOUGHT)
    if call.state in IN_LINE:
        hand.tell(LeftQueue())
    hand.tell(Over())
    for leg in living(call):
        part(hand, leg, "hung_up" if leg.role is LegRole.CUSTOMER else "over", by)
    finish(hand)


def contact_gone(hand: Hand, leg: LegValue, reason: str, by: EndedBy) -> None:
    """The contact's leg is over, and the call with it, as of when that happened.

    A report that comes late, or only from the provider's list, finds a call that went on without its contact: what
    was counted since then is taken off again, and nobody has spoken with a caller who had gone.
    """
    at = max(hand.call.started_at, hand.happened)
    answered = hand.call.answered_at
    if answered is not None and at < answered - CLOCKS_DIFFER and hand.call.direction is Direction.IN:
        hand.set(answered_at=None)
    heard_music = hand.call.state is CallState.HELD or hand.is_left_alone()
    last = ("hold", *_BUCKETS_BACK) if heard_music else _BUCKETS_BACK
    hand.end_leg(leg, reason, by)
    over(hand, reason, by)
    known = hand.leg(leg.id)
    assert known is not None
    at = max(at, hand.call.answered_at or 0, known.connected_at or known.made_at)
    _take_off(hand, at, last)
    hand.set_leg(known, ended_at=at, talk=max(0, known.talk - max(0, (known.ended_at or at) - at)))


def _take_off(hand: Hand, at: Moment, names: tuple[str, ...]) -> None:
    """Count no more than until `at`."""
    ended = hand.call.ended_at
    assert ended is not None
    too_much, values = ended - at, {"ended_at": min(ended, at)}
    for name in names:
        counted = values.get(name, getattr(hand.call, name))
        taken = max(0, min(too_much, counted))
        values[name], too_much = counted - taken, too_much - taken
    hand.set(**values)


def part(hand: Hand, leg: LegValue, reason: str, by: EndedBy) -> None:
    """Somebody is out of the call. An agent who spoke with the contact writes it down, another one is free at once.

    Who was only invited was never taken from other work, so nothing is told of them.
    """
    if leg.state is LegState.ENDED:
        return
    ended = hand.end_leg(leg, reason, by)
    if leg.role is LegRole.AGENT and leg.state is not LegState.INVITED:
        _begin_wrap_up(hand, ended)


def _begin_wrap_up(hand: Hand, leg: LegValue) -> None:
    call = hand.call
    assert leg.agent_id is not None
    assert leg.ended_at is not None
    spoke = call.answered_at is not None and leg.mode is LegMode.TALK and has_spoken(call, leg)
    until = hand.told_at + _granted(call) if spoke and call.wrap_up_mode != "none" else None
    if until is not None:
        # Whoever learns late that the contact has gone begins to write only then.
        hand.set_leg(leg, wrap_up_until=until, since=hand.told_at)
    hand.tell(Wrapping(agent_id=leg.agent_id, until=until))


def take_up(hand: Hand, agent_id: int) -> None:
    """An agent who still wrote this call down has it again: they write it down once, at the end."""
    leg = _wrapping(hand, agent_id)
    if leg is not None:
        _close_wrap_up(hand, leg)


def wrap_up(hand: Hand, said: WrappedUp) -> None:
    """An agent writes down what it was about, and may be done with it."""
    leg = _wrapping(hand, said.agent_id)
    if said.disposition is not None:
        hand.set(disposition=said.disposition or None)
    if said.note is not None:
        hand.set(note=said.note)
    if leg is None:
        return
    if said.more > 0 and _is_as_granted(hand.call, leg):
        until = (leg.wrap_up_until or hand.now) + said.more
        leg = hand.set_leg(leg, wrap_up_until=until)
        hand.tell(Wrapping(agent_id=said.agent_id, until=until))
    if said.done:
        _end_wrap_up(hand, leg)
        finish(hand)


def wrap_ups_due(hand: Hand) -> None:
    """End the wrap-ups whose time is over; a forced one says what came of the call where nobody did."""
    for leg in hand.call.legs:
        if is_wrapping(leg) and leg.wrap_up_until is not None and leg.wrap_up_until <= hand.now:
            if hand.call.wrap_up_mode == "forced" and not hand.call.disposition:
                hand.set(disposition=hand.call.plan.disposition or None)
            _end_wrap_up(hand, leg)
    finish(hand)


def finish(hand: Hand) -> None:
    """The call is done with when the contact is gone and nobody wraps up.

    That was when the last wrap-up ended, also if the hub notices later.
    """
    call = hand.call
    if call.state is CallState.WRAP_UP and not any(is_wrapping(leg) for leg in call.legs):
        done = [leg.ended_at + leg.wrap_up for leg in call.legs if leg.wrap_up and leg.ended_at is not None]
        hand.move(CallState.ENDED, at=max([call.since, *done]))


def is_wrapping(leg: LegValue) -> bool:
    """Whether an agent is still writing the call down."""
    return leg.state is LegState.ENDED and leg.wrap_up_until is not None and leg.wrap_up == 0


def _wrapping(hand: Hand, agent_id: int) -> LegValue | None:
    mine = [leg for leg in hand.call.legs if leg.agent_id == agent_id and is_wrapping(leg)]
    return mine[-1] if mine else None


def _end_wrap_up(hand: Hand, leg: LegValue) -> None:
    _close_wrap_up(hand, leg)
    assert leg.agent_id is not None
    hand.tell(Wrapping(agent_id=leg.agent_id, until=None))


def _close_wrap_up(hand: Hand, leg: LegValue) -> None:
    assert leg.ended_at is not None
    assert leg.wrap_up_until is not None
    hand.set_leg(leg, wrap_up=max(1, min(hand.now, leg.wrap_up_until) - leg.ended_at))


def _granted(call: Call) -> int:
    return LONGEST_WRAP_UP if call.wrap_up_mode == "mandatory" else call.plan.wrap_up


def _is_as_granted(call: Call, leg: LegValue) -> bool:
    return leg.wrap_up_until == leg.since + _granted(call)


def _outcome(call: Call, reason: str) -> CallOutcome:
    if call.answered_at is not None:
        return CallOutcome.ANSWERED
    if call.direction == "out":
        return {
            "busy": CallOutcome.BUSY,
            "declined": CallOutcome.BUSY,
            "no_answer": CallOutcome.NO_ANSWER,
            "cancelled": CallOutcome.CANCELLED,
        }.get(reason, CallOutcome.FAILED)
    if reason in ("failed", "lost"):
        return CallOutcome.FAILED
    is_closed = call.state is CallState.GREETING and call.after_prompts in (VOICEMAIL, HANG_UP)
    return CallOutcome.MISSED if is_closed or call.state is CallState.VOICEMAIL else CallOutcome.ABANDONED


def takes_part(call: CallValue, agent_id: int) -> bool:
    """Whether an agent is in a call, asked into it, or writing it down."""
    return any(leg.agent_id == agent_id and (leg.state is not LegState.ENDED or is_wrapping(leg)) for leg in call.legs)
