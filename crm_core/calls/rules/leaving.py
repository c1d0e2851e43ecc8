"""Somebody is out of a call that goes on: with whom the contact speaks then, and who has to be found."""

from __future__ import annotations

from crm_core.calls.rules import ending, flow
from crm_core.calls.rules.call import has_spoken, is_over, leg_of, living
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.signals import AgentGone, HungUp, LeftQueue, Owned, Unanswered, Wrapping
from crm_core.calls.rules.talking import lost, meet
from crm_core.words.calls import LegEnded
from crm_core.words.values.calls import CallState, EndedBy, LegMode, LegRole, LegState, LegValue
from crm_core.words.values.marks import Direction

BROKEN = ("lost", "failed")
"""Reasons that nobody chose: the contact did not want to be done yet."""
NO_DEVICE = ("lost", "failed", "no_answer")
"""Reasons by which an agent's device is known not to work."""
MOST_SILENT = 3
"""After so many devices that never got through to one caller it is the caller's side that does not carry sound."""


def leg_ended(hand: Hand, said: LegEnded) -> None:
    """A leg is over, by whoever ended it."""
    leg = hand.leg(said.leg_id)
    if leg is None or leg.state in (LegState.ENDED, LegState.INVITED):
        return
    if said.detail:
        hand.set(reason=said.detail[:200])
    if leg.role is LegRole.CUSTOMER:
        ending.contact_gone(hand, leg, said.reason, said.by or EndedBy.CONTACT)
        return
    by = said.by or (EndedBy.SUPERVISOR if leg.role is LegRole.SUPERVISOR else EndedBy.AGENT)
    drop(hand, leg, said.reason, by)


def drop(hand: Hand, leg: LegValue, reason: str, by: EndedBy) -> None:
    """Somebody of ours, or a number, is out of the call; the call goes on with whoever is left, or ends."""
    if is_over(hand.call) or leg.state is LegState.ENDED:
        return
    if leg.role is LegRole.SUPERVISOR:
        hand.end_leg(leg, reason, by)
    elif leg.mode is LegMode.CONSULT:
        _asked_left(hand, leg, reason, by)
    elif leg.connected_at is None:
        _without_device(hand, leg, reason, by)
        _go_on(hand, leg, "failed", by)
        _give_up(hand)
    else:
        _part_or_lose(hand, leg, reason, by)
        _go_on(hand, leg, reason, by)


def refuse(hand: Hand, leg: LegValue, reason: str) -> None:
    """Whoever was asked in does not come: the contact stays with whom they have, or waits for somebody else."""
    hand.end_leg(leg, reason, EndedBy.AGENT)
    _fail_transfer(hand, leg)
    if leg.mode is LegMode.CONSULT:
        back_to_contact(hand)
    elif not hand.talkers():
        back_in_line(hand, EndedBy.AGENT)


def hang_up(hand: Hand, said: HungUp) -> None:
    """Somebody of ours puts down. The call is over with it, if nobody else is there to go on with the contact."""
    own = leg_of(hand.call, said.agent_id)
    if own is None or is_over(hand.call):
        return
    if own.state is LegState.INVITED:
        refuse(hand, own, "declined")
        return
    others = [one for one in hand.talkers() if one.id != own.id]
    stays = bool(others) and (said.leave or hand.call.three_way)
    asked = any(one.state is LegState.CONNECTED for one in hand.consulted())
    by = EndedBy.SUPERVISOR if own.role is LegRole.SUPERVISOR else EndedBy.AGENT
    met = hand.call.answered_at is not None or hand.call.direction is Direction.IN
    if own.role is LegRole.SUPERVISOR or own.mode is LegMode.CONSULT:
        drop(hand, own, "hung_up", by)
    elif stays or (asked and not others):
        ending.part(hand, own, "hung_up", by)
        _go_on(hand, own, "hung_up", by)
    elif met and not has_spoken(hand.call, own):
        # Taken and put down again before a word was spoken: somebody else is asked.
        ending.part(hand, own, "hung_up", by)
        _go_on(hand, own, "failed", by)
    else:
        reason = "hung_up" if hand.call.answered_at is not None else "cancelled"
        ending.part(hand, own, reason, by)
        ending.over(hand, reason, by)


def gone(hand: Hand, said: AgentGone) -> None:
    """An agent is offline: what they were asked is refused. A call that they are in goes on with their device.

    Whoever was locked out has no device any more but their own telephone.
    """
    for one in living(hand.call):
        current = hand.leg(one.id)
        if current is None or current.agent_id != said.agent_id:
            continue
        if current.state is LegState.INVITED:
            refuse(hand, current, "no_answer")
        elif said.locked_out and current.device != "phone":
            lost(hand, current.id)


def back_to_contact(hand: Hand) -> None:
    """The contact was only held for a question: when nobody is asked any more, they are heard again."""
    if hand.call.state is CallState.HELD and not hand.consulted():
        hand.move(CallState.TALKING)


def clear_room(hand: Hand, reason: str) -> None:
    """Only the contact stays: whoever was asked, spoke or listened is out of it."""
    hand.end_transfer("failed")
    for leg in living(hand.call):
        if leg.role is not LegRole.CUSTOMER:
            ending.part(hand, leg, reason, EndedBy.SYSTEM)
    hand.set(three_way=False)


def back_in_line(hand: Hand, by: EndedBy) -> None:
    """Nobody speaks with the contact any more and they did not hang up: somebody else is found, at the old place.

    A contact whom we called and who was not there yet, or for whom no queue is responsible, is let go.
    """
    call = hand.call
    queue_id = call.queue_id or call.plan.queue_id
    if call.direction is Direction.OUT and (call.answered_at is None or queue_id is None):
        ending.over(hand, "cancelled" if call.answered_at is None else "lost", by)
        return
    clear_room(hand, "over")
    hand.hush()
    hand.set(agent_id=None)
    if queue_id is None:
        hand.tell(LeftQueue())
    flow.join(hand, queue_id, again=True)
    if call.plan.wait_prompt is not None and hand.call.state is CallState.QUEUED:
        hand.say(call.plan.wait_prompt)


def promote(hand: Hand, leg: LegValue) -> None:
    """Whoever was asked for advice has the call now."""
    hand.set_leg(leg, mode=LegMode.TALK)
    hand.end_transfer("done")
    _owned_by(hand, leg)
    hand.move(CallState.TALKING)


def _owned_by(hand: Hand, leg: LegValue | None) -> None:
    """A number outside owns no work: the agent who spoke last stays the one whose call it was."""
    if leg is None or leg.agent_id is None:
        hand.tell(LeftQueue())
    elif leg.agent_id != hand.call.agent_id:
        hand.set(agent_id=leg.agent_id)
        hand.tell(Owned(agent_id=leg.agent_id))


def _asked_left(hand: Hand, leg: LegValue, reason: str, by: EndedBy) -> None:
    _part_or_lose(hand, leg, reason, by)
    _fail_transfer(hand, leg)
    back_to_contact(hand)


def _part_or_lose(hand: Hand, leg: LegValue, reason: str, by: EndedBy) -> None:
    if by is EndedBy.NOBODY or (leg.connected_at is None and reason in NO_DEVICE):
        _without_device(hand, leg, reason, by)
    else:
        ending.part(hand, leg, reason, by)


def _without_device(hand: Hand, leg: LegValue, reason: str, by: EndedBy) -> None:
    is_silent_again = by is EndedBy.SYSTEM and reason == "no_answer" and bool(_silent(hand))
    hand.end_leg(leg, reason, by)
    if leg.role is LegRole.AGENT and leg.agent_id is not None:
        hand.tell(Wrapping(agent_id=leg.agent_id, until=None) if is_silent_again else Unanswered(agent_id=leg.agent_id))


def _silent(hand: Hand) -> list[LegValue]:
    """Agents' devices that never got through to a contact with whom nobody has spoken yet.

    Where the sound goes from browser to browser either side may be why. The first agent may be asleep; of those
    after them it is not known, and one visitor must not take a whole queue out of routing.
    """
    if hand.call.answered_at is not None:
        return []
    return [
        one
        for one in hand.call.legs
        if one.role is LegRole.AGENT
        and one.state is LegState.ENDED
        and one.connected_at is None
        and one.reason == "no_answer"
        and one.ended_by is EndedBy.SYSTEM
    ]


def _give_up(hand: Hand) -> None:
    """A caller to whom no device gets through leaves a message instead of wearing out one agent after another."""
    if hand.call.state is CallState.QUEUED and len(_silent(hand)) >= MOST_SILENT:
        flow.leave_line(hand)
        flow.voicemail(hand)


def _fail_transfer(hand: Hand, leg: LegValue) -> None:
    transfer = hand.transfer()
    if transfer is not None and transfer.leg_id == leg.id:
        hand.end_transfer("failed")


def _go_on(hand: Hand, left: LegValue, reason: str, by: EndedBy) -> None:
    """After somebody with whom the contact spoke, or was to speak, is out."""
    _fail_transfer(hand, left)
    talkers = hand.talkers()
    asked = [one for one in hand.consulted() if one.state is LegState.CONNECTED]
    if talkers:
        _remain(hand, left, talkers)
    elif asked:
        promote(hand, asked[0])
    elif hand.call.answered_at is None or reason in BROKEN:
        back_in_line(hand, by)
    else:
        ending.over(hand, reason, by)


def _remain(hand: Hand, left: LegValue, talkers: list[LegValue]) -> None:
    transfer = hand.transfer()
    if transfer is not None and transfer.by_agent_id == left.agent_id:
        hand.end_transfer("cancelled")
        for one in hand.consulted():
            ending.part(hand, one, "cancelled", EndedBy.SYSTEM)
    hand.set(three_way=hand.call.three_way and len(talkers) > 1)
    if left.agent_id is not None and left.agent_id == hand.call.agent_id:
        _owned_by(hand, next((one for one in talkers if one.agent_id is not None), None))
        back_to_contact(hand)
    meet(hand)
