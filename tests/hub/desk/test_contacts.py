from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert

from crm_core.contacts import actions as rows
from crm_core.contacts import queries, suggesting
from crm_core.contacts.actions import ContactChange, NewAddress, NewContact
from crm_core.contacts.queries import ContactListing, Sort
from crm_core.contacts.resolving import resolve
from crm_core.conversations import queries as conversations
from crm_core.conversations.model import Conversation
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, email, phone
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.events import AnyEvent, ContactChanged, ConversationChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import ContactKind, ConversationStatus, Role
from hub.desk import contacts

BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)
OLENA = Actor(2, "Olena", Role.AGENT, frozenset({10}))
STRANGER = Actor(3, "Other queue", Role.AGENT, frozenset({99}))
MAIL = email("taras@example.org")


def writes(
    tx: Tx, address: Address, *, name: str = "", status: str = "open", facts: dict[str, str] | None = None
) -> tuple[int, int]:
    """Somebody wrote: their identity and their conversation."""
    known = resolve(tx, address, name, facts or {})
    conversation_id = tx.new_id()
    values: dict[str, Any] = {
        "id": conversation_id,
        "ws": tx.ws,
        "status": ConversationStatus(status),
        "who": known.shown_name,
        "channel": "email",
        "account_id": 5,
        "identity_id": known.id,
        "thread": "t",
        "queue_id": 10,
        "tags": [],
        "opened_at": tx.now,
        "last_activity_at": tx.now,
        "version": 1,
    }
    tx.execute(insert(Conversation).values(**values))
    return known.id, conversation_id


async def told(db: Database) -> list[AnyEvent]:
    return [c.event for c in await db.read(after, 0, most=500)]


async def test_a_stranger_becomes_a_contact_in_their_open_conversation(db: Database) -> None:
    identity, conversation = await db.write(writes, MAIL, name="taras")
    contact = await db.write(contacts.make_contact, OLENA, conversation, "Taras Shevchenko")
    assert [i.id for i in contact.identities] == [identity]
    assert contact.identities[0].is_primary
    now = await db.read(conversations.get, OLENA, conversation)
    assert (now.contact_id, now.who) == (contact.id, "Taras Shevchenko")
    assert await told(db) == [
        ConversationChanged(conversation=now),
        ContactChanged(contact=contact, conversation_ids=[conversation]),
    ]
    with pytest.raises(Conflict):
        await db.write(contacts.make_contact, OLENA, conversation)


async def test_a_stranger_brings_their_language_along(db: Database) -> None:
    _, conversation = await db.write(writes, MAIL, facts={"language": "uk-UA"})
    contact = await db.write(contacts.make_contact, OLENA, conversation)
    assert contact.language == "uk-UA"


async def test_nobody_makes_a_contact_of_a_conversation_they_may_not_read(db: Database) -> None:
    identity, conversation = await db.write(writes, MAIL)
    with pytest.raises(NotFound):
        await db.write(contacts.make_contact, STRANGER, conversation)
    contact = await db.write(contacts.add, STRANGER, NewContact(name="Taras"))
    with pytest.raises(NotFound):
        await db.write(contacts.attach_identity, STRANGER, contact.id, identity)


async def test_an_attached_identity_names_its_open_conversation_and_leaves_closed_ones(db: Database) -> None:
    identity, closed = await db.write(writes, MAIL, status="closed")
    _, conversation = await db.write(writes, MAIL)
    contact = await db.write(contacts.add, OLENA, NewContact(name="Taras"))
    await db.write(contacts.attach_identity, OLENA, contact.id, identity)
    assert (await db.read(conversations.get, OLENA, conversation)).contact_id == contact.id
    assert (await db.read(conversations.get, OLENA, closed)).contact_id is None
    other = await db.write(contacts.add, OLENA, NewContact(name="Other"))
    with pytest.raises(Conflict):
        await db.write(contacts.attach_identity, OLENA, other.id, identity)
    gone = await db.write(contacts.detach_identity, OLENA, contact.id, identity)
    assert gone.identities == []
    now = await db.read(conversations.get, OLENA, conversation)
    assert (now.contact_id, now.who) == (None, "taras@example.org")
    with pytest.raises(NotFound):
        await db.write(contacts.detach_identity, OLENA, contact.id, identity)


async def test_a_new_name_stands_in_every_open_conversation(db: Database) -> None:
    _, conversation = await db.write(writes, MAIL)
    contact = await db.write(contacts.make_contact, OLENA, conversation, "Taras")
    renamed = await db.write(contacts.change, OLENA, contact.id, ContactChange(version=contact.version, name="Тарас"))
    assert (await db.read(conversations.get, OLENA, conversation)).who == "Тарас"
    assert (await told(db))[-1] == ContactChanged(contact=renamed, conversation_ids=[conversation])


async def test_of_two_who_change_a_contact_at_once_the_second_is_told(db: Database) -> None:
    contact = await db.write(contacts.add, OLENA, NewContact(name="Taras"))
    await db.write(contacts.change, OLENA, contact.id, ContactChange(version=contact.version, title="Poet"))
    with pytest.raises(Conflict):
        await db.write(contacts.change, OLENA, contact.id, ContactChange(version=contact.version, title="Painter"))
    assert (await db.read(queries.get, contact.id)).title == "Poet"
    with pytest.raises(NotFound):
        await db.write(contacts.change, OLENA, 404, ContactChange(version=1, name="x"))


@pytest.mark.parametrize("new", [NewContact(name=" "), NewContact(name="A", owner_id=404)])
async def test_a_contact_of_no_sense_is_refused(db: Database, new: NewContact) -> None:
    with pytest.raises(Invalid):
        await db.write(contacts.add, OLENA, new)


async def test_an_address_is_added_once_and_is_nobody_elses(db: Database) -> None:
    contact = await db.write(contacts.add, OLENA, NewContact(name="Taras", addresses=[NewAddress(MAIL, "work")]))
    assert [(i.value, i.label, i.is_primary) for i in contact.identities] == [("taras@example.org", "work", True)]
    again = await db.write(contacts.add_identity, OLENA, contact.id, NewAddress(MAIL, "home"))
    assert [(i.label, i.is_primary) for i in again.identities] == [("home", True)]
    with pytest.raises(Conflict):
        await db.write(contacts.add, OLENA, NewContact(name="Thief", addresses=[NewAddress(MAIL)]))
    assert [c.name for c in (await db.read(queries.page, OLENA, ContactListing())).items] == ["Taras"]


async def test_contacts_page_in_order_of_their_names_without_gap_or_double(db: Database) -> None:
    for name in ("Żaneta", "anna", "Boris", "Anna", "żaneta", "boris"):
        await db.write(contacts.add, OLENA, NewContact(name=name))
    everyone = await db.read(queries.page, OLENA, ContactListing())
    assert [c.name for c in everyone.items] == ["anna", "Anna", "Boris", "boris", "Żaneta", "żaneta"]
    for sort in Sort:
        whole = await db.read(queries.page, OLENA, ContactListing(sort=sort))
        seen, cursor = [], None
        while True:
            page = await db.read(queries.page, OLENA, ContactListing(sort=sort, limit=4, cursor=cursor))
            seen += page.items
            cursor = page.next_cursor
            if cursor is None:
                break
        assert seen == whole.items
    with pytest.raises(Invalid):
        await db.read(queries.page, OLENA, ContactListing(cursor="nonsense"))


async def test_contacts_are_filtered_by_what_they_are_and_what_they_are_called(db: Database) -> None:
    shop = await db.write(contacts.add, OLENA, NewContact(name="Rozetka", kind=ContactKind.COMPANY))
    taras = await db.write(
        contacts.add,
        OLENA,
        NewContact(name="Taras", tags=["vip"], addresses=[NewAddress(phone("+380671234567")), NewAddress(MAIL)]),
    )

    async def names(**listing: Any) -> list[str]:
        return [c.name for c in (await db.read(queries.page, OLENA, ContactListing(**listing))).items]

    assert await names(kind=ContactKind.COMPANY) == ["Rozetka"]
    assert await names(tag="vip") == ["Taras"]
    assert await names(tag="v") == []
    for text in ("tar", "ТARAS".lower().replace("т", "t"), "067 123 45 67", "taras@example.org", "0671234"):
        assert await names(text=text) == ["Taras"], text
    assert await names(text="nobody") == []
    person = await db.write(contacts.link, OLENA, taras.id, shop.id, "Poet")
    assert person.company == "Rozetka"
    assert await names(company_id=shop.id) == ["Taras"]
    (link,) = await db.read(queries.links_of, taras.id)
    await db.write(contacts.unlink, OLENA, link.id)
    assert await names(company_id=shop.id) == []
    with pytest.raises(Invalid):
        await db.write(contacts.link, OLENA, shop.id, taras.id)
    await db.write(contacts.archive, OLENA, taras.id)
    assert await names(text="taras") == []


async def test_what_a_stranger_says_only_suggests_who_they_are(db: Database) -> None:
    contact = await db.write(contacts.add, OLENA, NewContact(name="Taras", addresses=[NewAddress(MAIL)]))
    stranger = await db.write(resolve, Address("visitor", "abc", "shop"), "t", {"email": "TARAS@example.org"})
    (suggestion,) = await db.read(suggesting.for_identity, stranger.id)
    assert (suggestion.contact.id, suggestion.why, suggestion.address) == (contact.id, "claimed", "taras@example.org")
    assert (await db.read(queries.identity, stranger.id)).contact_id is None


async def test_an_address_that_was_proved_is_marked_once(db: Database) -> None:
    known = await db.write(resolve, MAIL, "", {})
    await db.write(rows.verify, known.id, "confirmed link")
    await db.write(rows.verify, known.id, "another way")
    assert (await db.read(queries.identity, known.id)).verified
