"""What agents write: replies that leave the house through the outbox, and notes that never do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from crm_core.conversations import timeline
from crm_core.conversations.actions import add_by_agent, set_delivery
from crm_core.conversations.drafts import clear_draft
from crm_core.conversations.mentions import mention
from crm_core.conversations.queries import readable_row
from crm_core.files.actions import claim_for_entry
from crm_core.store import outbox
from crm_core.store.transaction import Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.errors import Conflict, Invalid, MovedOn
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import MAX_MESSAGE, storable
from crm_core.words.values import AuthorKind, ConversationStatus, Direction, EntryKind, EntryValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an agent wrote. `seen_entry_id` is the newest entry they had before their eyes."""

    text: str
    files: tuple[int, ...] = ()
    client_key: str = ""
    seen_entry_id: int | None = None


def reply(tx: Tx, actor: Actor, conversation_id: int, words: Words) -> EntryValue:
    """
    Write to the contact: the entry, the delivery owed and the event, in one transaction.

    The same client key again gives the entry it gave before. Raises MovedOn when the contact wrote
    something the agent had not seen (`newest_entry_id` says what), Conflict when the conversation is
    closed, Invalid for nothing or too much, NotFound for what the actor may not read.
    """
    actor.must(Permission.WORK)
    row = readable_row(tx, actor, conversation_id, lock=True)
    said_before = _said_before(tx, actor, conversation_id, words)
    if said_before is not None:
        return said_before
    if row.status == ConversationStatus.CLOSED:
        raise Conflict("The conversation is closed. Reopen it to reply.")
    if words.seen_entry_id is not None and row.last_inbound_id > words.seen_entry_id:
        raise MovedOn(newest_entry_id=row.last_inbound_id)
    entry = _entry(tx, actor, conversation_id, words, EntryKind.MESSAGE)
    entry.update(
        direction=Direction.OUT,
        account_id=row.account_id,
        channel=row.channel,
        identity_id=row.identity_id,
        delivery=DeliveryStatus.QUEUED,
    )
    value = add_by_agent(
        tx,
        entry,
        waiting_since=None,
        first_reply_at=row.first_reply_at or tx.now,
        agent_read_id=max(row.agent_read_id, row.last_inbound_id),
    )
    outbox.owe(tx, account_id=row.account_id, conversation_id=conversation_id, entry_id=value.id)
    clear_draft(tx, actor, conversation_id, EntryKind.MESSAGE)
    return value


def note(tx: Tx, actor: Actor, conversation_id: int, words: Words, mentions: Sequence[int] = ()) -> EntryValue:
    """Write a note that only colleagues see, naming those who should look. Raises NotFound, Invalid."""
    actor.must(Permission.WORK)
    readable_row(tx, actor, conversation_id, lock=True)
    said_before = _said_before(tx, actor, conversation_id, words)
    if said_before is not None:
        return said_before
    entry = _entry(tx, actor, conversation_id, words, EntryKind.NOTE)
    value = add_by_agent(tx, entry)
    mention(tx, conversation_id, value.id, mentions)
    clear_draft(tx, actor, conversation_id, EntryKind.NOTE)
    return value


def retry(tx: Tx, actor: Actor, entry_id: int) -> EntryValue:
    """Owe a message again that failed, or of which nobody knows whether it went. Raises Conflict, NotFound."""
    actor.must(Permission.WORK)
    row = timeline.row(tx, entry_id)
    readable_row(tx, actor, row["conversation_id"], lock=True)
    if row["kind"] != EntryKind.MESSAGE or row["delivery"] not in (
        DeliveryStatus.FAILED,
        DeliveryStatus.UNCONFIRMED,
    ):
        raise Conflict("Only a message that failed, or whose fate is unknown, can be sent again.")
    outbox.owe_again(tx, entry_id)
    value = set_delivery(tx, entry_id, DeliveryStatus.QUEUED, again=True)
    assert value is not None
    return value


def _said_before(tx: Tx, actor: Actor, conversation_id: int, words: Words) -> EntryValue | None:
    if not words.client_key:
        return None
    before = timeline.by_client_key(tx, conversation_id, actor.agent_id, words.client_key)
    if before is not None and before.text != storable(words.text):
        raise Conflict("This message key was used before with other words.")
    return before


def _entry(tx: Tx, actor: Actor, conversation_id: int, words: Words, kind: EntryKind) -> dict[str, Any]:
    text = storable(words.text)
    if not text.strip() and not words.files:
        raise Invalid("The message is empty.")
    if len(text) > MAX_MESSAGE:
        raise Invalid(f"The message is longer than {MAX_MESSAGE} characters.")
    entry = timeline.new_entry(
        tx,
        conversation_id=conversation_id,
        kind=kind,
        direction=Direction.INTERNAL,
        author_kind=AuthorKind.AGENT,
        author_id=actor.agent_id,
        author_name=actor.name,
        text=text,
        client_key=words.client_key or None,
    )
    if words.files:
        entry["files"] = claim_for_entry(
            tx, AuthorKind.AGENT, actor.agent_id, list(words.files), conversation_id, entry["id"]
        )
    return entry
