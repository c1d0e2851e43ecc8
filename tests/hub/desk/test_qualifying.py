"""A lead that is something stays the same case, and a decision can be taken back until the case moves on."""

from __future__ import annotations

import pytest

from crm_core.cases import opening, pipelines
from crm_core.cases.rules import Becomes
from crm_core.contacts import queries as contacts_known
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.conversations.queries import get
from crm_core.store import jobs
from crm_core.words.addresses import Address
from crm_core.words.clock import DAY
from crm_core.words.errors import Conflict, NotFound
from crm_core.words.values import CaseKind, ConversationStatus, StageCategory
from hub.desk import cases, contacts, leads, qualifying
from hub.desk.deciding import RETURN
from hub.desk.qualifying import Qualification
from tests.hub.desk.prospects import Prospects

DEAL = Qualification(becomes=Becomes.DEAL, name="Ann Lee", company="Acme", title="Ten kettles", amount=120_000)


async def test_a_lead_becomes_a_deal_of_a_new_contact_on_the_same_row(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    deal = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, DEAL)
    assert (deal.id, deal.number) == (lead.id, lead.number)
    assert (deal.kind, deal.category, deal.title, deal.amount) == (
        CaseKind.DEAL,
        StageCategory.NEW,
        "Ten kettles",
        120_000,
    )
    assert (await prospects.db.read(pipelines.pipeline, deal.pipeline_id)).kind is CaseKind.DEAL
    assert deal.owner_id == prospects.anna.agent_id
    assert deal.contact_id is not None
    contact = await prospects.db.read(contacts_known.get, deal.contact_id)
    assert (contact.name, contact.company, [i.id for i in contact.identities]) == (
        "Ann Lee",
        "Acme",
        [lead.identity_id],
    )
    assert lead.conversation_id is not None
    conversation = await prospects.db.read(get, prospects.anna, lead.conversation_id)
    assert (conversation.who, conversation.contact_id) == ("Ann Lee", contact.id)
    assert await prospects.notices(lead.conversation_id) == ["lead_qualified"]


async def test_a_lead_becomes_a_request_of_a_contact_there_is(prospects: Prospects) -> None:
    known = await prospects.db.write(contacts.add, prospects.anna, NewContact(name="Ann"))
    lead = await prospects.lead("ann.private")
    choice = Qualification(becomes=Becomes.REQUEST, contact_id=known.id)
    request = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, choice)
    assert (request.kind, request.contact_id, request.who) == (CaseKind.REQUEST, known.id, "Ann")
    assert (await prospects.db.read(contacts_known.get, known.id)).identities[0].id == lead.identity_id


async def test_a_lead_that_is_a_contact_only_is_won(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    won = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, Qualification(becomes=Becomes.CONTACT))
    assert (won.kind, won.category, won.who) == (CaseKind.LEAD, StageCategory.WON, "Ann")
    assert won.closed_at == prospects.clock()
    assert await prospects.db.write(leads.open_for, [await prospects.stranger("ann.new")]) != {}


async def test_whose_the_address_is_already_is_whose_the_lead_becomes(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    address = NewAddress(Address("mailto", "ann@example.com"))
    ann = await prospects.db.write(contacts.add, prospects.anna, NewContact(name="Ann", addresses=[address]))
    other = await prospects.db.write(contacts.add, prospects.anna, NewContact(name="Bea"))
    with pytest.raises(Conflict):
        await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, Qualification(contact_id=other.id))
    with pytest.raises(NotFound):
        await prospects.db.write(
            qualifying.qualify, prospects.anna, (await prospects.lead()).id, Qualification(contact_id=12345)
        )
    deal = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, Qualification(name="Somebody"))
    assert deal.contact_id == ann.id
    await prospects.db.write(qualifying.undo, prospects.anna, lead.id)
    assert (await prospects.db.read(contacts_known.get, ann.id)).identities[0].id == lead.identity_id


async def test_qualifying_is_taken_back_with_all_that_it_did(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    deal = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, DEAL)
    assert deal.can_undo
    back = await prospects.db.write(qualifying.undo, prospects.anna, lead.id)
    assert (back.kind, back.stage_id, back.pipeline_id) == (lead.kind, lead.stage_id, lead.pipeline_id)
    assert (back.contact_id, back.who, back.title, back.amount) == (None, "Ann", lead.title, None)
    assert not back.can_undo
    assert lead.identity_id is not None
    assert lead.conversation_id is not None
    assert (await prospects.db.read(contacts_known.identity, lead.identity_id)).contact_id is None
    conversation = await prospects.db.read(get, prospects.anna, lead.conversation_id)
    assert (conversation.who, conversation.contact_id) == ("Ann", None)
    listed = await prospects.db.read(contacts_known.page, prospects.anna, contacts_known.ContactListing())
    assert listed.items == []
    with pytest.raises(Conflict):
        await prospects.db.write(qualifying.undo, prospects.anna, lead.id)
    assert await prospects.decisions(lead.id) == ["opened", "qualified", "undone"]
    assert await prospects.notices(lead.conversation_id) == ["lead_qualified", "lead_undone"]


async def test_a_contact_that_grew_meanwhile_is_kept(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    deal = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, DEAL)
    assert deal.contact_id is not None
    phone = NewAddress(Address("tel", "+380441234567"))
    await prospects.db.write(contacts.add_identity, prospects.anna, deal.contact_id, phone)
    await prospects.db.write(qualifying.undo, prospects.anna, lead.id)
    listed = await prospects.db.read(contacts_known.page, prospects.anna, contacts_known.ContactListing())
    assert [(c.id, [i.scheme for i in c.identities]) for c in listed.items] == [(deal.contact_id, ["tel"])]


async def test_a_deal_that_moved_on_is_not_taken_back(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    deal = await prospects.db.write(qualifying.qualify, prospects.anna, lead.id, DEAL)
    stages = (await prospects.db.read(pipelines.pipeline, deal.pipeline_id)).stages
    await prospects.db.write(cases.assign, prospects.anna, lead.id, prospects.ben.agent_id)
    assert (await prospects.case(lead.id)).can_undo
    await prospects.db.write(cases.move, prospects.ben, lead.id, stages[1].id)
    with pytest.raises(Conflict):
        await prospects.db.write(qualifying.undo, prospects.ben, lead.id)


async def test_spam_is_taken_back(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    await prospects.db.write(cases.spam, prospects.anna, lead.id)
    back = await prospects.db.write(qualifying.undo, prospects.anna, lead.id)
    assert (back.category, back.is_spam) == (StageCategory.NEW, False)
    assert lead.identity_id is not None
    assert lead.conversation_id is not None
    assert await prospects.db.read(opening.spam_marked, [lead.identity_id]) == set()
    conversation = await prospects.db.read(get, prospects.anna, lead.conversation_id)
    assert (conversation.status, conversation.assignee_id) == (ConversationStatus.OPEN, prospects.anna.agent_id)


async def test_a_duplicate_and_putting_away_are_taken_back(prospects: Prospects) -> None:
    one, two = await prospects.lead(), await prospects.lead()
    await prospects.db.write(cases.duplicate, prospects.anna, two.id, one.id)
    back = await prospects.db.write(qualifying.undo, prospects.anna, two.id)
    assert back.origin_id is None
    assert two.conversation_id is not None
    assert (await prospects.db.read(leads.of_conversation, prospects.anna, two.conversation_id)).id == two.id
    first, later = prospects.clock() + DAY, prospects.clock() + 9 * DAY
    await prospects.db.write(cases.nurture, prospects.anna, one.id, first)
    await prospects.db.write(cases.nurture, prospects.anna, one.id, later)
    assert (await prospects.db.write(qualifying.undo, prospects.anna, one.id)).nurture_until == first
    assert await prospects.db.read(jobs.is_scheduled, RETURN, str(one.id))
    await prospects.db.write(cases.nurture, prospects.anna, two.id, later)
    await prospects.db.write(qualifying.undo, prospects.anna, two.id)
    assert not await prospects.db.read(jobs.is_scheduled, RETURN, str(two.id))


async def test_what_is_lost_is_not_taken_back_over_a_newer_lead(prospects: Prospects) -> None:
    lead = await prospects.lead("ann")
    await prospects.db.write(cases.disqualify, prospects.anna, lead.id, "No budget")
    await prospects.close(lead.conversation_id)
    await prospects.lead("ann")
    with pytest.raises(Conflict):
        await prospects.db.write(qualifying.undo, prospects.anna, lead.id)
