"""Questions about contacts and identities. Contacts are everybody's; who may read a conversation is asked elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, literal, or_, select

from crm_core.contacts import rules
from crm_core.contacts.model import Contact, ContactLink, Identity
from crm_core.store.fulltext import people_with
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, display
from crm_core.words.clock import Moment
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.paging import Page, cursor_of, keys_of
from crm_core.words.permissions import Actor, Permission
from crm_core.words.terms import NUMBER, Term, asked, spellings
from crm_core.words.values import ContactKind, ContactValue, IdentityValue

CONTACT = Contact.__table__
IDENTITY = Identity.__table__
MOST: Final = 100
_MOST_FOUND: Final = 1_000


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
    """One contact with its identities. Raises NotFound."""
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


def identity_row(tx: Tx, identity_id: int) -> Row[Any]:
    """An identity's row. Raises NotFound."""
    found = tx.first(select(*IDENTITY.c).where(Identity.id == identity_id, Identity.ws == tx.ws))
    if found is None:
        raise NotFound
    return found


def identity(tx: Tx, identity_id: int) -> IdentityValue:
    """One identity, a stranger's too. Raises NotFound."""
    return identity_value(identity_row(tx, identity_id))


def identities(tx: Tx, ids: Sequence[int]) -> list[IdentityValue]:
    """Those of the ids that are identities, in the ids' order."""
    rows = tx.all(select(*IDENTITY.c).where(Identity.id.in_(ids), Identity.ws == tx.ws)) if ids else []
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
    """The companies of a person, or the people of a company, past ones too; the newest first."""
    rows = tx.all(
        select(*ContactLink.__table__.c)
        .where(or_(ContactLink.person_id == contact_id, ContactLink.company_id == contact_id))
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


def suggestions(tx: Tx, identity_id: int) -> rules.Match:
    """Who a stranger may be, by their address and by what they say of themselves. Raises NotFound."""
    found = identity_row(tx, identity_id)
    proven = {address_in(found)} if found.verified_at is not None else set()
    claimed = rules.claims(found.facts or {})
    known = [k for a in (*proven, *claimed) for k in _holders(tx, a, identity_id)]
    return rules.match(proven, claimed, known)


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
        label=found.label,
        last_seen=found.last_seen,
        facts=found.facts or {},
    )


def _holders(tx: Tx, address: Address, but: int) -> list[rules.Known]:
    """Contacts that have this value on any channel: a number that calls and one that texts are one number."""
    rows = tx.all(
        select(*IDENTITY.c).where(
            Identity.ws == tx.ws,
            Identity.scheme == address.scheme,
            Identity.scope == address.scope,
            Identity.value == address.value,
            Identity.contact_id.isnot(None),
            Identity.id != but,
        )
    )
    return [rules.Known(r.contact_id, address, r.verified_at is not None, bool(r.is_shared)) for r in rows]


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
        people = select(ContactLink.person_id).where(
            ContactLink.company_id == listing.company_id, ContactLink.until.is_(None)
        )
        wanted.append(Contact.id.in_(people))
    if listing.text:
        ids = ids_named(tx, listing.text)
        owners = select(Identity.contact_id).where(Identity.id.in_(ids), Identity.contact_id.isnot(None))
        wanted.append(or_(Contact.id.in_(ids), Contact.id.in_(owners)))
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
    addresses = tx.all(
        select(*IDENTITY.c)
        .where(Identity.contact_id.in_([r.id for r in rows]))
        .order_by(Identity.is_primary.desc(), Identity.id)
    )
    by_contact: dict[int, list[IdentityValue]] = {}
    for found in addresses:
        by_contact.setdefault(found.contact_id, []).append(identity_value(found))
    return [_value(r, by_contact.get(r.id, [])) for r in rows]


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
        created_at=found.created_at,
        version=found.version,
    )
