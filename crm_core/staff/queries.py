"""Questions about the staff."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, bindparam, select

from crm_core.staff.model import ActivitySpan, Agent, QueueMember
from crm_core.staff.workload import held_by, units_used
from crm_core.store.prepared import RowsOf, held
from crm_core.store.transaction import Fields, Tx
from crm_core.words.addresses import email as email_address
from crm_core.words.clock import Moment
from crm_core.words.content import UNITS
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.paging import Page, cursor_of, keys_of
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import Activity, AgentValue, Role

TABLE = Agent.__table__
MOST = 200
_one = select(*TABLE.c).where(Agent.id == bindparam("id"), Agent.ws == bindparam("ws"))
_row = RowsOf(lambda _is_sqlite: _one)
_locked = RowsOf(lambda is_sqlite: held(_one, is_sqlite=is_sqlite))
_queues = RowsOf(
    lambda _is_sqlite: (
        select(QueueMember.queue_id).where(QueueMember.agent_id == bindparam("id")).order_by(QueueMember.queue_id)
    )
)


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
    return value(tx, row(tx, agent_id)._mapping)


def value(tx: Tx, found: Fields) -> AgentValue:
    """An agent's row as everybody may see it, with whom they serve and what they hold."""
    queues = [member["queue_id"] for member in _queues.all(tx, {"id": found["id"]})]
    used = sum(UNITS[medium] * count for medium, count in held_by(tx, found["id"]).items())
    return _value(found, queues, used)


def agents(tx: Tx) -> list[AgentValue]:
    """Every agent, also the disabled ones (their names stand in old timelines), in the order they joined."""
    rows = tx.all(select(*TABLE.c).where(Agent.ws == tx.ws).order_by(Agent.id))
    queues: dict[int, list[int]] = {}
    for member in tx.all(select(QueueMember.agent_id, QueueMember.queue_id).order_by(QueueMember.queue_id)):
        queues.setdefault(member.agent_id, []).append(member.queue_id)
    used = units_used(tx)
    return [_value(r._mapping, queues.get(r.id, []), used.get(r.id, 0)) for r in rows]


def row(tx: Tx, agent_id: int, *, lock: bool = False) -> Row[Any]:
    """An agent's row, held against other writers if asked. Raises NotFound."""
    found = (_locked if lock else _row).first(tx, {"id": agent_id, "ws": tx.ws})
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


def _value(found: Fields, queues: list[int], used: int) -> AgentValue:
    return AgentValue(
        id=found["id"],
        name=found["name"],
        role=Role(found["role"]),
        activity=Activity(found["activity"]),
        reason=found["activity_reason"],
        activity_since=found["activity_since"],
        missed_offer=bool(found["missed_offer"]),
        queues=queues,
        skills=found["skills"] or {},
        units_used=used,
        units_total=found["units"],
        idle_since=found["idle_since"],
        wrap_up_until=found["wrap_up_until"],
        call_device=found["call_device"] or "browser",
        call_number=found["call_number"] or "",
        language=found["language"],
        disabled=found["disabled_at"] is not None,
        version=found["version"],
    )
