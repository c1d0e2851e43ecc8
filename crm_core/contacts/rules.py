"""Pure rules of contacts: how they are shown, and who a stranger may be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.words.addresses import MAILTO, TEL, VISITOR, WHATSAPP, Address, display, normalised
from crm_core.words.errors import Invalid
from crm_core.words.terms import terms_of, terms_of_number
from crm_core.words.text import folded, one_line, storable
from crm_core.words.texting import SENDER

MOST_TAGS: Final = 50
MOST_FIELDS: Final = 100
MOST_NOTE: Final = 8_000
_CLAIMED: Final = {"email": MAILTO, "claimed_email": MAILTO, "phone": TEL, "claimed_phone": TEL}
"""Facts of an identity in which somebody says how else they can be reached. Nobody has checked them."""
NUMBERS: Final = frozenset({TEL, WHATSAPP})
"""Kinds of address that are phone numbers: the same digits are the same phone."""
SENDER_NAME: Final = SENDER
"""The kind of address of an SMS that came under a name (`InfoSMS`) and has no number."""


@dataclass(frozen=True, slots=True)
class Known:
    """An identity that belongs to a contact."""

    contact_id: int
    address: Address
    is_shared: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """Who a stranger may be: `certain` attaches by itself, `likely` is shown to an agent, who decides."""

    certain: int | None = None
    likely: tuple[int, ...] = ()


def shown_name(contact: str | None, identity: str, address: Address) -> str:
    """The contact's name, else what they call themselves, else the address; a browser has none worth reading."""
    return contact or identity or ("" if address.scheme == VISITOR else display(address)) or "Visitor"


def claims(facts: Mapping[str, str], *, region: str | None = None) -> list[Address]:
    """The addresses that an identity's facts claim, in their one spelling; what is none is passed over."""
    found: list[Address] = []
    for name, scheme in _CLAIMED.items():
        if not facts.get(name):
            continue
        try:
            found.append(normalised(scheme, facts[name], region=region))
        except Invalid:
            continue
    return found


def is_written_as(address: Address, text: str) -> bool:
    """Whether a text is a spelling of this address; for a number also with the provider's word before it."""
    scheme = TEL if address.scheme in NUMBERS else address.scheme
    try:
        return normalised(scheme, text.removeprefix("whatsapp:")).value == address.value
    except Invalid:
        return False


def match(proven: Iterable[Address], claimed: Iterable[Address], known: Sequence[Known]) -> Match:
    """Who somebody may be, by what they proved and what they only say (CRM.md, identities).

    Certain: an address they proved is exactly one contact's, and nobody shares it. It got there by an agent or by
    another proof, so it need not be verified there. Everything else is likely: what anybody can type must never
    open somebody's history by itself.
    """
    proven, claimed = set(proven), set(claimed)
    sure = {k.contact_id for k in known if k.address in proven and not k.is_shared}
    maybe = dict.fromkeys(k.contact_id for k in known if k.address in proven | claimed)
    certain = next(iter(sure)) if len(sure) == 1 else None
    return Match(certain, tuple(i for i in maybe if i != certain))


def checked_name(name: str) -> str:
    """A contact's name on one line. Raises Invalid for an empty one."""
    shown = one_line(name, most=120)
    if not shown:
        raise Invalid("A contact needs a name.", why="needs_name")
    return shown


def sort_name(name: str) -> str:
    """The name as lists sort it."""
    return folded(name)


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Tags, each once, in order. Raises Invalid for too many."""
    kept = [t for t in dict.fromkeys(one_line(tag, most=40) for tag in tags) if t]
    if len(kept) > MOST_TAGS:
        raise Invalid("A contact has at most {n} tags.", why="tags_many", n=MOST_TAGS)
    return kept


def checked_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Own fields by name. Raises Invalid for too many or a nameless one."""
    kept = {one_line(name, most=40): storable(value)[:2_000] for name, value in fields.items()}
    if len(kept) > MOST_FIELDS or "" in kept:
        raise Invalid("A contact has at most {n} fields, each with a name.", why="fields_many", n=MOST_FIELDS)
    return kept


def checked_note(note: str) -> str:
    """A note on a contact. Raises Invalid for one that is too long."""
    if len(note) > MOST_NOTE:
        raise Invalid("The note is longer than {n} characters.", why="note_long", n=MOST_NOTE)
    return storable(note)


def terms_of_contact(name: str, company: str) -> list[str]:
    """By which words a contact is found."""
    return terms_of(f"{name} {company}")


def terms_of_identity(address: Address, name: str) -> list[str]:
    """By which words an identity is found; a phone number from any four neighbouring digits, in any spelling."""
    if address.scheme == TEL:
        return [*terms_of(name), *terms_of_number(address.value)]
    if address.scheme == VISITOR:
        return terms_of(name)
    return terms_of(f"{name} {address.value}")
