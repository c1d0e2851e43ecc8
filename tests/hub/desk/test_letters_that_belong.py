"""Whose conversation a message may join: a token or a known id is a hint, never a key (vulnerabilities 13 to 16)."""

from __future__ import annotations

from dataclasses import replace

from channels.contract import MessageArrived, Stored
from crm_core.contacts.resolving import resolve
from crm_core.conversations import participants
from crm_core.conversations.queries import row as conversation_row
from crm_core.store.database import Database
from crm_core.words.addresses import email
from crm_core.words.clock import DAY
from crm_core.words.content import Content, ExternalId, Recipient, ThreadKey
from crm_core.words.values import ConversationStatus, EntryValue
from hub.desk import conversations, inbound
from hub.desk.assignments import Target, assign
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock


def letter(who: str, text: str, **more: object) -> MessageArrived:
    """A mail from somebody, unlike any other."""
    known = MessageArrived(
        external_id=ExternalId(f"{who}|{text}"),
        thread=ThreadKey("mail"),
        sender=email(who),
        content=Content(text=text, subject="Order"),
        sent_at=1,
        known_as=ExternalId(f"<{text}@{who.partition('@')[2]}>"),
    )
    return replace(known, **more)  # type: ignore[arg-type]


async def arrive(scene: Scene, event: MessageArrived) -> EntryValue:
    stored: Stored = await scene.db.write(inbound.take, scene.source, event)
    assert stored.entry is not None
    return stored.entry


async def test_a_stranger_with_a_stolen_token_gets_a_conversation_of_their_own(scene: Scene) -> None:
    hers = await arrive(scene, letter("olena@shop.example", "one"))
    theirs = await arrive(scene, letter("eve@evil.example", "two", conversation_id=hers.conversation_id))
    assert theirs.conversation_id != hers.conversation_id


async def test_a_stranger_who_knows_a_message_id_gets_a_conversation_of_their_own(scene: Scene) -> None:
    hers = await arrive(scene, letter("olena@shop.example", "one"))
    theirs = await arrive(scene, letter("eve@evil.example", "two", references=(ExternalId("<one@shop.example>"),)))
    assert theirs.conversation_id != hers.conversation_id


async def test_an_answer_to_a_closed_conversation_opens_it_again_for_two_months(
    scene: Scene, clock: VirtualClock
) -> None:
    hers = await arrive(scene, letter("olena@shop.example", "one"))
    await scene.db.write(assign, scene.anna, hers.conversation_id, Target(agent_id=scene.anna.agent_id))
    await scene.db.write(conversations.close, scene.anna, hers.conversation_id, None)
    clock.advance(59 * DAY)
    soon = await arrive(scene, letter("olena@shop.example", "two", conversation_id=hers.conversation_id))
    assert soon.conversation_id == hers.conversation_id
    row = await scene.db.read(conversation_row, hers.conversation_id)
    assert (row.status, row.closed_at) == (ConversationStatus.OPEN, None)
    await scene.db.write(conversations.close, scene.sofia, hers.conversation_id, None)
    clock.advance(61 * DAY)
    late = await arrive(scene, letter("olena@shop.example", "three", conversation_id=hers.conversation_id))
    assert late.conversation_id != hers.conversation_id


async def test_an_absence_note_wakes_nobody_and_is_there_to_be_read(scene: Scene) -> None:
    hers = await arrive(scene, letter("olena@shop.example", "one"))
    await scene.db.write(assign, scene.anna, hers.conversation_id, Target(agent_id=scene.anna.agent_id))
    await scene.db.write(conversations.close, scene.anna, hers.conversation_id, None)
    before = await scene.db.read(conversation_row, hers.conversation_id)
    note = letter("olena@shop.example", "I am away", automatic=True, conversation_id=hers.conversation_id)
    entry = await arrive(scene, note)
    after = await scene.db.read(conversation_row, hers.conversation_id)
    assert entry.conversation_id == hers.conversation_id
    assert entry.details is not None
    assert entry.details.automatic
    assert (after.status, after.work_state, after.waiting_since) == (ConversationStatus.CLOSED, None, None)
    assert after.entry_count == before.entry_count + 1


async def test_the_same_message_id_on_another_mail_is_another_message(scene: Scene) -> None:
    first = await arrive(scene, letter("olena@shop.example", "one"))
    copied = letter("eve@evil.example", "two", known_as=ExternalId("<one@shop.example>"))
    second = await arrive(scene, copied)
    assert second.id != first.id
    answer = letter("olena@shop.example", "three", in_reply_to=ExternalId("<one@shop.example>"))
    entry = await arrive(scene, answer)
    assert entry.details is not None
    assert entry.details.reply_to_id == first.id


async def test_five_hundred_people_on_copy_become_forty_participants_at_most(scene: Scene, db: Database) -> None:
    crowd = tuple(Recipient(f"p{n}@crowd.example") for n in range(500))
    hers = await arrive(scene, letter("olena@shop.example", "one"))
    content = Content(text="two", cc=crowd)
    answer = letter("olena@shop.example", "two", content=content, conversation_id=hers.conversation_id)
    await arrive(scene, answer)
    first = await db.write(resolve, email("p39@crowd.example"), "", {})
    last = await db.write(resolve, email("p40@crowd.example"), "", {})
    assert await db.read(participants.takes_part, hers.conversation_id, first.id)
    assert not await db.read(participants.takes_part, hers.conversation_id, last.id)
