"""Agents and the contact: who accepts, whose device answers, goes away and comes back, and who holds."""

from __future__ import annotations

from crm_core.calls.rules import ending, recordings
from crm_core.calls.rules.call import REPLACED, is_over, leg_of
from crm_core.calls.rules.hand import IN_LINE, Hand
from crm_core.calls.rules.signals import AcceptedBy, Answered, Owned, Placed, Rejoined
from crm_core.words.calls import LegAnswered, LegRinging
from crm_core.words.values.calls import CallState, EndedBy, LegMode, LegRole, LegState, LegValue
from crm_core.words.values.marks import Direction

SPEAKING = (CallState.TALKING, CallState.HELD)
_CALLED = (LegState.DIALLING, LegState.RINGING, LegState.CONNECTED)


def place(hand: Hand, placed: Placed) -> None:
    """An agent calls out: their device first, then the contact's number."""
    if hand.call.direction is not Direction.OUT or hand.call.legs or is_over(hand.call):
        return
    _connect(hand, placed)


def offered(hand: Hand) -> None:
    """An agent is being asked."""
    if hand.call.state is CallState.QUEUED:
        hand.move(CallState.OFFERED)


def offer_over(hand: Hand) -> None:
    """Nobody is asked any more; the caller waits on."""
    if hand.call.state is CallState.OFFERED:
        hand.move(CallState.QUEUED)


def accept(hand: Hand, yes: AcceptedBy) -> None:
    """An agent takes the call from the line: their device is connected now. Whoever is second comes too late."""
    if hand.call.state not in IN_LINE:
        return
    hand.hush()
    ending.take_up(hand, yes.agent_id)
    _connect(hand, yes)


def _connect(hand: Hand, taken: Placed | AcceptedBy) -> None:
    hand.add_leg(
        taken.leg_id, LegRole.AGENT, LegState.DIALLING, agent_id=taken.agent_id, device=taken.device,
        address=taken.address, name=taken.name, until=hand.now + hand.call.plan.connect,
    )  # fmt: skip
    hand.set(agent_id=taken.agent_id)
    hand.move(CallState.CONNECTING)
    hand.tell(Owned(agent_id=taken.agent_id))


def ringing(hand: Hand, said: LegRinging) -> None:
    """A device rings."""
    leg = hand.leg(said.leg_id)
    if leg is None or leg.state is not LegState.DIALLING:
        return
    hand.set_leg(leg, state=LegState.RINGING, external_id=said.external_id or leg.external_id)
    if leg.role is LegRole.CUSTOMER and hand.call.state is CallState.CONNECTING:
        hand.move(CallState.RINGING)


def answered(hand: Hand, said: LegAnswered) -> None:
    """A leg is connected."""
    leg = hand.leg(said.leg_id)
    if leg is None or leg.state in (LegState.ENDED, LegState.INVITED):
        return
    came = leg.state is not LegState.CONNECTED
    leg = hand.set_leg(leg, state=LegState.CONNECTED, external_id=said.external_id or leg.external_id, away_since=None)
    if leg.role is LegRole.CUSTOMER and not hand.call.external_id:
        hand.set(external_id=said.external_id)
    if came:
        _connected(hand, leg)


def _connected(hand: Hand, leg: LegValue) -> None:
    if leg.role is LegRole.CUSTOMER and hand.call.direction is Direction.OUT:
        # Whoever called may just be refreshing their page: the contact has answered all the same.
        first_words(hand)
    elif leg.role is LegRole.CUSTOMER or leg.mode is LegMode.TALK:
        _call_contact(hand)
        meet(hand)
        _blind_done(hand, leg)
    elif leg.mode is LegMode.CONSULT and hand.call.state is CallState.TALKING:
        # The agent went back to the contact while the other was called.
        hand.move(CallState.HELD)


def _call_contact(hand: Hand) -> None:
    if hand.call.direction is Direction.OUT and hand.leg(None) is None:
        hand.add_leg(
            hand.spare_id, LegRole.CUSTOMER, LegState.DIALLING, address=hand.call.number, name=hand.call.who,
            until=hand.now + hand.call.plan.ring,
        )  # fmt: skip


def _blind_done(hand: Hand, leg: LegValue) -> None:
    transfer = hand.transfer()
    if transfer is not None and transfer.leg_id == leg.id:
        hand.end_transfer("done")


def meet(hand: Hand) -> None:
    """The contact and somebody of ours are both connected: they speak."""
    customer = hand.leg(None)
    is_there = customer is not None and customer.state is LegState.CONNECTED
    if hand.call.state is CallState.CONNECTING and is_there and _is_anybody_connected(hand):
        first_words(hand)


def _is_anybody_connected(hand: Hand) -> bool:
    return any(one.state is LegState.CONNECTED for one in hand.talkers())


def first_words(hand: Hand) -> None:
    """The contact speaks with somebody; the first time, the call is answered and is to be recorded."""
    if hand.call.answered_at is None:
        hand.set(answered_at=hand.now)
        hand.tell(Answered())
        if hand.call.plan.record:
            recordings.ask_for(hand, None)
    hand.hush()
    hand.move(CallState.TALKING)


def lost(hand: Hand, leg_id: int | None) -> None:
    """A device went away: the contact hears music until it is back, or somebody else is asked.

    Of the contact's own it is only noted, so that nobody speaks to a page that is gone: the call is theirs until
    whoever carries it says that they are out of it.
    """
    leg = hand.leg(leg_id)
    if leg is None or leg.state not in _CALLED:
        return
    if leg.role is not LegRole.CUSTOMER:
        hand.set_leg(leg, state=LegState.LOST, until=hand.now + hand.call.plan.lost)
    elif leg.state is LegState.CONNECTED and leg.away_since is None:
        hand.set_leg(leg, away_since=max(hand.happened, leg.since))


def rejoin(hand: Hand, back: Rejoined) -> None:
    """Somebody is back, on the same device or another: a new leg takes the place of the old one."""
    old = leg_of(hand.call, back.agent_id)
    if old is None or old.state is LegState.INVITED:
        return
    hand.end_leg(old, REPLACED, EndedBy.SYSTEM)
    hand.add_leg(
        back.leg_id, old.role, LegState.DIALLING, mode=old.mode, agent_id=old.agent_id, name=old.name,
        device=back.device, address=back.address, muted=old.muted, asked_by=old.asked_by,
        until=hand.now + hand.call.plan.connect,
    )  # fmt: skip
    transfer = hand.transfer()
    if transfer is not None and transfer.leg_id == old.id:
        hand.set_transfer(transfer, leg_id=back.leg_id)


def hold(hand: Hand, agent_id: int, *, on: bool) -> None:
    """The contact hears music, or everybody again. Not while somebody who is asked would be heard by them."""
    own = leg_of(hand.call, agent_id, LegRole.AGENT)
    if own is None or own.mode is not LegMode.TALK or own.state is LegState.INVITED:
        return
    is_asking = any(one.state is LegState.CONNECTED for one in hand.consulted())
    if on and hand.call.state is CallState.TALKING:
        hand.move(CallState.HELD)
    elif not on and not is_asking and hand.call.state is CallState.HELD:
        hand.move(CallState.TALKING)


def mute(hand: Hand, agent_id: int, *, on: bool) -> None:
    """An agent is heard by nobody, or again."""
    leg = leg_of(hand.call, agent_id, LegRole.AGENT)
    if leg is not None:
        hand.set_leg(leg, muted=on)
