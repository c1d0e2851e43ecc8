from __future__ import annotations

import pytest

from crm_core.staff import sessions
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.staff.sessions import (
    end_all_sessions,
    end_session,
    hash_of,
    mark_seen,
    open_session,
    session_of,
    use_link,
)
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.words.clock import MINUTE
from crm_core.words.errors import Gone, NotFound
from crm_core.words.events import SignedOut
from tests.peers.clock import VirtualClock


async def signed_up(db: Database, name: str = "olena") -> int:
    return (await db.write(add_agent, None, NewAgent(name=name, email=f"{name}@shop.example"))).id


async def test_a_session_lets_its_agent_in_until_it_runs_out(db: Database, clock: VirtualClock) -> None:
    agent = await signed_up(db)
    facts, secret = await db.write(open_session, agent, "browser", label="Firefox", expires_at=clock() + MINUTE)
    found = await db.read(session_of, hash_of(secret))
    assert found is not None
    assert (found.actor.agent_id, found.actor.session_id, found.session.label) == (agent, facts.id, "Firefox")
    assert await db.read(session_of, secret) is None
    clock.advance(MINUTE)
    assert await db.read(session_of, hash_of(secret)) is None
    assert await db.read(sessions.living, facts.id) is None


async def test_an_ended_session_lets_nobody_in_and_its_sockets_are_closed(db: Database) -> None:
    agent, other = await signed_up(db), await signed_up(db, "taras")
    facts, secret = await db.write(open_session, agent, "token")
    with pytest.raises(NotFound):
        await db.write(end_session, other, facts.id)
    await db.write(end_session, agent, facts.id)
    await db.write(end_session, agent, facts.id)
    assert await db.read(session_of, hash_of(secret)) is None
    told = [c.event for c in await db.read(after, 0, most=100) if isinstance(c.event, SignedOut)]
    assert told == [SignedOut(agent_id=agent, session_id=facts.id)]


async def test_a_changed_password_leaves_only_the_session_it_was_changed_in(db: Database) -> None:
    agent = await signed_up(db)
    mine, kept = await db.write(open_session, agent, "browser")
    _, lost = await db.write(open_session, agent, "token")
    _, link = await db.write(open_session, agent, "link")
    assert await db.write(end_all_sessions, agent, mine.id) == 2
    assert await db.read(session_of, hash_of(kept)) is not None
    assert await db.read(session_of, hash_of(lost)) is None
    with pytest.raises(Gone):
        await db.write(use_link, hash_of(link))
    assert [s.id for s in await db.read(sessions.sessions, agent)] == [mine.id]


async def test_a_sign_in_link_works_once_and_is_no_session(db: Database, clock: VirtualClock) -> None:
    agent = await signed_up(db)
    _, secret = await db.write(open_session, agent, "link", expires_at=clock() + MINUTE)
    assert await db.read(session_of, hash_of(secret)) is None
    assert await db.write(use_link, hash_of(secret)) == agent
    with pytest.raises(Gone):
        await db.write(use_link, hash_of(secret))
    _, late = await db.write(open_session, agent, "link", expires_at=clock() + MINUTE)
    clock.advance(MINUTE)
    with pytest.raises(Gone):
        await db.write(use_link, hash_of(late))


async def test_a_session_is_marked_as_seen_once_a_minute(db: Database, clock: VirtualClock) -> None:
    agent = await signed_up(db)
    facts, _ = await db.write(open_session, agent, "browser")
    first = clock()
    await db.write(mark_seen, facts.id)
    clock.advance(MINUTE - 1)
    await db.write(mark_seen, facts.id)
    assert (await db.read(sessions.sessions, agent))[0].last_seen_at == first
    clock.advance(1)
    await db.write(mark_seen, facts.id)
    assert (await db.read(sessions.sessions, agent))[0].last_seen_at == clock()
