"""Whose an identity is: the one place that gives it to a contact, and remembers whose it is not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import JSON, column, delete, insert, select, table, update

from crm_core.contacts.families import member_ids
from crm_core.contacts.model import Dismissal, Identity
from crm_core.contacts.rules import NUMBERS, SENDER_NAME, is_written_as
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.errors import Invalid

_ACCOUNT: Final = table("account", column("ws"), column("settings", JSON))
"""By its name: accounts stand on work, and work on conversations and contacts."""


def give(tx: Tx, contact_id: int, identity_id: int, scheme: str, *, proved_by: str = "") -> None:
    """Let an identity that is nobody's belong to a contact that stands for itself.

    `proved_by` says how it was proved to be theirs; empty when an agent says so. The first address of its kind is
    the one to use.
    """
    theirs = Identity.contact_id.in_(member_ids(tx, contact_id))
    has_one = tx.first(select(Identity.id).where(theirs, Identity.scheme == scheme).limit(1))
    tx.execute(
        update(Identity)
        .where(Identity.id == identity_id, Identity.contact_id.is_(None))
        .values(contact_id=contact_id, is_primary=has_one is None)
    )
    if proved_by:
        verify(tx, identity_id, proved_by)


def verify(tx: Tx, identity_id: int, by: str) -> None:
    """Note that an address was proved to be theirs, and how; the first proof stays."""
    proved = update(Identity).where(Identity.id == identity_id, Identity.verified_at.is_(None))
    tx.execute(proved.values(verified_at=tx.now, verified_by=by[:40]))


def must_be_an_identity(tx: Tx, address: Address) -> None:
    """Raises Invalid for what recognises nobody: the name an SMS came under, an address of our own."""
    if address.scheme == SENDER_NAME:
        raise Invalid("Anybody can send under this name: it tells nobody apart.", why="anybodys_name")
    if is_ours(tx, address):
        raise Invalid("This is an address of our own.", why="own_address")


def is_ours(tx: Tx, address: Address) -> bool:
    """Whether an address is one by which an account of ours writes or is written to, in any spelling."""
    rows = tx.all(select(_ACCOUNT.c.settings).where(_ACCOUNT.c.ws == tx.ws))
    return any(is_written_as(address, text) for r in rows for text in _texts((r.settings or {}).values()))


def dismissed(tx: Tx, subject_ids: Sequence[int], contact_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Which of the subjects (identities or contacts) an agent said not to be which of the contacts."""
    if not subject_ids or not contact_ids:
        return set()
    rows = tx.all(
        select(Dismissal.subject_id, Dismissal.contact_id).where(
            Dismissal.subject_id.in_(subject_ids), Dismissal.contact_id.in_(contact_ids), Dismissal.ws == tx.ws
        )
    )
    return {(r.subject_id, r.contact_id) for r in rows}


def is_dismissed(tx: Tx, identity_id: int, contact_id: int) -> bool:
    """Whether an agent said that this identity is not this contact's, nor of one merged into it."""
    return bool(dismissed(tx, [identity_id], member_ids(tx, contact_id)))


def dismiss(tx: Tx, subject_id: int, contact_id: int, agent_id: int | None) -> None:
    """Remember that an identity, or a contact, is not this contact. Harmless when it is remembered."""
    if not dismissed(tx, [subject_id], [contact_id]):
        row = {"subject_id": subject_id, "contact_id": contact_id, "ws": tx.ws, "agent_id": agent_id, "at": tx.now}
        tx.execute(insert(Dismissal).values(**row))


def forget_dismissal(tx: Tx, identity_id: int, contact_id: int) -> None:
    """An agent says now that it is theirs."""
    family = Dismissal.contact_id.in_(member_ids(tx, contact_id))
    tx.execute(delete(Dismissal).where(Dismissal.subject_id == identity_id, family))


def same_number(one: Address, other: Address) -> bool:
    """Whether two addresses are one: a number that texts and one on WhatsApp are the same phone."""
    if one.scheme in NUMBERS and other.scheme in NUMBERS:
        return one.value == other.value
    return one == other


def _texts(values: Any) -> list[str]:
    found: list[str] = []
    for value in values:
        if isinstance(value, str):
            found.append(value)
        elif isinstance(value, list):
            found += [each for each in value if isinstance(each, str)]
    return found
