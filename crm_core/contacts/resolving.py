"""From addresses to identities, many at once: the way of every inbound message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.contacts.model import Contact, Identity
from crm_core.contacts.rules import shown_name, terms_of_identity
from crm_core.store.fulltext import index_people
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.clock import MINUTE

SEEN_EVERY: Final = 5 * MINUTE
"""How exact `last_seen` is: who writes ten messages a minute is not a write more for each."""

Seen = tuple[Address, str, Mapping[str, str]]
"""An address, what its owner calls themselves there, and what the channel knows of them."""

_sqlite_insert = sqlite.insert(Identity).on_conflict_do_nothing()
_pg_insert = postgresql.insert(Identity).on_conflict_do_nothing()
_refresh = (
    update(Identity)
    .where(Identity.id == bindparam("b_id"))
    .values(name=bindparam("b_name"), facts=bindparam("b_facts"), last_seen=bindparam("b_seen"))
)


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """An identity as a message needs it. `shown_name` is the contact's name, else their own, else the address."""

    id: int
    address: Address
    name: str
    contact_id: int | None
    shown_name: str


def resolve(tx: Tx, address: Address, name: str, facts: Mapping[str, str]) -> KnownIdentity:
    """The identity of one address, made if there was none."""
    return resolve_many(tx, [(address, name, facts)])[address]


def resolve_many(tx: Tx, seen: Sequence[Seen]) -> dict[Address, KnownIdentity]:
    """The identity of each address, made where there was none. One statement for those known, three for strangers.

    A name or facts that came along replace those kept; an empty name or no facts leave them.
    """
    newest = _merged(seen)
    rows = _rows(tx, newest)
    missing = [address for address in newest if address not in rows]
    if missing:
        rows |= _added(tx, [(address, *newest[address]) for address in missing])
    stale = [_refreshed(tx, row, *newest[address]) for address, row in rows.items() if address not in missing]
    changes = [change for change in stale if change is not None]
    if changes:
        tx.execute(_refresh, sorted(changes, key=lambda c: c["b_id"]))
    renamed = {c["b_id"]: c["b_name"] for c in changes}
    _index(tx, [(r.id, a, renamed[r.id]) for a, r in rows.items() if renamed.get(r.id, r.name) != r.name])
    return {address: _known(address, row, renamed.get(row.id, row.name)) for address, row in rows.items()}


def _merged(seen: Sequence[Seen]) -> dict[Address, tuple[str, Mapping[str, str]]]:
    newest: dict[Address, tuple[str, Mapping[str, str]]] = {}
    for address, name, facts in seen:
        before_name, before_facts = newest.get(address, ("", {}))
        newest[address] = (name or before_name, {**before_facts, **facts})
    return newest


@dataclass(frozen=True, slots=True)
class _Kept:
    id: int
    name: str
    facts: Mapping[str, str]
    contact_id: int | None
    contact_name: str | None
    last_seen: int | None


def _rows(tx: Tx, addresses: Iterable[Address]) -> dict[Address, _Kept]:
    wanted = set(addresses)
    rows = tx.all(
        select(
            Identity.id,
            Identity.scheme,
            Identity.scope,
            Identity.value,
            Identity.name,
            Identity.facts,
            Identity.contact_id,
            Identity.last_seen,
            Contact.name.label("contact_name"),
        )
        .outerjoin(Contact, Contact.id == Identity.contact_id)
        # By value alone, which is one range of the unique index for each; the rest is compared here.
        .where(Identity.value.in_({a.value for a in wanted}), Identity.ws == tx.ws)
    )
    found = {Address(r.scheme, r.value, r.scope): _kept(r) for r in rows}
    return {address: row for address, row in found.items() if address in wanted}


def _kept(row: Row[Any]) -> _Kept:
    return _Kept(row.id, row.name, row.facts or {}, row.contact_id, row.contact_name, row.last_seen)


def _added(tx: Tx, strangers: Sequence[Seen]) -> dict[Address, _Kept]:
    new = [_new_row(tx, *stranger) for stranger in strangers]
    insert = _sqlite_insert if tx.is_sqlite else _pg_insert
    added = {r.id for r in tx.all(insert.returning(Identity.id), new)}
    kept = {
        address: _Kept(row["id"], name, facts, None, None, tx.now)
        for row, (address, name, facts) in zip(new, strangers, strict=True)
        if row["id"] in added
    }
    _index(tx, [(row.id, address, row.name) for address, row in kept.items()])
    faster = [address for address, _, _ in strangers if address not in kept]
    # Another process was faster with these: theirs count.
    return kept | _rows(tx, faster) if faster else kept


def _new_row(tx: Tx, address: Address, name: str, facts: Mapping[str, str]) -> dict[str, Any]:
    return {
        "id": tx.new_id(),
        "ws": tx.ws,
        "scheme": address.scheme,
        "scope": address.scope,
        "value": address.value,
        "name": name,
        "label": "",
        "contact_id": None,
        "is_primary": False,
        "is_shared": False,
        "verified_at": None,
        "verified_by": "",
        "state": "ok",
        "facts": dict(facts),
        "first_seen": tx.now,
        "last_seen": tx.now,
    }


def _refreshed(tx: Tx, row: _Kept, name: str, facts: Mapping[str, str]) -> dict[str, Any] | None:
    merged = {**row.facts, **facts}
    is_same = (name or row.name) == row.name and merged == row.facts
    if is_same and row.last_seen is not None and tx.now - row.last_seen < SEEN_EVERY:
        return None
    return {"b_id": row.id, "b_name": name or row.name, "b_facts": merged, "b_seen": tx.now}


def _index(tx: Tx, people: Iterable[tuple[int, Address, str]]) -> None:
    index_people(tx, [(i, terms_of_identity(address, name)) for i, address, name in people])


def _known(address: Address, row: _Kept, name: str) -> KnownIdentity:
    return KnownIdentity(row.id, address, name, row.contact_id, shown_name(row.contact_name, name, address))
