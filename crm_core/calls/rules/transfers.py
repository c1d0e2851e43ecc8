"""Handing a call on: blind, with a question first, to an agent, a queue or a number; and three-way calls."""

from __future__ import annotations

from crm_core.calls.rules import ending, flow
from crm_core.calls.rules.call import leg_of, living
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.signals import (
    ConsultAccepted,
    ConsultOver,
    ConsultQueued,
    InvitationAnswered,
    LeftQueue,
    Owned,
    TransferWished,
)
from crm_core.calls.rules.talking import SPEAKING, back_in_line, drop, promote
from crm_core.words.values.calls import (
    CallState,
    EndedBy,
    LegMode,
    LegRole,
    LegState,
    LegValue,
    TransferKind,
    TransferValue,
)

INVITATION = 30_000
"""How long an agent who is asked may take to say yes, in ms."""


def wish(hand: Hand, wished: TransferWished) -> None:
    """Begin a transfer. Only whoever speaks may, and one at a time."""
    own = leg_of(hand.call, wished.agent_id, LegRole.AGENT)
    if hand.call.state not in SPEAKING or own is None or own.mode is not LegMode.TALK or hand.transfer() is not None:
        return
    transfer = TransferValue(
        kind=TransferKind.ATTENDED if wished.attended else TransferKind.BLIND,
        by_agent_id=wished.agent_id,
        at=hand.now,
        leg_id=None if wished.to_queue_id is not None else wished.leg_id,
        to_agent_id=wished.to_agent_id,
        to_queue_id=wished.to_queue_id,
        to_number=wished.to_number,
    )
    hand.set(transfers=[*hand.call.transfers, transfer], three_way=False)
    if wished.attended:
        _ask(hand, wished)
    else:
        _hand_on(hand, wished, own)


def _ask(hand: Hand, wished: TransferWished) -> None:
    if hand.call.state is CallState.TALKING:
        hand.move(CallState.HELD)
    if wished.to_queue_id is not None:
        hand.tell(ConsultQueued(queue_id=wished.to_queue_id))
        return
    _call_in(hand, wished, LegMode.CONSULT)


def _hand_on(hand: Hand, wished: TransferWished, own: LegValue) -> None:
    if wished.to_queue_id is not None:
        hand.end_transfer("done")
        _leave(hand, own)
        hand.set(agent_id=None)
        flow.join(hand, wished.to_queue_id, again=True)
        return
    _call_in(hand, wished, LegMode.TALK)
    _leave(hand, own)
    hand.set(agent_id=wished.to_agent_id)
    hand.move(CallState.CONNECTING)
    if wished.to_agent_id is not None:
        hand.tell(Owned(agent_id=wished.to_agent_id))
    else:
        hand.tell(LeftQueue())


def _call_in(hand: Hand, wished: TransferWished, mode: LegMode) -> None:
    to_agent = wished.to_agent_id is not None
    hand.add_leg(
        wished.leg_id,
        LegRole.AGENT if to_agent else LegRole.THIRD,
        LegState.INVITED if to_agent else LegState.DIALLING,
        mode=mode,
        agent_id=wished.to_agent_id,
        address=wished.to_number,
        name=wished.name,
        asked_by=wished.agent_id,
        until=hand.now + (INVITATION if to_agent else hand.call.plan.ring),
    )


def _leave(hand: Hand, own: LegValue) -> None:
    ended = hand.end_leg(own, "moved", EndedBy.AGENT)
    ending.begin_wrap_up(hand, ended)


def consult_accepted(hand: Hand, yes: ConsultAccepted) -> None:
    """Somebody of the queue that was asked takes part."""
    transfer = hand.transfer()
    if transfer is None or transfer.to_queue_id is None or transfer.leg_id is not None:
        return
    hand.set(transfers=[*hand.call.transfers[:-1], _with_leg(transfer, yes.leg_id, yes.agent_id)])
    hand.add_leg(
        yes.leg_id, LegRole.AGENT, LegState.DIALLING, mode=LegMode.CONSULT, agent_id=yes.agent_id, device=yes.device,
        address=yes.address, name=yes.name, asked_by=transfer.by_agent_id, until=hand.now + hand.call.plan.connect,
    )  # fmt: skip


def done(hand: Hand, agent_id: int) -> None:
    """The agent who asked leaves the call to whoever was asked; nobody there yet: nothing changes."""
    own = leg_of(hand.call, agent_id, LegRole.AGENT)
    asked = _asked(hand)
    if own is None or asked is None or asked.state is not LegState.CONNECTED or own.id == asked.id:
        return
    promote(hand, asked)
    _leave(hand, own)


def cancel(hand: Hand, agent_id: int) -> None:
    """Back to the contact; whoever was asked is out of it."""
    if hand.transfer() is None:
        return
    if leg_of(hand.call, agent_id, LegRole.AGENT) is None:
        return
    hand.tell(ConsultOver())
    asked = _asked(hand)
    hand.end_transfer("cancelled")
    if asked is not None:
        drop(hand, asked, "cancelled", EndedBy.AGENT)
    if hand.call.state is CallState.HELD:
        hand.move(CallState.TALKING)


def three_way(hand: Hand, agent_id: int) -> None:
    """The contact, the agent and whoever was asked all speak with each other."""
    own, asked = leg_of(hand.call, agent_id, LegRole.AGENT), _asked(hand)
    if own is None or asked is None or asked.state is not LegState.CONNECTED:
        return
    hand.set_leg(asked, mode=LegMode.TALK)
    hand.end_transfer("done")
    hand.set(three_way=True)
    hand.move(CallState.TALKING)


def invitation(hand: Hand, said: InvitationAnswered) -> None:
    """An agent who was asked in says yes or no."""
    leg = leg_of(hand.call, said.agent_id, LegRole.AGENT)
    if leg is None or leg.state is not LegState.INVITED:
        return
    if said.yes:
        until = hand.now + hand.call.plan.connect
        hand.set_leg(leg, state=LegState.DIALLING, device=said.device, address=said.address, until=until)
        return
    refuse(hand, leg, "declined")


def refuse(hand: Hand, leg: LegValue, reason: str) -> None:
    """Whoever was asked in does not come: the contact stays with whom they have, or waits for somebody else."""
    hand.end_leg(leg, reason, EndedBy.AGENT)
    transfer = hand.transfer()
    if transfer is not None and transfer.leg_id == leg.id:
        hand.end_transfer("failed")
    if leg.mode is LegMode.CONSULT:
        if hand.call.state is CallState.HELD:
            hand.move(CallState.TALKING)
    elif not hand.talkers():
        back_in_line(hand)


def _asked(hand: Hand) -> LegValue | None:
    asked = [one for one in living(hand.call) if one.mode is LegMode.CONSULT]
    return asked[-1] if asked else None


def _with_leg(transfer: TransferValue, leg_id: int, agent_id: int) -> TransferValue:
    return TransferValue(
        kind=transfer.kind, by_agent_id=transfer.by_agent_id, at=transfer.at, leg_id=leg_id,
        to_agent_id=agent_id, to_queue_id=transfer.to_queue_id, result=transfer.result,
    )  # fmt: skip
