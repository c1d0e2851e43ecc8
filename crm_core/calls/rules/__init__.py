"""How a call moves: `advance` is the whole of it, pure. Any signal in any order leaves a legal call.

A signal that is late, repeated or makes no sense where the call stands changes nothing; the same call comes back.
"""

from __future__ import annotations

from crm_core.calls.rules import ending, flow, leaving, notices, recordings, supervision, talking, transfers
from crm_core.calls.rules.call import Call, is_over, leg
from crm_core.calls.rules.deadlines import next_deadline, pass_time
from crm_core.calls.rules.hand import Hand, Step
from crm_core.calls.rules.scenes import scene
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
    Troubled,
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
from crm_core.words.values.calls import LegState

__all__ = ["Step", "advance", "next_deadline", "scene"]

_MAKES_A_LEG = (Placed, AcceptedBy, Rejoined, TransferWished, ConsultAccepted, Joined, TakenOver)


def advance(call: Call, signal: Signal, now: Moment, *, spare_id: int, told_at: Moment | None = None) -> Step:
    """The call after a signal that happened at `now`, and what follows for the house.

    `spare_id` is an id that nothing has yet, for a leg that the signal makes necessary. `told_at` is when the hub
    was told, if that was later.
    The version grows by one when anything changed; otherwise the very same call comes back.
    """
    if isinstance(signal, _MAKES_A_LEG) and leg(call, signal.leg_id) is not None:
        return Step(call)
    hand = Hand(call, max(now, call.since), spare_id, happened=now, told_at=max(now, told_at or now, call.since))
    _apply(hand, signal)
    notices.tell(hand)
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
            leaving.leg_ended(hand, signal)
        case DigitPressed(digit=digit):
            flow.pressed(hand, digit)
        case PromptPlayed(seq=seq):
            flow.played(hand, seq)
        case RecordingStarted():
            recordings.started(hand, signal)
        case RecordingStored():
            recordings.stored(hand, signal)
        case RecordingFailed():
            recordings.failed(hand, signal)
        case QualityMeasured():
            _measured(hand, signal)
        case CostTold(cost=cost):
            hand.set(cost=cost[:40])
        case Troubled(reason=reason):
            if not is_over(hand.call):
                hand.set(reason=reason[:200])
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
            talking.hold(hand, agent_id, on=on)
        case Muted(agent_id=agent_id, on=on):
            talking.mute(hand, agent_id, on=on)
        case RecordingWished():
            recordings.wish(hand, signal)
        case HungUp():
            leaving.hang_up(hand, signal)
        case WrappedUp():
            ending.wrap_up(hand, signal)
        case AgentGone():
            leaving.gone(hand, signal)
        case Cleared(reason=reason, by=by):
            ending.over(hand, reason, by)
        case TimePassed():
            pass_time(hand)
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


def _measured(hand: Hand, signal: QualityMeasured) -> None:
    known = hand.leg(signal.leg_id)
    if known is not None and signal.quality in ("good", "fair", "poor") and known.state is LegState.CONNECTED:
        hand.set_leg(known, quality=signal.quality)
