"""Which conversation a message belongs to that says so itself: by a reply token, or by what it answers.

Neither is enough alone (RELIABILITY.md, vulnerabilities 13 to 16): tokens travel with forwarded mails and ids of
messages are read by everybody on copy. The sender has to be the contact of that conversation, or to take part in it;
otherwise the message opens, or continues, a conversation of its sender's own. Who only takes part shows that they
have a message of ours: the name of one that came to us was chosen by whoever wrote it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, select

from crm_core.contacts import queries as contacts
from crm_core.contacts.resolving import KnownIdentity
from crm_core.conversations.model import Conversation, Entry
from crm_core.conversations.participants import takes_part
from crm_core.store import outbox, receipts
from crm_core.store.transaction import Tx
from crm_core.words.addresses import NOWHERE
from crm_core.words.clock import DAY
from crm_core.words.text import storable
from crm_core.words.values import ConversationStatus, Direction

MOST_REFERENCES: Final = 20
REOPENS_WITHIN: Final = 60 * DAY
"""A later answer to a closed conversation opens a new one."""


def entry_known_as(tx: Tx, account_id: int, external_id: str) -> int | None:
    """The entry, inbound or outbound, that this account's provider names so. Anybody can write such a name."""
    external_id = storable(external_id)
    found = outbox.entry_of(tx, account_id, external_id) or receipts.entry_of_part(tx, account_id, external_id)
    if found is None:
        found = tx.scalar(select(Entry.id).where(Entry.account_id == account_id, Entry.external_id == external_id))
    return found


def joins(
    tx: Tx, identity: KnownIdentity, account_id: int, *, token: int | None, references: Sequence[str]
) -> int | None:
    """The conversation that a message continues by its own word, if its sender may; none otherwise."""
    for candidate, has_ours in _candidates(tx, account_id, token, references):
        row = tx.first(select(*Conversation.__table__.c).where(Conversation.id == candidate, Conversation.ws == tx.ws))
        if row is not None and _belongs(tx, row, identity, as_guest=has_ours) and _may_go_on(tx, row):
            return candidate
    return None


def _candidates(tx: Tx, account_id: int, token: int | None, references: Sequence[str]) -> Iterator[tuple[int, bool]]:
    """Conversations that a message names, and whether it names them by something that we sent."""
    if token is not None:
        yield token, True
    for reference in references[:MOST_REFERENCES]:
        entry_id = entry_known_as(tx, account_id, reference)
        if entry_id is not None:
            found = tx.first(select(Entry.conversation_id, Entry.direction).where(Entry.id == entry_id))
            assert found is not None, "a name that is kept is an entry's"
            yield found.conversation_id, found.direction == Direction.OUT


def _belongs(tx: Tx, row: Row[Any], identity: KnownIdentity, *, as_guest: bool) -> bool:
    if row.identity_id == identity.id or (row.contact_id is not None and row.contact_id == identity.contact_id):
        return True
    if identity.address.scheme == NOWHERE:
        # Whoever has no address has no past: they go on with what such a one wrote, and with nobody else's.
        return contacts.address_of(tx, row.identity_id).scheme == NOWHERE
    return as_guest and takes_part(tx, row.id, identity.id)


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
