"""What arrives is stored once, in the right conversation, and waits for an agent."""

from __future__ import annotations

import asyncio

import pytest

from crm_core.conversations import queries, timeline
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.events import EntryAdded, WorkChanged
from crm_core.words.values import ConversationStatus, WorkState
from hub.desk import conversations
from hub.desk.assignments import accept
from tests.hub.desk.scene import Scene


async def test_a_strangers_first_message_opens_a_conversation_that_waits(scene: Scene) -> None:
    stored = await scene.write_in("v1", "Hello, is the fern still there?", name="Mira")
    assert stored.entry is not None
    assert not stored.repeated
    conversation = await scene.db.read(queries.get, scene.sofia, stored.entry.conversation_id)
    assert conversation.who == "Mira"
    assert conversation.preview == "Hello, is the fern still there?"
    assert conversation.work_state is WorkState.QUEUED
    assert conversation.queue_id == scene.queue_id
    assert conversation.waiting_since == scene.clock()
    kinds = [type(e) for e in await scene.events()][-2:]
    assert kinds == [EntryAdded, WorkChanged]


async def test_the_same_message_twice_is_stored_once_and_answered_the_same(scene: Scene) -> None:
    first = await scene.write_in("v1", "Hello", key="k1")
    again = await scene.write_in("v1", "Hello", key="k1")
    assert again.repeated
    assert again.entry == first.entry
    assert first.entry is not None
    entries = await scene.db.read(timeline.page, scene.sofia, first.entry.conversation_id)
    assert [e.text for e in entries] == ["Hello"]


async def test_a_message_id_used_again_with_other_words_is_refused_and_the_first_kept(scene: Scene) -> None:
    first = await scene.write_in("v1", "Hello", key="k1")
    with pytest.raises(Conflict):
        await scene.write_in("v1", "Something else", key="k1")
    assert first.entry is not None
    entries = await scene.db.read(timeline.page, scene.sofia, first.entry.conversation_id)
    assert [e.text for e in entries] == ["Hello"]


async def test_a_burst_from_one_person_is_one_conversation_in_the_order_it_came(scene: Scene) -> None:
    answers = await asyncio.gather(*(scene.write_in("v1", f"line {n}") for n in range(40)))
    ids = {a.entry.conversation_id for a in answers if a.entry}
    assert len(ids) == 1
    entries = await scene.db.read(timeline.page, scene.sofia, ids.pop())
    assert [e.text for e in entries] == [f"line {n}" for n in range(40)]


async def test_the_same_message_many_times_at_once_is_stored_once(scene: Scene) -> None:
    answers = await asyncio.gather(*(scene.write_in("v1", "Hello", key="same") for _ in range(30)))
    assert sum(not a.repeated for a in answers) == 1
    assert len({a.entry.id for a in answers if a.entry}) == 1


async def test_a_crowd_that_writes_at_once_gets_a_conversation_each(scene: Scene) -> None:
    answers = await asyncio.gather(*(scene.write_in(f"v{n % 50}", f"m{n}") for n in range(200)))
    assert len({a.entry.conversation_id for a in answers if a.entry}) == 50
    page = await scene.db.read(queries.page, scene.sofia, queries.Listing(view=queries.View.ALL, limit=100))
    assert sum(c.entry_count for c in page.items) == 200
    assert all(c.preview.startswith("m1") and c.version == 4 for c in page.items)


async def test_an_empty_message_is_refused_and_its_neighbours_are_stored(scene: Scene) -> None:
    outcomes = await asyncio.gather(
        scene.write_in("v1", "one"), scene.write_in("v2", "   "), scene.write_in("v3", "three"), return_exceptions=True
    )
    assert isinstance(outcomes[1], Invalid)
    page = await scene.db.read(queries.page, scene.sofia, queries.Listing(view=queries.View.ALL))
    assert sorted(c.preview for c in page.items) == ["one", "three"]


@pytest.mark.parametrize("text", ["a\0b", "lone \ud800 surrogate", "\u202eright to left", "' OR 1=1 --", "😀" * 50])
async def test_hostile_text_is_stored_and_shown_as_text(scene: Scene, text: str) -> None:
    entry = await scene.heard("v1", text)
    shown = (await scene.db.read(timeline.page, scene.sofia, entry.conversation_id))[0].text
    assert shown == text.replace("\0", "\u2400").replace("\ud800", "\ufffd")


async def test_who_writes_after_the_end_opens_a_new_conversation_and_is_asked_to_the_same_agent(scene: Scene) -> None:
    entry = await scene.heard("v1", "first time")
    await conversations_end(scene, entry.conversation_id)
    again = await scene.heard("v1", "second time")
    assert again.conversation_id != entry.conversation_id
    offers = await scene.offers()
    assert [o.agent_id for o in offers] == [scene.anna.agent_id]


async def test_a_snoozed_conversation_wakes_when_the_contact_writes(scene: Scene) -> None:
    entry = await scene.heard("v1", "hello")
    [offer] = await scene.offers()
    await accepted(scene, offer.id)
    await scene.db.write(conversations.snooze, scene.anna, entry.conversation_id, scene.clock() + 3_600_000)
    again = await scene.heard("v1", "me again")
    assert again.conversation_id == entry.conversation_id
    conversation = await scene.db.read(queries.get, scene.sofia, entry.conversation_id)
    assert conversation.status is ConversationStatus.OPEN
    assert conversation.snoozed_until is None
    assert [o.agent_id for o in await scene.offers()] == [scene.anna.agent_id]


async def accepted(scene: Scene, offer_id: int) -> None:
    await scene.db.write(accept, scene.anna, offer_id)


async def conversations_end(scene: Scene, conversation_id: int) -> None:
    [offer] = await scene.offers()
    await accepted(scene, offer.id)
    await scene.db.write(conversations.close, scene.anna, conversation_id, None)
    scene.clock.advance(60_000)
