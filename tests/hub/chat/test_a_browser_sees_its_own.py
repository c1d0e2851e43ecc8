"""A conversation goes on by several ways; at a browser only what was written there is shown."""

from __future__ import annotations

from channels.contract import MessageArrived
from crm_core.contacts.actions import NewAddress
from crm_core.conversations import timeline, visits
from crm_core.store.database import Database
from crm_core.words.addresses import email
from crm_core.words.clock import HOUR
from crm_core.words.content import Content, DeliveryStatus, ExternalId, ThreadKey
from crm_core.words.values import EntryValue
from hub.desk import contacts, inbound, outbound
from hub.desk.outbound import Words
from hub.desk.receipts import contact_read
from tests.hub.desk.conftest import scene
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

__all__ = ["scene"]


async def _mixed(scene: Scene, db: Database) -> tuple[EntryValue, EntryValue, EntryValue, EntryValue]:
    """Olena chats, becomes a contact with an address, and writes a mail; each is answered where it came."""
    asked = await scene.heard("olena", "in the chat")
    answered = await db.write(outbound.reply, scene.sofia, asked.conversation_id, Words(text="chat answer"))
    contact = await db.write(contacts.make_contact, scene.sofia, asked.conversation_id, "Olena")
    await db.write(contacts.add_identity, scene.sofia, contact.id, NewAddress(email("olena@shop.example")))
    mail = MessageArrived(
        external_id=ExternalId("mail"),
        thread=ThreadKey("mail"),
        sender=email("olena@shop.example"),
        content=Content(text="by mail"),
        sent_at=1,
    )
    written = (await db.write(inbound.take, scene.source, mail)).entry
    assert written is not None
    assert written.conversation_id == asked.conversation_id
    by_mail = await db.write(outbound.reply, scene.sofia, asked.conversation_id, Words(text="mail answer"))
    assert by_mail.identity_id == written.identity_id
    return asked, answered, written, by_mail


async def test_a_browser_is_shown_neither_mail_nor_its_answers(scene: Scene, db: Database) -> None:
    asked, _answered, written, _by_mail = await _mixed(scene, db)
    assert asked.identity_id is not None
    assert written.identity_id is not None
    here = await db.read(visits.said_with, asked.identity_id, before=None, most=20)
    assert [e.text for e in here.entries] == ["in the chat", "chat answer"]
    assert here.conversation is not None
    assert here.conversation.id == asked.conversation_id


async def test_a_browser_marks_nothing_read_that_went_another_way(scene: Scene, db: Database) -> None:
    asked, answered, _written, by_mail = await _mixed(scene, db)
    assert asked.identity_id is not None
    await db.write(visits.arrived, asked.identity_id, answered.id)
    await db.write(contact_read, asked.conversation_id, asked.identity_id, by_mail.id)
    assert (await db.read(timeline.value, answered.id)).delivery is DeliveryStatus.READ
    assert (await db.read(timeline.value, by_mail.id)).delivery is DeliveryStatus.QUEUED
    assert await db.read(visits.conversation_of, asked.identity_id, by_mail.id) is None


async def test_a_message_for_later_is_not_shown_before_its_time(
    scene: Scene, db: Database, clock: VirtualClock
) -> None:
    asked = await scene.heard("olena", "in the chat")
    assert asked.identity_id is not None
    words = Words(text="tomorrow", send_at=clock() + HOUR)
    later = await db.write(outbound.reply, scene.sofia, asked.conversation_id, words)
    said = await db.read(visits.said_with, asked.identity_id, before=None, most=20)
    assert [e.text for e in said.entries] == ["in the chat"]
    await db.write(contact_read, asked.conversation_id, asked.identity_id, later.id)
    assert (await db.read(timeline.value, later.id)).delivery is DeliveryStatus.QUEUED
    await db.write(outbound.cancel, scene.sofia, later.id)
    said = await db.read(visits.said_with, asked.identity_id, before=None, most=20)
    assert [e.text for e in said.entries] == ["in the chat"]


async def test_an_answer_by_token_to_one_of_two_open_conversations_goes_there(scene: Scene, db: Database) -> None:
    asked, _answered, written, _by_mail = await _mixed(scene, db)
    other = await scene.heard("olena on the phone", "another browser")
    contact_id = (await db.read(visits.newest_with, written.identity_id or 0)).contact_id  # type: ignore[union-attr]
    assert contact_id is not None
    await db.write(contacts.attach_identity, scene.sofia, contact_id, other.identity_id)
    token = MessageArrived(
        external_id=ExternalId("token"),
        thread=ThreadKey("mail"),
        sender=email("olena@shop.example"),
        content=Content(text="to the other"),
        sent_at=1,
        conversation_id=other.conversation_id,
    )
    entry = (await db.write(inbound.take, scene.source, token)).entry
    assert entry is not None
    assert entry.conversation_id == other.conversation_id != asked.conversation_id
