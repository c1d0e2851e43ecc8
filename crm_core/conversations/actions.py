"""Writes to one conversation: the row, an entry where people should see a line, and the event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import select, update

from crm_core.conversations import timeline
from crm_core.conversations.model import Conversation, Entry
from crm_core.conversations.rows import conversation_value, entry_value
from crm_core.store.fulltext import index_again
from crm_core.store.prepared import ONE_MORE, ChangeOf
from crm_core.store.transaction import Fields, Tx
from crm_core.words.content import DeliveryStatus
from crm_core.words.events import ConversationChanged, EntryAdded, EntryChanged
from crm_core.words.text import preview
from crm_core.words.values import (
    Author,
    AuthorKind,
    ConversationValue,
    Direction,
    EntryDetails,
    EntryKind,
    EntryValue,
    FileValue,
)

_change = ChangeOf(Conversation.__table__)  # type: ignore[arg-type]
_change_entry = ChangeOf(Entry.__table__)  # type: ignore[arg-type]


def change(tx: Tx, conversation_id: int, **values: Any) -> ConversationValue:
    """Set columns of a conversation and give it a new version. Records nothing."""
    row = _change.row(tx, conversation_id, values)
    assert row is not None, "a conversation is never deleted"
    return conversation_value(row)


def changed(
    tx: Tx,
    conversation: ConversationValue,
    *,
    lost_agent_id: int | None = None,
    lost_queue_id: int | None = None,
) -> None:
    """Record that a conversation changed, and who does not have it any more."""
    tx.record(ConversationChanged(conversation=conversation, lost_agent_id=lost_agent_id, lost_queue_id=lost_queue_id))


def add_notice(
    tx: Tx, conversation_id: int, code: str, facts: Mapping[str, str | int | None], *, by: Author, **values: Any
) -> ConversationValue:
    """Write a thin line into the timeline together with changes of the conversation's columns.

    One EntryAdded carries both. Unlike a message it does not move the conversation up in the lists.
    """
    entry = timeline.new_entry(
        tx,
        conversation_id=conversation_id,
        kind=EntryKind.NOTICE,
        direction=Direction.INTERNAL,
        author_kind=by.kind,
        author_id=by.id,
        author_name=by.name,
        notice={"code": code, "facts": dict(facts)},
    )
    timeline.store(tx, [entry])
    conversation = change(tx, conversation_id, last_entry_id=entry["id"], entry_count=ONE_MORE, **values)
    tx.record(EntryAdded(entry=entry_value(entry), conversation=conversation))
    return conversation


def add_by_agent(tx: Tx, entry: dict[str, Any], **values: Any) -> EntryValue:
    """Store what an agent wrote (message or note) and bring the conversation up in the lists."""
    timeline.store(tx, [entry])
    words = preview(entry["text"]) or _named_files(entry["files"])
    conversation = change(
        tx,
        entry["conversation_id"],
        last_entry_id=entry["id"],
        last_activity_at=tx.now,
        preview=words,
        preview_author=AuthorKind.AGENT,
        entry_count=ONE_MORE,
        **values,
    )
    value = entry_value(entry)
    tx.record(EntryAdded(entry=value, conversation=conversation))
    return value


def add_by_machine(tx: Tx, entry: dict[str, Any]) -> EntryValue:
    """Store what the hub itself said to the contact; who waits, and the preview of their words, stay."""
    timeline.store(tx, [entry])
    conversation = change(tx, entry["conversation_id"], last_entry_id=entry["id"], entry_count=ONE_MORE)
    value = entry_value(entry)
    tx.record(EntryAdded(entry=value, conversation=conversation))
    return value


def arrived(tx: Tx, entry: dict[str, Any], **values: Any) -> EntryValue:
    """Tell of what the contact left by other ways than writing; the entry is stored already."""
    conversation = change(
        tx,
        entry["conversation_id"],
        last_entry_id=entry["id"],
        last_inbound_id=entry["id"],
        last_activity_at=tx.now,
        preview=preview(entry["text"]) or _named_files(entry["files"]),
        preview_author=AuthorKind.CONTACT,
        entry_count=ONE_MORE,
        **values,
    )
    value = entry_value(entry)
    tx.record(EntryAdded(entry=value, conversation=conversation))
    return value


def change_details(
    tx: Tx,
    entry_id: int,
    text: str | None = None,
    files: Sequence[FileValue] | None = None,
    *,
    beside: Mapping[str, Any] | None = None,
    conversation: Mapping[str, Any] | None = None,
    **changes: Any,
) -> EntryValue:
    """Change what only some messages have, and text and files if they are given; it is found by its new words.

    `beside`: what the entry keeps with its details and shows nobody, by other names than theirs, as JSON.
    `conversation`: columns of its conversation that change with it.
    """
    row = timeline.row(tx, entry_id)
    kept: dict[str, Any] = row["details"] or {}
    details = msgspec.structs.replace(msgspec.convert(kept, EntryDetails), **changes)
    whole = {**kept, **(beside or {}), **msgspec.to_builtins(details)}
    values: dict[str, Any] = {"details": whole}
    if text is not None and text != row["text"]:
        values["text"] = text
        index_again(tx, entry_id, row["text"], text)
    if files is not None:
        values["files"] = list(files)
    fresh = _change_entry.row(tx, entry_id, values)
    assert fresh is not None, "an entry is never deleted"
    value = entry_value(fresh)
    columns = dict(conversation or {})
    if text is not None and _is_shown(tx, row):
        columns["preview"] = preview(value.text) or _named_files(value.files)
    tx.record(EntryChanged(entry=value, conversation=change(tx, row["conversation_id"], **columns)))
    return value


def _is_shown(tx: Tx, entry: Fields) -> bool:
    """Whether the preview of its conversation is of this entry: what machines and notices say below hides none."""
    found = tx.first(
        select(Conversation.last_entry_id, Conversation.last_inbound_id, Conversation.preview_author).where(
            Conversation.id == entry["conversation_id"]
        )
    )
    if found is None:
        return False
    is_newest_inbound = found.last_inbound_id == entry["id"] and found.preview_author == AuthorKind.CONTACT
    return bool(found.last_entry_id == entry["id"] or is_newest_inbound)


def set_delivery(
    tx: Tx, entry_id: int, status: DeliveryStatus, *, reason: str | None = None, again: bool = False
) -> EntryValue | None:
    """Move an entry's delivery forward and record it; none when it already stands there or further.

    `again` lets a retry begin anew at QUEUED. A later failure without a reason keeps the stored one.
    """
    row = timeline.row(tx, entry_id)
    now = DeliveryStatus(row["delivery"]) if row["delivery"] else DeliveryStatus.QUEUED
    if not again and not status.outranks(now):
        return None
    tx.execute(
        update(Entry)
        .where(Entry.id == entry_id)
        .values(
            delivery=status,
            delivery_reason=None if again else (reason or row["delivery_reason"]),
            version=Entry.version + 1,
        )
    )
    value = entry_value(timeline.row(tx, entry_id))
    conversation = change(tx, row["conversation_id"])
    tx.record(EntryChanged(entry=value, conversation=conversation))
    return value


def _named_files(files: Sequence[FileValue] | None) -> str:
    return ", ".join(f.name for f in files or ())[:160]
