"""Contacts as agents keep them: whoever gets a name or an address gets it in their conversations and cases too."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.cases import whose as cases
from crm_core.contacts import actions, queries
from crm_core.contacts.actions import ContactChange, NewAddress, NewContact
from crm_core.contacts.rules import shown_name
from crm_core.conversations import queries as conversation_queries
from crm_core.conversations import whose
from crm_core.staff import queries as staff
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.events import ContactChanged
from crm_core.words.permissions import Actor, Permission, may_read
from crm_core.words.values import ContactValue, ConversationStatus, ConversationValue


def add(tx: Tx, actor: Actor, new: NewContact) -> ContactValue:
    """Add a contact with its addresses. Raises Denied, Invalid, Conflict for an address of another contact."""
    actor.must(Permission.WORK)
    _must_be_staff(tx, new.owner_id)
    contact_id = actions.add(tx, new)
    identity_ids = [actions.attach_address(tx, contact_id, address) for address in new.addresses]
    return attached(tx, contact_id, *identity_ids)


def change(tx: Tx, actor: Actor, contact_id: int, wanted: ContactChange) -> ContactValue:
    """Change a contact. Raises Denied, NotFound, Invalid, Conflict when somebody changed it since `version`."""
    actor.must(Permission.WORK)
    _must_be_staff(tx, wanted.owner_id)
    actions.change(tx, contact_id, wanted)
    return attached(tx, contact_id)


def attach_identity(tx: Tx, actor: Actor, contact_id: int, identity_id: int) -> ContactValue:
    """Say whose identity this is. Its past comes along, since entries point to the identity.

    Raises Denied, NotFound (also for a stranger none of whose conversations the actor may read), Conflict when
    it belongs to another contact.
    """
    actor.must(Permission.WORK)
    _must_have_met(tx, actor, identity_id)
    actions.attach(tx, contact_id, identity_id)
    actions.touch(tx, contact_id)
    return attached(tx, contact_id, identity_id)


def add_identity(tx: Tx, actor: Actor, contact_id: int, new: NewAddress) -> ContactValue:
    """Add an address to a contact. Raises Denied, NotFound, Conflict when it belongs to another contact."""
    actor.must(Permission.WORK)
    identity_id = actions.attach_address(tx, contact_id, new)
    actions.touch(tx, contact_id)
    return attached(tx, contact_id, identity_id)


def detach_identity(tx: Tx, actor: Actor, contact_id: int, identity_id: int) -> ContactValue:
    """Take an identity away from a contact: its conversations are a stranger's again. Raises Denied, NotFound.

    One of a contact that was merged is taken from the contact that stands for it.
    """
    actor.must(Permission.WORK)
    actions.detach(tx, contact_id, identity_id, agent_id=actor.agent_id)
    actions.touch(tx, contact_id)
    found = queries.identity_row(tx, identity_id)
    who = shown_name(None, found.name, queries.address_in(found))
    for conversation in _open_with(tx, [identity_id]):
        whose.name(tx, conversation, None, who)
    return attached(tx, contact_id)


def share_identity(tx: Tx, actor: Actor, contact_id: int, identity_id: int, *, is_shared: bool) -> ContactValue:
    """Say whether several people use an address, so that it proves nothing. Raises Denied, NotFound."""
    actor.must(Permission.WORK)
    actions.share(tx, contact_id, identity_id, is_shared=is_shared)
    actions.touch(tx, contact_id)
    return attached(tx, contact_id)


def make_contact(tx: Tx, actor: Actor, conversation_id: int, name: str | None = None) -> ContactValue:
    """Make the stranger of a conversation a contact, by the name given or the one they use, in their language.

    What they proved to be theirs too comes along. Raises Denied, NotFound, Invalid for a sender that is nobody
    (a name instead of a number), and Conflict when they are a contact already (`contact_id` says which).
    """
    actor.must(Permission.WORK)
    conversation = conversation_queries.readable_row(tx, actor, conversation_id, lock=True)
    found = queries.identity_row(tx, conversation.identity_id)
    if found.contact_id is not None:
        raise Conflict("This is a contact already.", why="is_contact", contact_id=found.contact_id)
    shown = name or shown_name(None, found.name, queries.address_in(found))
    contact_id = actions.add(tx, NewContact(name=shown, language=(found.facts or {}).get("language", "")))
    actions.attach(tx, contact_id, found.id)
    return attached(tx, contact_id, found.id)


def archive(tx: Tx, actor: Actor, contact_id: int, *, is_archived: bool = True) -> ContactValue:
    """Take a contact out of the lists, or bring it back. Raises Denied, NotFound."""
    actor.must(Permission.WORK)
    actions.archive(tx, contact_id, is_archived=is_archived)
    return attached(tx, contact_id)


def link(tx: Tx, actor: Actor, person_id: int, company_id: int, title: str = "") -> ContactValue:
    """Give a person a place in a company; the person. Raises Denied, NotFound, Invalid."""
    actor.must(Permission.WORK)
    actions.link(tx, person_id, company_id, title=title, since=tx.now)
    return attached(tx, person_id)


def unlink(tx: Tx, actor: Actor, link_id: int) -> ContactValue:
    """End a person's place in a company; the person. Raises Denied, NotFound."""
    actor.must(Permission.WORK)
    return attached(tx, actions.unlink(tx, link_id))


def attached(tx: Tx, contact_id: int, *identity_ids: int, closed_ids: Sequence[int] = ()) -> ContactValue:
    """Carry the contact's name into its conversations, those of new identities too, and its cases; tell everybody.

    Closed conversations are renamed with the contact's event alone; `closed_ids` are those that became the contact's.
    Of one that was merged only the card changes. Raises NotFound.
    """
    contact = queries.get(tx, contact_id)
    if contact.root_id is not None:
        tx.record(ContactChanged(contact=contact))
        return contact
    theirs = sorted({*identity_ids, *(i.id for i in contact.identities)})
    met = _open_with(tx, theirs)
    for conversation in met:
        whose.name(tx, conversation, contact_id, contact.name)
    whose.name_closed(tx, whose.Person(contact_id, contact.name))
    cases.name(tx, contact_id, contact.name)
    ids = sorted({*closed_ids, *(c.id for c in met)})
    tx.record(ContactChanged(contact=contact, conversation_ids=ids))
    return contact


def _open_with(tx: Tx, identity_ids: Sequence[int]) -> list[ConversationValue]:
    found = [c for i in identity_ids for c in conversation_queries.of_identity(tx, i)]
    return sorted((c for c in found if c.status is not ConversationStatus.CLOSED), key=lambda c: c.id)


def _must_have_met(tx: Tx, actor: Actor, identity_id: int) -> None:
    met = conversation_queries.of_identity(tx, identity_id)
    if met and not any(may_read(actor, c) for c in met):
        raise NotFound


def _must_be_staff(tx: Tx, owner_id: int | None) -> None:
    if not owner_id:
        return
    try:
        staff.row(tx, owner_id)
    except NotFound:
        raise Invalid("There is no such agent.", why="no_agent") from None
