"""Writes and rights of files. The bytes are elsewhere; a row here says whose they are and where they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, delete, func, insert, or_, select, update

from crm_core.accounts.model import Unread
from crm_core.conversations.model import Draft
from crm_core.conversations.queries import readable_row
from crm_core.files.model import File
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, Moment
from crm_core.words.errors import NotFound
from crm_core.words.permissions import Actor
from crm_core.words.text import one_line
from crm_core.words.values import AuthorKind, FileValue
from crm_core.work import music

TABLE = File.__table__
KEPT_UNUSED: Final[Moment] = DAY
"""How long a file that nobody sent is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFile:
    """A file whose bytes are stored already. `type` was found from the bytes, `stored_as` names them."""

    name: str
    type: str
    size: int
    sha256: str
    stored_as: str
    uploader_kind: AuthorKind
    uploader_id: int
    width: int | None = None
    height: int | None = None


def add(tx: Tx, new: NewFile) -> FileValue:
    """Keep a file for its uploader, who may use it once within a day."""
    file_id = tx.new_id()
    name = one_line(new.name.replace("\\", "/").rpartition("/")[2], most=200) or "file"
    tx.execute(
        insert(File).values(
            id=file_id,
            ws=tx.ws,
            name=name,
            type=new.type,
            size=new.size,
            width=new.width,
            height=new.height,
            sha256=new.sha256,
            stored_as=new.stored_as,
            uploader_kind=new.uploader_kind,
            uploader_id=new.uploader_id,
            created_at=tx.now,
        )
    )
    return FileValue(id=file_id, name=name, type=new.type, size=new.size, width=new.width, height=new.height)


Uploader = tuple[AuthorKind, int]
"""Who uploaded a file: an agent, a contact's identity, or (system) a channel account."""


def claim_for_entry(
    tx: Tx, uploaders: Sequence[Uploader], ids: Sequence[int], conversation_id: int, entry_id: int
) -> list[FileValue]:
    """Make files part of an entry, in the order given.

    Raises NotFound for one that none of these uploaded, or that was used.
    """
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    rows = tx.all(
        update(File)
        .where(_of_any(uploaders), File.ws == tx.ws, File.entry_id.is_(None), File.id.in_(wanted))
        .values(conversation_id=conversation_id, entry_id=entry_id)
        .returning(*TABLE.c)
    )
    return _in_order(rows, wanted)


def copied_for_entry(tx: Tx, actor: Actor, ids: Sequence[int], conversation_id: int, entry_id: int) -> list[FileValue]:
    """Make files that the actor may read part of another entry too; their bytes are kept once. Raises NotFound."""
    for file_id in ids:
        get_readable(tx, actor, file_id)
    return copied(tx, (AuthorKind.AGENT, actor.agent_id), ids, conversation_id, entry_id)


def copied(
    tx: Tx, uploader: Uploader, ids: Sequence[int], conversation_id: int | None = None, entry_id: int | None = None
) -> list[FileValue]:
    """`copied_for_entry` where nobody's right is to be asked; without an entry, for the uploader to use.

    Raises NotFound.
    """
    answer = []
    for file_id in dict.fromkeys(ids):
        copy = dict(_row(tx, file_id)._mapping) | {
            "id": tx.new_id(),
            "conversation_id": conversation_id,
            "entry_id": entry_id,
            "uploader_kind": uploader[0],
            "uploader_id": uploader[1],
            "created_at": tx.now,
        }
        tx.execute(insert(File).values(**copy))
        answer.append(_value(_row(tx, copy["id"])))
    return answer


def own_unused(tx: Tx, uploader_kind: AuthorKind, uploader_id: int, ids: Sequence[int]) -> list[FileValue]:
    """Files of this uploader that are not sent yet, in the order given. Raises NotFound for any other id."""
    wanted = list(dict.fromkeys(ids))
    if not wanted:
        return []
    rows = tx.all(select(*TABLE.c).where(*_unused(tx, uploader_kind, uploader_id), File.id.in_(wanted)))
    return _in_order(rows, wanted)


def get_readable(tx: Tx, actor: Actor, file_id: int) -> FileValue:
    """A file that the actor may see: their own, until it is sent; then whoever reads the conversation.

    What queues play to callers everybody may hear. Raises NotFound.
    """
    row = _row(tx, file_id)
    if row.conversation_id is not None:
        readable_row(tx, actor, row.conversation_id)
    elif (row.uploader_kind, row.uploader_id) != (AuthorKind.AGENT, actor.agent_id) and (
        file_id not in music.file_ids(tx)
    ):
        raise NotFound
    return _value(row)


def of_visitor(tx: Tx, identity_id: int, file_id: int) -> FileValue:
    """A file that a visitor uploaded and has not sent. Raises NotFound.

    What they are sent is shown to them by their entries, never by an id they know.
    """
    return own_unused(tx, AuthorKind.CONTACT, identity_id, [file_id])[0]


def bytes_of(tx: Tx, ids: Sequence[int]) -> int:
    """How large these files are together."""
    found: int | None = tx.scalar(select(func.sum(File.size)).where(File.id.in_(ids), File.ws == tx.ws))
    return int(found or 0)


def sweep_unused(tx: Tx) -> list[str]:
    """Forget files that nobody sent within a day, but those in drafts and the music of queues.

    The names of their bytes, to be removed.
    """
    drafted = {f["id"] for r in tx.all(select(Draft.files)) for f in r.files or ()}
    old = tx.all(select(File.id).where(File.entry_id.is_(None), File.created_at < tx.now - KEPT_UNUSED).limit(1_000))
    used = drafted | music.file_ids(tx)
    ids = [r.id for r in old if r.id not in used]
    originals = {
        r.file_id for r in tx.all(select(Unread.file_id).where(Unread.file_id.in_(ids), Unread.state != "read"))
    }
    gone = [i for i in ids if i not in originals]
    if not gone:
        return []
    names = {r.stored_as for r in tx.all(delete(File).where(File.id.in_(gone)).returning(File.stored_as))}
    # A forwarded file is two rows with one lot of bytes.
    shared = {r.stored_as for r in tx.all(select(File.stored_as).where(File.stored_as.in_(sorted(names))))}
    return sorted(names - shared)


def _of_any(uploaders: Sequence[Uploader]) -> ColumnElement[bool]:
    return or_(*(and_(File.uploader_kind == kind, File.uploader_id == owner) for kind, owner in uploaders))


def _unused(tx: Tx, uploader_kind: AuthorKind, uploader_id: int) -> tuple[Any, ...]:
    return (
        File.ws == tx.ws,
        File.uploader_kind == uploader_kind,
        File.uploader_id == uploader_id,
        File.entry_id.is_(None),
    )


def _row(tx: Tx, file_id: int) -> Row[Any]:
    found = tx.first(select(*TABLE.c).where(File.id == file_id, File.ws == tx.ws))
    if found is None:
        raise NotFound
    return found


def _in_order(rows: Sequence[Row[Any]], wanted: Sequence[int]) -> list[FileValue]:
    by_id = {r.id: _value(r) for r in rows}
    if len(by_id) != len(wanted):
        raise NotFound("This file does not exist, is not yours, or was sent already.", why="file_gone")
    return [by_id[i] for i in wanted]


def _value(row: Row[Any]) -> FileValue:
    return FileValue(id=row.id, name=row.name, type=row.type, size=row.size, width=row.width, height=row.height)
