"""Merging two contacts into one, and taking it back: a pointer is set, and the rows stay where they were.

What a merge changes besides the pointer, the survivor's fields, stands in the merge's `before`. What conversations
and cases make of it stands there too, under names of their own (`hub.desk.merging`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Row, insert, or_, select, update

from crm_core.contacts.families import identity_ids, member_ids
from crm_core.contacts.model import Contact, Merge
from crm_core.contacts.queries import row, standing_row
from crm_core.contacts.rules import sort_name, terms_of_contact
from crm_core.store.fulltext import index_people
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.errors import Conflict, Invalid, NotFound

FIELDS: Final = ("name", "company", "title", "language", "timezone", "owner_id", "note", "tags", "fields")
_MERGE = Merge.__table__


class Side(StrEnum):
    """Whose value a field has after a merge."""

    SURVIVOR = "survivor"
    ABSORBED = "absorbed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two contacts that may be merged, held against other writers."""

    survivor: Row[Any]
    absorbed: Row[Any]
    absorbed_family: list[int]
    """The absorbed one and those that were merged into it before."""
    identity_ids: list[int]
    """What the absorbed family is known by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeFact:
    """A merge as it is listed. `can_undo`: it stands, and no newer one of the same contact stands before it."""

    id: int
    survivor_id: int
    absorbed_id: int
    absorbed_name: str
    agent_id: int | None
    at: Moment
    undone_at: Moment | None
    undone_by: int | None
    can_undo: bool


def pair(tx: Tx, survivor_id: int, absorbed_id: int) -> Pair:
    """The two, if they may be merged. Raises NotFound, Invalid for two that can't be one, Conflict for merged ones."""
    if survivor_id == absorbed_id:
        raise Invalid("A contact is not merged with itself.", why="merge_itself")
    # In the order of ids, so that two who merge the other way round never wait for each other.
    found = {i: standing_row(tx, i, lock=True) for i in sorted((survivor_id, absorbed_id))}
    survivor, absorbed = found[survivor_id], found[absorbed_id]
    if survivor.kind != absorbed.kind:
        raise Invalid("A person and a company are not one contact. Link them instead.", why="merge_kinds")
    if survivor.archived_at is not None:
        raise Conflict("This contact is archived. Restore it first.", why="contact_archived")
    family = member_ids(tx, absorbed_id)
    return Pair(survivor=survivor, absorbed=absorbed, absorbed_family=family, identity_ids=identity_ids(tx, family))


def merge(tx: Tx, both: Pair, choices: Mapping[str, str]) -> dict[str, Any]:
    """Let the absorbed contact be known as the survivor; what `keep` has to be given for the undo.

    `choices` says per field whose value stays; without one the survivor's does, and what it lacks comes from the
    absorbed one, tags and own fields of both. Raises Invalid for an unknown choice.
    """
    survivor, absorbed = both.survivor, both.absorbed
    values = _chosen(survivor, absorbed, choices)
    before = {name: getattr(survivor, name) for name in values}
    _set_fields(tx, survivor, values)
    family = update(Contact).where(Contact.id.in_(both.absorbed_family))
    tx.execute(family.values(root_id=survivor.id, version=Contact.version + 1))
    tx.execute(update(Contact).where(Contact.id == absorbed.id).values(merged_at=tx.now))
    return {"fields": before, "set": values, "members": both.absorbed_family[1:]}


def keep(tx: Tx, both: Pair, before: Mapping[str, Any], agent_id: int | None) -> int:
    """Note a merge with all that its undo needs, as JSON; the merge's id."""
    merge_id = tx.new_id()
    tx.execute(
        insert(Merge).values(
            id=merge_id,
            ws=tx.ws,
            survivor_id=both.survivor.id,
            absorbed_id=both.absorbed.id,
            agent_id=agent_id,
            at=tx.now,
            before=dict(before),
        )
    )
    return merge_id


def standing_merge(tx: Tx, merge_id: int) -> Row[Any]:
    """A merge that may be undone now, held against other writers.

    Raises NotFound, and Conflict when it is undone already or a newer one of the same contact stands before it.
    """
    wanted = select(*_MERGE.c).where(Merge.id == merge_id, Merge.ws == tx.ws)
    found = tx.first(wanted if tx.is_sqlite else wanted.with_for_update())
    if found is None:
        raise NotFound
    if found.undone_at is not None:
        raise Conflict("This merge was undone already.", why="merge_undone")
    for contact_id in sorted((found.survivor_id, found.absorbed_id)):
        row(tx, contact_id, lock=True)
    newest = _newest(tx, found.survivor_id)
    if newest is not None and newest.id != merge_id:
        raise Conflict(
            "A newer merge of this contact stands. Undo that one first.", why="merge_newer", merge_id=newest.id
        )
    return found


def unmerge(tx: Tx, found: Row[Any], *, agent_id: int | None) -> None:
    """Let the absorbed contact stand for itself again, with those that had been merged into it.

    The survivor gets back the fields that the merge set and nobody changed since.
    """
    survivor, kept = row(tx, found.survivor_id), found.before
    values = {name: before for name, before in kept["fields"].items() if getattr(survivor, name) == kept["set"][name]}
    _set_fields(tx, survivor, values)
    members = update(Contact).where(Contact.id.in_(kept["members"]), Contact.root_id == survivor.id)
    tx.execute(members.values(root_id=found.absorbed_id, version=Contact.version + 1))
    absorbed = update(Contact).where(Contact.id == found.absorbed_id)
    tx.execute(absorbed.values(root_id=None, merged_at=None, version=Contact.version + 1))
    tx.execute(update(Merge).where(Merge.id == found.id).values(undone_at=tx.now, undone_by=agent_id))


def merges_of(tx: Tx, contact_id: int) -> list[MergeFact]:
    """The merges of a contact and of those that became part of it, undone ones too, the newest first.

    Raises NotFound.
    """
    known = row(tx, contact_id)
    root_id = known.root_id or known.id
    family = member_ids(tx, root_id)
    newest = _newest(tx, root_id)
    rows = tx.all(
        select(*_MERGE.c, Contact.name.label("absorbed_name"))
        .join(Contact, Contact.id == Merge.absorbed_id)
        .where(or_(Merge.survivor_id.in_(family), Merge.absorbed_id.in_(family)), Merge.ws == tx.ws)
        .order_by(Merge.id.desc())
        .limit(200)
    )
    return [_fact(r, can_undo=newest is not None and r.id == newest.id) for r in rows]


def _newest(tx: Tx, contact_id: int) -> Row[Any] | None:
    """The newest merge that stands in a contact's family."""
    known = row(tx, contact_id)
    family = member_ids(tx, known.root_id or known.id)
    return tx.first(
        select(*_MERGE.c)
        .where(Merge.survivor_id.in_(family), Merge.absorbed_id.in_(family), Merge.undone_at.is_(None))
        .order_by(Merge.id.desc())
        .limit(1)
    )


def _fact(found: Row[Any], *, can_undo: bool) -> MergeFact:
    return MergeFact(
        id=found.id,
        survivor_id=found.survivor_id,
        absorbed_id=found.absorbed_id,
        absorbed_name=found.absorbed_name,
        agent_id=found.agent_id,
        at=found.at,
        undone_at=found.undone_at,
        undone_by=found.undone_by,
        can_undo=can_undo,
    )


def _chosen(survivor: Row[Any], absorbed: Row[Any], choices: Mapping[str, str]) -> dict[str, Any]:
    """The survivor's fields that get another value."""
    if not set(choices) <= set(FIELDS) or not set(choices.values()) <= set(Side):
        raise Invalid("Choose for each field whose value stays: survivor or absorbed.")
    values: dict[str, Any] = {}
    for name in FIELDS:
        own, theirs = getattr(survivor, name), getattr(absorbed, name)
        match choices.get(name):
            case Side.SURVIVOR:
                value = own
            case Side.ABSORBED:
                value = theirs
            case _:
                value = _joined(own, theirs)
        if value != own:
            values[name] = value
    return values


def _joined(own: Any, theirs: Any) -> Any:
    if isinstance(own, list) and isinstance(theirs, list):
        return list(dict.fromkeys([*own, *theirs]))
    if isinstance(own, dict) and isinstance(theirs, dict):
        return {**theirs, **own}
    return own or theirs


def _set_fields(tx: Tx, survivor: Row[Any], values: Mapping[str, Any]) -> None:
    shown = dict(values)
    if "name" in values:
        shown["sort_name"] = sort_name(values["name"])
    tx.execute(update(Contact).where(Contact.id == survivor.id).values(version=Contact.version + 1, **shown))
    if "name" in values or "company" in values:
        words = (values.get("name", survivor.name), values.get("company", survivor.company))
        index_people(tx, [(survivor.id, terms_of_contact(*words))])
