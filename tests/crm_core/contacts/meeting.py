"""People who write, and what their messages prove or mention, for the tests of who is who."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import insert

from crm_core.accounts.model import Account
from crm_core.contacts import actions, queries
from crm_core.contacts.actions import NewAddress, NewContact
from crm_core.contacts.evidence import witness
from crm_core.contacts.resolving import resolve
from crm_core.store.transaction import Tx
from crm_core.words.addresses import TELEGRAM, Address
from crm_core.words.values import ContactKind


def telegram(number: int) -> Address:
    """Somebody's Telegram."""
    return Address(TELEGRAM, str(number))


def a_contact(tx: Tx, name: str, *addresses: Address, kind: ContactKind = ContactKind.PERSON, company: str = "") -> int:
    """A contact whose addresses an agent typed in."""
    contact_id = actions.add(tx, NewContact(name=name, kind=kind, company=company))
    for address in addresses:
        actions.attach_address(tx, contact_id, NewAddress(address))
    return contact_id


def writes(
    tx: Tx,
    sender: Address,
    *,
    proves: Sequence[Address] = (),
    mentions: Sequence[Address] = (),
    name: str = "",
    facts: Mapping[str, str] | None = None,
) -> int | None:
    """Somebody writes; the contact that got an identity by it."""
    known = resolve(tx, sender, name, facts or {})
    return witness(tx, known, proves=proves, mentions=mentions, source="test")


def whose(tx: Tx, address: Address) -> int | None:
    """The contact an address belongs to."""
    return resolve(tx, address, "", {}).contact_id


def identity_of(tx: Tx, address: Address) -> int:
    """The identity of an address."""
    return resolve(tx, address, "", {}).id


def held_by(tx: Tx, contact_id: int) -> set[str]:
    """The addresses of a contact, `scheme:value`."""
    return {f"{i.scheme}:{i.value}" for i in queries.get(tx, contact_id).identities}


def an_account(tx: Tx, **settings: object) -> int:
    """An account of ours with these settings."""
    account_id = tx.new_id()
    row = {"id": account_id, "ws": tx.ws, "kind": "sms", "name": "Ours", "public_key": str(account_id)}
    tx.execute(insert(Account).values(**row, settings=settings, created_at=tx.now, version=1))
    return account_id
