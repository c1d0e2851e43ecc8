"""Supervisors in a call: listening, whispering, joining, taking it over."""

from __future__ import annotations

from crm_core.calls.rules import ending
from crm_core.calls.rules.call import LISTENING, REPLACED, leg_of, living
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.signals import Joined, ListenedIn, Owned, TakenOver
from crm_core.calls.rules.talking import SPEAKING
from crm_core.words.values.calls import CallState, EndedBy, LegMode, LegRole, LegState

_HOW = (LegMode.MONITOR, LegMode.WHISPER, LegMode.BARGE)


def join(hand: Hand, joined: Joined) -> None:
    """Listen to a call, or change how. Somebody who takes part as an agent cannot listen to themselves."""
    if hand.call.state not in SPEAKING or joined.mode not in _HOW:
        return
    if leg_of(hand.call, joined.agent_id, LegRole.AGENT) is not None:
        return
    own = leg_of(hand.call, joined.agent_id, LegRole.SUPERVISOR)
    if own is not None:
        if own.mode is joined.mode:
            return
        hand.set_leg(own, mode=joined.mode)
        is_news = joined.mode is LegMode.BARGE or joined.agent_id not in hand.call.known_listeners
    else:
        hand.add_leg(
            joined.leg_id, LegRole.SUPERVISOR, LegState.DIALLING, mode=joined.mode, agent_id=joined.agent_id,
            device=joined.device, address=joined.address, name=joined.name, until=hand.now + hand.call.plan.connect,
        )  # fmt: skip
        hand.set(known_listeners=[one for one in hand.call.known_listeners if one != joined.agent_id])
        is_news = True
    hand.tell(ListenedIn(agent_id=joined.agent_id, mode=joined.mode))
    if is_news and (joined.announce or hand.call.announces):
        _announce(hand, joined.agent_id)


def take_over(hand: Hand, taken: TakenOver) -> None:
    """The call is the supervisor's; the agents who had it are out and wrap up."""
    if hand.call.state not in SPEAKING:
        return
    if leg_of(hand.call, taken.agent_id, LegRole.AGENT) is not None:
        return
    own = leg_of(hand.call, taken.agent_id, LegRole.SUPERVISOR)
    was_there = own is not None and own.state is LegState.CONNECTED
    if own is not None:
        hand.end_leg(own, REPLACED, EndedBy.SYSTEM)
    hand.end_transfer("cancelled")
    for leg in living(hand.call):
        if leg.role is LegRole.AGENT or leg.mode is LegMode.CONSULT:
            ending.part(hand, leg, "taken_over", EndedBy.SUPERVISOR)
    ending.take_up(hand, taken.agent_id)
    hand.add_leg(
        taken.leg_id, LegRole.AGENT, LegState.DIALLING, agent_id=taken.agent_id, device=taken.device,
        address=taken.address, name=taken.name, until=hand.now + hand.call.plan.connect,
    )  # fmt: skip
    hand.set(agent_id=taken.agent_id, three_way=hand.call.three_way and len(hand.talkers()) > 1)
    hand.move(CallState.CONNECTING)
    if taken.announce or hand.call.announces:
        _announce(hand, taken.agent_id)
    hand.tell(Owned(agent_id=taken.agent_id))
    hand.tell(ListenedIn(agent_id=taken.agent_id, mode=LegMode.TALK if was_there else LegMode.BARGE))


def _announce(hand: Hand, agent_id: int) -> None:
    others = [one for one in hand.call.known_listeners if one != agent_id]
    hand.set(known_listeners=[*others, agent_id])
    hand.owe(LISTENING, agent_id)
