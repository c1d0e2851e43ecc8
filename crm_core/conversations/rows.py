"""Rows of conversations and entries as whole values, and back."""

from __future__ import annotations

import msgspec

from crm_core.store.transaction import Fields
from crm_core.words.content import DeliveryStatus
from crm_core.words.values import (
    Author,
    AuthorKind,
    ConversationValue,
    Direction,
    EntryDetails,
    EntryKind,
    EntryValue,
    FileValue,
    Notice,
)


def conversation_value(row: Fields) -> ConversationValue:
    """A conversation's row (or the mapping it will become) as its value."""
    # The names of a subquery's columns are a kind of str of their own, which msgspec does not take for one.
    plain = row if isinstance(row, dict) else {str(name): value for name, value in row.items()}
    return msgspec.convert(plain if plain["tags"] is not None else {**plain, "tags": []}, ConversationValue)


def entry_value(row: Fields) -> EntryValue:
    """An entry's row (or the mapping it will become) as its value."""
    files, notice, delivery, details = row["files"], row["notice"], row["delivery"], row["details"]
    return EntryValue(
        id=row["id"],
        conversation_id=row["conversation_id"],
        kind=EntryKind(row["kind"]),
        direction=Direction(row["direction"]),
        author=Author(kind=AuthorKind(row["author_kind"]), id=row["author_id"], name=row["author_name"]),
        at=row["at"],
        channel=row["channel"],
        account_id=row["account_id"],
        text=row["text"],
        files=msgspec.convert(files, list[FileValue]) if files else [],
        notice=msgspec.convert(notice, Notice) if notice else None,
        delivery=DeliveryStatus(delivery) if delivery else None,
        delivery_reason=row["delivery_reason"],
        client_key=row["client_key"],
        identity_id=row["identity_id"],
        details=msgspec.convert(details, EntryDetails) if details else None,
        version=row["version"],
    )
