"""What time alone does to a call. Every deadline is in the database, so a restart forgets none."""

from __future__ import annotations

from crm_core.calls.rules import ending, flow, leaving, notices, recordings
from crm_core.calls.rules.call import Call, living
from crm_core.calls.rules.hand import IN_LINE, Hand
from crm_core.words.clock import Moment
from crm_core.words.values.calls import CallOutcome, CallState, EndedBy, LegRole, LegState, LegValue

PROMPT_LONGEST = 120_000
"""How long a prompt may play before the hub goes on without its provider's word, in ms."""
NOTICE_LONGEST = 15_000
"""How long one may that interrupts a conversation, in ms."""


def next_deadline(call: Call) -> Moment | None:
    """When time alone will change the call; none while nothing is waited for."""
    if call.state is CallState.ENDED:
        return call.sought or None
    due: list[Moment] = [leg.until for leg in living(call) if leg.until is not None]
    due += [leg.wrap_up_until for leg in call.legs if ending.is_wrapping(leg) and leg.wrap_up_until is not None]
    if call.sought:
        due.append(call.sought)
    machine = _machine_due(call)
    if machine is not None:
        due.append(machine)
    if call.state in IN_LINE and call.steps_done < len(call.plan.steps):
        due.append(call.joined_at + call.plan.steps[call.steps_done].after)
    return min(due, default=None)


def pass_time(hand: Hand) -> None:
    """Do what is due at `hand.now`."""
    ending.wrap_ups_due(hand)
    recordings.missing(hand)
    for leg in living(hand.call):
        current = hand.leg(leg.id)
        if current is not None and current.until is not None and current.until <= hand.now:
            _expire(hand, current)
    due = _machine_due(hand.call)
    if due is not None and due <= hand.now:
        _unstick(hand)
    flow.waited(hand)


def _machine_due(call: Call) -> Moment | None:
    """When a prompt or a recorder has had its time, though the provider never said a word."""
    if call.state is CallState.VOICEMAIL:
        return max(call.since, call.prompt_at) + PROMPT_LONGEST + call.plan.most_voicemail
    if call.prompt is None:
        return None
    in_talk = call.state in (CallState.TALKING, CallState.HELD)
    return call.prompt_at + (NOTICE_LONGEST if in_talk else PROMPT_LONGEST)


def _unstick(hand: Hand) -> None:
    """The call goes on all the same: whoever cannot be asked for a key waits for an agent."""
    notices.heard(hand)
    if hand.call.state is CallState.VOICEMAIL:
        hand.decide(CallOutcome.MISSED)
        ending.over(hand, "done")
    elif hand.call.after_prompts == flow.MENU:
        hand.hush()
        flow.join(hand, hand.call.plan.queue_id)
    else:
        flow.said(hand)


def _expire(hand: Hand, leg: LegValue) -> None:
    if leg.role is LegRole.CUSTOMER:
        hand.end_leg(leg, "no_answer", EndedBy.SYSTEM)
        ending.over(hand, "no_answer")
    elif leg.state is LegState.INVITED:
        leaving.refuse(hand, leg, "no_answer")
    elif leg.state is LegState.LOST:
        leaving.drop(hand, leg, "lost", EndedBy.NOBODY)
    else:
        leaving.drop(hand, leg, "no_answer", EndedBy.SYSTEM)
