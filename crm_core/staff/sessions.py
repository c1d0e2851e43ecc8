"""Ways in: browser sessions, API tokens and one-time links. Only the SHA-256 of a secret is stored."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update

from crm_core.staff.model import Session
from crm_core.staff.queries import actor_of
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, MINUTE, Moment
from crm_core.words.errors import Gone, NotFound
from crm_core.words.events import SignedOut
from crm_core.words.ids import new_token
from crm_core.words.permissions import Actor
from crm_core.words.text import one_line

Kind = Literal["browser", "token", "link"]
PREFIXES: Final[dict[str, str]] = {"browser": "sbs_", "token": "sbt_", "link": "sbl_"}
"""So that a leaked secret is recognised by scanners and by people."""
SEEN_EVERY: Final = MINUTE
"""How exact `last_seen_at` is: a busy session is not a write per request."""

_TABLE = Session.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """A way in, without its secret."""

    id: int
    agent_id: int
    kind: str
    label: str
    created_at: Moment
    expires_at: Moment | None
    last_seen_at: Moment | None


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Whom a secret let in, and by which session."""

    actor: Actor
    session: SessionFacts


def hash_of(secret: str) -> str:
    """What the database keeps. The secret is random, so a plain hash is enough and a look-up leaks nothing."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def open_session(
    tx: Tx, agent_id: int, kind: Kind, *, label: str = "", expires_at: Moment | None = None
) -> tuple[SessionFacts, str]:
    """A new way in and its secret, which is told this once. Raises NotFound for a disabled or unknown agent."""
    if actor_of(tx, agent_id) is None:
        raise NotFound
    secret = PREFIXES[kind] + new_token()
    facts = SessionFacts(
        id=tx.new_id(),
        agent_id=agent_id,
        kind=kind,
        label=one_line(label, most=300),
        created_at=tx.now,
        expires_at=expires_at,
        last_seen_at=None,
    )
    tx.execute(
        insert(Session).values(
            id=facts.id,
            ws=tx.ws,
            agent_id=agent_id,
            kind=kind,
            label=facts.label,
            secret_hash=hash_of(secret),
            created_at=tx.now,
            expires_at=expires_at,
        )
    )
    return facts, secret


def session_of(tx: Tx, secret_hash: str) -> SignedIn | None:
    """Whom a browser session or token lets in now; none when it ended, ran out, or its agent is disabled.

    A sign-in link is no session: `use_link` turns it into one.
    """
    found = tx.first(select(*_TABLE.c).where(Session.secret_hash == secret_hash, Session.kind != "link", _is_alive(tx)))
    if found is None:
        return None
    actor = actor_of(tx, found.agent_id, found.id)
    return None if actor is None else SignedIn(actor, _facts(found))


def living(tx: Tx, session_id: int) -> SessionFacts | None:
    """A session that still lets its agent in; none when it ended or ran out."""
    found = tx.first(select(*_TABLE.c).where(Session.id == session_id, _is_alive(tx)))
    return None if found is None else _facts(found)


def sessions(tx: Tx, agent_id: int) -> list[SessionFacts]:
    """An agent's living sessions and tokens, newest first."""
    rows = tx.all(
        select(*_TABLE.c)
        .where(Session.agent_id == agent_id, Session.kind != "link", _is_alive(tx))
        .order_by(Session.id.desc())
    )
    return [_facts(r) for r in rows]


def mark_seen(tx: Tx, session_id: int) -> None:
    """Note that a session was used, at most once a minute."""
    stale = or_(Session.last_seen_at.is_(None), Session.last_seen_at <= tx.now - SEEN_EVERY)
    tx.execute(update(Session).where(Session.id == session_id, stale).values(last_seen_at=tx.now))


def mark_all_seen(tx: Tx, session_ids: Collection[int]) -> None:
    """Note that these sessions are in use."""
    tx.execute(update(Session).where(Session.id.in_(session_ids)).values(last_seen_at=tx.now))


def lapsed(tx: Tx, idle: Moment, most: int = 500) -> list[tuple[int, int]]:
    """Sessions and tokens that ran out and nobody ended, and browsers' that were not used for `idle` ms: the agent's
    id and the session's, the oldest first."""
    last_used = func.coalesce(Session.last_seen_at, Session.created_at)
    unused = and_(Session.kind == "browser", last_used <= tx.now - idle)
    rows = tx.all(
        select(Session.agent_id, Session.id)
        .where(
            Session.ws == tx.ws,
            Session.kind != "link",
            Session.revoked_at.is_(None),
            or_(Session.expires_at <= tx.now, unused),
        )
        .order_by(Session.id)
        .limit(most)
    )
    return [(r.agent_id, r.id) for r in rows]


def end_lapsed(tx: Tx, idle: Moment) -> int:
    """End what has lapsed, and have its sockets closed; how many ended."""
    found = lapsed(tx, idle)
    for agent_id, session_id in found:
        end_session(tx, agent_id, session_id)
    return len(found)


def end_session(tx: Tx, agent_id: int, session_id: int) -> None:
    """End one session of this agent and have its sockets closed. Raises NotFound; ending it twice is harmless."""
    mine = and_(Session.id == session_id, Session.agent_id == agent_id)
    if tx.scalar(select(Session.id).where(mine)) is None:
        raise NotFound
    if tx.changed(update(Session).where(mine, Session.revoked_at.is_(None)).values(revoked_at=tx.now)):
        tx.record(SignedOut(agent_id=agent_id, session_id=session_id))


def end_all_sessions(tx: Tx, agent_id: int, except_id: int | None = None) -> int:
    """End every session, token and link of an agent but one; how many ended. Sockets are closed."""
    living = tx.all(select(Session.id).where(Session.agent_id == agent_id, Session.revoked_at.is_(None)))
    ended = [r.id for r in living if r.id != except_id]
    if ended:
        tx.execute(update(Session).where(Session.id.in_(ended)).values(revoked_at=tx.now))
    if except_id is None:
        tx.record(SignedOut(agent_id=agent_id))
        return len(ended)
    for session_id in ended:
        tx.record(SignedOut(agent_id=agent_id, session_id=session_id))
    return len(ended)


def use_link(tx: Tx, secret_hash: str) -> int:
    """Use up a one-time sign-in link; its agent's id. Raises Gone when it was used, ran out or never was."""
    # One UPDATE decides: of two who use it at once, one gets in.
    found = tx.first(
        update(Session)
        .where(Session.secret_hash == secret_hash, Session.kind == "link", Session.used_at.is_(None), _is_alive(tx))
        .values(used_at=tx.now, revoked_at=tx.now)
        .returning(Session.agent_id)
    )
    if found is None or actor_of(tx, found.agent_id) is None:
        raise Gone("This sign-in link was used already or has run out.", why="link_used")
    agent_id: int = found.agent_id
    return agent_id


def sweep_sessions(tx: Tx) -> None:
    """Forget what ended or ran out more than 30 days ago."""
    old = tx.now - 30 * DAY
    tx.execute(delete(Session).where(or_(Session.revoked_at < old, Session.expires_at < old)))


def _is_alive(tx: Tx) -> ColumnElement[bool]:
    return and_(
        Session.ws == tx.ws,
        Session.revoked_at.is_(None),
        or_(Session.expires_at.is_(None), Session.expires_at > tx.now),
    )


def _facts(found: Row[Any]) -> SessionFacts:
    return SessionFacts(
        id=found.id,
        agent_id=found.agent_id,
        kind=found.kind,
        label=found.label,
        created_at=found.created_at,
        expires_at=found.expires_at,
        last_seen_at=found.last_seen_at,
    )
