"""A stranger who writes opens one lead; everybody else goes on where they were."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import update

from crm_core.cases import opening, queries
from crm_core.cases.rules import Becomes
from crm_core.contacts import actions as contact_actions
from crm_core.contacts.actions import NewContact
from crm_core.contacts.model import Contact
from crm_core.conversations.queries import get
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, NotFound
from crm_core.words.events import CaseChanged
from crm_core.words.values import CaseKind, StageCategory
from hub.desk import cases, leads, qualifying
from hub.desk.qualifying import Qualification
from tests.hub.desk.prospects import Prospects


async def test_a_stranger_opens_a_lead_with_source_and_first_words(prospects: Prospects) -> None:
    stranger = await prospects.stranger("ann", words="How much\nis it?")
    opened = await prospects.db.write(leads.open_for, [stranger])
    case = await prospects.case(opened[stranger.conversation_id])
    assert (case.kind, case.category, case.number) == (CaseKind.LEAD, StageCategory.NEW, 1)
    assert (case.who, case.title, case.first_words) == ("Ann", "How much is it?", "How much is it?")
    assert (case.source, case.queue_id, case.owner_id) == ("email", prospects.sales, None)
    assert (case.identity_id, case.conversation_id) == (stranger.identity_id, stranger.conversation_id)
    assert await prospects.decisions(case.id) == ["opened"]
    assert [e.case for e in await prospects.events() if isinstance(e, CaseChanged)] == [case]


async def test_who_has_an_open_case_goes_on_with_it(prospects: Prospects) -> None:
    stranger = await prospects.stranger("ann")
    first = await prospects.db.write(leads.open_for, [stranger])
    again = replace(stranger, conversation_id=stranger.conversation_id + 1)
    second = await prospects.db.write(leads.open_for, [again])
    assert second == {again.conversation_id: first[stranger.conversation_id]}
    assert len([e for e in await prospects.events() if isinstance(e, CaseChanged)]) == 1


async def test_one_batch_opens_one_lead_for_one_stranger(prospects: Prospects) -> None:
    ann, bea = await prospects.stranger("ann"), await prospects.stranger("bea")
    again = replace(ann, conversation_id=ann.conversation_id + 1)
    opened = await prospects.db.write(leads.open_for, [ann, bea, again])
    assert opened[ann.conversation_id] == opened[again.conversation_id] != opened[bea.conversation_id]
    numbers = [(await prospects.case(case_id)).number for case_id in sorted(set(opened.values()))]
    assert numbers == [1, 2]


async def test_a_contact_a_spammer_and_who_cannot_be_reached_open_none(prospects: Prospects) -> None:
    contact = await prospects.db.write(contact_actions.add, NewContact(name="Ann"))
    known = replace(await prospects.stranger("ann"), contact_id=contact)
    visitor = await prospects.stranger("visitor", contactable=False)
    lead = await prospects.lead("spammer")
    await prospects.db.write(cases.spam, prospects.anna, lead.id)
    spammer = await prospects.stranger("spammer")
    assert await prospects.db.write(leads.open_for, [known, visitor, spammer]) == {}
    ids = [known.identity_id, spammer.identity_id]
    assert await prospects.db.read(opening.spam_marked, ids) == {spammer.identity_id}
    assert await prospects.db.write(leads.open_for, []) == {}


async def test_a_contact_with_an_open_deal_goes_on_with_it_by_another_address(prospects: Prospects) -> None:
    contact = await prospects.db.write(contact_actions.add, NewContact(name="Ann"))
    absorbed = await prospects.db.write(contact_actions.add, NewContact(name="Anna"))
    new = opening.NewCase(kind=CaseKind.DEAL, who="Ann", contact_id=absorbed)
    deal = (await prospects.db.write(opening.open_many, [new]))[0]
    await prospects.db.write(merged, absorbed, contact)
    stranger = replace(await prospects.stranger("ann.private"), contact_id=contact)
    assert await prospects.db.write(leads.open_for, [stranger]) == {stranger.conversation_id: deal.id}


def merged(tx: Tx, absorbed_id: int, survivor_id: int) -> None:
    tx.execute(update(Contact).where(Contact.id == absorbed_id).values(root_id=survivor_id))


async def test_a_lead_after_a_closed_one_says_which_it_follows(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    await prospects.db.write(cases.disqualify, prospects.anna, lead.id, "No budget")
    await prospects.close(lead.conversation_id)
    second = await prospects.lead("ann", words="Now I have one")
    assert second.id != lead.id
    assert second.origin_id == lead.id


async def test_a_contact_who_writes_after_a_closed_case_opens_a_repeat_lead_of_theirs(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    won = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, Qualification(becomes=Becomes.CONTACT))
    await prospects.close(lead.conversation_id)
    second = await prospects.lead("ann", words="I need one more")
    assert second.id != lead.id
    assert (second.kind, second.origin_id, second.contact_id) == (CaseKind.LEAD, lead.id, won.contact_id)
    deal = await prospects.db.write(qualifying.qualify, prospects.anna, second.id, Qualification())
    assert (deal.kind, deal.contact_id) == (CaseKind.DEAL, won.contact_id)
    undone = await prospects.db.write(qualifying.undo, prospects.anna, second.id)
    assert (undone.kind, undone.contact_id) == (CaseKind.LEAD, won.contact_id)


async def test_a_visitor_who_leaves_an_address_is_a_lead_from_then_on(prospects: Prospects) -> None:
    stranger = await prospects.stranger("visitor", contactable=False, words="Do you ship to Lviv?")
    assert await prospects.db.write(leads.open_for, [stranger]) == {}
    conversation = await prospects.db.write(leads.became_contactable, stranger.conversation_id)
    assert conversation is not None
    assert conversation.case_id is not None
    case = await prospects.case(conversation.case_id)
    assert case.first_words == "Do you ship to Lviv?"
    assert await prospects.notices(stranger.conversation_id) == ["lead_opened"]
    assert await prospects.db.write(leads.became_contactable, stranger.conversation_id) is None


async def test_an_agent_opens_a_request_by_hand(prospects: Prospects) -> None:
    stranger = await prospects.stranger()
    args = (prospects.anna, stranger.conversation_id, CaseKind.REQUEST, "Broken kettle")
    case = await prospects.db.write(leads.open_by_hand, *args)
    assert (case.kind, case.title, case.owner_id) == (CaseKind.REQUEST, "Broken kettle", prospects.anna.agent_id)
    assert case.source == leads.BY_HAND
    found = await prospects.db.read(leads.of_conversation, prospects.anna, stranger.conversation_id)
    assert found == case
    assert await prospects.notices(stranger.conversation_id) == ["case_opened"]
    with pytest.raises(Conflict):
        await prospects.db.write(leads.open_by_hand, *args)
    with pytest.raises(NotFound):
        await prospects.db.write(leads.open_by_hand, prospects.cora, *args[1:])


async def test_another_conversation_is_tied_to_a_case(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    other = await prospects.stranger("bea")
    with pytest.raises(NotFound):
        await prospects.db.read(leads.of_conversation, prospects.anna, other.conversation_id)
    for _ in range(2):
        tied = await prospects.db.write(leads.link, prospects.anna, other.conversation_id, lead.id)
        assert tied.case_id == lead.id
    assert await prospects.notices(other.conversation_id) == ["case_linked"]
    assert (await prospects.db.read(get, prospects.anna, other.conversation_id)).case_id == lead.id


async def test_a_contacts_card_has_the_leads_of_its_addresses(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    contact = await prospects.db.write(contact_actions.add, NewContact(name="Ann"))
    assert lead.identity_id is not None
    await prospects.db.write(contact_actions.attach, contact, lead.identity_id)
    assert [c.id for c in await prospects.db.read(queries.of_contact, prospects.anna, contact)] == [lead.id]
    assert await prospects.db.read(queries.of_contact, prospects.cora, contact) == []
