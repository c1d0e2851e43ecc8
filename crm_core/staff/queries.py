"""Questions about the staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select

from crm_core.staff.model import ActivitySpan, Agent, QueueMember
from crm_core.staff.workload import units_used
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email as email_address
from crm_core.words.clock import Moment
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.paging import Page, cursor_of, keys_of
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import Activity, AgentValue, Role

TABLE = Agent.__table__
MOST = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What signing in needs of an agent, and nobody is shown."""

    agent_id: int
    name: str
    email: str
    password_hash: str | None
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of one activity, from the ledger. The open one has no end."""

    id: int
    agent_id: int
    activity: Activity
    reason: str
    since: Moment
    until: Moment | None
    caused_by: str


def agent(tx: Tx, agent_id: int) -> AgentValue:
    """One agent as everybody may see them. Raises NotFound."""
    values = _values(tx, [agent_id])
    if not values:
        raise NotFound
    return values[0]


def agents(tx: Tx) -> list[AgentValue]:
    """Every agent, also the disabled ones (their names stand in old timelines), in the order they joined."""
    return _values(tx, None)


def row(tx: Tx, agent_id: int, *, lock: bool = False) -> Row[Any]:
    """An agent's row, held against other writers if asked. Raises NotFound."""
    statement = select(*TABLE.c).where(Agent.id == agent_id, Agent.ws == tx.ws)
    found = tx.first(statement.with_for_update() if lock and not tx.is_sqlite else statement)
    if found is None:
        raise NotFound
    return found


def actor_of(tx: Tx, agent_id: int, session_id: int | None = None) -> Actor | None:
    """The agent as somebody who asks, with the rights of right now; none when disabled or unknown."""
    found = tx.first(
        select(Agent.name, Agent.role).where(Agent.id == agent_id, Agent.ws == tx.ws, Agent.disabled_at.is_(None))
    )
    if found is None:
        return None
    queues = tx.all(select(QueueMember.queue_id).where(QueueMember.agent_id == agent_id))
    return Actor(agent_id, found.name, Role(found.role), frozenset(r.queue_id for r in queues), session_id, tx.ws)


def secrets_by_email(tx: Tx, raw: str) -> Secrets | None:
    """What signing in needs, by e-mail address in any spelling; none for nobody's."""
    try:
        address = email_address(raw).value
    except Invalid:
        return None
    return _secrets(tx, Agent.email == address)


def secrets_of(tx: Tx, agent_id: int) -> Secrets:
    """What changing a password needs. Raises NotFound."""
    found = _secrets(tx, Agent.id == agent_id)
    if found is None:
        raise NotFound
    return found


def members(tx: Tx, queue_id: int) -> list[int]:
    """Ids of the agents who serve a queue."""
    return [r.agent_id for r in tx.all(select(QueueMember.agent_id).where(QueueMember.queue_id == queue_id))]


def ledger(tx: Tx, actor: Actor, agent_id: int, *, cursor: str | None = None, limit: int = 50) -> Page[Span]:
    """An agent's activities, newest first: one's own, or anybody's with WATCH_AGENTS.

    Raises Denied, and Invalid for a foreign cursor or limit.
    """
    if agent_id != actor.agent_id:
        actor.must(Permission.WATCH_AGENTS)
    if not 1 <= limit <= MOST:
        raise Invalid(f"A page has 1 to {MOST} rows.")
    statement = select(*ActivitySpan.__table__.c).where(ActivitySpan.agent_id == agent_id, ActivitySpan.ws == tx.ws)
    if cursor:
        # Ids grow with time, and a ledger's rows are added in order.
        (before,) = keys_of(cursor, int)
        statement = statement.where(ActivitySpan.id < before)
    rows = tx.all(statement.order_by(ActivitySpan.id.desc()).limit(limit + 1))
    spans = [_span(r) for r in rows[:limit]]
    return Page(spans, cursor_of(spans[-1].id) if len(rows) > limit else None)


def _span(found: Row[Any]) -> Span:
    return Span(
        id=found.id,
        agent_id=found.agent_id,
        activity=Activity(found.activity),
        reason=found.reason,
        since=found.since,
        until=found.until,
        caused_by=found.caused_by,
    )


def _secrets(tx: Tx, condition: Any) -> Secrets | None:
    found = tx.first(select(*TABLE.c).where(condition, Agent.ws == tx.ws))
    if found is None:
        return None
    return Secrets(
        agent_id=found.id,
        name=found.name,
        email=found.email,
        password_hash=found.password_hash,
        disabled=found.disabled_at is not None,
    )


def _values(tx: Tx, ids: Sequence[int] | None) -> list[AgentValue]:
    statement = select(*TABLE.c).where(Agent.ws == tx.ws).order_by(Agent.id)
    serving = select(QueueMember.agent_id, QueueMember.queue_id).order_by(QueueMember.queue_id)
    if ids is not None:
        statement, serving = statement.where(Agent.id.in_(ids)), serving.where(QueueMember.agent_id.in_(ids))
    rows = tx.all(statement)
    queues: dict[int, list[int]] = {}
    for member in tx.all(serving):
        queues.setdefault(member.agent_id, []).append(member.queue_id)
    used = units_used(tx, ids)
    return [_value(r, queues.get(r.id, []), used.get(r.id, 0)) for r in rows]


def _value(found: Row[Any], queues: list[int], used: int) -> AgentValue:
    return AgentValue(
        id=found.id,
        name=found.name,
        role=Role(found.role),
        activity=Activity(found.activity),
        reason=found.activity_reason,
        activity_since=found.activity_since,
        missed_offer=bool(found.missed_offer),
        queues=queues,
        skills=found.skills or {},
        units_used=used,
        units_total=found.units,
        idle_since=found.idle_since,
        wrap_up_until=found.wrap_up_until,
        call_device=found.call_device or "browser",
        call_number=found.call_number or "",
        language=found.language,
        disabled=found.disabled_at is not None,
        version=found.version,
    )
