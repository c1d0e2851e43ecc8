"""Contacts that are one person: suggestions, merging, and taking it back."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.contacts import merging as merges
from crm_core.contacts import suggesting
from crm_core.contacts.suggesting import Suggestion
from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from hub.api.call import Call
from hub.api.models import merging as models
from hub.api.models.contacts import Contact
from hub.api.models.merging import NewMerge, NotThisOne, Shared
from hub.api.models.shapes import ListOf
from hub.desk import contacts, merging


async def merge(call: Call, contact_id: int, body: NewMerge) -> Contact:
    """Let another contact be known as this one. Nothing is lost; `undo` takes it back."""
    choices = {field.value: side.value for field, side in body.choices.items()}
    return await call.write(Contact.model_validate, merging.merge, call.actor, contact_id, body.absorbed_id, choices)


async def merges_of(call: Call, contact_id: int) -> ListOf[models.Merge]:
    """The merges of a contact and of those that became part of it, undone ones too, the newest first."""
    found = await call.read(merges.merges_of, contact_id)
    return ListOf[models.Merge](items=[models.Merge.model_validate(each) for each in found])


async def undo(call: Call, merge_id: int) -> Contact:
    """Take a merge back: the contact that survived it, as it is then. The newest merge of a contact goes first."""
    return await call.write(Contact.model_validate, merging.unmerge, call.actor, merge_id)


async def suggestions(call: Call, conversation_id: int) -> ListOf[models.Suggestion]:
    """Who the stranger of a conversation may be, the likeliest first; empty for a contact."""
    return _shown(await call.read(_suggestions, call.actor, conversation_id))


async def dismiss(call: Call, conversation_id: int, body: NotThisOne) -> ListOf[models.Suggestion]:
    """Say that the stranger of a conversation is not this contact. What is suggested then."""
    return await call.write(_shown, _dismiss, call.actor, conversation_id, body.contact_id)


async def duplicates(call: Call, contact_id: int) -> ListOf[models.Suggestion]:
    """Contacts that may be this one, the likeliest first."""
    return _shown(await call.read(suggesting.for_contact, contact_id))


async def dismiss_duplicate(call: Call, contact_id: int, body: NotThisOne) -> ListOf[models.Suggestion]:
    """Say that another contact is not this one. What is suggested then."""
    return await call.write(_shown, _dismiss_duplicate, call.actor, contact_id, body.contact_id)


async def share(call: Call, contact_id: int, identity_id: int, body: Shared) -> Contact:
    """Say whether several people use an address. A shared one never says who somebody is."""
    return await call.write(
        Contact.model_validate, contacts.share_identity, call.actor, contact_id, identity_id, is_shared=body.shared
    )


def _shown(found: Sequence[Suggestion]) -> ListOf[models.Suggestion]:
    return ListOf[models.Suggestion](items=[models.Suggestion.model_validate(each) for each in found])


def _suggestions(tx: Tx, actor: Actor, conversation_id: int) -> list[Suggestion]:
    return suggesting.for_identity(tx, readable_row(tx, actor, conversation_id).identity_id)


def _dismiss(tx: Tx, actor: Actor, conversation_id: int, contact_id: int) -> list[Suggestion]:
    merging.dismiss_for_conversation(tx, actor, conversation_id, contact_id)
    return _suggestions(tx, actor, conversation_id)


def _dismiss_duplicate(tx: Tx, actor: Actor, contact_id: int, other_id: int) -> list[Suggestion]:
    merging.dismiss_duplicate(tx, actor, contact_id, other_id)
    return suggesting.for_contact(tx, contact_id)
