"""What callers hear that was uploaded: the music of queues, and the recorded words of channel accounts."""

from __future__ import annotations

from typing import Final

from sqlalchemy import JSON, column, select, table

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


# As accounts lean on queues.
_account = table("account", column("ws"), column("manner", JSON))


def file_ids(tx: Tx) -> set[int]:
    """The files that callers hear; those of archived queues and disabled accounts too: they may be brought back."""
    voices = [r.voice or {} for r in tx.all(select(Queue.voice).where(Queue.ws == tx.ws))]
    manners = [r.manner or {} for r in tx.all(select(_account.c.manner).where(_account.c.ws == tx.ws))]
    music = {voice["music_file_id"] for voice in voices if voice.get("music_file_id")}
    recorded = [manner.get("calls", {}).get("recorded", {}) for manner in manners]
    return music | {file_id for one in recorded for files in one.values() for file_id in files.values()}


def must_be_music(tx: Tx, actor: Actor | None, file_id: int) -> None:
    """Refuse what callers could not hear, or may not: of another's uploads only what they hear already.

    Raises Invalid, in words.
    """
    found = tx.first(select(*_file.c).where(_file.c.id == file_id, _file.c.ws == tx.ws))
    own = actor is None or (
        found is not None
        and found.entry_id is None
        and (found.uploader_kind, found.uploader_id) == (AuthorKind.AGENT, actor.agent_id)
    )
    if found is None or not (own or file_id in file_ids(tx)):
        raise Invalid("There is no such sound. Upload it again.", why="no_sound")
    if found.type not in TYPES:
        raise Invalid("Music and recorded words are WAV or MP3 files.", why="sound_kind")
