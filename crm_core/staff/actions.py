"""Writes to the staff: who they are, what they may do, what they do now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from crm_core.staff import rules
from crm_core.staff.model import ActivitySpan, Agent, QueueMember
from crm_core.staff.queries import agent as agent_value
from crm_core.staff.queries import row
from crm_core.staff.rules import Cause
from crm_core.staff.sessions import end_all_sessions
from crm_core.staff.workload import must_be_queues
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email as email_address
from crm_core.words.errors import Conflict, Denied, Invalid
from crm_core.words.events import AgentChanged
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import one_line
from crm_core.words.values import Activity, AgentValue, Role

LANGUAGES: Final = ("en", "uk", "ru", "pl", "zh-CN")
"""Languages of the console."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAgent:
    """An agent to add. `skills` is {skill: level 1 to 10}, `units` the capacity (a chat takes 25 of 100)."""

    name: str
    email: str
    role: Role = Role.AGENT
    password_hash: str | None = None
    language: str = "en"
    skills: Mapping[str, int] = field(default_factory=dict)
    units: int = 100
    queues: Sequence[int] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentChange:
    """What to change of an agent; what is None stays. `version` is the one the change was made from."""

    name: str | None = None
    email: str | None = None
    role: Role | None = None
    password_hash: str | None = None
    language: str | None = None
    skills: Mapping[str, int] | None = None
    units: int | None = None
    queues: Sequence[int] | None = None
    version: int | None = None


def add_agent(tx: Tx, actor: Actor | None, new: NewAgent) -> AgentValue:
    """Add an agent, offline at first. `actor` is None for the command line.

    Raises Denied, Invalid, and Conflict when the e-mail address is somebody's already.
    """
    if actor is not None:
        actor.must(Permission.CONFIGURE)
    address = email_address(new.email).value
    _must_be_free(tx, address, None)
    agent_id = tx.new_id()
    values = {
        "id": agent_id,
        "ws": tx.ws,
        "name": rules.checked_name(new.name),
        "email": address,
        "role": Role(new.role),
        "password_hash": new.password_hash,
        "language": _checked_language(new.language),
        "skills": rules.checked_skills(dict(new.skills)),
        "units": rules.checked_units(new.units),
        "created_at": tx.now,
        "activity": Activity.OFFLINE,
        "activity_since": tx.now,
        "idle_since": tx.now,
        "activity_reason": "",
        "misses": 0,
        "missed_offer": False,
        "version": 1,
    }
    tx.execute(insert(Agent).values(**values))
    _open_span(tx, agent_id, Activity.OFFLINE, "", Cause.SUPERVISOR if actor else Cause.AGENT)
    _serve(tx, agent_id, must_be_queues(tx, new.queues))
    return _recorded(tx, agent_id)


def change_agent(tx: Tx, actor: Actor | None, agent_id: int, change: AgentChange) -> AgentValue:
    """Change an agent. Without CONFIGURE one may change one's own language and password.

    Raises Denied, NotFound, Invalid, and Conflict for a version that is not the newest, an e-mail address of
    somebody else, or the last administrator's role.
    """
    known = row(tx, agent_id, lock=True)
    _must_be_allowed(actor, agent_id, change)
    if change.version is not None and change.version != known.version:
        raise Conflict
    values = _values_of(tx, known, change)
    if change.queues is not None:
        _serve(tx, agent_id, must_be_queues(tx, change.queues))
    _set(tx, agent_id, **values)
    return _recorded(tx, agent_id)


def set_queues(tx: Tx, actor: Actor | None, agent_id: int, queue_ids: Sequence[int]) -> AgentValue:
    """Let an agent serve exactly these queues. Raises Denied, NotFound, Invalid for a queue that is none."""
    return change_agent(tx, actor, agent_id, AgentChange(queues=queue_ids))


def disable_agent(tx: Tx, actor: Actor | None, agent_id: int) -> AgentValue:
    """Lock an agent out: offline, every session ended. Harmless when they are locked out already.

    Raises Denied, NotFound, Conflict for the last administrator, Invalid for oneself.
    """
    _must_configure(actor)
    known = row(tx, agent_id, lock=True)
    if actor is not None and actor.agent_id == agent_id:
        raise Invalid("You cannot disable yourself.", why="disable_self")
    if known.disabled_at is not None:
        return agent_value(tx, agent_id)
    _must_leave_an_administrator(tx, known)
    _move(tx, known, Activity.OFFLINE, "", Cause.SUPERVISOR)
    _set(tx, agent_id, disabled_at=tx.now)
    end_all_sessions(tx, agent_id)
    return _recorded(tx, agent_id)


def enable_agent(tx: Tx, actor: Actor | None, agent_id: int) -> AgentValue:
    """Let a disabled agent in again; they sign in anew. Raises Denied, NotFound."""
    _must_configure(actor)
    row(tx, agent_id, lock=True)
    _set(tx, agent_id, disabled_at=None)
    return _recorded(tx, agent_id)


def set_activity(
    tx: Tx,
    actor: Actor | None,
    agent_id: int,
    activity: Activity,
    reason: str = "",
    *,
    caused_by: str = Cause.AGENT,
) -> AgentValue:
    """Set what an agent does now, and write the ledger. `actor` is None for the hub itself.

    Somebody else's activity takes WATCH_AGENTS and is written down as the supervisor's doing. Going
    available forgets what was missed and starts the idle clock.
    Raises Denied, NotFound, Invalid for an activity nobody may choose, Conflict for a disabled agent.
    """
    cause = Cause(caused_by)
    if actor is not None and actor.agent_id != agent_id:
        actor.must(Permission.WATCH_AGENTS)
        cause = Cause.SUPERVISOR if cause is Cause.AGENT else cause
    known = row(tx, agent_id, lock=True)
    if not rules.may_choose(activity, cause):
        raise Invalid("Nobody chooses this activity: the hub finds it.")
    if known.disabled_at is not None:
        raise Conflict("This agent is disabled.", why="agent_disabled")
    if not _move(tx, known, activity, one_line(reason, most=120), cause):
        return agent_value(tx, agent_id)
    return _recorded(tx, agent_id)


def _move(tx: Tx, known: Row[Any], activity: Activity, reason: str, cause: Cause) -> bool:
    """Whether anything changed."""
    before = Activity(known.activity)
    values: dict[str, Any] = {}
    if (before, known.activity_reason) != (activity, reason):
        values = {"activity": activity, "activity_reason": reason, "activity_since": tx.now}
        _close_span(tx, known.id)
        _open_span(tx, known.id, activity, reason, cause)
    if rules.starts_idle_clock(before, activity):
        values["idle_since"] = tx.now
    if rules.forgives(activity) and (known.misses or known.missed_offer):
        values |= {"misses": 0, "missed_offer": False}
    if values:
        _set(tx, known.id, **values)
    return bool(values)


def _close_span(tx: Tx, agent_id: int) -> None:
    tx.execute(
        update(ActivitySpan).where(ActivitySpan.agent_id == agent_id, ActivitySpan.until.is_(None)).values(until=tx.now)
    )


def _open_span(tx: Tx, agent_id: int, activity: Activity, reason: str, cause: Cause) -> None:
    tx.execute(
        insert(ActivitySpan).values(
            id=tx.new_id(),
            ws=tx.ws,
            agent_id=agent_id,
            activity=activity,
            reason=reason,
            since=tx.now,
            caused_by=cause,
        )
    )


def _values_of(tx: Tx, known: Row[Any], change: AgentChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if change.name is not None:
        values["name"] = rules.checked_name(change.name)
    if change.email is not None:
        values["email"] = email_address(change.email).value
        _must_be_free(tx, values["email"], known.id)
    if change.role is not None:
        values["role"] = Role(change.role)
        if change.role is not Role.ADMINISTRATOR:
            _must_leave_an_administrator(tx, known)
    if change.password_hash is not None:
        values["password_hash"] = change.password_hash
    if change.language is not None:
        values["language"] = _checked_language(change.language)
    if change.skills is not None:
        values["skills"] = rules.checked_skills(dict(change.skills))
    if change.units is not None:
        values["units"] = rules.checked_units(change.units)
    return values


def _must_configure(actor: Actor | None) -> None:
    if actor is not None:
        actor.must(Permission.CONFIGURE)


def _must_be_allowed(actor: Actor | None, agent_id: int, change: AgentChange) -> None:
    if actor is None or actor.may(Permission.CONFIGURE):
        return
    others = (change.name, change.email, change.role, change.skills, change.units, change.queues)
    if actor.agent_id != agent_id or any(value is not None for value in others):
        raise Denied


def _must_be_free(tx: Tx, address: str, own_id: int | None) -> None:
    holder = tx.scalar(select(Agent.id).where(Agent.ws == tx.ws, Agent.email == address))
    if holder is not None and holder != own_id:
        raise Conflict("Somebody has this e-mail address already.", why="email_taken")


def _must_leave_an_administrator(tx: Tx, known: Row[Any]) -> None:
    if known.role != Role.ADMINISTRATOR or known.disabled_at is not None:
        return
    other = tx.scalar(
        select(Agent.id).where(
            Agent.ws == tx.ws, Agent.role == Role.ADMINISTRATOR, Agent.disabled_at.is_(None), Agent.id != known.id
        )
    )
    if other is None:
        raise Conflict("The hub needs at least one administrator.", why="last_administrator")


def _checked_language(language: str) -> str:
    if language not in LANGUAGES:
        raise Invalid("The console does not speak this language.")
    return language


def _serve(tx: Tx, agent_id: int, queue_ids: Sequence[int]) -> None:
    tx.execute(delete(QueueMember).where(QueueMember.agent_id == agent_id))
    if queue_ids:
        members = [{"agent_id": agent_id, "queue_id": q, "ws": tx.ws} for q in queue_ids]
        tx.execute(insert(QueueMember), members)


def _set(tx: Tx, agent_id: int, **values: Any) -> None:
    tx.execute(update(Agent).where(Agent.id == agent_id).values(version=Agent.version + 1, **values))


def _recorded(tx: Tx, agent_id: int) -> AgentValue:
    value = agent_value(tx, agent_id)
    tx.record(AgentChanged(agent=value))
    return value
