"""What somebody proved, or only named, to be theirs too; and what follows from a proof.

A proof (strong) joins identities into one contact by itself. What was only named (weak) is kept and suggested:
anybody can write anybody's number into a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import Row, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.contacts import rules
from crm_core.contacts.families import identities
from crm_core.contacts.holding import give, is_dismissed, is_ours
from crm_core.contacts.mailboxes import is_role_box
from crm_core.contacts.model import Evidence, Identity
from crm_core.contacts.queries import address_in, identity_row
from crm_core.contacts.resolving import KnownIdentity, resolve
from crm_core.contacts.rules import SENDER_NAME, Known
from crm_core.store.transaction import Tx
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.text import one_line

MOST_AT_ONCE: Final = 20
"""Addresses taken from one message: a price list full of numbers says nothing of its sender."""
MOST_KEPT: Final = 200
"""Addresses kept of one identity."""
_MOST_BROUGHT: Final = 50
_NO_PROOF: Final = frozenset({SENDER_NAME, VISITOR})
"""Kinds of address that nobody can prove to be theirs."""


def witness(
    tx: Tx, identity: KnownIdentity, *, proves: Sequence[Address], mentions: Sequence[Address], source: str
) -> int | None:
    """Keep what a message proves or mentions, and join what the proof joins. `source` says how, in a word.

    The contact that got an identity by this; none when nobody got any. A stranger goes to the contact that has an
    address they proved, if exactly one has and nobody shares it. A known contact gets the addresses that they
    proved, unless these are somebody's already. Nothing that was only mentioned is ever joined.
    """
    strong = _taken(tx, identity.address, proves)
    weak = [a for a in _taken(tx, identity.address, mentions) if a not in strong]
    if not strong and not weak:
        return None
    _keep(tx, identity.id, strong, weak, one_line(source, most=40))
    if not strong or identity.address.scheme == SENDER_NAME:
        return None
    contact_id = identity_row(tx, identity.id).contact_id
    if contact_id is not None:
        return contact_id if bring_along(tx, contact_id, identity.id) else None
    contact_id = _owner(tx, identity.id)
    if contact_id is None:
        return None
    give(tx, contact_id, identity.id, identity.address.scheme, proved_by=source)
    bring_along(tx, contact_id, identity.id)
    return contact_id


def bring_along(tx: Tx, contact_id: int, identity_id: int) -> list[int]:
    """Give a contact what one of its identities proved, and strangers who proved one of its addresses.

    Their ids. Nothing is taken from another contact, nor what an agent said not to be theirs.
    """
    brought: list[int] = []
    ahead = [identity_id]
    while ahead and len(brought) < _MOST_BROUGHT:
        found = identity_row(tx, ahead.pop())
        if found.is_shared:
            continue
        for other, proved_by in [*_proved_by(tx, contact_id, found.id), *_strangers_behind(tx, contact_id, found)]:
            give(tx, contact_id, other.id, other.scheme, proved_by=proved_by)
            brought.append(other.id)
            ahead.append(other.id)
    return brought


def proven(tx: Tx, identity_id: int) -> list[tuple[Address, str]]:
    """The addresses that an identity proved, and how."""
    rows = tx.all(
        select(Evidence.scheme, Evidence.value, Evidence.scope, Evidence.source)
        .where(Evidence.identity_id == identity_id, Evidence.is_strong.is_(True))
        .order_by(Evidence.id)
    )
    return [(Address(r.scheme, r.value, r.scope), r.source) for r in rows]


def _taken(tx: Tx, own: Address, addresses: Iterable[Address]) -> list[Address]:
    few = [a for a in dict.fromkeys(addresses) if a != own and a.scheme not in _NO_PROOF][:MOST_AT_ONCE]
    return [a for a in few if not is_ours(tx, a)]


def _keep(tx: Tx, identity_id: int, strong: Sequence[Address], weak: Sequence[Address], source: str) -> None:
    """Insert what is new, and turn weak into strong; never the other way round."""
    rows = tx.all(select(*Evidence.__table__.c).where(Evidence.identity_id == identity_id))
    known = {Address(r.scheme, r.value, r.scope): r for r in rows}
    for address in strong:
        kept = known.get(address)
        if kept is not None and not kept.is_strong:
            grown = update(Evidence).where(Evidence.id == kept.id)
            tx.execute(grown.values(is_strong=True, source=source, at=tx.now))
    room = max(0, MOST_KEPT - len(rows))
    new = [(a, True) for a in strong if a not in known] + [(a, False) for a in weak if a not in known][:room]
    insert = sqlite.insert if tx.is_sqlite else postgresql.insert
    for address, is_strong in new:
        row = {**_row(tx, identity_id, address, source), "is_strong": is_strong}
        # Another process may be taking a message of the same sender.
        tx.execute(insert(Evidence).values(**row).on_conflict_do_nothing())


def _row(tx: Tx, identity_id: int, address: Address, source: str) -> dict[str, Any]:
    return {
        "id": tx.new_id(),
        "ws": tx.ws,
        "identity_id": identity_id,
        "scheme": address.scheme,
        "scope": address.scope,
        "value": address.value,
        "source": source,
        "at": tx.now,
    }


def _owner(tx: Tx, identity_id: int) -> int | None:
    """The one contact that has what a stranger proved."""
    addresses = [a for a, _ in proven(tx, identity_id)]
    known = [
        Known(found.contact_id, address, bool(found.is_shared) or is_role_box(address))
        for address in addresses
        if (found := _identity_of(tx, address)) is not None and found.contact_id is not None
    ]
    certain = rules.match(addresses, (), known).certain
    return None if certain is None or is_dismissed(tx, identity_id, certain) else certain


def _proved_by(tx: Tx, contact_id: int, identity_id: int) -> list[tuple[Row[Any], str]]:
    """Addresses that this identity proved and that are nobody's, each with how; made where nobody used one yet."""
    found: list[tuple[Row[Any], str]] = []
    for address, source in proven(tx, identity_id):
        if is_role_box(address):
            continue
        one = identity_row(tx, resolve(tx, address, "", {}).id)
        is_free = one.contact_id is None and not one.is_shared and not is_dismissed(tx, one.id, contact_id)
        if is_free and _claimants(tx, address) <= {contact_id}:
            found.append((one, source))
    return found


def _strangers_behind(tx: Tx, contact_id: int, found: Row[Any]) -> list[tuple[Row[Any], str]]:
    """Strangers who proved this address, and nobody else's besides."""
    address = address_in(found)
    if is_role_box(address):
        return []
    rows = tx.all(
        select(Identity.id, Identity.scheme, Evidence.source)
        .join(Evidence, Evidence.identity_id == Identity.id)
        .where(*_names(address), Evidence.is_strong.is_(True), Identity.contact_id.is_(None))
        .order_by(Identity.id)
        .limit(_MOST_BROUGHT)
    )
    return [(r, r.source) for r in rows if r.scheme != SENDER_NAME and _owner(tx, r.id) == contact_id]


def _claimants(tx: Tx, address: Address) -> set[int]:
    """The contacts one of whose identities proved this address."""
    proved = select(Evidence.identity_id).where(*_names(address), Evidence.is_strong.is_(True))
    rows = tx.all(identities().where(Identity.id.in_(proved), Identity.contact_id.is_not(None)))
    return {r.contact_id for r in rows}


def _names(address: Address) -> tuple[Any, ...]:
    return Evidence.value == address.value, Evidence.scheme == address.scheme, Evidence.scope == address.scope


def _identity_of(tx: Tx, address: Address) -> Row[Any] | None:
    return tx.first(
        identities().where(
            Identity.value == address.value,
            Identity.scheme == address.scheme,
            Identity.scope == address.scope,
            Identity.ws == tx.ws,
        )
    )
