"""Writes to contacts and identities: rows only. Events and what conversations make of it are of `hub.desk.contacts`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert, select, update

from crm_core.contacts import holding, rules
from crm_core.contacts.evidence import bring_along
from crm_core.contacts.families import identities, member_ids
from crm_core.contacts.model import Contact, ContactLink, Identity
from crm_core.contacts.queries import address_in, identity_row, row, standing_row
from crm_core.contacts.resolving import resolve
from crm_core.store.fulltext import index_people
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.clock import Moment
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.text import one_line
from crm_core.words.values import ContactKind


@dataclass(frozen=True, slots=True)
class NewAddress:
    """An address to add to a contact, and a word for it such as `work`."""

    address: Address
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewContact:
    """A contact to add."""

    name: str
    kind: ContactKind = ContactKind.PERSON
    company: str = ""
    title: str = ""
    language: str = ""
    timezone: str = ""
    owner_id: int | None = None
    note: str = ""
    tags: Sequence[str] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    addresses: Sequence[NewAddress] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactChange:
    """What to change of a contact; what is None stays. `version` is the one the change was made from.

    `owner_id` 0 means nobody.
    """

    version: int
    name: str | None = None
    company: str | None = None
    title: str | None = None
    language: str | None = None
    timezone: str | None = None
    owner_id: int | None = None
    note: str | None = None
    tags: Sequence[str] | None = None
    fields: Mapping[str, str] | None = None


def add(tx: Tx, new: NewContact) -> int:
    """Add a contact without its addresses; its id. Raises Invalid."""
    contact_id = tx.new_id()
    values: dict[str, Any] = {
        "id": contact_id,
        "ws": tx.ws,
        "kind": ContactKind(new.kind),
        "created_at": tx.now,
        "version": 1,
        **_checked(new),
    }
    tx.execute(insert(Contact).values(**values))
    index_people(tx, [(contact_id, rules.terms_of_contact(values["name"], values["company"]))])
    return contact_id


def change(tx: Tx, contact_id: int, wanted: ContactChange) -> None:
    """Change a contact. Raises NotFound, Invalid, and Conflict when somebody else changed it since `version`,
    or merged it into another."""
    known = standing_row(tx, contact_id)
    values = _checked(wanted)
    statement = update(Contact).where(Contact.id == contact_id, Contact.version == wanted.version)
    if not tx.changed(statement.values(version=Contact.version + 1, **values)):
        raise Conflict(version=known.version)
    if "name" in values or "company" in values:
        shown = (values.get("name", known.name), values.get("company", known.company))
        index_people(tx, [(contact_id, rules.terms_of_contact(*shown))])


def touch(tx: Tx, contact_id: int) -> None:
    """Give a contact a new version, since something that is shown with it changed."""
    tx.execute(update(Contact).where(Contact.id == contact_id).values(version=Contact.version + 1))


def attach(tx: Tx, contact_id: int, identity_id: int, *, label: str | None = None) -> None:
    """Let an identity belong to a contact, and with it what it proved to be theirs too; harmless when it does.

    Raises NotFound, Conflict when it belongs to another contact (detach it there first), and Invalid for what
    recognises nobody.
    """
    standing_row(tx, contact_id, lock=True)
    found = identity_row(tx, identity_id)
    if found.contact_id not in (None, contact_id):
        raise Conflict("This address belongs to another contact.", why="address_taken", contact_id=found.contact_id)
    if found.contact_id is None:
        holding.must_be_an_identity(tx, address_in(found))
        holding.give(tx, contact_id, identity_id, found.scheme)
        holding.forget_dismissal(tx, identity_id, contact_id)
        bring_along(tx, contact_id, identity_id)
    if label is not None:
        tx.execute(update(Identity).where(Identity.id == identity_id).values(label=one_line(label, most=40)))


def attach_address(tx: Tx, contact_id: int, new: NewAddress) -> int:
    """Let an address belong to a contact, made if nobody used it before; the identity's id. Raises as `attach`."""
    known = resolve(tx, new.address, "", {})
    attach(tx, contact_id, known.id, label=new.label)
    return known.id


def detach(tx: Tx, contact_id: int, identity_id: int, *, agent_id: int | None = None) -> None:
    """Take an identity away from a contact: a stranger's again, and no proof gives it back by itself.

    Raises NotFound when it is not theirs.
    """
    family = member_ids(tx, contact_id)
    taken = update(Identity).where(Identity.id == identity_id, Identity.contact_id.in_(family), Identity.ws == tx.ws)
    if not tx.changed(taken.values(contact_id=None, is_primary=False)):
        raise NotFound
    holding.dismiss(tx, identity_id, contact_id, agent_id)


def share(tx: Tx, contact_id: int, identity_id: int, *, is_shared: bool) -> None:
    """Say whether several people use an address of a contact. Raises NotFound when it is not theirs."""
    family = member_ids(tx, contact_id)
    theirs = update(Identity).where(Identity.id == identity_id, Identity.contact_id.in_(family), Identity.ws == tx.ws)
    if not tx.changed(theirs.values(is_shared=is_shared)):
        raise NotFound


def archive(tx: Tx, contact_id: int, *, is_archived: bool = True) -> None:
    """Take a contact out of the lists, or bring it back. Raises NotFound, and Conflict for a merged one."""
    standing_row(tx, contact_id)
    tx.execute(
        update(Contact)
        .where(Contact.id == contact_id)
        .values(archived_at=tx.now if is_archived else None, version=Contact.version + 1)
    )


def link(tx: Tx, person_id: int, company_id: int, *, title: str = "", since: Moment | None = None) -> int:
    """Give a person a place in a company; the link's id, the same while it lasts.

    Raises NotFound, Conflict for merged ones, and Invalid when they are not a person and a company.
    """
    person, company = standing_row(tx, person_id, lock=True), standing_row(tx, company_id)
    if (person.kind, company.kind) != (ContactKind.PERSON, ContactKind.COMPANY):
        raise Invalid("A person is linked to a company.", why="link_company")
    lasting: int | None = tx.scalar(
        select(ContactLink.id).where(
            ContactLink.person_id.in_(member_ids(tx, person_id)),
            ContactLink.company_id.in_(member_ids(tx, company_id)),
            ContactLink.until.is_(None),
        )
    )
    if lasting is not None:
        return lasting
    link_id = tx.new_id()
    tx.execute(
        insert(ContactLink).values(
            id=link_id,
            ws=tx.ws,
            person_id=person_id,
            company_id=company_id,
            kind="employment",
            title=one_line(title, most=80),
            since=since,
        )
    )
    if not person.company:
        tx.execute(update(Contact).where(Contact.id == person_id).values(company=company.name))
        index_people(tx, [(person_id, rules.terms_of_contact(person.name, company.name))])
    touch(tx, person_id)
    return link_id


def unlink(tx: Tx, link_id: int) -> int:
    """End a person's place in a company; the id of the contact that stands for them. Raises NotFound."""
    found = tx.first(select(ContactLink.person_id).where(ContactLink.id == link_id, ContactLink.ws == tx.ws))
    if found is None:
        raise NotFound
    tx.execute(update(ContactLink).where(ContactLink.id == link_id).values(until=tx.now))
    person = row(tx, found.person_id)
    person_id: int = person.root_id or person.id
    touch(tx, person_id)
    return person_id


def verify(tx: Tx, identity_id: int, by: str) -> None:
    """Note that an address was proved to be theirs, and how."""
    holding.verify(tx, identity_id, one_line(by, most=40))


def addresses_of(tx: Tx, contact_id: int) -> dict[int, Address]:
    """The identities of a contact, and of those merged into it, and their addresses."""
    theirs = Identity.contact_id.in_(member_ids(tx, contact_id))
    return {r.id: address_in(r) for r in tx.all(identities().where(theirs).order_by(Identity.id))}


def _checked(wanted: NewContact | ContactChange) -> dict[str, Any]:
    """The columns that are named, each as it is stored."""
    values: dict[str, Any] = {}
    if wanted.name is not None:
        values["name"] = rules.checked_name(wanted.name)
        values["sort_name"] = rules.sort_name(values["name"])
    for name, most in (("company", 120), ("title", 80), ("language", 20), ("timezone", 60)):
        text = getattr(wanted, name)
        if text is not None:
            values[name] = one_line(text, most=most)
    if wanted.owner_id is not None:
        values["owner_id"] = wanted.owner_id or None
    if wanted.note is not None:
        values["note"] = rules.checked_note(wanted.note)
    if wanted.tags is not None:
        values["tags"] = rules.checked_tags(wanted.tags)
    if wanted.fields is not None:
        values["fields"] = rules.checked_fields(wanted.fields)
    return values
