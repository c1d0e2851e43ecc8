"""Agents and the contact: who accepts, whose device answers, goes away and comes back, holds and records."""

from __future__ import annotations

from crm_core.calls.rules import ending, flow
from crm_core.calls.rules.call import is_over, leg_of, living
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.signals import (
    AcceptedBy,
    Answered,
    LeftQueue,
    Owned,
    Placed,
    RecordingWished,
    Rejoined,
    Unanswered,
)
from crm_core.words.calls import LegAnswered, LegEnded, LegRinging
from crm_core.words.values.calls import (
    CallState,
    EndedBy,
    KeptState,
    LegMode,
    LegRole,
    LegState,
    LegValue,
    RecordingState,
    RecordingValue,
)
from crm_core.words.values.marks import Direction

SPEAKING = (CallState.TALKING, CallState.HELD)


def place(hand: Hand, placed: Placed) -> None:
    """An agent calls out: their device first, then the contact's number."""
    hand.add_leg(
        placed.leg_id, LegRole.AGENT, LegState.DIALLING, agent_id=placed.agent_id, device=placed.device,
        address=placed.address, name=placed.name, until=hand.now + hand.call.plan.connect,
    )  # fmt: skip
    hand.set(agent_id=placed.agent_id)
    hand.move(CallState.CONNECTING)
    hand.tell(Owned(agent_id=placed.agent_id))


def offered(hand: Hand) -> None:
    """An agent is being asked."""
    if hand.call.state is CallState.QUEUED:
        hand.move(CallState.OFFERED)


def offer_over(hand: Hand) -> None:
    """Nobody is asked any more; the caller waits on."""
    if hand.call.state is CallState.OFFERED:
        hand.move(CallState.QUEUED)


def accept(hand: Hand, yes: AcceptedBy) -> None:
    """An agent takes the call from the line: their device is connected now."""
    if hand.call.state not in flow.IN_LINE:
        return
    hand.hush()
    hand.add_leg(
        yes.leg_id, LegRole.AGENT, LegState.DIALLING, agent_id=yes.agent_id, device=yes.device,
        address=yes.address, name=yes.name, until=hand.now + hand.call.plan.connect,
    )  # fmt: skip
    hand.set(agent_id=yes.agent_id, position=None)
    hand.move(CallState.CONNECTING)
    hand.tell(Owned(agent_id=yes.agent_id))


def ringing(hand: Hand, said: LegRinging) -> None:
    """A device rings."""
    leg = hand.leg(said.leg_id)
    if leg is not None and leg.state is LegState.DIALLING:
        hand.set_leg(leg, state=LegState.RINGING, external_id=said.external_id or leg.external_id)
        if leg.role is LegRole.CUSTOMER and hand.call.state is CallState.CONNECTING:
            hand.move(CallState.RINGING)


def answered(hand: Hand, said: LegAnswered) -> None:
    """A leg is connected."""
    leg = hand.leg(said.leg_id)
    if leg is None or leg.state is LegState.ENDED or is_over(hand.call):
        return
    came = leg.state is not LegState.CONNECTED
    leg = hand.set_leg(leg, state=LegState.CONNECTED, external_id=said.external_id or leg.external_id)
    if leg.role is LegRole.CUSTOMER and said.external_id:
        hand.set(external_id=said.external_id)
    if not came:
        return
    if leg.role is LegRole.CUSTOMER:
        _contact_answered(hand)
    elif leg.role in (LegRole.AGENT, LegRole.THIRD) and leg.mode is LegMode.TALK:
        _talker_answered(hand)
    _drop_replaced(hand, leg)


def lost(hand: Hand, leg_id: int) -> None:
    """A device went away: the contact hears music until it is back, or somebody else is asked."""
    leg = hand.leg(leg_id)
    if leg is None or leg.role is LegRole.CUSTOMER or leg.state not in (LegState.CONNECTED, LegState.DIALLING):
        return
    hand.set_leg(leg, state=LegState.LOST, until=hand.now + hand.call.plan.lost)


def rejoin(hand: Hand, back: Rejoined) -> None:
    """Somebody is back, on the same device or another: a new leg takes the place of the old one."""
    old = leg_of(hand.call, back.agent_id)
    if old is None or is_over(hand.call) or old.state is LegState.INVITED:
        return
    hand.end_leg(old, "replaced", EndedBy.SYSTEM)
    hand.add_leg(
        back.leg_id, old.role, LegState.DIALLING, mode=old.mode, agent_id=old.agent_id, name=old.name,
        device=back.device, address=back.address, muted=old.muted, asked_by=old.asked_by,
        until=hand.now + hand.call.plan.connect,
    )  # fmt: skip


def hold(hand: Hand, *, on: bool) -> None:
    """The contact hears music, or everybody again."""
    if on and hand.call.state is CallState.TALKING:
        hand.set(three_way=False)
        hand.move(CallState.HELD)
    elif not on and hand.call.state is CallState.HELD:
        hand.move(CallState.TALKING)


def mute(hand: Hand, agent_id: int, *, on: bool) -> None:
    """An agent is heard by nobody, or again."""
    leg = leg_of(hand.call, agent_id, LegRole.AGENT)
    if leg is not None:
        hand.set_leg(leg, muted=on)


def wish_recording(hand: Hand, wish: RecordingWished) -> None:
    """Begin to record, pause, or go on."""
    call = hand.call
    if call.state not in SPEAKING:
        return
    if wish.on and call.recording is RecordingState.OFF:
        start_recording(hand, wish.agent_id)
    elif wish.on:
        hand.set(recording=RecordingState.ON)
    elif call.recording is RecordingState.ON:
        hand.set(recording=RecordingState.PAUSED)


def start_recording(hand: Hand, agent_id: int | None) -> None:
    """A stretch of recording begins; the provider gives it a name when it has begun."""
    new = RecordingValue(id=len(hand.call.recordings) + 1, state=KeptState.RUNNING, since=hand.now, agent_id=agent_id)
    hand.set(recordings=[*hand.call.recordings, new], recording=RecordingState.ON)


def leg_ended(hand: Hand, said: LegEnded) -> None:
    """A leg is over, by whoever ended it."""
    leg = hand.leg(said.leg_id)
    if leg is None or leg.state is LegState.ENDED:
        return
    if said.detail:
        hand.set(reason=said.detail[:200])
    if leg.role is LegRole.CUSTOMER:
        hand.end_leg(leg, said.reason, said.by or EndedBy.CONTACT)
        ending.contact_left(hand, said.reason, said.by)
        return
    by = said.by or (EndedBy.SUPERVISOR if leg.role is LegRole.SUPERVISOR else EndedBy.AGENT)
    drop(hand, leg, said.reason, by)


def drop(hand: Hand, leg: LegValue, reason: str, by: EndedBy) -> None:
    """Somebody of ours, or a number, is out of the call; the call goes on with whoever is left, or ends."""
    was_connected = leg.connected_at is not None
    ended = hand.end_leg(leg, reason, by)
    if is_over(hand.call):
        return
    if leg.role is LegRole.SUPERVISOR:
        return
    transfer = hand.transfer()
    if transfer is not None and transfer.leg_id == leg.id:
        hand.end_transfer("failed")
    if leg.mode is LegMode.CONSULT:
        if not any(one.mode is LegMode.CONSULT for one in living(hand.call)) and hand.call.state is CallState.HELD:
            # The contact was only held for the question.
            hand.move(CallState.TALKING)
        return
    if leg.agent_id is not None and not was_connected and reason != "over":
        _device_failed(hand, leg)
        return
    if hand.talkers():
        ending.begin_wrap_up(hand, ended)
        _next_owner(hand)
        return
    consulted = [one for one in living(hand.call) if one.mode is LegMode.CONSULT and one.state is LegState.CONNECTED]
    if consulted:
        promote(hand, consulted[0])
        ending.begin_wrap_up(hand, ended)
    elif hand.call.answered_at is None or (reason in ("lost", "failed") and hand.call.queue_id is not None):
        back_in_line(hand)
    else:
        ending.over(hand, reason, by)


def back_in_line(hand: Hand) -> None:
    """Nobody speaks with the contact any more and they did not hang up: somebody else is found, at the old place."""
    if hand.call.direction is Direction.OUT and hand.call.answered_at is None:
        ending.over(hand, "cancelled", EndedBy.SYSTEM)
        return
    prompt = hand.call.plan.wait_prompt
    hand.set(agent_id=None, three_way=False)
    flow.join(hand, hand.call.queue_id or hand.call.plan.queue_id, again=True)
    if prompt is not None and hand.call.state is CallState.QUEUED:
        hand.say(prompt)


def promote(hand: Hand, leg: LegValue) -> None:
    """Whoever was asked for advice has the call now."""
    hand.set_leg(leg, mode=LegMode.TALK)
    hand.end_transfer("done")
    if leg.agent_id is not None:
        hand.set(agent_id=leg.agent_id)
        hand.tell(Owned(agent_id=leg.agent_id))
    else:
        hand.tell(LeftQueue())
    hand.move(CallState.TALKING)


def _contact_answered(hand: Hand) -> None:
    if hand.call.direction is Direction.OUT and hand.talkers():
        _first_words(hand)


def _talker_answered(hand: Hand) -> None:
    customer = hand.leg(None)
    if hand.call.direction is Direction.OUT and customer is None:
        hand.add_leg(hand.spare_id, LegRole.CUSTOMER, LegState.DIALLING, address=hand.call.number, name=hand.call.who,
            until=hand.now + hand.call.plan.ring,
        )  # fmt: skip
        return
    if customer is not None and customer.state is LegState.CONNECTED and hand.call.state is not CallState.HELD:
        _first_words(hand)


def _first_words(hand: Hand) -> None:
    if hand.call.answered_at is None:
        hand.set(answered_at=hand.now)
        hand.tell(Answered())
        if hand.call.plan.record:
            start_recording(hand, None)
    hand.hush()
    hand.move(CallState.TALKING)


def _drop_replaced(hand: Hand, leg: LegValue) -> None:
    """A blind transfer is done once the new one speaks."""
    transfer = hand.transfer()
    if transfer is not None and transfer.leg_id == leg.id and leg.mode is LegMode.TALK:
        hand.end_transfer("done")


def _device_failed(hand: Hand, leg: LegValue) -> None:
    if leg.agent_id is not None:
        hand.tell(Unanswered(agent_id=leg.agent_id))
    if not hand.talkers():
        back_in_line(hand)


def _next_owner(hand: Hand) -> None:
    owner = next((one for one in hand.talkers() if one.agent_id is not None), None)
    if owner is not None and owner.agent_id is not None and owner.agent_id != hand.call.agent_id:
        hand.set(agent_id=owner.agent_id)
        hand.tell(Owned(agent_id=owner.agent_id))
    if hand.call.state is CallState.HELD:
        hand.move(CallState.TALKING)
