"""Who a stranger may be, and which contacts may be one: shown to an agent, who decides. Nothing here joins anything.

What somebody only claims is compared too, so these answers are for our own people: a stranger is told nothing of
them (CRM.md, I12).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from sqlalchemy import Row, select

from crm_core.contacts import families, rules
from crm_core.contacts.holding import dismissed, is_ours, same_number
from crm_core.contacts.mailboxes import domain_of, firm_domain, is_role_box
from crm_core.contacts.model import Contact, Evidence, Identity
from crm_core.contacts.queries import address_in, get_many, identity_row, ids_named, standing_row
from crm_core.contacts.rules import SENDER_NAME
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address, display
from crm_core.words.terms import TAIL, digits_of
from crm_core.words.text import folded
from crm_core.words.values import ContactKind, ContactValue

MOST: Final = 10
_MOST_ALIKE: Final = 50


class Why(IntEnum):
    """Why somebody is suggested, the best reason first. The names, in small letters, are the codes of the API."""

    PROVED = 1
    """An address was proved that is this contact's, but others use it or claim it too."""
    SAME_NUMBER = 2
    """The same phone by another channel."""
    CLAIMED = 3
    """They typed this contact's address into a form. Nobody has checked it."""
    MENTIONED = 4
    """A text or signature names this contact's address."""
    SAME_NAME = 5
    """The same name, and the same firm or phone."""
    SAME_FIRM = 6
    """A company whose people write from the same domain."""

    @property
    def code(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A contact that somebody may be; `address` is where the two meet, as one reads it, or the firm's name."""

    contact: ContactValue
    why: str
    address: str


@dataclass(frozen=True, slots=True)
class _Clue:
    address: Address
    why: Why


@dataclass(slots=True)
class _Subject:
    """Whom we look for: a stranger's identity, or a contact."""

    ids: list[int]
    """Under which dismissals are kept."""
    identity_ids: list[int]
    kind: ContactKind | None
    clues: list[_Clue]
    names: set[str]
    firms: set[str]


_Found = dict[int, tuple[Why, str]]


def for_identity(tx: Tx, identity_id: int) -> list[Suggestion]:
    """Who a stranger may be, the likeliest first, at most ten; nobody for who is a contact already. Raises NotFound."""
    found = identity_row(tx, identity_id)
    own = address_in(found)
    if found.contact_id is not None or own.scheme == SENDER_NAME or is_ours(tx, own):
        return []
    names = {folded(found.name)} if found.name and not is_role_box(own) else set()
    company = folded((found.facts or {}).get("company", ""))
    subject = _Subject([identity_id], [identity_id], None, _clues(tx, [found]), names, {company} - {""})
    return _suggested(tx, subject, but=[])


def for_contact(tx: Tx, contact_id: int) -> list[Suggestion]:
    """Contacts that may be this one, the likeliest first, at most ten. Raises NotFound, Conflict for a merged one."""
    contact = standing_row(tx, contact_id)
    family = families.member_ids(tx, contact_id)
    theirs = tx.all(families.identities().where(Identity.contact_id.in_(family)).order_by(Identity.id).limit(200))
    names = tx.all(select(Contact.sort_name).where(Contact.id.in_(family)))
    subject = _Subject(
        family,
        [r.id for r in theirs],
        ContactKind(contact.kind),
        _clues(tx, theirs),
        {r.sort_name for r in names},
        {folded(contact.company)} - {""},
    )
    return _suggested(tx, subject, but=family)


def _suggested(tx: Tx, subject: _Subject, *, but: Sequence[int]) -> list[Suggestion]:
    found: _Found = {}
    _by_address(tx, subject, found)
    _by_evidence(tx, subject, found)
    _by_name(tx, subject, found)
    if subject.kind is None:
        _by_firm(tx, subject, found)
    ids = [i for i in found if i not in but]
    refused = _refused(tx, subject, ids)
    best = sorted((i for i in ids if i not in refused), key=lambda i: (found[i][0], i))
    standing = tx.all(
        select(Contact.id, Contact.kind).where(Contact.id.in_(best), Contact.archived_at.is_(None), Contact.ws == tx.ws)
    )
    fits = {r.id for r in standing if subject.kind in (None, r.kind)}
    shown = get_many(tx, [i for i in best if i in fits][:MOST])
    return [Suggestion(contact=c, why=found[c.id][0].code, address=found[c.id][1]) for c in shown]


def _refused(tx: Tx, subject: _Subject, ids: Sequence[int]) -> set[int]:
    """Those that an agent said not to be the one we look for; of two contacts, either way round."""
    refused: set[int] = set()
    for contact_id in ids:
        family = families.member_ids(tx, contact_id)
        if dismissed(tx, subject.ids, family) or dismissed(tx, family, subject.ids):
            refused.add(contact_id)
    return refused


def _clues(tx: Tx, identities: Sequence[Row[Any]]) -> list[_Clue]:
    """The addresses that say who somebody may be, the best reason of each."""
    found: dict[Address, Why] = {}

    def note(address: Address, why: Why) -> None:
        if address.scheme != SENDER_NAME:
            found[address] = min(why, found.get(address, why))

    for one in identities:
        if not one.is_shared:
            note(address_in(one), Why.SAME_NUMBER)
        for claimed in rules.claims(one.facts or {}):
            note(claimed, Why.CLAIMED)
    rows = tx.all(
        select(*Evidence.__table__.c).where(Evidence.identity_id.in_([i.id for i in identities])).limit(_MOST_ALIKE * 4)
    )
    for row in rows:
        note(Address(row.scheme, row.value, row.scope), Why.PROVED if row.is_strong else Why.MENTIONED)
    return [_Clue(a, why) for a, why in found.items() if not is_ours(tx, a)]


def _by_address(tx: Tx, subject: _Subject, found: _Found) -> None:
    """Contacts that hold one of the addresses."""
    values = [c.address.value for c in subject.clues]
    rows = tx.all(
        families.identities().where(Identity.value.in_(values), Identity.contact_id.is_not(None), Identity.ws == tx.ws)
    )
    for clue in subject.clues:
        for row in rows:
            if same_number(address_in(row), clue.address):
                _note(found, row.contact_id, clue.why, display(clue.address))


def _by_evidence(tx: Tx, subject: _Subject, found: _Found) -> None:
    """Contacts one of whose identities proved or named one of the addresses."""
    values = [c.address.value for c in subject.clues]
    rows = tx.all(
        families.identities()
        .join(Evidence, Evidence.identity_id == Identity.id)
        .add_columns(
            Evidence.scheme.label("named_scheme"),
            Evidence.value.label("named_value"),
            Evidence.scope.label("named_scope"),
            Evidence.is_strong,
        )
        .where(Evidence.value.in_(values), Identity.contact_id.is_not(None), Identity.ws == tx.ws)
        .order_by(Evidence.id)
        .limit(_MOST_ALIKE)
    )
    for clue in subject.clues:
        for row in rows:
            if same_number(Address(row.named_scheme, row.named_value, row.named_scope), clue.address):
                why = Why.PROVED if row.is_strong else Why.MENTIONED
                # What the one only claims and the other only names is no better than the weaker of the two.
                weaker = why if clue.why is Why.SAME_NUMBER else max(why, clue.why)
                _note(found, row.contact_id, weaker, display(clue.address))


def _by_name(tx: Tx, subject: _Subject, found: _Found) -> None:
    """Contacts of the same name that share a firm, or the end of a phone number."""
    if not subject.names:
        return
    alike = tx.all(
        select(Contact.id, Contact.company)
        .where(Contact.sort_name.in_(subject.names), Contact.ws == tx.ws, Contact.root_id.is_(None))
        .limit(_MOST_ALIKE)
    )
    tails, domains = _tails(c.address for c in subject.clues), _domains(c.address for c in subject.clues)
    for contact in get_many(tx, [r.id for r in alike]):
        theirs = [Address(i.scheme, i.value) for i in contact.identities if not i.is_shared]
        shared = sorted(
            (tails & _tails(theirs)) | (domains & _domains(theirs)) | (subject.firms & {folded(contact.company)})
        )
        if shared:
            _note(found, contact.id, Why.SAME_NAME, shared[0])


def _by_firm(tx: Tx, subject: _Subject, found: _Found) -> None:
    """Companies that have an address in the same domain; a free mailbox is of no company."""
    for domain in sorted(_domains(c.address for c in subject.clues)):
        ids = ids_named(tx, domain, most=_MOST_ALIKE * 4)
        rows = tx.all(families.identities().where(Identity.id.in_(ids), Identity.contact_id.is_not(None)))
        holders = [r.contact_id for r in rows if domain_of(address_in(r)) == domain]
        companies = select(Contact.id).where(Contact.id.in_(holders), Contact.kind == ContactKind.COMPANY)
        for row in tx.all(companies):
            _note(found, row.id, Why.SAME_FIRM, domain)


def _note(found: _Found, contact_id: int, why: Why, address: str) -> None:
    if contact_id not in found or why < found[contact_id][0]:
        found[contact_id] = (why, address)


def _tails(addresses: Iterable[Address]) -> set[str]:
    return {digits_of(a.value)[-TAIL:] for a in addresses if a.scheme in rules.NUMBERS}


def _domains(addresses: Iterable[Address]) -> set[str]:
    return {firm_domain(a) for a in addresses} - {""}
