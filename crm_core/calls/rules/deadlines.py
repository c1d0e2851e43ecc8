"""What time alone does to a call. Every deadline is in the database, so a restart forgets none."""

from __future__ import annotations

from crm_core.calls.rules import ending, flow, talking, transfers
from crm_core.calls.rules.call import Call, living
from crm_core.calls.rules.hand import Hand
from crm_core.calls.rules.signals import Unanswered
from crm_core.words.clock import Moment
from crm_core.words.values.calls import CallOutcome, CallState, EndedBy, LegMode, LegRole, LegState, LegValue

PROMPT_LONGEST = 120_000
"""How long a prompt may play before the hub goes on without its provider's word, in ms."""


def next_deadline(call: Call) -> Moment | None:
    """When time alone will change the call; none while nothing is waited for."""
    if call.state is CallState.ENDED:
        return call.sought or None
    due: list[Moment] = [leg.until for leg in living(call) if leg.until is not None]
    due += [leg.wrap_up_until for leg in call.legs if ending.is_wrapping(leg) and leg.wrap_up_until is not None]
    if call.sought:
        due.append(call.sought)
    if call.state is CallState.GREETING:
        due.append(call.since + PROMPT_LONGEST * (1 + len(call.prompts)) + call.menu_round * PROMPT_LONGEST)
    if call.state is CallState.VOICEMAIL:
        due.append(call.since + PROMPT_LONGEST + call.plan.most_voicemail)
    if call.state in flow.IN_LINE and call.steps_done < len(call.plan.steps):
        due.append(call.joined_at + call.plan.steps[call.steps_done].after)
    return min(due, default=None)


def pass_time(hand: Hand) -> None:
    """Do what is due at `hand.now`."""
    ending.wrap_ups_due(hand)
    ending.recordings_missing(hand)
    for leg in living(hand.call):
        current = hand.leg(leg.id)
        if current is not None and current.state is not LegState.ENDED and _is_due(hand, current):
            _expire(hand, current)
    flow.waited(hand)
    _stuck(hand)


def _is_due(hand: Hand, leg: LegValue) -> bool:
    return leg.until is not None and leg.until <= hand.now


def _expire(hand: Hand, leg: LegValue) -> None:
    if leg.role is LegRole.CUSTOMER:
        hand.end_leg(leg, "no_answer", EndedBy.SYSTEM)
        ending.contact_left(hand, "no_answer", EndedBy.SYSTEM)
    elif leg.state is LegState.INVITED:
        transfers.refuse(hand, leg, "no_answer")
    elif leg.state is LegState.LOST:
        if leg.agent_id is not None and leg.role is LegRole.AGENT and leg.mode is LegMode.TALK:
            hand.tell(Unanswered(agent_id=leg.agent_id))
        talking.drop(hand, leg, "lost", EndedBy.NOBODY)
    else:
        talking.drop(hand, leg, "no_answer", EndedBy.SYSTEM)


def _stuck(hand: Hand) -> None:
    """A prompt or a recorder whose provider never said a word: the call goes on all the same."""
    call = hand.call
    deadline = next_deadline(call)
    if deadline is None or deadline > hand.now:
        return
    if call.state is CallState.GREETING and call.prompt is not None:
        after = call.after_prompts
        hand.hush()
        if after and after != flow.MENU and after != flow.GOODBYE:
            flow.go(hand, after)
        elif after == flow.MENU and call.outcome is None:
            flow.join(hand, call.plan.queue_id)
        else:
            ending.over(hand, "done")
    elif call.state is CallState.GREETING:
        ending.over(hand, "done")
    elif call.state is CallState.VOICEMAIL:
        hand.decide(CallOutcome.MISSED)
        ending.over(hand, "done")
