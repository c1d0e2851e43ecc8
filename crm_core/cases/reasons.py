"""Reasons for which a case is lost, to choose from. Cases keep the words; what is deleted can come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, insert, select, update

from crm_core.cases.defaults import REASONS
from crm_core.cases.model import Reason
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import one_line

TABLE = Reason.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonValue:
    """A reason to choose."""

    id: int
    name: str
    position: int
    deleted: bool
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonChange:
    """What to change; what is None stays. `version` is the one the change was made from."""

    version: int
    name: str | None = None
    position: int | None = None
    deleted: bool | None = None


def reasons(tx: Tx, *, with_deleted: bool = False) -> list[ReasonValue]:
    """Every reason, in the order they are offered."""
    statement = select(*TABLE.c).where(Reason.ws == tx.ws).order_by(Reason.position, Reason.id)
    rows = tx.all(statement if with_deleted else statement.where(Reason.deleted_at.is_(None)))
    return [_value(r) for r in rows]


def reason_name(tx: Tx, reason_id: int) -> str:
    """A reason's words, to be kept with the case. Raises NotFound for none or a deleted one."""
    found = _row(tx, reason_id)
    if found.deleted_at is not None:
        raise NotFound("There is no such reason.")
    name: str = found.name
    return name


def add(tx: Tx, actor: Actor | None, name: str, position: int = 0) -> ReasonValue:
    """Add a reason. Raises Denied, Invalid."""
    _must_configure(actor)
    reason_id = tx.new_id()
    tx.execute(insert(Reason).values(id=reason_id, ws=tx.ws, name=_checked(name), position=position, version=1))
    return _value(_row(tx, reason_id))


def change(tx: Tx, actor: Actor | None, reason_id: int, wanted: ReasonChange) -> ReasonValue:
    """Change a reason, delete it or bring it back. Raises Denied, NotFound, Invalid, Conflict."""
    _must_configure(actor)
    known = _row(tx, reason_id)
    values: dict[str, Any] = {}
    if wanted.name is not None:
        values["name"] = _checked(wanted.name)
    if wanted.position is not None:
        values["position"] = wanted.position
    if wanted.deleted is not None:
        values["deleted_at"] = tx.now if wanted.deleted else None
    statement = update(Reason).where(Reason.id == reason_id, Reason.version == wanted.version)
    if not tx.changed(statement.values(version=Reason.version + 1, **values)):
        raise Conflict(version=known.version)
    return _value(_row(tx, reason_id))


def add_defaults(tx: Tx) -> None:
    """Add the reasons that a workspace begins with."""
    for position, name in enumerate(REASONS):
        tx.execute(insert(Reason).values(id=tx.new_id(), ws=tx.ws, name=name, position=position, version=1))


def _row(tx: Tx, reason_id: int) -> Row[Any]:
    found = tx.first(select(*TABLE.c).where(Reason.id == reason_id, Reason.ws == tx.ws))
    if found is None:
        raise NotFound
    return found


def _value(found: Row[Any]) -> ReasonValue:
    return ReasonValue(
        id=found.id,
        name=found.name,
        position=found.position,
        deleted=found.deleted_at is not None,
        version=found.version,
    )


def _checked(name: str) -> str:
    shown = one_line(name, most=80)
    if not shown:
        raise Invalid("A reason needs words.", why="needs_words")
    return shown


def _must_configure(actor: Actor | None) -> None:
    if actor is not None:
        actor.must(Permission.CONFIGURE)
