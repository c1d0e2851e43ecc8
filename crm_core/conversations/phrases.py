"""Words kept for conversations: canned replies, and the ways a conversation ends. What is deleted can come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from crm_core.conversations.model import Canned, Disposition
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.events import CannedChanged, DispositionChanged
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import folded, one_line, storable
from crm_core.words.values import CannedValue, DispositionValue

CANNED = Canned.__table__
DISPOSITION = Disposition.__table__
MOST_TEXT = 16_000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCanned:
    """A canned reply to add. It is called by `/` and its shortcut, which has no spaces."""

    shortcut: str
    text: str
    title: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CannedChange:
    """What to change; what is None stays. `version` is the one the change was made from."""

    version: int
    shortcut: str | None = None
    text: str | None = None
    title: str | None = None
    language: str | None = None
    deleted: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DispositionChange:
    """What to change; what is None stays. `version` is the one the change was made from."""

    version: int
    name: str | None = None
    position: int | None = None
    deleted: bool | None = None


def canned(tx: Tx, *, with_deleted: bool = False) -> list[CannedValue]:
    """Every canned reply by shortcut."""
    statement = select(*CANNED.c).where(Canned.ws == tx.ws).order_by(Canned.shortcut, Canned.id)
    rows = tx.all(statement if with_deleted else statement.where(Canned.deleted_at.is_(None)))
    return [_canned_value(r) for r in rows]


def add_canned(tx: Tx, actor: Actor | None, new: NewCanned) -> CannedValue:
    """Add a canned reply. Raises Denied, Invalid, Conflict for a shortcut that is taken."""
    _must(actor, Permission.EDIT_CANNED)
    values = _checked_canned(new)
    _must_be_free(tx, values["shortcut"], None)
    canned_id = tx.new_id()
    tx.execute(insert(Canned).values(id=canned_id, ws=tx.ws, version=1, **values))
    return _canned_recorded(tx, canned_id)


def change_canned(tx: Tx, actor: Actor | None, canned_id: int, wanted: CannedChange) -> CannedValue:
    """Change a canned reply, delete it or bring it back. Raises Denied, NotFound, Invalid, Conflict."""
    _must(actor, Permission.EDIT_CANNED)
    known = _row(tx, CANNED, canned_id)
    values = _checked_canned(wanted)
    if wanted.deleted is not None:
        values["deleted_at"] = tx.now if wanted.deleted else None
    if "shortcut" in values or wanted.deleted is False:
        _must_be_free(tx, values.get("shortcut", known.shortcut), canned_id)
    _set(tx, CANNED, known, wanted.version, values)
    return _canned_recorded(tx, canned_id)


def delete_canned(tx: Tx, actor: Actor | None, canned_id: int) -> CannedValue:
    """Delete a canned reply; `restore_canned` undoes it. Harmless twice. Raises Denied, NotFound."""
    _must(actor, Permission.EDIT_CANNED)
    known = _row(tx, CANNED, canned_id)
    return change_canned(tx, actor, canned_id, CannedChange(version=known.version, deleted=True))


def restore_canned(tx: Tx, actor: Actor | None, canned_id: int) -> CannedValue:
    """Bring a deleted canned reply back. Raises Denied, NotFound, Conflict for a shortcut taken since."""
    _must(actor, Permission.EDIT_CANNED)
    known = _row(tx, CANNED, canned_id)
    return change_canned(tx, actor, canned_id, CannedChange(version=known.version, deleted=False))


def dispositions(tx: Tx, *, with_deleted: bool = False) -> list[DispositionValue]:
    """Every way a conversation ends, in the order they are offered."""
    statement = select(*DISPOSITION.c).where(Disposition.ws == tx.ws).order_by(Disposition.position, Disposition.id)
    rows = tx.all(statement if with_deleted else statement.where(Disposition.deleted_at.is_(None)))
    return [_disposition_value(r) for r in rows]


def disposition_name(tx: Tx, disposition_id: int) -> str:
    """A disposition's name, to be kept with the conversation. Raises NotFound for none or a deleted one."""
    found = _row(tx, DISPOSITION, disposition_id)
    if found.deleted_at is not None:
        raise NotFound("There is no such disposition.")
    name: str = found.name
    return name


def add_disposition(tx: Tx, actor: Actor | None, name: str, position: int = 0) -> DispositionValue:
    """Add a way a conversation ends. Raises Denied, Invalid."""
    _must(actor, Permission.CONFIGURE)
    disposition_id = tx.new_id()
    tx.execute(
        insert(Disposition).values(id=disposition_id, ws=tx.ws, name=_checked_name(name), position=position, version=1)
    )
    return _disposition_recorded(tx, disposition_id)


def change_disposition(tx: Tx, actor: Actor | None, disposition_id: int, wanted: DispositionChange) -> DispositionValue:
    """Change a disposition, delete it or bring it back. Conversations keep the name they were closed with.

    Raises Denied, NotFound, Invalid, Conflict.
    """
    _must(actor, Permission.CONFIGURE)
    known = _row(tx, DISPOSITION, disposition_id)
    values: dict[str, Any] = {}
    if wanted.name is not None:
        values["name"] = _checked_name(wanted.name)
    if wanted.position is not None:
        values["position"] = wanted.position
    if wanted.deleted is not None:
        values["deleted_at"] = tx.now if wanted.deleted else None
    _set(tx, DISPOSITION, known, wanted.version, values)
    return _disposition_recorded(tx, disposition_id)


def delete_disposition(tx: Tx, actor: Actor | None, disposition_id: int) -> DispositionValue:
    """Delete a disposition; `restore_disposition` undoes it. Harmless twice. Raises Denied, NotFound."""
    _must(actor, Permission.CONFIGURE)
    known = _row(tx, DISPOSITION, disposition_id)
    return change_disposition(tx, actor, disposition_id, DispositionChange(version=known.version, deleted=True))


def restore_disposition(tx: Tx, actor: Actor | None, disposition_id: int) -> DispositionValue:
    """Bring a deleted disposition back. Raises Denied, NotFound."""
    _must(actor, Permission.CONFIGURE)
    known = _row(tx, DISPOSITION, disposition_id)
    return change_disposition(tx, actor, disposition_id, DispositionChange(version=known.version, deleted=False))


def _must(actor: Actor | None, permission: Permission) -> None:
    if actor is not None:
        actor.must(permission)


def _row(tx: Tx, table: Any, row_id: int) -> Row[Any]:
    found = tx.first(select(*table.c).where(table.c.id == row_id, table.c.ws == tx.ws))
    if found is None:
        raise NotFound
    return found


def _set(tx: Tx, table: Any, known: Row[Any], version: int, values: dict[str, Any]) -> None:
    statement = update(table).where(table.c.id == known.id, table.c.version == version)
    if not tx.changed(statement.values(version=table.c.version + 1, **values)):
        raise Conflict(version=known.version)


def _checked_canned(wanted: NewCanned | CannedChange) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if wanted.shortcut is not None:
        values["shortcut"] = one_line(wanted.shortcut, most=60).removeprefix("/")
        if not values["shortcut"] or " " in values["shortcut"]:
            raise Invalid("A shortcut is one word.", why="shortcut_word")
    if wanted.text is not None:
        if not wanted.text.strip() or len(wanted.text) > MOST_TEXT:
            raise Invalid("A canned reply has 1 to {n} characters.", why="canned_long", n=MOST_TEXT)
        values["text"] = storable(wanted.text)
    if wanted.title is not None:
        values["title"] = one_line(wanted.title, most=120)
    if wanted.language is not None:
        values["language"] = one_line(wanted.language, most=20)
    return values


def _must_be_free(tx: Tx, shortcut: str, own_id: int | None) -> None:
    others = tx.all(select(Canned.id, Canned.shortcut).where(Canned.ws == tx.ws, Canned.deleted_at.is_(None)))
    if any(r.id != own_id and folded(r.shortcut) == folded(shortcut) for r in others):
        raise Conflict("Another canned reply has this shortcut.", why="shortcut_taken")


def _checked_name(name: str) -> str:
    shown = one_line(name, most=60)
    if not shown:
        raise Invalid("A disposition needs a name.", why="needs_name")
    return shown


def _canned_value(found: Row[Any]) -> CannedValue:
    return CannedValue(
        id=found.id,
        shortcut=found.shortcut,
        title=found.title,
        text=found.text,
        language=found.language,
        deleted=found.deleted_at is not None,
        version=found.version,
    )


def _disposition_value(found: Row[Any]) -> DispositionValue:
    return DispositionValue(
        id=found.id,
        name=found.name,
        position=found.position,
        deleted=found.deleted_at is not None,
        version=found.version,
    )


def _canned_recorded(tx: Tx, canned_id: int) -> CannedValue:
    value = _canned_value(_row(tx, CANNED, canned_id))
    tx.record(CannedChanged(canned=value))
    return value


def _disposition_recorded(tx: Tx, disposition_id: int) -> DispositionValue:
    value = _disposition_value(_row(tx, DISPOSITION, disposition_id))
    tx.record(DispositionChanged(disposition=value))
    return value
