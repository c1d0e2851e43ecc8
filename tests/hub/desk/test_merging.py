"""Two contacts become one and two again: everything stands where it stood, whatever was merged with whatever."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from crm_core.cases.model import Case
from crm_core.contacts import merging as merges
from crm_core.contacts import queries, suggesting
from crm_core.contacts.actions import ContactChange, NewAddress, NewContact
from crm_core.contacts.queries import ContactListing
from crm_core.contacts.resolving import resolve
from crm_core.conversations import queries as conversations
from crm_core.conversations.queries import Listing, View
from crm_core.search.queries import find
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, email, phone
from crm_core.words.errors import Conflict, HubError, Invalid, NotFound
from crm_core.words.events import AnyEvent, CaseChanged, ContactChanged, ConversationChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import ContactKind, Role
from hub.desk import contacts, merging
from tests.hub.desk.two_cards import CHIEF, MAIL, NUMBER, a_case, a_conversation, merge_of, two

OLENA = Actor(2, "Olena", Role.AGENT, frozenset({10}))
WORK_MAIL = email("taras@firm.ua")


def conversation(tx: Tx, conversation_id: int) -> tuple[int | None, str]:
    row = conversations.row(tx, conversation_id)
    return row.contact_id, row.who


async def told(db: Database, since: int) -> list[AnyEvent]:
    return [c.event for c in (await db.read(after, 0, most=1_000))][since:]


async def test_a_merged_contact_is_known_as_the_survivor_everywhere(db: Database) -> None:
    taras, caller = await db.write(two)
    value = await db.write(merging.merge, OLENA, taras, caller, {})
    assert [i.value for i in value.identities] == ["taras@example.org", "+380671234567"]
    assert (value.name, value.company, value.note, value.tags) == ("Taras", "Firm", "Calls.", ["vip", "new"])
    known = await db.write(resolve, NUMBER, "", {})
    assert (known.contact_id, known.shown_name) == (taras, "Taras")
    assert (await db.read(queries.get, caller)).root_id == taras
    for text in ("Sh", "067 123 45 67", "Taras", "taras@example.org"):
        listed = await db.read(queries.page, OLENA, ContactListing(text=text))
        assert [c.id for c in listed.items] == [taras], text
        assert [c.id for c in (await db.read(find, OLENA, text)).people] == [taras], text
    assert [c.id for c in (await db.read(queries.page, OLENA, ContactListing())).items] == [taras]


async def test_for_each_field_an_agent_chooses_whose_value_stays(db: Database) -> None:
    taras, caller = await db.write(two)
    for nonsense in ({"id": "absorbed"}, {"name": "both"}):
        with pytest.raises(Invalid):
            await db.write(merging.merge, OLENA, taras, caller, nonsense)
    value = await db.write(merging.merge, OLENA, taras, caller, {"name": "absorbed", "tags": "survivor"})
    assert (value.name, value.tags) == ("T. Sh.", ["vip"])
    assert (await db.write(resolve, MAIL, "", {})).shown_name == "T. Sh."


async def test_open_conversations_of_both_stay_two_under_one_name(db: Database) -> None:
    taras, caller = await db.write(two)
    by_mail, by_phone = await db.write(a_conversation, MAIL), await db.write(a_conversation, NUMBER)
    closed = await db.write(a_conversation, email("other@example.org"), is_closed=True)
    before = len(await told(db, 0))
    await db.write(merging.merge, OLENA, taras, caller, {})
    assert await db.read(conversation, by_mail) == await db.read(conversation, by_phone) == (taras, "Taras")
    assert (await db.read(conversation, closed))[0] is None
    events = await told(db, before)
    assert [type(e) for e in events] == [ConversationChanged, ContactChanged, ContactChanged]
    survivor, absorbed = [e for e in events if isinstance(e, ContactChanged)]
    assert (survivor.contact.id, survivor.conversation_ids) == (taras, [by_mail, by_phone])
    assert (absorbed.contact.id, absorbed.contact.root_id, absorbed.conversation_ids) == (caller, taras, [])


async def test_closed_conversations_and_cases_change_hands_and_come_back(db: Database) -> None:
    taras, caller = await db.write(two)
    closed = await db.write(a_conversation, NUMBER, is_closed=True)
    case = await db.write(a_case, caller)

    def owner(tx: Tx) -> tuple[int, str]:
        row = tx.first(select(Case.contact_id, Case.who).where(Case.id == case))
        assert row is not None
        return row.contact_id, row.who

    await db.write(merging.merge, OLENA, taras, caller, {})
    assert (await db.read(conversation, closed))[0] == taras
    page = await db.read(conversations.page, OLENA, Listing(view=View.CLOSED, contact_id=taras))
    assert [c.id for c in page.items] == [closed]
    assert await db.read(owner) == (taras, "Taras")
    await db.write(merging.unmerge, OLENA, await db.read(merge_of, taras))
    assert (await db.read(conversation, closed))[0] == caller
    assert await db.read(owner) == (caller, "T. Sh.")


async def test_a_name_chosen_in_a_merge_stands_in_the_survivors_own_closed_conversations_and_cases(
    db: Database,
) -> None:
    taras, caller = await db.write(two)
    closed, case = await db.write(a_conversation, MAIL, is_closed=True), await db.write(a_case, taras)

    def in_case(tx: Tx) -> str:
        return str(tx.scalar(select(Case.who).where(Case.id == case)))

    before = len(await told(db, 0))
    await db.write(merging.merge, OLENA, taras, caller, {"name": "absorbed"})
    assert await db.read(conversation, closed) == (taras, "T. Sh.")
    assert await db.read(in_case) == "T. Sh."
    assert [e.case.who for e in await told(db, before) if isinstance(e, CaseChanged)] == ["T. Sh."]
    await db.write(merging.unmerge, OLENA, await db.read(merge_of, taras))
    assert (await db.read(conversation, closed), await db.read(in_case)) == ((taras, "Taras"), "Taras")


async def test_what_was_said_in_between_stays_with_whoever_said_it(db: Database) -> None:
    taras, caller = await db.write(two)
    await db.write(merging.merge, OLENA, taras, caller, {})
    by_mail, by_phone = await db.write(a_conversation, MAIL), await db.write(a_conversation, NUMBER)
    earlier = await db.write(a_conversation, NUMBER, is_closed=True)
    identity = (await db.write(resolve, NUMBER, "", {})).id
    case = await db.write(a_case, taras, identity_id=identity)
    await db.write(merging.unmerge, OLENA, await db.read(merge_of, taras))
    assert await db.read(conversation, by_mail) == (taras, "Taras")
    assert await db.read(conversation, by_phone) == (caller, "T. Sh.")
    assert (await db.read(conversation, earlier))[0] == caller
    assert await db.read(lambda tx: tx.scalar(select(Case.contact_id).where(Case.id == case))) == caller


async def test_a_field_that_was_changed_since_the_merge_stays_changed(db: Database) -> None:
    taras, caller = await db.write(two)
    value = await db.write(merging.merge, OLENA, taras, caller, {"name": "absorbed"})
    change = ContactChange(version=value.version, note="Calls on Mondays.")
    await db.write(contacts.change, OLENA, taras, change)
    value = await db.write(merging.unmerge, OLENA, await db.read(merge_of, taras))
    assert (value.name, value.company, value.note) == ("Taras", "", "Calls on Mondays.")
    assert await db.read(queries.ids_named, "taras") != []


async def test_what_cannot_be_one_is_refused_in_words(db: Database) -> None:
    taras, caller = await db.write(two)
    firm = (await db.write(contacts.add, CHIEF, NewContact(name="Firm", kind=ContactKind.COMPANY))).id
    third = (await db.write(contacts.add, CHIEF, NewContact(name="Third"))).id
    for pair in ((taras, taras), (taras, firm)):
        with pytest.raises(Invalid):
            await db.write(merging.merge, OLENA, *pair, {})
    with pytest.raises(NotFound):
        await db.write(merging.merge, OLENA, taras, 404, {})
    await db.write(merging.merge, OLENA, taras, caller, {})
    for pair in ((third, caller), (caller, third), (taras, caller)):
        with pytest.raises(Conflict) as refused:
            await db.write(merging.merge, OLENA, *pair, {})
        assert refused.value.facts["contact_id"] == taras
    for act in (contacts.archive, contacts.make_contact):
        with pytest.raises(HubError):
            await db.write(act, OLENA, caller)
    await db.write(contacts.archive, OLENA, third)
    with pytest.raises(Conflict):
        await db.write(merging.merge, OLENA, third, taras, {})


async def test_nothing_is_added_to_a_contact_that_was_merged(db: Database) -> None:
    taras, caller = await db.write(two)
    await db.write(merging.merge, OLENA, taras, caller, {})
    refusals: list[tuple[Any, ...]] = [
        (contacts.add_identity, caller, NewAddress(WORK_MAIL)),
        (contacts.change, caller, ContactChange(version=2, name="X")),
    ]
    for act, *arguments in refusals:
        with pytest.raises(Conflict) as refused:
            await db.write(act, OLENA, *arguments)
        assert refused.value.facts["contact_id"] == taras


async def test_an_address_of_a_merged_contact_is_taken_from_the_survivor(db: Database) -> None:
    taras, caller = await db.write(two)
    await db.write(merging.merge, OLENA, taras, caller, {})
    by_phone = await db.write(a_conversation, NUMBER)
    identity = (await db.write(resolve, NUMBER, "", {})).id
    value = await db.write(contacts.detach_identity, OLENA, taras, identity)
    assert [i.value for i in value.identities] == ["taras@example.org"]
    await db.write(merging.unmerge, OLENA, await db.read(merge_of, taras))
    assert await db.read(conversation, by_phone) == (None, "+380 67 123 4567")


async def test_the_newest_merge_of_a_contact_is_undone_first(db: Database) -> None:
    taras, caller = await db.write(two)
    third = (await db.write(contacts.add, CHIEF, NewContact(name="Third", addresses=[NewAddress(WORK_MAIL)]))).id
    await db.write(merging.merge, OLENA, taras, caller, {})
    first = await db.read(merge_of, taras)
    await db.write(merging.merge, OLENA, third, taras, {})
    second = await db.read(merge_of, third)
    assert (await db.write(resolve, NUMBER, "", {})).contact_id == third
    with pytest.raises(Conflict) as refused:
        await db.write(merging.unmerge, OLENA, first)
    assert (refused.value.why, refused.value.facts["merge_id"]) == ("merge_newer", second)
    assert [(m.id, m.can_undo) for m in await db.read(merges.merges_of, caller)] == [(second, True), (first, False)]
    await db.write(merging.unmerge, OLENA, second)
    assert (await db.write(resolve, NUMBER, "", {})).contact_id == taras
    await db.write(merging.unmerge, OLENA, first)
    assert (await db.write(resolve, NUMBER, "", {})).contact_id == caller
    with pytest.raises(Conflict):
        await db.write(merging.unmerge, OLENA, first)
    with pytest.raises(NotFound):
        await db.write(merging.unmerge, OLENA, 404)


async def test_a_company_keeps_the_people_of_the_one_merged_into_it(db: Database) -> None:
    taras, _ = await db.write(two)
    firm, same = [
        (await db.write(contacts.add, CHIEF, NewContact(name=name, kind=ContactKind.COMPANY))).id
        for name in ("Firm", "Firm Ltd")
    ]
    await db.write(contacts.link, OLENA, taras, same)
    case = await db.write(a_case, None, company_id=same)
    await db.write(merging.merge, OLENA, firm, same, {})
    listed = await db.read(queries.page, OLENA, ContactListing(company_id=firm))
    assert [c.id for c in listed.items] == [taras]
    assert [link.company_id for link in await db.read(queries.links_of, taras)] == [firm]
    assert await db.read(lambda tx: tx.scalar(select(Case.company_id).where(Case.id == case))) == firm
    await db.write(merging.unmerge, OLENA, await db.read(merge_of, firm))
    assert await db.read(lambda tx: tx.scalar(select(Case.company_id).where(Case.id == case))) == same


async def test_one_of_two_primary_numbers_is_the_one_to_use(db: Database) -> None:
    taras, caller = await db.write(two)
    await db.write(contacts.add_identity, OLENA, taras, NewAddress(phone("+48221234567")))
    value = await db.write(merging.merge, OLENA, taras, caller, {})
    assert [i.value for i in value.identities if i.is_primary and i.scheme == "tel"] == ["+48221234567"]


async def test_duplicates_are_suggested_until_they_are_dismissed(db: Database) -> None:
    taras, caller = await db.write(two)
    await db.write(contacts.add_identity, OLENA, taras, NewAddress(Address("whatsapp", "+380671234567")))
    (found,) = await db.read(suggesting.for_contact, taras)
    assert (found.contact.id, found.why, found.address) == (caller, "same_number", "+380 67 123 4567")
    assert [s.contact.id for s in await db.read(suggesting.for_contact, caller)] == [taras]
    await db.write(merging.dismiss_duplicate, OLENA, caller, taras)
    assert await db.read(suggesting.for_contact, taras) == await db.read(suggesting.for_contact, caller) == []
    with pytest.raises(Invalid):
        await db.write(merging.dismiss_duplicate, OLENA, taras, taras)


async def test_namesakes_are_suggested_only_with_something_else_in_common(db: Database) -> None:
    def namesakes(tx: Tx) -> list[int]:
        people = [("firm.ua", "Firm"), ("other.ua", ""), ("gmail.com", "firm"), ("gmail.com", "Else")]
        return [
            contacts.add(
                tx, CHIEF, NewContact(name="Ivan", company=firm, addresses=[NewAddress(email(f"ivan{n}@{domain}"))])
            ).id
            for n, (domain, firm) in enumerate(people)
        ]

    ivan, _, same_firm, _ = await db.write(namesakes)
    found = await db.read(suggesting.for_contact, ivan)
    assert [(s.contact.id, s.why, s.address) for s in found] == [(same_firm, "same_name", "firm")]


async def test_who_a_stranger_may_be_is_said_only_to_who_may_read_them(db: Database) -> None:
    taras, _ = await db.write(two)
    stranger = Address("visitor", "abc", "shop")
    await db.write(resolve, stranger, "", {"email": "taras@example.org"})
    conversation_id = await db.write(a_conversation, stranger)
    identity = (await db.write(resolve, stranger, "", {})).id
    assert [s.contact.id for s in await db.read(suggesting.for_identity, identity)] == [taras]
    elsewhere = Actor(3, "Other queue", Role.AGENT, frozenset({99}))
    with pytest.raises(NotFound):
        await db.write(merging.dismiss_for_conversation, elsewhere, conversation_id, taras)
    await db.write(merging.dismiss_for_conversation, OLENA, conversation_id, taras)
    assert await db.read(suggesting.for_identity, identity) == []
