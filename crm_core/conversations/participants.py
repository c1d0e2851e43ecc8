"""Who else is in a conversation: people on copy, and those a message was forwarded to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.conversations.model import Participant
from crm_core.store.transaction import Tx


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
