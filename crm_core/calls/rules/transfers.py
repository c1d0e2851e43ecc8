"""Handing a call on: blind, with a question first, to an agent, a queue or a number; and three-way calls."""

from __future__ import annotations

from crm_core.calls.rules import ending, flow
from crm_core.calls.rules.call import REPLACED, leg_of
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.leaving import back_to_contact, clear_room, promote, refuse
from crm_core.calls.rules.signals import (
    ConsultAccepted,
    ConsultQueued,
    InvitationAnswered,
    LeftQueue,
    Owned,
    TransferWished,
)
from crm_core.calls.rules.talking import SPEAKING
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
    """Begin a transfer. Only whoever speaks may, one at a time, and to nobody who is in the call already."""
    own = leg_of(hand.call, wished.agent_id, LegRole.AGENT)
    if hand.call.state not in SPEAKING or own is None or own.mode is not LegMode.TALK or hand.transfer() is not None:
        return
    targets = [one for one in (wished.to_agent_id, wished.to_queue_id, wished.to_number) if one]
    if len(targets) != 1 or (wished.to_agent_id and leg_of(hand.call, wished.to_agent_id) is not None):
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
    hand.set(transfers=[*hand.call.transfers, transfer])
    if wished.attended:
        _ask(hand, wished)
    else:
        _hand_on(hand, wished)


def _ask(hand: Hand, wished: TransferWished) -> None:
    if hand.call.state is CallState.TALKING:
        hand.move(CallState.HELD)
    if wished.to_queue_id is not None:
        hand.tell(ConsultQueued(queue_id=wished.to_queue_id))
        return
    _call_in(hand, wished, LegMode.CONSULT)


def _hand_on(hand: Hand, wished: TransferWished) -> None:
    """The contact is handed on: whoever spoke with them until now is out of it."""
    if wished.to_queue_id is not None:
        hand.end_transfer("done")
        clear_room(hand, "moved")
        hand.hush()
        hand.set(agent_id=None)
        flow.join(hand, wished.to_queue_id, again=True)
        return
    for leg in hand.talkers():
        ending.part(hand, leg, "moved", EndedBy.AGENT)
    _call_in(hand, wished, LegMode.TALK)
    hand.set(three_way=False, agent_id=wished.to_agent_id or hand.call.agent_id)
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


def consult_accepted(hand: Hand, yes: ConsultAccepted) -> None:
    """Somebody of the queue that was asked takes part; a supervisor who listened until then does not listen on."""
    transfer = hand.transfer()
    if transfer is None or transfer.to_queue_id is None or transfer.leg_id is not None:
        return
    if leg_of(hand.call, yes.agent_id, LegRole.AGENT) is not None:
        return
    listening = leg_of(hand.call, yes.agent_id, LegRole.SUPERVISOR)
    if listening is not None:
        hand.end_leg(listening, REPLACED, EndedBy.SYSTEM)
    ending.take_up(hand, yes.agent_id)
    hand.set_transfer(transfer, leg_id=yes.leg_id, to_agent_id=yes.agent_id)
    hand.add_leg(
        yes.leg_id, LegRole.AGENT, LegState.DIALLING, mode=LegMode.CONSULT, agent_id=yes.agent_id, device=yes.device,
        address=yes.address, name=yes.name, asked_by=transfer.by_agent_id, until=hand.now + hand.call.plan.connect,
    )  # fmt: skip


def done(hand: Hand, agent_id: int) -> None:
    """The agent who asked leaves the call to whoever was asked; nobody there yet: nothing changes."""
    own, asked = _asking(hand, agent_id), _asked(hand)
    if own is None or asked is None:
        return
    promote(hand, asked)
    ending.part(hand, own, "moved", EndedBy.AGENT)


def cancel(hand: Hand, agent_id: int) -> None:
    """Back to the contact; whoever was asked is out of it."""
    if _asking(hand, agent_id) is None:
        return
    hand.end_transfer("cancelled")
    for one in hand.consulted():
        ending.part(hand, one, "cancelled", EndedBy.AGENT)
    back_to_contact(hand)


def three_way(hand: Hand, agent_id: int) -> None:
    """The contact, the agent and whoever was asked all speak with each other."""
    asked = _asked(hand)
    if _asking(hand, agent_id) is None or asked is None:
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
    if not said.yes:
        refuse(hand, leg, "declined")
        return
    ending.take_up(hand, said.agent_id)
    until = hand.now + hand.call.plan.connect
    hand.set_leg(leg, state=LegState.DIALLING, device=said.device, address=said.address, until=until)


def _asking(hand: Hand, agent_id: int) -> LegValue | None:
    """The leg of an agent who hands the call on with a question first."""
    transfer = hand.transfer()
    if transfer is None or transfer.kind is not TransferKind.ATTENDED or transfer.by_agent_id != agent_id:
        return None
    own = leg_of(hand.call, agent_id, LegRole.AGENT)
    return own if own is not None and own.mode is LegMode.TALK else None


def _asked(hand: Hand) -> LegValue | None:
    return next((one for one in hand.consulted() if one.state is LegState.CONNECTED), None)
