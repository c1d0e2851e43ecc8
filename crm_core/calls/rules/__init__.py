"""How a call moves: `advance` is the whole of it, pure. Any signal in any order leaves a legal call.

A signal that is late, repeated or makes no sense where the call stands changes nothing; the same call comes back.
"""

from __future__ import annotations

from crm_core.calls.rules import ending, flow, supervision, talking, transfers
from crm_core.calls.rules.call import Call, is_over, leg_of, living
from crm_core.calls.rules.deadlines import pass_time
from crm_core.calls.rules.hand import Hand, Step
from crm_core.calls.rules.signals import (
    AcceptedBy,
    AgentGone,
    Begun,
    Cleared,
    ConsultAccepted,
    Held,
    HungUp,
    InvitationAnswered,
    Joined,
    Muted,
    NobodyThere,
    OfferedTo,
    OfferOver,
    Placed,
    PositionKnown,
    RecordingWished,
    Rejoined,
    Signal,
    TakenOver,
    ThreeWay,
    TimePassed,
    TransferCancelled,
    TransferDone,
    TransferWished,
    VoicemailLeft,
    WrappedUp,
)
from crm_core.words.calls import (
    CostTold,
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegLost,
    LegRinging,
    PromptPlayed,
    QualityMeasured,
    RecordingFailed,
    RecordingStarted,
    RecordingStored,
)
from crm_core.words.clock import Moment
from crm_core.words.values.calls import (
    CallOutcome,
    CallState,
    EndedBy,
    KeptState,
    LegMode,
    LegRole,
    LegState,
    RecordingValue,
)


def advance(call: Call, signal: Signal, now: Moment, *, spare_id: int) -> Step:
    """The call after a signal that happened at `now`, and what follows for the house.

    `spare_id` is an id that nothing has yet, for a leg or a recording that the signal makes necessary.
    The version grows by one when anything changed; otherwise the very same call comes back.
    """
    hand = Hand(call, max(now, call.since), spare_id)
    _apply(hand, signal)
    if hand.call == call:
        return Step(call, tuple(hand.facts))
    hand.set(version=call.version + 1)
    return Step(hand.call, tuple(hand.facts))


def _apply(hand: Hand, signal: Signal) -> None:
    match signal:
        case LegRinging():
            talking.ringing(hand, signal)
        case LegAnswered():
            talking.answered(hand, signal)
        case LegLost(leg_id=leg_id):
            talking.lost(hand, leg_id)
        case LegEnded():
            talking.leg_ended(hand, signal)
        case DigitPressed(digit=digit):
            flow.pressed(hand, digit)
        case PromptPlayed(seq=seq):
            _played(hand, seq)
        case RecordingStarted() | RecordingStored() | RecordingFailed():
            _recorded(hand, signal)
        case QualityMeasured() | CostTold():
            _measured(hand, signal)
        case TimePassed():
            pass_time(hand)
        case Cleared(reason=reason, by=by):
            ending.over(hand, reason, by)
        case _:
            _by_people(hand, signal)


def _by_people(hand: Hand, signal: Signal) -> None:
    match signal:
        case Begun():
            flow.begin(hand)
        case Placed():
            talking.place(hand, signal)
        case OfferedTo():
            talking.offered(hand)
        case OfferOver():
            talking.offer_over(hand)
        case AcceptedBy():
            talking.accept(hand, signal)
        case Rejoined():
            talking.rejoin(hand, signal)
        case NobodyThere():
            flow.nobody(hand)
        case PositionKnown():
            flow.tell_position(hand, signal)
        case Held(agent_id=agent_id, on=on):
            if leg_of(hand.call, agent_id, LegRole.AGENT) is not None:
                talking.hold(hand, on=on)
        case Muted(agent_id=agent_id, on=on):
            talking.mute(hand, agent_id, on=on)
        case RecordingWished():
            talking.wish_recording(hand, signal)
        case HungUp():
            _hung_up(hand, signal)
        case WrappedUp():
            ending.wrap_up(hand, signal)
        case AgentGone(agent_id=agent_id):
            _gone(hand, agent_id)
        case _:
            _handed_on(hand, signal)


def _handed_on(hand: Hand, signal: Signal) -> None:
    match signal:
        case TransferWished():
            transfers.wish(hand, signal)
        case ConsultAccepted():
            transfers.consult_accepted(hand, signal)
        case TransferDone(agent_id=agent_id):
            transfers.done(hand, agent_id)
        case TransferCancelled(agent_id=agent_id):
            transfers.cancel(hand, agent_id)
        case ThreeWay(agent_id=agent_id):
            transfers.three_way(hand, agent_id)
        case InvitationAnswered():
            transfers.invitation(hand, signal)
        case Joined():
            supervision.join(hand, signal)
        case TakenOver():
            supervision.take_over(hand, signal)
        case _:
            raise TypeError(f"no rule for {type(signal).__name__}")


def _played(hand: Hand, seq: int) -> None:
    call = hand.call
    goodbye = call.state is CallState.GREETING and call.after_prompts == flow.GOODBYE
    if goodbye and call.prompt is not None and call.prompt.seq == seq and not call.prompts:
        ending.over(hand, "done")
        return
    flow.played(hand, seq)


def _recorded(hand: Hand, signal: Signal) -> None:
    call = hand.call
    match signal:
        case RecordingStarted(external_id=external_id):
            unnamed = next((r for r in call.recordings if not r.external_id and r.state is not KeptState.MISSING), None)
            if unnamed is not None and all(r.external_id != external_id for r in call.recordings):
                hand.set_recording(unnamed, external_id=external_id)
        case RecordingFailed(external_id=external_id):
            known = next((r for r in call.recordings if r.external_id == external_id), None)
            if known is not None and known.state is not KeptState.STORED:
                hand.set_recording(known, state=KeptState.MISSING)
        case RecordingStored():
            _stored(hand, signal)


def _stored(hand: Hand, signal: RecordingStored) -> None:
    call = hand.call
    known = next((r for r in call.recordings if r.external_id == signal.external_id), None)
    if known is None and not signal.voicemail:
        known = next((r for r in call.recordings if not r.external_id and r.file_id is None), None)
    if known is not None and known.state is KeptState.STORED:
        return
    if known is None:
        known = RecordingValue(
            id=len(call.recordings) + 1, state=KeptState.RUNNING,
            since=max(call.started_at, hand.now - signal.duration),
            is_voicemail=signal.voicemail, agent_id=signal.agent_id,
        )  # fmt: skip
        hand.set(recordings=[*call.recordings, known])
    hand.set_recording(
        known, state=KeptState.STORED, external_id=signal.external_id, file_id=signal.file_id, duration=signal.duration
    )
    if signal.voicemail:
        if call.outcome in (None, CallOutcome.MISSED, CallOutcome.ABANDONED):
            hand.set(outcome=CallOutcome.VOICEMAIL)
        hand.tell(VoicemailLeft(file_id=signal.file_id, duration=signal.duration))
        if hand.call.state is CallState.VOICEMAIL:
            ending.over(hand, "done")
    if not any(r.state is KeptState.AWAITED for r in hand.call.recordings):
        hand.set(sought=0)


def _measured(hand: Hand, signal: Signal) -> None:
    match signal:
        case QualityMeasured(leg_id=leg_id, quality=quality):
            known = hand.leg(leg_id)
            if known is not None and quality in ("good", "fair", "poor") and known.state is LegState.CONNECTED:
                hand.set_leg(known, quality=quality)
        case CostTold(cost=cost):
            hand.set(cost=cost[:40])


def _hung_up(hand: Hand, signal: HungUp) -> None:
    own = leg_of(hand.call, signal.agent_id)
    if own is None or is_over(hand.call):
        return
    if own.role is LegRole.SUPERVISOR or own.mode is LegMode.CONSULT or own.state is LegState.INVITED:
        if own.state is LegState.INVITED:
            transfers.refuse(hand, own, "declined")
        else:
            talking.drop(hand, own, "hung_up", EndedBy.AGENT)
        return
    others = [one for one in hand.talkers() if one.id != own.id]
    if others and (signal.leave or hand.call.three_way):
        talking.drop(hand, own, "hung_up", EndedBy.AGENT)
        return
    if hand.call.answered_at is None and hand.call.direction == "in":
        # Accepted and put down again before a word was spoken: somebody else is asked.
        hand.end_leg(own, "hung_up", EndedBy.AGENT)
        talking.back_in_line(hand)
        return
    reason = "hung_up" if hand.call.answered_at is not None else "cancelled"
    hand.end_leg(own, reason, EndedBy.AGENT)
    ending.over(hand, reason, EndedBy.AGENT)


def _gone(hand: Hand, agent_id: int) -> None:
    """An agent is gone for good: what they were asked is refused, what they held waits for them as a lost device."""
    for one in living(hand.call):
        if one.agent_id != agent_id or one.device == "phone":
            continue
        if one.state is LegState.INVITED:
            transfers.refuse(hand, one, "no_answer")
        elif one.state is not LegState.LOST:
            talking.lost(hand, one.id)
