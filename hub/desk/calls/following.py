"""What follows for the rest of the house when a call moves: its work, its agents, its conversation."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from crm_core.calls import actions, queries
from crm_core.calls.rules.call import Call, leg_of
from crm_core.calls.rules.ending import is_wrapping
from crm_core.calls.rules.signals import (
    Answered,
    CallbackWanted,
    ConsultOver,
    ConsultQueued,
    Fact,
    LeftQueue,
    ListenedIn,
    Over,
    Owned,
    Queued,
    Unanswered,
    VoicemailLeft,
    WorkEased,
    Wrapping,
)
from crm_core.conversations.queries import row as conversation_row
from crm_core.staff import load
from crm_core.staff.actions import set_activity
from crm_core.staff.rules import Cause
from crm_core.store.transaction import Tx
from crm_core.words.clock import SECOND, Moment
from crm_core.words.content import Medium
from crm_core.words.values import Activity, CallOutcome, CallState, LegMode, WorkState
from crm_core.work import actions as work
from crm_core.work.sticky import sticky_waits
from hub.desk.calls import aftercall, plans

TALK: Final = "talk"
CONSULT: Final = "consult"
CALLBACK: Final = "callback"
LONGEST_STICKY: Final = 10 * SECOND
"""A caller waits on the line: whoever had them last is asked first for no longer than this."""


def follow(tx: Tx, call: Call, fact: Fact) -> Call:
    """Do what follows from one fact; the call, perhaps with what its queue adds to its plan."""
    match fact:
        case Queued():
            return _queued(tx, call, fact)
        case LeftQueue():
            if call.outcome is not CallOutcome.CALLBACK:
                work.finish_of_call(tx, call.id, TALK)
        case Owned(agent_id=agent_id):
            _owned(tx, call, agent_id)
        case ConsultQueued(queue_id=queue_id):
            # Whoever gave advice before, and speaks with the contact by now, is known to be busy by their leg.
            work.finish_of_call(tx, call.id, CONSULT)
            _wait(tx, call, queue_id, CONSULT)
        case ConsultOver():
            work.finish_of_call(tx, call.id, CONSULT)
        case WorkEased(priority=priority, widen=widen):
            _ease(tx, call, priority, widen=widen)
        case Unanswered(agent_id=agent_id):
            _asked_no_more(tx, call, agent_id)
            _unanswered(tx, agent_id)
        case Wrapping(agent_id=agent_id, until=until):
            _asked_no_more(tx, call, agent_id)
            load.touch(tx, agent_id, wrap_up_until=_writes_until(tx, call, agent_id, until), idle_since=tx.now)
        case Over():
            _over(tx, call)
        case VoicemailLeft(file_id=file_id):
            aftercall.voicemail(tx, call, file_id)
        case CallbackWanted():
            _call_back(tx, call)
        case ListenedIn(agent_id=agent_id, mode=mode):
            actions.listened(tx, call.id, agent_id, mode)
        case Answered():
            aftercall.answered(tx, call)
    return call


def _writes_until(tx: Tx, call: Call, agent_id: int, until: Moment | None) -> Moment | None:
    """Until when an agent writes calls down: they may still write another one than this."""
    others = [leg for one in queries.wrapping(tx, agent_id) if one.id != call.id for leg in one.legs]
    writing = [leg.wrap_up_until for leg in others if leg.agent_id == agent_id and is_wrapping(leg)]
    return max((at for at in (until, *writing) if at is not None), default=None)


def asked(tx: Tx, call: Call, agent_id: int) -> None:
    """Whoever gives advice to a colleague is busy with it, and is offered no other call."""
    leg = leg_of(call, agent_id)
    if leg is None or leg.mode is not LegMode.CONSULT or call.queue_id is None:
        return
    if work.open_work_of_call(tx, call.id, CONSULT) is None:
        fresh = work.new_work(
            tx, conversation_id=call.conversation_id, call_id=call.id, purpose=CONSULT, queue_id=call.queue_id,
            medium=Medium.CALL, state=WorkState.ASSIGNED, agent_id=agent_id,
        )  # fmt: skip
        work.store(tx, [fresh])
        load.busied(tx, agent_id)


def _asked_no_more(tx: Tx, call: Call, agent_id: int) -> None:
    item = work.open_work_of_call(tx, call.id, CONSULT)
    if item is not None and item.state == WorkState.ASSIGNED and item.agent_id == agent_id:
        work.finish_of_call(tx, call.id, CONSULT)


def ended(tx: Tx, before: Call, after: Call) -> Call:
    """When the last agent is done, the conversation that was only this call is over too."""
    if before.state is not CallState.ENDED and after.state is CallState.ENDED:
        aftercall.put_away(tx, after)
    return after


def _queued(tx: Tx, call: Call, fact: Queued) -> Call:
    plan, mode = plans.of_queue(tx, call.plan, fact.queue_id)
    item = work.open_work_of_call(tx, call.id, TALK)
    if item is None:
        _wait(tx, call, fact.queue_id, TALK, at=fact.at, again=fact.again)
    else:
        work.withdraw_of_work(tx, item.id)
        work.set_work(
            tx, item.id, None, state=WorkState.QUEUED, agent_id=None, queue_id=fact.queue_id, virtual_start=fact.at,
            preferred_agent_id=None, preferred_until=None,
        )  # fmt: skip
        if item.agent_id is not None:
            load.busied(tx, item.agent_id)
    aftercall.stands_in(tx, call, fact.queue_id)
    return replace(call, plan=plan, wrap_up_mode=mode)


def _wait(tx: Tx, call: Call, queue_id: int, purpose: str, *, at: int | None = None, again: bool = False) -> None:
    row = conversation_row(tx, call.conversation_id)
    preferred = None if again or purpose != TALK else row.assignee_id or row.last_assignee_id
    sticky = min(LONGEST_STICKY, sticky_waits(tx, [queue_id]).get(queue_id, 0))
    fresh = work.new_work(
        tx,
        conversation_id=call.conversation_id,
        call_id=call.id,
        purpose=purpose,
        queue_id=queue_id,
        medium=Medium.CALL,
        priority=row.priority + int(again),
        virtual_start=tx.now if at is None else at,
        preferred_agent_id=preferred,
        preferred_until=tx.now + sticky if preferred else None,
    )
    work.store(tx, [fresh])


def _owned(tx: Tx, call: Call, agent_id: int) -> None:
    item = work.open_work_of_call(tx, call.id, TALK)
    if item is None and call.queue_id is not None:
        fresh = work.new_work(
            tx, conversation_id=call.conversation_id, call_id=call.id, purpose=TALK, queue_id=call.queue_id,
            medium=Medium.CALL, state=WorkState.ASSIGNED, agent_id=agent_id,
        )  # fmt: skip
        work.store(tx, [fresh])
        load.busied(tx, agent_id)
    elif item is not None and (item.agent_id != agent_id or item.state != WorkState.ASSIGNED):
        work.withdraw_of_work(tx, item.id)
        work.set_work(tx, item.id, None, state=WorkState.ASSIGNED, agent_id=agent_id)
        load.busied(tx, agent_id)
        if item.agent_id not in (None, agent_id):
            load.busied(tx, item.agent_id)
    work.finish_of_call(tx, call.id, CONSULT)
    aftercall.belongs_to(tx, call, agent_id)


def _ease(tx: Tx, call: Call, priority: int, *, widen: bool) -> None:
    item = work.open_work_of_call(tx, call.id, TALK)
    if item is not None:
        skills = {} if widen else item.skills
        work.set_work(tx, item.id, None, priority=item.priority + priority, skills=skills)


def _unanswered(tx: Tx, agent_id: int) -> None:
    agent = load.locked(tx, agent_id)
    if agent.disabled_at is None and agent.activity == Activity.AVAILABLE:
        set_activity(tx, None, agent_id, Activity.NOT_RESPONDING, caused_by=Cause.MISSED_OFFER)
        work.withdraw_offers(tx, agent_id, reason="not_responding")
    load.touch(tx, agent_id, missed_offer=True)


def _over(tx: Tx, call: Call) -> None:
    work.finish_of_call(tx, call.id, CONSULT)
    if call.outcome is not CallOutcome.CALLBACK:
        work.finish_of_call(tx, call.id, TALK)
    aftercall.over(tx, call)


def _call_back(tx: Tx, call: Call) -> None:
    item = work.open_work_of_call(tx, call.id, TALK)
    if item is None:
        assert call.queue_id is not None, "who asks to be called back stands in a queue"
        _wait(tx, call, call.queue_id, CALLBACK, at=call.queued_at)
        return
    work.withdraw_of_work(tx, item.id)
    work.set_work(tx, item.id, None, state=WorkState.QUEUED, agent_id=None, purpose=CALLBACK)
