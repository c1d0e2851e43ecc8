"""What the hub says by itself: greetings, absence notes, questions how it went, and words that go another way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from crm_core.accounts import queries as accounts
from crm_core.contacts import queries as contacts
from crm_core.contacts.resolving import KnownIdentity
from crm_core.conversations import actions, timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.files.actions import copied
from crm_core.store import outbox
from crm_core.store.transaction import Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.values import AuthorKind, Direction, EntryDetails, EntryKind, EntryValue


def language_of(tx: Tx, identity: KnownIdentity) -> str:
    """The language of whoever wrote, as their contact or their channel knows it; empty when nobody does."""
    if identity.contact_id is not None:
        language = contacts.row(tx, identity.contact_id).language
        if language:
            return str(language)
    return str((contacts.identity_row(tx, identity.id).facts or {}).get("language", ""))


# house: parameters because a message goes to somebody, from an account, in a conversation, with words and files
def say(
    tx: Tx,
    conversation_id: int,
    identity_id: int,
    account_id: int,
    text: str,
    files: Sequence[int] = (),
    **details: Any,
) -> EntryValue:
    """Write to a contact in the hub's own name: entry, delivery and event. Nobody waits less for it.

    `files` are of other entries and go along as copies.
    """
    row = conversation_row(tx, conversation_id)
    about = EntryDetails(**{"automatic": True, "subject": answering(row.subject), **details})
    entry = timeline.new_entry(
        tx,
        conversation_id=conversation_id,
        kind=EntryKind.MESSAGE,
        direction=Direction.OUT,
        author_kind=AuthorKind.SYSTEM,
        account_id=account_id,
        channel=accounts.row(tx, account_id).kind,
        identity_id=identity_id,
        text=text,
        details=msgspec.to_builtins(about),
        delivery=DeliveryStatus.QUEUED,
    )
    if files:
        entry["files"] = copied(tx, (AuthorKind.SYSTEM, account_id), files, conversation_id, entry["id"])
    value = actions.add_by_machine(tx, entry)
    outbox.owe(tx, account_id=account_id, conversation_id=conversation_id, entry_id=value.id)
    return value


def answering(subject: str) -> str:
    """The subject of an answer to this one."""
    if not subject:
        return ""
    return subject if subject[:3].lower() == "re:" else f"Re: {subject}"
