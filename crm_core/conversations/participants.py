"""Who else is in a conversation: people on copy, and those a message was forwarded to."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.conversations.model import Entry, Participant
from crm_core.store.transaction import Tx
from crm_core.words.values import Direction, EntryKind


def add(tx: Tx, conversation_id: int, identity_ids: Iterable[int]) -> None:
    """Let identities take part; harmless for those who do."""
    rows: list[dict[str, Any]] = [
        {"conversation_id": conversation_id, "identity_id": i, "ws": tx.ws, "since": tx.now}
        for i in sorted(set(identity_ids))
    ]
    if rows:
        insert_some = sqlite.insert(Participant) if tx.is_sqlite else postgresql.insert(Participant)
        tx.execute(insert_some.on_conflict_do_nothing(), rows)


def conversations_of(tx: Tx, identity_id: int) -> list[int]:
    """The conversations in which an identity took part beside others, newest first, at most 100."""
    rows = tx.all(
        select(Participant.conversation_id)
        .where(Participant.identity_id == identity_id)
        .order_by(Participant.conversation_id.desc())
        .limit(100)
    )
    return [r.conversation_id for r in rows]


def takes_part(tx: Tx, conversation_id: int, identity_id: int) -> bool:
    """Whether this identity was written to, or let in, in this conversation."""
    found = tx.first(
        select(Participant.identity_id).where(
            Participant.conversation_id == conversation_id, Participant.identity_id == identity_id
        )
    )
    return found is not None


def who_wrote(tx: Tx, conversation_id: int, *, but: Collection[int] = ()) -> set[tuple[int, int]]:
    """(identity id, account id) of everybody who took part beside others and wrote, by which account; some left out."""
    asked = select(Participant.identity_id).where(Participant.conversation_id == conversation_id)
    guests = [r.identity_id for r in tx.all(asked) if r.identity_id not in but]
    if not guests:
        return set()
    wrote = tx.all(
        select(Entry.identity_id, Entry.account_id)
        .where(
            Entry.conversation_id == conversation_id,
            Entry.kind == EntryKind.MESSAGE,
            Entry.direction == Direction.IN,
            Entry.identity_id.in_(guests),
            Entry.account_id.is_not(None),
        )
        .distinct()
    )
    return {(r.identity_id, r.account_id) for r in wrote}
