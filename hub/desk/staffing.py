"""What agents do now, and what that means for the work they are being offered."""

from __future__ import annotations

from crm_core.conversations.queries import held_by
from crm_core.staff import actions, sessions
from crm_core.staff import queries as staff
from crm_core.staff.rules import Cause
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from crm_core.words.values import Activity, AgentValue
from crm_core.work.actions import SYSTEM, withdraw_offers
from crm_core.work.returning import forgive
from hub.desk.assignments import author_of, give_back


def set_activity(tx: Tx, actor: Actor, agent_id: int, activity: Activity, reason: str = "") -> AgentValue:
    """
    Say what an agent does now. Whoever is not available is offered nothing: running offers go to others. Whoever is
    back after missing something is spared nothing for that any more.

    Raises Denied, NotFound, Invalid, Conflict as `staff.actions.set_activity` does.
    """
    had_missed = staff.agent(tx, agent_id).missed_offer
    value = actions.set_activity(tx, actor, agent_id, activity, reason)
    if activity is not Activity.AVAILABLE:
        withdraw_offers(tx, agent_id, reason=activity)
    elif had_missed:
        forgive(tx, agent_id)
    return value


def sign_out(tx: Tx, agent_id: int, session_id: int) -> None:
    """
    End a session. Whoever has no other browser session left is offline at once, without the grace of a lost
    connection: what they are being offered goes to others. Raises NotFound.
    """
    sessions.end_session(tx, agent_id, session_id)
    if not any(s.kind == "browser" for s in sessions.sessions(tx, agent_id)):
        leave(tx, agent_id, Cause.SIGN_OUT)


def leave(tx: Tx, agent_id: int, cause: Cause) -> None:
    """An agent is not here any more: offline, and their offers go to others."""
    actions.set_activity(tx, None, agent_id, Activity.OFFLINE, caused_by=cause)
    withdraw_offers(tx, agent_id, reason="offline")


def disable(tx: Tx, actor: Actor | None, agent_id: int) -> AgentValue:
    """
    Lock an agent out at once; what they are being offered, and what they had, goes to others.

    `actor` is None for the command line.

    Raises Denied, NotFound, Conflict for the last administrator, Invalid for oneself.
    """
    value = actions.disable_agent(tx, actor, agent_id)
    withdraw_offers(tx, agent_id, reason="disabled")
    by = SYSTEM if actor is None else author_of(actor)
    for held in held_by(tx, agent_id):
        give_back(tx, held, by)
    return value
