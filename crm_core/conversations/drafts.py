"""What agents have typed and not sent, kept on the server: it survives a reload and moves to another machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import structs
from sqlalchemy import Row, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.conversations.model import Draft
from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import Tx
from crm_core.words.errors import Invalid
from crm_core.words.events import DraftChanged
from crm_core.words.permissions import Actor
from crm_core.words.text import MAX_MESSAGE, storable
from crm_core.words.values import DraftExtras, DraftValue, EntryKind, FileValue

TABLE = Draft.__table__
KINDS = (EntryKind.MESSAGE, EntryKind.NOTE)


def save_draft(
    tx: Tx,
    actor: Actor,
    conversation_id: int,
    draft: tuple[EntryKind, str],
    files: Sequence[FileValue] = (),
    *,
    extras: DraftExtras | None = None,
) -> DraftValue | None:
    """Keep what the actor typed: (kind, text), and what a reply is besides. Nothing of it all is no draft.

    Raises NotFound for a conversation they may not read, Invalid for too much or a kind that nobody types.
    """
    kind, text = draft
    readable_row(tx, actor, conversation_id)
    if kind not in KINDS:
        raise Invalid("One drafts a message or a note.")
    if len(text) > MAX_MESSAGE or (extras is not None and len(extras.html) > MAX_MESSAGE):
        raise Invalid(f"A draft has at most {MAX_MESSAGE} characters.")
    if extras is not None and kind is not EntryKind.MESSAGE:
        raise Invalid("A note is words and files.")
    if not text.strip() and not files and _says_nothing(extras):
        clear_draft(tx, actor, conversation_id, kind)
        return None
    value = DraftValue(
        conversation_id=conversation_id,
        kind=kind,
        text=storable(text),
        files=list(files),
        extras=None if extras is None else _stored(extras),
        updated_at=tx.now,
    )
    _keep(tx, actor, value)
    tx.record(DraftChanged(agent_id=actor.agent_id, conversation_id=conversation_id, kind=kind, draft=value))
    return value


def clear_draft(tx: Tx, actor: Actor, conversation_id: int, kind: EntryKind) -> None:
    """Throw a draft away: it was sent, or is not wanted. Harmless when there is none."""
    mine = (Draft.agent_id == actor.agent_id, Draft.conversation_id == conversation_id)
    if tx.changed(delete(Draft).where(*mine, Draft.kind == kind)):
        tx.record(DraftChanged(agent_id=actor.agent_id, conversation_id=conversation_id, kind=kind, draft=None))


def draft_of(tx: Tx, actor: Actor, conversation_id: int, kind: EntryKind) -> DraftValue | None:
    """What the actor has typed here and not sent, if anything."""
    mine = (Draft.agent_id == actor.agent_id, Draft.conversation_id == conversation_id)
    found = tx.first(select(*TABLE.c).where(*mine, Draft.kind == kind, Draft.ws == tx.ws))
    return None if found is None else _value(found)


def drafts_of(tx: Tx, agent_id: int) -> list[DraftValue]:
    """An agent's drafts, the newest first."""
    rows = tx.all(
        select(*TABLE.c)
        .where(Draft.agent_id == agent_id, Draft.ws == tx.ws)
        .order_by(Draft.updated_at.desc(), Draft.conversation_id, Draft.kind)
    )
    return [_value(r) for r in rows]


def _keep(tx: Tx, actor: Actor, draft: DraftValue) -> None:
    kept = {
        "text": draft.text,
        "files": msgspec.to_builtins(draft.files),
        "extras": None if draft.extras is None else msgspec.to_builtins(draft.extras),
        "updated_at": draft.updated_at,
    }
    whose = {"agent_id": actor.agent_id, "conversation_id": draft.conversation_id, "kind": draft.kind}
    insert = sqlite.insert(Draft) if tx.is_sqlite else postgresql.insert(Draft)
    tx.execute(insert.values(**whose, ws=tx.ws, **kept).on_conflict_do_update(index_elements=list(whose), set_=kept))


def _says_nothing(extras: DraftExtras | None) -> bool:
    # By which way one would write is no word yet.
    return extras is None or structs.replace(extras, identity_id=None, account_id=None) == DraftExtras()


def _stored(extras: DraftExtras) -> DraftExtras:
    return msgspec.convert(_storable(msgspec.to_builtins(extras)), DraftExtras)


def _storable(said: Any) -> Any:
    match said:
        case str():
            return storable(said)
        case list():
            return [_storable(one) for one in said]
        case dict():
            return {storable(key): _storable(one) for key, one in said.items()}
    return said


def _value(found: Row[Any]) -> DraftValue:
    return DraftValue(
        conversation_id=found.conversation_id,
        kind=EntryKind(found.kind),
        text=found.text,
        files=msgspec.convert(found.files or [], list[FileValue]),
        extras=None if found.extras is None else msgspec.convert(found.extras, DraftExtras),
        updated_at=found.updated_at,
    )
