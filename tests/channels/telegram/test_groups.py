from __future__ import annotations

from typing import Any

from channels.contract import MessageArrived
from channels.telegram.parse import update
from channels.telegram.render import where_to
from crm_core.contacts import queries as contacts
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.words.clock import MINUTE
from crm_core.words.content import Medium
from crm_core.words.values import EntryValue
from hub.desk import inbound, outbound
from hub.desk.inbound import Source
from hub.desk.outbound import Words
from hub.desk.parcels import packed
from tests.channels.telegram.telling import ANN, message
from tests.hub.desk.scene import Scene, open_scene
from tests.peers.clock import VirtualClock

BUYERS = {"id": -100123, "type": "supergroup", "title": "Buyers"}


def heard(number: int, text: str, **more: Any) -> MessageArrived:
    (event,) = update({"update_id": number, "message": message(message_id=number, text=text, **more)}, 1).events
    assert isinstance(event, MessageArrived)
    return event


async def take(db: Database, desk: Scene, event: MessageArrived) -> EntryValue:
    source = Source(9, "telegram", Medium.CHAT, desk.queue_id)
    entry = (await db.write(inbound.take, source, event)).entry
    assert entry is not None
    return entry


async def test_an_answer_in_private_that_leaves_later_never_goes_to_a_group(db: Database, clock: VirtualClock) -> None:
    desk = await open_scene(db, clock)
    alone = await take(db, desk, heard(1, "my card was stolen"))
    said = Words(text="Your new one ends in 4242.", send_at=clock() + MINUTE)
    await db.write(outbound.reply, desk.sofia, alone.conversation_id, said)
    in_group = await take(db, desk, heard(2, "hello everybody", chat=BUYERS))
    assert in_group.conversation_id != alone.conversation_id
    clock.advance(2 * MINUTE)
    (owed,) = await db.write(outbox.claim, 9, "worker", MINUTE, 9)
    assert where_to(await db.read(packed, owed)).chat == ANN["id"]


async def test_an_answer_in_a_group_stays_there_whatever_they_write_in_private(
    db: Database, clock: VirtualClock
) -> None:
    desk = await open_scene(db, clock)
    topic = {"chat": BUYERS, "is_topic_message": True, "message_thread_id": 4}
    in_group = await take(db, desk, heard(1, "how much is it?", **topic))
    await db.write(outbound.reply, desk.sofia, in_group.conversation_id, Words(text="Ten."))
    await take(db, desk, heard(2, "and for me?"))
    (owed,) = await db.write(outbox.claim, 9, "worker", MINUTE, 9)
    place = where_to(await db.read(packed, owed))
    assert (place.chat, place.topic) == (-100123, 4)


async def test_whoever_writes_in_a_group_is_shown_with_its_title(db: Database, clock: VirtualClock) -> None:
    desk = await open_scene(db, clock)
    in_group = await take(db, desk, heard(1, "hello", chat=BUYERS))
    alone = await take(db, desk, heard(2, "hello"))
    assert (in_group.author.name, alone.author.name) == ("Ann Lee · Buyers", "Ann Lee")
    assert in_group.identity_id is not None
    identity = await db.read(contacts.identity_row, in_group.identity_id)
    assert identity.name == "Ann Lee · Buyers"


def test_a_press_in_a_group_is_an_answer_there() -> None:
    press = {"id": "1", "from": ANN, "data": "y", "message": message(chat=BUYERS)}
    (event,) = update({"update_id": 1, "callback_query": press}, 1).events
    assert isinstance(event, MessageArrived)
    assert (event.sender.value, event.sender.scope, event.thread) == ("7", "-100123", "-100123")
    assert [(a.value, a.scope) for a in event.mentions] == [("7", "")]
