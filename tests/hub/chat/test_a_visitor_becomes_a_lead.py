"""Somebody in the chat who can be reached again is a lead; a browser nobody will find again is none."""

from __future__ import annotations

from crm_core.cases import queries as cases
from crm_core.cases.queries import CaseListing
from crm_core.conversations import queries
from crm_core.words.permissions import Actor
from crm_core.words.values import CaseValue, Role
from tests.hub.chat.conftest import Enter, Hub, Visitor
from tests.hub.chat.test_a_visitor_writes import only_conversation

BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)
ADDRESS = {"name": "Iryna", "email": "iryna@example.com"}


async def leads(hub: Hub) -> list[CaseValue]:
    return (await hub.db.read(cases.page, BOSS, CaseListing())).items


async def test_who_filled_the_form_first_is_a_lead_with_the_first_message(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter(profile=ADDRESS)
    assert await leads(hub) == []
    await visitor.send("message-1", "How much is the lamp?")
    [lead] = await leads(hub)
    assert (lead.who, lead.source, lead.first_words) == ("Iryna", "webchat", "How much is the lamp?")
    await visitor.send("message-2", "And the chair?")
    assert await leads(hub) == [lead]


async def test_who_leaves_an_address_later_is_a_lead_from_then_on(hub: Hub, enter: Enter) -> None:
    visitor: Visitor = await enter()
    await visitor.send("message-1", "How much is the lamp?")
    assert await leads(hub) == []
    again: Visitor = await enter(token=visitor.token, profile=ADDRESS)
    [lead] = await leads(hub)
    conversation = await hub.db.read(queries.get, BOSS, await hub.db.read(only_conversation))
    assert (conversation.case_id, lead.conversation_id) == (lead.id, conversation.id)
    assert lead.first_words == "How much is the lamp?"
    await again.send("message-2", "Here I am again")
    assert [case.id for case in await leads(hub)] == [lead.id]
