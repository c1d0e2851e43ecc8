"""Contacts: people and companies, their addresses and their places in companies."""

from __future__ import annotations

from crm_core.contacts import queries
from crm_core.contacts.actions import ContactChange, NewAddress, NewContact
from crm_core.contacts.queries import ContactListing, Link
from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import Tx
from crm_core.words.addresses import normalised
from crm_core.words.errors import NotFound
from crm_core.words.permissions import Actor
from crm_core.words.values import ContactValue, IdentityValue
from hub.api.call import Call
from hub.api.models import contacts as models
from hub.api.models.contacts import Contact, ContactLink, Contacts, FromConversation, Identity, NewIdentity, NewLink
from hub.api.models.shapes import ListOf, PageOf
from hub.desk import contacts


async def page(call: Call, query: Contacts) -> PageOf[Contact]:
    """A list of contacts, archived ones left out. `text` is words of names and addresses as one types them."""
    found = await call.read(queries.page, call.actor, ContactListing(**query.model_dump()))
    return PageOf[Contact].model_validate(found)


async def get(call: Call, contact_id: int) -> Contact:
    """One contact with its identities."""
    return Contact.model_validate(await call.read(queries.get, contact_id))


async def add(call: Call, body: models.NewContact) -> Contact:
    """Add a contact with its addresses."""
    new = NewContact(
        **body.model_dump(exclude={"identities"}), addresses=[_address(call, each) for each in body.identities]
    )
    return await call.write(Contact.model_validate, contacts.add, call.actor, new)


async def change(call: Call, contact_id: int, body: models.ContactChange) -> Contact:
    """Change a contact, unless somebody else did since the version you saw. `owner_id` 0 means nobody."""
    wanted = ContactChange(**body.model_dump(exclude={"archived"}))
    return await call.write(Contact.model_validate, contacts.change, call.actor, contact_id, wanted)


async def archive(call: Call, contact_id: int) -> Contact:
    """Take a contact out of the lists. What was said stays."""
    return await call.write(Contact.model_validate, contacts.archive, call.actor, contact_id)


async def restore(call: Call, contact_id: int) -> Contact:
    """Bring an archived contact back into the lists."""
    return await call.write(Contact.model_validate, contacts.archive, call.actor, contact_id, is_archived=False)


async def add_identity(call: Call, contact_id: int, body: NewIdentity) -> Contact:
    """Add an address, in any spelling, to a contact."""
    return await call.write(Contact.model_validate, contacts.add_identity, call.actor, contact_id, _address(call, body))


async def attach_identity(call: Call, contact_id: int, identity_id: int) -> Contact:
    """Say that a stranger's identity belongs to this contact. Their conversations come along."""
    return await call.write(Contact.model_validate, contacts.attach_identity, call.actor, contact_id, identity_id)


async def detach_identity(call: Call, contact_id: int, identity_id: int) -> Contact:
    """Take an identity away from a contact: it is a stranger's again."""
    return await call.write(Contact.model_validate, contacts.detach_identity, call.actor, contact_id, identity_id)


async def make(call: Call, conversation_id: int, body: FromConversation) -> Contact:
    """Make the stranger of a conversation a contact."""
    return await call.write(Contact.model_validate, contacts.make_contact, call.actor, conversation_id, body.name)


async def identity(call: Call, conversation_id: int) -> Identity:
    """Who a conversation is with: the identity, a stranger's too."""
    return Identity.model_validate(await call.read(_identity, call.actor, conversation_id))


async def links(call: Call, contact_id: int) -> ListOf[ContactLink]:
    """The companies of a person, or the people of a company, past ones too."""
    found = await call.read(_links, contact_id)
    return ListOf[ContactLink](items=[ContactLink.model_validate(each) for each in found])


async def link(call: Call, contact_id: int, body: NewLink) -> Contact:
    """Give a person a place in a company."""
    return await call.write(Contact.model_validate, contacts.link, call.actor, contact_id, body.company_id, body.title)


async def unlink(call: Call, contact_id: int, link_id: int) -> Contact:
    """End a person's place in a company."""
    return await call.write(Contact.model_validate, _unlink, call.actor, contact_id, link_id)


def _address(call: Call, body: NewIdentity) -> NewAddress:
    region = call.house.settings.region or None
    return NewAddress(normalised(body.scheme, body.value, region=region), body.label)


def _identity(tx: Tx, actor: Actor, conversation_id: int) -> IdentityValue:
    return queries.identity(tx, readable_row(tx, actor, conversation_id).identity_id)


def _links(tx: Tx, contact_id: int) -> list[Link]:
    queries.row(tx, contact_id)
    return queries.links_of(tx, contact_id)


def _unlink(tx: Tx, actor: Actor, contact_id: int, link_id: int) -> ContactValue:
    if link_id not in {each.id for each in queries.links_of(tx, contact_id) if each.person_id == contact_id}:
        raise NotFound
    return contacts.unlink(tx, actor, link_id)
