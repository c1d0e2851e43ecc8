"""Somebody we know who writes by another channel for the first time goes on with their conversation."""

from __future__ import annotations

from channels.contract import MessageArrived
from crm_core.conversations import queries
from crm_core.words.addresses import TEL, WHATSAPP, Address
from crm_core.words.content import Content, ExternalId, ThreadKey
from hub.desk import inbound
from hub.desk.contacts import make_contact
from hub.desk.inbound import Stored
from tests.hub.desk.scene import Scene

NUMBER = "+48600100200"


async def writes(scene: Scene, sender: Address, text: str, *, proves: tuple[Address, ...] = ()) -> Stored:
    """A message from an address, with what the provider vouches for."""
    event = MessageArrived(
        external_id=ExternalId(text),
        thread=ThreadKey(sender.scheme),
        sender=sender,
        content=Content(text=text),
        sent_at=scene.clock(),
        proves=proves,
    )
    return await scene.db.write(inbound.take, scene.source, event)


async def test_the_first_words_by_whatsapp_go_on_with_what_the_number_began(scene: Scene) -> None:
    first = (await writes(scene, Address(TEL, NUMBER), "I stand before your door.")).entry
    assert first is not None
    lena = await scene.db.write(make_contact, scene.sofia, first.conversation_id, "Lena")
    then = (await writes(scene, Address(WHATSAPP, NUMBER), "Hello?", proves=(Address(TEL, NUMBER),))).entry
    assert then is not None
    assert then.conversation_id == first.conversation_id
    conversation = await scene.db.read(queries.get, scene.sofia, first.conversation_id)
    assert (conversation.contact_id, conversation.who) == (lena.id, "Lena")


async def test_a_whatsapp_that_proves_nothing_known_begins_anew(scene: Scene) -> None:
    first = (await writes(scene, Address(TEL, NUMBER), "I stand before your door.")).entry
    assert first is not None
    await scene.db.write(make_contact, scene.sofia, first.conversation_id, "Lena")
    other = "+48600100299"
    then = (await writes(scene, Address(WHATSAPP, other), "Hello?", proves=(Address(TEL, other),))).entry
    assert then is not None
    assert then.conversation_id != first.conversation_id
