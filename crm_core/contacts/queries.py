"""Questions about contacts and identities. Contacts are everybody's; who may read a conversation is asked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Row, and_, bindparam, func, literal, or_, select
from sqlalchemy.orm import aliased

from crm_core.contacts import families
from crm_core.contacts.model import Contact, ContactLink, Identity
from crm_core.store.fulltext import people_with
from crm_core.store.prepared import RowsOf
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, display
from crm_core.words.clock import Moment
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.paging import Page, cursor_of, keys_of
from crm_core.words.permissions import Actor, Permission
from crm_core.words.terms import NUMBER, Term, asked, spellings
from crm_core.words.values import ContactKind, ContactValue, IdentityValue

CONTACT = Contact.__table__
MOST: Final = 100
_MOST_FOUND: Final = 1_000
_identity = RowsOf(
    lambda _is_sqlite: families.identities().where(Identity.id == bindparam("id"), Identity.ws == bindparam("ws"))
)


class Sort(StrEnum):
    """Orders of contacts."""

    NAME = "name"
    NEWEST = "newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactListing:
    """Which contacts, in which order, from where. `text` is words of names and addresses as one types them."""

    kind: ContactKind | None = None
    text: str | None = None
    tag: str | None = None
    owner_id: int | None = None
    company_id: int | None = None
    sort: Sort = Sort.NAME
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A person's place in a company; `until` is none while it lasts."""

    id: int
    person_id: int
    company_id: int
    kind: str
    title: str
    since: Moment | None
    until: Moment | None


def get(tx: Tx, contact_id: int) -> ContactValue:
    """One contact with its identities, those of contacts merged into it too. Raises NotFound.

    One that was merged itself has its own identities and says by `root_id` which contact stands for it.
    """
    found = get_many(tx, [contact_id])
    if not found:
        raise NotFound
    return found[0]


def get_many(tx: Tx, ids: Sequence[int]) -> list[ContactValue]:
    """Those of the ids that are contacts, in the ids' order."""
    rows = tx.all(select(*CONTACT.c).where(Contact.id.in_(ids), Contact.ws == tx.ws)) if ids else []
    by_id = {value.id: value for value in _values(tx, rows)}
    return [by_id[i] for i in ids if i in by_id]


def row(tx: Tx, contact_id: int, *, lock: bool = False) -> Row[Any]:
    """A contact's row, held against other writers if asked. Raises NotFound."""
    statement = select(*CONTACT.c).where(Contact.id == contact_id, Contact.ws == tx.ws)
    found = tx.first(statement.with_for_update() if lock and not tx.is_sqlite else statement)
    if found is None:
        raise NotFound
    return found


def standing_row(tx: Tx, contact_id: int, *, lock: bool = False) -> Row[Any]:
    """The row of a contact that stands for itself. Raises NotFound, and Conflict for a merged one, with its root."""
    found = row(tx, contact_id, lock=lock)
    if found.root_id is not None:
        raise Conflict("This contact was merged into another one.", why="merged_already", contact_id=found.root_id)
    return found


def identity_row(tx: Tx, identity_id: int) -> Row[Any]:
    """An identity's row; its `contact_id` is the contact that stands for its own. Raises NotFound."""
    found = _identity.first(tx, {"id": identity_id, "ws": tx.ws})
    if found is None:
        raise NotFound
    return found


def identity(tx: Tx, identity_id: int) -> IdentityValue:
    """One identity, a stranger's too. Raises NotFound."""
    return identity_value(identity_row(tx, identity_id))


def identities(tx: Tx, ids: Sequence[int]) -> list[IdentityValue]:
    """Those of the ids that are identities, in the ids' order."""
    rows = tx.all(families.identities().where(Identity.id.in_(ids), Identity.ws == tx.ws)) if ids else []
    by_id = {r.id: identity_value(r) for r in rows}
    return [by_id[i] for i in ids if i in by_id]


def address_of(tx: Tx, identity_id: int) -> Address:
    """Where messages to an identity go. Raises NotFound."""
    return address_in(identity_row(tx, identity_id))


def ids_named(tx: Tx, text: str, *, most: int = _MOST_FOUND) -> list[int]:
    """Ids of contacts and identities whose names or addresses have these words, newest first.

    The last word may be the beginning of one, a number may be in any spelling.
    """
    query = asked(text)
    numbers = [[Term(NUMBER + digits, is_prefix=True)] for digits in spellings(query.digits)] if query.digits else []
    return people_with(tx, [query.terms, *numbers], most=most)


def page(tx: Tx, actor: Actor, listing: ContactListing) -> Page[ContactValue]:
    """One page of contacts, by keyset; merged and archived ones are left out. Raises Denied, Invalid."""
    actor.must(Permission.WORK)
    if not 1 <= listing.limit <= MOST:
        raise Invalid(f"A page has 1 to {MOST} rows.")
    conditions = [Contact.ws == tx.ws, Contact.merged_at.is_(None), Contact.archived_at.is_(None)]
    conditions += _filters(tx, listing)
    by_name = listing.sort is Sort.NAME
    if listing.cursor:
        conditions.append(_after(listing.cursor, by_name=by_name))
    order = (Contact.sort_name, Contact.id) if by_name else (Contact.id.desc(),)
    rows = tx.all(select(*CONTACT.c).where(*conditions).order_by(*order).limit(listing.limit + 1))
    shown = rows[: listing.limit]
    if len(rows) <= listing.limit:
        return Page(_values(tx, shown))
    last = shown[-1]
    return Page(_values(tx, shown), cursor_of(last.sort_name, last.id) if by_name else cursor_of(last.id))


def links_of(tx: Tx, contact_id: int) -> list[Link]:
    """The companies of a person, or the people of a company, past ones too; the newest first.

    Those of contacts merged into this one count as its own.
    """
    person, company = aliased(Contact), aliased(Contact)
    family = families.member_ids(tx, contact_id)
    rows = tx.all(
        select(
            *(c for c in ContactLink.__table__.c if c.name not in ("person_id", "company_id")),
            func.coalesce(person.root_id, person.id).label("person_id"),
            func.coalesce(company.root_id, company.id).label("company_id"),
        )
        .join(person, person.id == ContactLink.person_id)
        .join(company, company.id == ContactLink.company_id)
        .where(or_(ContactLink.person_id.in_(family), ContactLink.company_id.in_(family)))
        .order_by(ContactLink.id.desc())
        .limit(_MOST_FOUND)
    )
    return [
        Link(
            id=r.id,
            person_id=r.person_id,
            company_id=r.company_id,
            kind=r.kind,
            title=r.title,
            since=r.since,
            until=r.until,
        )
        for r in rows
    ]


def address_in(found: Row[Any]) -> Address:
    """The address of an identity's row."""
    return Address(found.scheme, found.value, found.scope)


def identity_value(found: Row[Any]) -> IdentityValue:
    """An identity's row as its value."""
    return IdentityValue(
        id=found.id,
        scheme=found.scheme,
        value=found.value,
        display=display(address_in(found)),
        name=found.name,
        contact_id=found.contact_id,
        verified=found.verified_at is not None,
        is_primary=bool(found.is_primary),
        is_shared=bool(found.is_shared),
        label=found.label,
        last_seen=found.last_seen,
        facts=found.facts or {},
    )


def _filters(tx: Tx, listing: ContactListing) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if listing.kind is not None:
        wanted.append(Contact.kind == listing.kind)
    if listing.owner_id is not None:
        wanted.append(Contact.owner_id == listing.owner_id)
    if listing.tag is not None:
        each = func.json_each if tx.is_sqlite else func.json_array_elements_text
        tags = each(Contact.tags).table_valued("value")
        wanted.append(select(literal(1)).select_from(tags).where(tags.c.value == listing.tag).exists())
    if listing.company_id is not None:
        person = aliased(Contact)
        people = (
            select(func.coalesce(person.root_id, person.id))
            .join(ContactLink, ContactLink.person_id == person.id)
            .where(ContactLink.company_id.in_(families.member_ids(tx, listing.company_id)), ContactLink.until.is_(None))
        )
        wanted.append(Contact.id.in_(people))
    if listing.text:
        ids = ids_named(tx, listing.text)
        owners = families.identities().with_only_columns(families.root_of_holder()).where(Identity.id.in_(ids))
        found = [r[0] for r in tx.all(owners) if r[0] is not None]
        wanted.append(Contact.id.in_(families.roots_of(tx, [*ids, *found])))
    return wanted


def _after(cursor: str, *, by_name: bool) -> ColumnElement[bool]:
    if not by_name:
        (before,) = keys_of(cursor, int)
        return Contact.id < before
    name, last = keys_of(cursor, str, int)
    return or_(Contact.sort_name > name, and_(Contact.sort_name == name, Contact.id > last))


def _values(tx: Tx, rows: Sequence[Row[Any]]) -> list[ContactValue]:
    if not rows:
        return []
    merged = tx.all(select(Contact.id, Contact.root_id).where(Contact.root_id.in_([r.id for r in rows])))
    shown_by = {r.id: r.root_id for r in merged} | {r.id: r.id for r in rows if r.root_id is None}
    own = {r.id: r.id for r in rows}
    addresses = tx.all(
        families.identities()
        .where(Identity.contact_id.in_([*own, *shown_by]))
        .order_by(Identity.is_primary.desc(), Identity.id)
    )
    by_contact: dict[int, list[Row[Any]]] = {}
    for found in addresses:
        for contact_id in {own.get(found.held_by), shown_by.get(found.held_by)}:
            if contact_id is not None:
                by_contact.setdefault(contact_id, []).append(found)
    return [_value(r, _of_family(r.id, by_contact.get(r.id, []))) for r in rows]


def _of_family(contact_id: int, found: Sequence[Row[Any]]) -> list[IdentityValue]:
    """The contact's own identities first; of each kind one is primary, whoever of the family brought it."""
    values: list[IdentityValue] = []
    has_primary: set[str] = set()
    for each in sorted(found, key=lambda r: (not r.is_primary, r.held_by != contact_id)):
        value = identity_value(each)
        if value.is_primary and value.scheme in has_primary:
            value = replace(value, is_primary=False)
        elif value.is_primary:
            has_primary.add(value.scheme)
        values.append(value)
    return values


def _value(found: Row[Any], addresses: list[IdentityValue]) -> ContactValue:
    return ContactValue(
        id=found.id,
        kind=ContactKind(found.kind),
        name=found.name,
        company=found.company,
        title=found.title,
        language=found.language,
        timezone=found.timezone,
        owner_id=found.owner_id,
        note=found.note,
        tags=found.tags or [],
        fields=found.fields or {},
        identities=addresses,
        root_id=found.root_id,
        created_at=found.created_at,
        version=found.version,
    )
