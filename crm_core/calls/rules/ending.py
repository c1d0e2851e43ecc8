"""How calls end: the contact's side, each agent's wrap-up, and the record."""

from __future__ import annotations

from crm_core.calls.rules.call import Call, is_over, living
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.signals import LeftQueue, Over, WrappedUp, Wrapping
from crm_core.words.values.calls import CallOutcome, CallState, EndedBy, KeptState, LegMode, LegRole, LegState, LegValue

RECORDING_SOUGHT = 600_000
"""How long a recording may take to come after the call, in ms, before it counts as missing."""
LONGEST_WRAP_UP = 24 * 3_600_000
"""A wrap-up that only the agent ends still ends after a day."""


def contact_left(hand: Hand, reason: str, by: EndedBy | None) -> None:
    """The contact's leg is over, and with it the call."""
    call = hand.call
    if is_over(call):
        return
    hand.decide(_outcome(call, reason))
    over(hand, reason, by if by is not None else EndedBy.CONTACT)


def over(hand: Hand, reason: str, by: EndedBy = EndedBy.SYSTEM) -> None:
    """Everybody is out of it; agents who spoke wrap up. Twice is once."""
    call = hand.call
    if is_over(call):
        return
    waited = call.state in (CallState.QUEUED, CallState.OFFERED)
    hand.hush()
    hand.stop_recording()
    hand.end_transfer("cancelled")
    for leg in living(call):
        hand.end_leg(leg, "hung_up" if leg.role is LegRole.CUSTOMER else "over", by)
    hand.decide(_outcome(call, reason))
    hand.move(CallState.WRAP_UP)
    hand.set(ended_at=hand.now, ended_by=by, reason=call.reason or ("" if reason in ("hung_up", "done") else reason))
    if any(one.state is KeptState.AWAITED for one in hand.call.recordings):
        hand.set(sought=hand.now + RECORDING_SOUGHT)
    if waited and call.outcome is not CallOutcome.CALLBACK:
        hand.tell(LeftQueue())
    hand.tell(Over())
    for leg in hand.call.legs:
        begin_wrap_up(hand, leg)
    finish(hand)


def begin_wrap_up(hand: Hand, leg: LegValue) -> None:
    """An agent who is out of the call writes it down, if they spoke with the contact and the queue wants it."""
    call = hand.call
    if leg.role is not LegRole.AGENT or leg.agent_id is None or leg.wrap_up_until is not None:
        return
    if leg.reason in ("replaced", "declined", "no_answer", "lost"):
        return
    is_owner = leg.agent_id == call.agent_id or leg.mode is LegMode.TALK
    spoke = call.answered_at is not None and leg.connected_at is not None and is_owner
    mode = call.wrap_up_mode
    if not spoke or mode == "none":
        hand.tell(Wrapping(agent_id=leg.agent_id, until=None))
        return
    until = hand.now + (LONGEST_WRAP_UP if mode == "mandatory" else call.plan.wrap_up)
    hand.set_leg(leg, wrap_up_until=until)
    hand.tell(Wrapping(agent_id=leg.agent_id, until=until))


def wrap_up(hand: Hand, said: WrappedUp) -> None:
    """An agent writes down what it was about, and may be done with it."""
    leg = _wrapping(hand, said.agent_id)
    if said.disposition is not None:
        hand.set(disposition=said.disposition or None)
    if said.note is not None:
        hand.set(note=said.note)
    if leg is None:
        return
    if said.more and leg.wrap_up_until is not None and not leg.reason.endswith("+"):
        until = leg.wrap_up_until + said.more
        leg = hand.set_leg(leg, wrap_up_until=until, reason=f"{leg.reason}+")
        hand.tell(Wrapping(agent_id=said.agent_id, until=until))
    if said.done:
        _end_wrap_up(hand, leg)
        finish(hand)


def wrap_ups_due(hand: Hand) -> None:
    """End the wrap-ups whose time is over."""
    for leg in hand.call.legs:
        if is_wrapping(leg) and leg.wrap_up_until is not None and leg.wrap_up_until <= hand.now:
            _end_wrap_up(hand, leg)
    finish(hand)


def finish(hand: Hand) -> None:
    """The call is done with when the contact is gone and nobody wraps up."""
    if hand.call.state is CallState.WRAP_UP and not any(is_wrapping(leg) for leg in hand.call.legs):
        hand.move(CallState.ENDED)


def is_wrapping(leg: LegValue) -> bool:
    """Whether an agent is still writing the call down."""
    return leg.state is LegState.ENDED and leg.wrap_up_until is not None and leg.wrap_up == 0


def recordings_missing(hand: Hand) -> None:
    """What did not come in time is told to be missing."""
    if hand.call.sought and hand.call.sought <= hand.now:
        for one in hand.call.recordings:
            if one.state is KeptState.AWAITED:
                hand.set_recording(one, state=KeptState.MISSING)
        hand.set(sought=0)


def _wrapping(hand: Hand, agent_id: int) -> LegValue | None:
    mine = [leg for leg in hand.call.legs if leg.agent_id == agent_id and is_wrapping(leg)]
    return mine[-1] if mine else None


def _end_wrap_up(hand: Hand, leg: LegValue) -> None:
    ended = leg.ended_at or hand.now
    hand.set_leg(leg, wrap_up=max(1, hand.now - ended))
    assert leg.agent_id is not None
    hand.tell(Wrapping(agent_id=leg.agent_id, until=None))


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
    return CallOutcome.MISSED if call.state is CallState.VOICEMAIL else CallOutcome.ABANDONED
