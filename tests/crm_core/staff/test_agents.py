from __future__ import annotations

import pytest

from crm_core.staff import queries
from crm_core.staff.actions import (
    AgentChange,
    NewAgent,
    add_agent,
    change_agent,
    disable_agent,
    enable_agent,
    set_activity,
    set_queues,
)
from crm_core.staff.sessions import open_session, session_of
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.words.clock import MINUTE
from crm_core.words.errors import Conflict, Denied, Invalid, NotFound
from crm_core.words.events import AgentChanged, AnyEvent, SignedOut
from crm_core.words.permissions import Actor
from crm_core.words.values import Activity, AgentValue, Role
from crm_core.work.queues import NewQueue, add_queue
from tests.peers.clock import VirtualClock


async def events(db: Database) -> list[AnyEvent]:
    return [committed.event for committed in await db.read(after, 0, most=500)]


async def olena(db: Database, role: Role = Role.AGENT, name: str = "Olena") -> AgentValue:
    return await db.write(add_agent, None, NewAgent(name=name, email=f"{name}@shop.example", role=role))


async def acting(db: Database, agent: AgentValue) -> Actor:
    actor = await db.read(queries.actor_of, agent.id)
    assert actor is not None
    return actor


async def test_a_new_agent_is_offline_and_the_house_is_told(db: Database) -> None:
    agent = await olena(db)
    assert (agent.activity, agent.units_used, agent.disabled) == (Activity.OFFLINE, 0, False)
    assert await db.read(queries.agents) == [agent]
    assert await events(db) == [AgentChanged(agent=agent)]


async def test_one_address_in_any_spelling_is_one_agent(db: Database) -> None:
    await db.write(add_agent, None, NewAgent(name="Olena", email=" Olena@Shop.EXAMPLE "))
    with pytest.raises(Conflict):
        await db.write(add_agent, None, NewAgent(name="Other", email="olena@shop.example"))
    found = await db.read(queries.secrets_by_email, "OLENA@shop.example")
    assert found is not None
    assert found.name == "Olena"
    assert await db.read(queries.secrets_by_email, "not an address") is None


@pytest.mark.parametrize(
    "new",
    [
        NewAgent(name="  ", email="a@shop.example"),
        NewAgent(name="A", email="nonsense"),
        NewAgent(name="A", email="a@shop.example", language="tlh"),
        NewAgent(name="A", email="a@shop.example", skills={"polish": 11}),
        NewAgent(name="A", email="a@shop.example", units=-1),
        NewAgent(name="A", email="a@shop.example", queues=(404,)),
    ],
)
async def test_an_agent_of_no_sense_is_refused_whole(db: Database, new: NewAgent) -> None:
    with pytest.raises(Invalid):
        await db.write(add_agent, None, new)
    assert await db.read(queries.agents) == []


async def test_only_an_administrator_adds_and_changes_agents(db: Database) -> None:
    agent, boss = await olena(db), await olena(db, Role.ADMINISTRATOR, "Boss")
    with pytest.raises(Denied):
        await db.write(add_agent, await acting(db, agent), NewAgent(name="B", email="b@shop.example"))
    with pytest.raises(Denied):
        await db.write(change_agent, await acting(db, agent), agent.id, AgentChange(role=Role.ADMINISTRATOR))
    with pytest.raises(Denied):
        await db.write(change_agent, await acting(db, agent), boss.id, AgentChange(language="uk"))
    mine = await db.write(change_agent, await acting(db, agent), agent.id, AgentChange(language="uk"))
    assert mine.language == "uk"
    changed = await db.write(
        change_agent,
        await acting(db, boss),
        agent.id,
        AgentChange(name="Olha", skills={"polish": 7}, units=50, role=Role.SUPERVISOR, email="olha@shop.example"),
    )
    assert (changed.name, changed.skills, changed.units_total, changed.role) == (
        "Olha",
        {"polish": 7},
        50,
        Role.SUPERVISOR,
    )
    assert changed.version > mine.version


async def test_a_change_made_from_an_old_version_is_a_conflict(db: Database) -> None:
    agent = await olena(db)
    await db.write(change_agent, None, agent.id, AgentChange(name="Olha", version=agent.version))
    with pytest.raises(Conflict):
        await db.write(change_agent, None, agent.id, AgentChange(name="Ola", version=agent.version))
    assert (await db.read(queries.agent, agent.id)).name == "Olha"


async def test_the_last_administrator_stays_one(db: Database) -> None:
    boss = await olena(db, Role.ADMINISTRATOR, "Boss")
    with pytest.raises(Conflict):
        await db.write(change_agent, None, boss.id, AgentChange(role=Role.AGENT))
    with pytest.raises(Conflict):
        await db.write(disable_agent, None, boss.id)
    second = await olena(db, Role.ADMINISTRATOR, "Second")
    with pytest.raises(Invalid):
        await db.write(disable_agent, await acting(db, boss), boss.id)
    assert (await db.write(disable_agent, await acting(db, second), boss.id)).disabled


async def test_disabling_ends_every_session_and_sets_offline(db: Database) -> None:
    agent = await olena(db)
    await db.write(set_activity, None, agent.id, Activity.AVAILABLE)
    _, secret = await db.write(open_session, agent.id, "browser")
    disabled = await db.write(disable_agent, None, agent.id)
    assert (disabled.disabled, disabled.activity) == (True, Activity.OFFLINE)
    assert SignedOut(agent_id=agent.id) in await events(db)
    assert await db.read(queries.actor_of, agent.id) is None
    with pytest.raises(NotFound):
        await db.write(open_session, agent.id, "browser")
    with pytest.raises(Conflict):
        await db.write(set_activity, None, agent.id, Activity.AVAILABLE)
    assert not (await db.write(enable_agent, None, agent.id)).disabled
    # The old session stays dead.
    assert await db.read(session_of, secret) is None


async def test_the_ledger_has_every_stretch_once_and_one_open_end(db: Database, clock: VirtualClock) -> None:
    agent = await olena(db)
    clock.advance(MINUTE)
    await db.write(set_activity, None, agent.id, Activity.AVAILABLE)
    clock.advance(MINUTE)
    again = await db.write(set_activity, None, agent.id, Activity.AVAILABLE)
    clock.advance(MINUTE)
    resting = await db.write(set_activity, await acting(db, agent), agent.id, Activity.BREAK, "lunch")
    assert resting.version == again.version + 1
    page = await db.read(queries.ledger, await acting(db, agent), agent.id)
    assert [(s.activity, s.reason, s.until and s.until - s.since) for s in page.items] == [
        (Activity.BREAK, "lunch", None),
        (Activity.AVAILABLE, "", 2 * MINUTE),
        (Activity.OFFLINE, "", MINUTE),
    ]
    first = await db.read(queries.ledger, await acting(db, agent), agent.id, limit=2)
    rest = await db.read(queries.ledger, await acting(db, agent), agent.id, limit=2, cursor=first.next_cursor)
    assert [*first.items, *rest.items] == page.items
    assert rest.next_cursor is None


async def test_going_available_forgets_what_was_missed(db: Database, clock: VirtualClock) -> None:
    agent = await olena(db)
    await db.write(set_activity, None, agent.id, Activity.AVAILABLE)
    clock.advance(MINUTE)
    missing = await db.write(set_activity, None, agent.id, Activity.NOT_RESPONDING, caused_by="missed_offer")
    assert missing.activity is Activity.NOT_RESPONDING
    clock.advance(MINUTE)
    back = await db.write(set_activity, await acting(db, agent), agent.id, Activity.AVAILABLE)
    assert (back.missed_offer, back.idle_since) == (False, clock())


async def test_nobody_chooses_not_responding_and_only_supervisors_set_others(db: Database) -> None:
    agent, chief = await olena(db), await olena(db, Role.SUPERVISOR, "Chief")
    with pytest.raises(Invalid):
        await db.write(set_activity, await acting(db, agent), agent.id, Activity.NOT_RESPONDING)
    with pytest.raises(Denied):
        await db.write(set_activity, await acting(db, agent), chief.id, Activity.BREAK)
    await db.write(set_activity, await acting(db, chief), agent.id, Activity.BREAK)
    page = await db.read(queries.ledger, await acting(db, chief), agent.id)
    assert page.items[0].caused_by == "supervisor"
    with pytest.raises(Denied):
        await db.read(queries.ledger, await acting(db, agent), chief.id)


async def test_an_agent_serves_exactly_the_queues_given(db: Database) -> None:
    boss = await olena(db, Role.ADMINISTRATOR, "Boss")
    actor = await acting(db, boss)
    sales = await db.write(add_queue, actor, NewQueue(name="Sales"))
    support = await db.write(add_queue, actor, NewQueue(name="Support"))
    agent = await olena(db)
    both = await db.write(set_queues, actor, agent.id, [support.id, sales.id, sales.id])
    assert both.queues == [sales.id, support.id]
    assert (await acting(db, agent)).queues == {sales.id, support.id}
    assert (await db.write(set_queues, actor, agent.id, [sales.id])).queues == [sales.id]
    with pytest.raises(Invalid):
        await db.write(set_queues, actor, agent.id, [404])
    assert await db.read(queries.members, sales.id) == [agent.id]
