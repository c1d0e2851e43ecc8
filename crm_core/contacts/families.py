"""Merged contacts are read as one: a family is a contact that stands for itself, and those merged into it.

A merge sets a pointer and leaves every other row where it was (CRM.md), so whoever reads an identity's contact,
or a contact's identities, reads it here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from crm_core.contacts.model import Contact, Identity
from crm_core.store.transaction import Tx

_HOLDER = Contact.__table__.alias("holder")


def identities() -> Select[Any]:
    """Identities with all their columns. `contact_id` is the contact that stands for theirs, `held_by` their own."""
    table = Identity.__table__
    return select(
        *(c for c in table.c if c.name != "contact_id"),
        root_of_holder().label("contact_id"),
        table.c.contact_id.label("held_by"),
    ).select_from(table.outerjoin(_HOLDER, _HOLDER.c.id == table.c.contact_id))


def root_of_holder() -> ColumnElement[int | None]:
    """The contact that stands for an identity's, in a statement made with `identities`."""
    found: ColumnElement[int | None] = func.coalesce(_HOLDER.c.root_id, Identity.__table__.c.contact_id)
    return found


def root_of(tx: Tx, contact_id: int) -> int:
    """The contact that stands for this one; itself while it was not merged, also when there is no such contact."""
    found: int | None = tx.scalar(select(Contact.root_id).where(Contact.id == contact_id, Contact.ws == tx.ws))
    return found or contact_id


def roots_of(tx: Tx, ids: Sequence[int]) -> list[int]:
    """The contacts that stand for these, each once, in the ids' order; what is no contact is passed over."""
    if not ids:
        return []
    rows = tx.all(select(Contact.id, Contact.root_id).where(Contact.id.in_(ids), Contact.ws == tx.ws))
    root = {r.id: r.root_id or r.id for r in rows}
    return list(dict.fromkeys(root[i] for i in ids if i in root))


def members(contact_id: int) -> ColumnElement[bool]:
    """Whether a contact is this one, or was merged into it."""
    return or_(Contact.id == contact_id, Contact.root_id == contact_id)


def member_ids(tx: Tx, contact_id: int) -> list[int]:
    """A contact that stands for itself and those merged into it, itself first."""
    merged = tx.all(select(Contact.id).where(Contact.root_id == contact_id, Contact.ws == tx.ws).order_by(Contact.id))
    return [contact_id, *(r.id for r in merged)]


def identity_ids(tx: Tx, contact_ids: Sequence[int]) -> list[int]:
    """The identities that these contacts hold themselves."""
    rows = tx.all(select(Identity.id).where(Identity.contact_id.in_(contact_ids)).order_by(Identity.id))
    return [r.id for r in rows]
