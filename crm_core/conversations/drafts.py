"""What agents have typed and not sent, kept on the server: it survives a reload and moves to another machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.conversations.model import Draft
from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import Tx
from crm_core.words.errors import Invalid
from crm_core.words.events import DraftChanged
from crm_core.words.permissions import Actor
from crm_core.words.text import MAX_MESSAGE, storable
from crm_core.words.values import DraftValue, EntryKind, FileValue

TABLE = Draft.__table__
KINDS = (EntryKind.MESSAGE, EntryKind.NOTE)


def save_draft(
    tx: Tx, actor: Actor, conversation_id: int, draft: tuple[EntryKind, str], files: Sequence[FileValue] = ()
) -> DraftValue | None:
    """Keep what the actor typed: (kind, text). Nothing typed and no files is no draft.

    Raises NotFound for a conversation they may not read, Invalid for too much or a kind that nobody types.
    """
    kind, text = draft
    readable_row(tx, actor, conversation_id)
    if kind not in KINDS:
        raise Invalid("One drafts a message or a note.")
    if len(text) > MAX_MESSAGE:
        raise Invalid(f"A draft has at most {MAX_MESSAGE} characters.")
    if not text.strip() and not files:
        clear_draft(tx, actor, conversation_id, kind)
        return None
    kept = {"text": storable(text), "files": msgspec.to_builtins(list(files)), "updated_at": tx.now}
    insert = sqlite.insert(Draft) if tx.is_sqlite else postgresql.insert(Draft)
    tx.execute(
        insert.values(
            agent_id=actor.agent_id, conversation_id=conversation_id, kind=kind, ws=tx.ws, **kept
        ).on_conflict_do_update(index_elements=["agent_id", "conversation_id", "kind"], set_=kept)
    )
    value = DraftValue(
        conversation_id=conversation_id, kind=kind, text=storable(text), files=list(files), updated_at=tx.now
    )
    tx.record(DraftChanged(agent_id=actor.agent_id, conversation_id=conversation_id, kind=kind, draft=value))
    return value


def clear_draft(tx: Tx, actor: Actor, conversation_id: int, kind: EntryKind) -> None:
    """Throw a draft away: it was sent, or is not wanted. Harmless when there is none."""
    mine = (Draft.agent_id == actor.agent_id, Draft.conversation_id == conversation_id)
    if tx.changed(delete(Draft).where(*mine, Draft.kind == kind)):
        tx.record(DraftChanged(agent_id=actor.agent_id, conversation_id=conversation_id, kind=kind, draft=None))


def drafts_of(tx: Tx, agent_id: int) -> list[DraftValue]:
    """An agent's drafts, the newest first."""
    rows = tx.all(
        select(*TABLE.c)
        .where(Draft.agent_id == agent_id, Draft.ws == tx.ws)
        .order_by(Draft.updated_at.desc(), Draft.conversation_id, Draft.kind)
    )
    return [_value(r) for r in rows]


def _value(found: Row[Any]) -> DraftValue:
    return DraftValue(
        conversation_id=found.conversation_id,
        kind=EntryKind(found.kind),
        text=found.text,
        files=msgspec.convert(found.files or [], list[FileValue]),
        updated_at=found.updated_at,
    )
