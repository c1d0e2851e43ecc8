"""Work goes to whoever has waited longest; one accepts, the others are told; nothing is ever stuck."""

from __future__ import annotations

import asyncio

import pytest

from crm_core.conversations import queries, timeline
from crm_core.staff import queries as staff
from crm_core.staff import sessions
from crm_core.words.errors import Conflict, Denied, Gone, NotFound
from crm_core.words.values import Activity, ConversationStatus, OfferState, WorkState
from crm_core.work import actions as work
from hub.desk import conversations, staffing
from hub.desk.assignments import Target, accept, assign, decline
from tests.hub.desk.scene import Scene


async def test_the_longest_idle_agent_is_offered_the_work_and_takes_it(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    assert offer.agent_id == scene.anna.agent_id
    assert offer.expires_at - offer.made_at == 30_000
    assert offer.preview == "hello"
    await scene.db.write(accept, scene.anna, offer.id)
    conversation = await scene.db.read(queries.get, scene.anna, entry.conversation_id)
    assert conversation.assignee_id == scene.anna.agent_id
    assert conversation.work_state is WorkState.ASSIGNED
    agent = await scene.db.read(staff.agent, scene.anna.agent_id)
    assert agent.units_used == 25


async def test_an_offer_that_runs_out_goes_to_the_next_agent_and_marks_the_first(scene: Scene) -> None:
    await scene.heard("v1", "hello")
    [first] = await scene.offers()
    scene.clock.advance(30_001)
    [second] = await scene.offers()
    assert (first.agent_id, second.agent_id) == (scene.anna.agent_id, scene.ben.agent_id)
    anna = await scene.db.read(staff.agent, scene.anna.agent_id)
    assert anna.missed_offer
    assert anna.units_used == 0
    with pytest.raises(Gone):
        await scene.db.write(accept, scene.anna, first.id)


async def test_two_offers_missed_in_a_row_take_an_agent_out_of_routing(scene: Scene) -> None:
    await scene.activity(scene.ben, Activity.BREAK)
    for who in ("v1", "v2"):
        await scene.heard(who, "hello")
    first, second = await scene.offers()
    assert first.agent_id == second.agent_id == scene.anna.agent_id
    scene.clock.advance(30_001)
    assert await scene.offers() == []
    anna = await scene.db.read(staff.agent, scene.anna.agent_id)
    assert anna.activity is Activity.NOT_RESPONDING
    await scene.activity(scene.anna, Activity.AVAILABLE)
    assert len(await scene.offers()) == 2
    assert not (await scene.db.read(staff.agent, scene.anna.agent_id)).missed_offer


async def test_accepting_after_the_deadline_is_refused_even_before_the_sweep(scene: Scene) -> None:
    await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    scene.clock.advance(30_000)
    with pytest.raises(Gone):
        await scene.db.write(accept, scene.anna, offer.id)


async def test_an_offer_is_nobody_elses_to_accept(scene: Scene) -> None:
    await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    with pytest.raises(NotFound):
        await scene.db.write(accept, scene.ben, offer.id)


async def test_of_an_acceptance_and_an_assignment_at_once_one_wins(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    outcomes = await asyncio.gather(
        scene.db.write(assign, scene.sofia, entry.conversation_id, Target(agent_id=scene.ben.agent_id)),
        scene.db.write(accept, scene.anna, offer.id),
        return_exceptions=True,
    )
    assert sum(isinstance(o, Gone) for o in outcomes) == 1
    conversation = await scene.db.read(queries.get, scene.sofia, entry.conversation_id)
    held = [(await scene.db.read(staff.agent, a.agent_id)).units_used for a in (scene.anna, scene.ben)]
    assert conversation.assignee_id == scene.ben.agent_id
    assert held == [0, 25]


async def test_a_declined_offer_goes_on_and_does_not_come_back_while_it_cools(scene: Scene) -> None:
    await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    await scene.db.write(decline, scene.anna, offer.id, "lunch")
    await scene.activity(scene.ben, Activity.BREAK)
    assert [o.agent_id for o in await scene.offers()] == []
    scene.clock.advance(61_000)
    assert [o.agent_id for o in await scene.offers()] == [scene.anna.agent_id]


async def test_who_says_that_they_are_here_is_asked_again_at_once_but_not_for_what_they_declined(scene: Scene) -> None:
    await scene.activity(scene.ben, Activity.BREAK)
    await scene.heard("v1", "hello")
    [missed] = await scene.offers()
    scene.clock.advance(30_001)
    assert await scene.offers() == []
    await scene.heard("v2", "good morning")
    [unwanted] = await scene.offers()
    await scene.db.write(decline, scene.anna, unwanted.id, "lunch")
    await scene.activity(scene.anna, Activity.AVAILABLE)
    assert [(o.agent_id, o.work_id) for o in await scene.offers()] == [(scene.anna.agent_id, missed.work_id)]


async def test_a_backlog_is_drained_in_order_when_an_agent_frees_up(scene: Scene) -> None:
    for agent in (scene.anna, scene.ben):
        await scene.activity(agent, Activity.BREAK)
    entries = []
    for n in range(6):
        entries.append(await scene.heard(f"v{n}", f"hello {n}"))
        scene.clock.advance(1_000)
    assert await scene.offers() == []
    await scene.activity(scene.anna, Activity.AVAILABLE)
    offers = await scene.offers()
    assert [o.conversation_id for o in offers] == [e.conversation_id for e in entries[:4]]
    for offer in offers:
        await scene.db.write(accept, scene.anna, offer.id)
    await scene.db.write(conversations.close, scene.anna, entries[0].conversation_id, None)
    assert [o.conversation_id for o in await scene.offers()] == [entries[4].conversation_id]


async def test_an_absent_agent_is_offered_nothing(scene: Scene) -> None:
    scene.away.add(scene.anna.agent_id)
    scene.assigner.presence_changed(scene.anna.agent_id)
    await scene.heard("v1", "hello")
    assert [o.agent_id for o in await scene.offers()] == [scene.ben.agent_id]


async def test_a_restart_forgets_no_offer_and_no_deadline(scene: Scene) -> None:
    await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    fresh = type(scene.assigner)(scene.db, scene.clock, lambda _agent: True)
    await fresh.start()
    scene.db.subscribe(fresh.heard)
    scene.clock.advance(30_001)
    await fresh.step()
    [again] = await scene.db.read(work.pending_offers)
    assert (offer.agent_id, again.agent_id) == (scene.anna.agent_id, scene.ben.agent_id)


async def test_why_work_went_where_it_went_is_kept_with_it(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    await scene.offers()
    item = await scene.db.read(work.open_work, entry.conversation_id)
    assert item is not None
    assert item.trace["considered"] >= 2
    assert "longest" in str(item.trace)


async def test_a_conversation_handed_to_a_colleague_leaves_ones_own_hands(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    await scene.db.write(accept, scene.anna, offer.id)
    with pytest.raises(Denied):
        await scene.db.write(assign, scene.ben, entry.conversation_id, Target(agent_id=scene.ben.agent_id))
    moved = await scene.db.write(assign, scene.anna, entry.conversation_id, Target(agent_id=scene.ben.agent_id))
    assert moved.assignee_id == scene.ben.agent_id
    held = [(await scene.db.read(staff.agent, a.agent_id)).units_used for a in (scene.anna, scene.ben)]
    assert held == [0, 25]


async def test_closing_ends_the_work_and_closing_twice_is_harmless(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    closed = await scene.db.write(conversations.close, scene.sofia, entry.conversation_id, None)
    again = await scene.db.write(conversations.close, scene.sofia, entry.conversation_id, None)
    assert closed.status is ConversationStatus.CLOSED
    assert closed == again
    assert (await scene.db.read(work.offer_row, offer.id)).state == OfferState.WITHDRAWN
    assert await scene.offers() == []


async def test_reopening_gives_the_conversation_back_unless_another_is_open(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    await scene.db.write(conversations.close, scene.sofia, entry.conversation_id, None)
    opened = await scene.db.write(conversations.reopen, scene.anna, entry.conversation_id)
    assert (opened.status, opened.assignee_id) == (ConversationStatus.OPEN, scene.anna.agent_id)
    await scene.db.write(conversations.close, scene.anna, entry.conversation_id, None)
    await scene.heard("v1", "again")
    with pytest.raises(Conflict):
        await scene.db.write(conversations.reopen, scene.anna, entry.conversation_id)


async def test_a_snooze_ends_by_itself_and_its_agent_is_asked_first(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    await scene.db.write(accept, scene.anna, offer.id)
    await scene.db.write(conversations.snooze, scene.anna, entry.conversation_id, scene.clock() + 3_600_000)
    scene.clock.advance(3_600_000)
    await scene.db.write(conversations.wake, entry.conversation_id)
    assert [o.agent_id for o in await scene.offers()] == [scene.anna.agent_id]
    codes = [e.notice.code for e in await scene.db.read(timeline.page, scene.sofia, entry.conversation_id) if e.notice]
    assert codes == ["accepted", "snoozed", "woken"]


async def test_who_signs_out_is_offline_at_once_and_their_offer_goes_on(scene: Scene) -> None:
    first, _ = await scene.db.write(sessions.open_session, scene.anna.agent_id, "browser")
    second, _ = await scene.db.write(sessions.open_session, scene.anna.agent_id, "browser")
    await scene.heard("v1", "hello")
    assert [o.agent_id for o in await scene.offers()] == [scene.anna.agent_id]
    await scene.db.write(staffing.sign_out, scene.anna.agent_id, first.id)
    assert [o.agent_id for o in await scene.offers()] == [scene.anna.agent_id]
    await scene.db.write(staffing.sign_out, scene.anna.agent_id, second.id)
    assert (await scene.db.read(staff.agent, scene.anna.agent_id)).activity is Activity.OFFLINE
    assert [o.agent_id for o in await scene.offers()] == [scene.ben.agent_id]
