"""The music that queues play to callers who wait: files that administrators uploaded."""

from __future__ import annotations

from typing import Final

from sqlalchemy import column, select, table

from crm_core.store.transaction import Tx
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind
from crm_core.work.model import Queue

TYPES: Final = frozenset({"audio/wav", "audio/mpeg"})
"""What somebody can play who carries calls: Twilio and browsers both, Asterisk WAV (16 bit, 8 kHz, mono)."""
# Files lean on queues, whose music they keep, so they may not be imported here: the columns that are read are named.
_file = table(
    "file",
    *(column(name) for name in ("id", "ws", "type", "uploader_kind", "uploader_id", "entry_id")),
)


def file_ids(tx: Tx) -> set[int]:
    """The files that queues play, archived ones too: they may be brought back."""
    voices = [r.voice or {} for r in tx.all(select(Queue.voice).where(Queue.ws == tx.ws))]
    return {voice["music_file_id"] for voice in voices if voice.get("music_file_id")}


def must_be_music(tx: Tx, actor: Actor | None, file_id: int) -> None:
    """Refuse what callers could not hear, or may not: of another's uploads only what a queue plays already.

    Raises Invalid, in words.
    """
    found = tx.first(select(*_file.c).where(_file.c.id == file_id, _file.c.ws == tx.ws))
    own = actor is None or (
        found is not None
        and found.entry_id is None
        and (found.uploader_kind, found.uploader_id) == (AuthorKind.AGENT, actor.agent_id)
    )
    if found is None or not (own or file_id in file_ids(tx)):
        raise Invalid("There is no such music. Upload it again.")
    if found.type not in TYPES:
        raise Invalid("Music is a WAV or MP3 file.")
