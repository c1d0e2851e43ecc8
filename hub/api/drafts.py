"""What I have typed and not sent. Drafts are mine alone; the socket tells my other consoles."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from crm_core.conversations import drafts
from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from crm_core.words.values import DraftExtras, EntryKind
from hub.api.call import Call
from hub.api.models.drafts import Draft, Typed, TypedExtras
from hub.api.models.shapes import ListOf
from hub.desk import drafts as desk


class DraftKind(StrEnum):
    """What can be typed."""

    MESSAGE = "message"
    NOTE = "note"


async def mine(call: Call) -> ListOf[Draft]:
    """My drafts, the newest first."""
    found = await call.read(drafts.drafts_of, call.actor.agent_id)
    return ListOf[Draft](items=[Draft.model_validate(value) for value in found])


async def save(call: Call, conversation_id: int, kind: DraftKind, body: Typed) -> None:
    """Keep what I typed. Nothing typed and no files is no draft."""
    await call.do(
        desk.save, call.actor, conversation_id, (EntryKind(kind), body.text), body.files, extras=_extras(body.extras)
    )


async def clear(call: Call, conversation_id: int, kind: DraftKind) -> None:
    """Throw a draft away."""
    await call.do(_clear, call.actor, conversation_id, EntryKind(kind))


def _extras(said: TypedExtras | None) -> DraftExtras | None:
    return None if said is None else msgspec.convert(said.model_dump(), DraftExtras)


def _clear(tx: Tx, actor: Actor, conversation_id: int, kind: EntryKind) -> None:
    readable_row(tx, actor, conversation_id)
    desk.clear(tx, actor, conversation_id, kind)
