"""Nobody waits for an agent who has gone home."""

from __future__ import annotations

from crm_core.conversations import queries, timeline
from crm_core.words.events import ConversationChanged
from crm_core.words.values import Activity, WorkState
from hub.desk import outbound
from hub.desk.assignments import Target, accept, assign
from hub.desk.outbound import Words
from tests.hub.desk.scene import Scene


async def held_by_anna(scene: Scene) -> int:
    entry = await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    await scene.db.write(accept, scene.anna, offer.id)
    return entry.conversation_id


async def test_who_waits_for_an_agent_that_goes_offline_is_offered_to_others_at_the_old_place(scene: Scene) -> None:
    conversation_id = await held_by_anna(scene)
    scene.clock.advance(5_000)
    await scene.heard("v2", "me too")
    await scene.activity(scene.anna, Activity.OFFLINE)
    await scene.offers()
    offers = {o.conversation_id: o.agent_id for o in await scene.offers()}
    assert offers[conversation_id] == scene.ben.agent_id
    conversation = await scene.db.read(queries.get, scene.sofia, conversation_id)
    assert conversation.assignee_id is None
    lost = [e.lost_agent_id for e in await scene.events() if isinstance(e, ConversationChanged)]
    assert scene.anna.agent_id in lost
    notices = [e.notice.code for e in await scene.db.read(timeline.page, scene.sofia, conversation_id) if e.notice]
    assert notices == ["accepted", "returned_to_queue"]


async def test_who_was_answered_stays_with_their_agent_until_they_write_again(scene: Scene) -> None:
    conversation_id = await held_by_anna(scene)
    await scene.db.write(outbound.reply, scene.anna, conversation_id, Words(text="Here you are."))
    await scene.activity(scene.anna, Activity.OFFLINE)
    assert await scene.offers() == []
    held = await scene.db.read(queries.get, scene.sofia, conversation_id)
    assert held.assignee_id == scene.anna.agent_id
    await scene.heard("v1", "one more thing")
    await scene.assigner.step()
    assert [o.agent_id for o in await scene.offers()] == [scene.ben.agent_id]


async def test_a_break_keeps_ones_conversations(scene: Scene) -> None:
    conversation_id = await held_by_anna(scene)
    await scene.activity(scene.anna, Activity.BREAK)
    await scene.heard("v1", "still there?")
    assert await scene.offers() == []
    held = await scene.db.read(queries.get, scene.sofia, conversation_id)
    assert (held.assignee_id, held.work_state) == (scene.anna.agent_id, WorkState.ASSIGNED)


async def test_what_a_supervisor_hands_to_somebody_offline_waits_for_them(scene: Scene) -> None:
    conversation_id = await held_by_anna(scene)
    await scene.activity(scene.ben, Activity.OFFLINE)
    await scene.offers()
    await scene.db.write(assign, scene.sofia, conversation_id, Target(agent_id=scene.ben.agent_id))
    assert await scene.offers() == []
    held = await scene.db.read(queries.get, scene.sofia, conversation_id)
    assert held.assignee_id == scene.ben.agent_id
