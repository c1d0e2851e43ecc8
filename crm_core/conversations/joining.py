"""Which conversation a message belongs to that says so itself: by a reply token, or by what it answers.

Neither is enough alone (RELIABILITY.md, vulnerabilities 13 to 16): tokens travel with forwarded mails and ids of
messages are read by everybody on copy. The sender has to be the contact of that conversation, or to take part in it;
otherwise the message opens, or continues, a conversation of its sender's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Row, select

from crm_core.contacts.resolving import KnownIdentity
from crm_core.conversations.model import Conversation, Entry
from crm_core.conversations.participants import takes_part
from crm_core.store import outbox, receipts
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from crm_core.words.values import ConversationStatus

MOST_REFERENCES: Final = 20
REOPENS_WITHIN: Final = 60 * DAY
"""A later answer to a closed conversation opens a new one."""


def entry_known_as(tx: Tx, account_id: int, external_id: str) -> int | None:
    """The entry, inbound or outbound, that this account's provider names so."""
    found = outbox.entry_of(tx, account_id, external_id) or receipts.entry_of_part(tx, account_id, external_id)
    if found is None:
        found = tx.scalar(select(Entry.id).where(Entry.account_id == account_id, Entry.external_id == external_id))
    return found


def joins(
    tx: Tx, identity: KnownIdentity, account_id: int, *, token: int | None, references: Sequence[str]
) -> int | None:
    """The conversation that a message continues by its own word, if its sender may; none otherwise."""
    for candidate in _candidates(tx, account_id, token, references):
        row = tx.first(select(*Conversation.__table__.c).where(Conversation.id == candidate, Conversation.ws == tx.ws))
        if row is not None and _belongs(tx, row, identity) and _may_go_on(tx, row):
            return candidate
    return None


def _candidates(tx: Tx, account_id: int, token: int | None, references: Sequence[str]) -> list[int]:
    found = [] if token is None else [token]
    for reference in references[:MOST_REFERENCES]:
        entry_id = entry_known_as(tx, account_id, reference)
        if entry_id is not None:
            found.append(tx.scalar(select(Entry.conversation_id).where(Entry.id == entry_id)))
            break
    return list(dict.fromkeys(found))


def _belongs(tx: Tx, row: Row[Any], identity: KnownIdentity) -> bool:
    if row.identity_id == identity.id or (row.contact_id is not None and row.contact_id == identity.contact_id):
        return True
    return takes_part(tx, row.id, identity.id)


def _may_go_on(tx: Tx, row: Row[Any]) -> bool:
    if row.status != ConversationStatus.CLOSED:
        return True
    if tx.now - (row.closed_at or 0) > REOPENS_WITHIN:
        return False
    other = tx.first(
        select(Conversation.id).where(
            Conversation.identity_id == row.identity_id, Conversation.status != ConversationStatus.CLOSED
        )
    )
    return other is None
