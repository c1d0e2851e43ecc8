"""From addresses to identities, many at once: the way of every inbound message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import aliased

from crm_core.contacts.model import Contact, Identity
from crm_core.contacts.rules import shown_name, terms_of_identity
from crm_core.store.fulltext import index_people
from crm_core.store.prepared import ManyRows, RowsOf, one_of
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.clock import MINUTE

SEEN_EVERY: Final = 5 * MINUTE
"""How exact `last_seen` is: who writes ten messages a minute is not a write more for each."""

Seen = tuple[Address, str, Mapping[str, str]]
"""An address, what its owner calls themselves there, and what the channel knows of them."""

_Root = aliased(Contact)
_insert = ManyRows(insert(Identity))
_insert_if_first = ManyRows(postgresql.insert(Identity).on_conflict_do_nothing())
_refresh = ManyRows(
    update(Identity)
    .where(Identity.id == bindparam("id_"))
    .values({c: bindparam(f"{c}_") for c in ("name", "facts", "last_seen")})
)
_known_ones = RowsOf(
    lambda is_sqlite: (
        select(
            Identity.id,
            Identity.scheme,
            Identity.scope,
            Identity.value,
            Identity.name,
            Identity.facts,
            func.coalesce(Contact.root_id, Identity.contact_id).label("contact_id"),
            Identity.last_seen,
            Identity.state,
            func.coalesce(_Root.name, Contact.name).label("contact_name"),
        )
        .outerjoin(Contact, Contact.id == Identity.contact_id)
        # Who was merged is known by the contact that stands for them.
        .outerjoin(_Root, _Root.id == Contact.root_id)
        # By value alone, which is one range of the unique index for each; the rest is compared later.
        .where(one_of(Identity.value, "values", is_sqlite=is_sqlite), Identity.ws == bindparam("ws"))
    )
)


@dataclass(frozen=True, slots=True)
class KnownIdentity:
    """An identity as a message needs it. `shown_name` is the contact's name, else their own, else the address."""

    id: int
    address: Address
    name: str
    contact_id: int | None
    shown_name: str
    state: str = "ok"
    """ok, or spam: what they write is kept and troubles nobody."""


def resolve(tx: Tx, address: Address, name: str, facts: Mapping[str, str]) -> KnownIdentity:
    """The identity of one address, made if there was none."""
    return resolve_many(tx, [(address, name, facts)])[address]


def resolve_many(tx: Tx, seen: Sequence[Seen]) -> dict[Address, KnownIdentity]:
    """The identity of each address, made where there was none. One statement for those known, three for strangers.

    A name or facts that came along replace those kept; an empty name or no facts leave them.
    """
    newest = _merged(seen)
    rows = _rows(tx, newest)
    stale = [_refreshed(tx, row, *newest[address]) for address, row in rows.items()]
    missing = [address for address in newest if address not in rows]
    if missing:
        rows |= _added(tx, [(address, *newest[address]) for address in missing])
    changes = [change for change in stale if change is not None]
    if changes:
        _refresh.run(tx, sorted(changes, key=lambda c: c["id"]))
    renamed = {c["id"]: c["name"] for c in changes}
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
    state: str = "ok"


def _rows(tx: Tx, addresses: Iterable[Address]) -> dict[Address, _Kept]:
    wanted = set(addresses)
    rows = _known_ones.all(tx, {"values": [a.value for a in wanted], "ws": tx.ws})
    found = {Address(r["scheme"], r["value"], r["scope"]): _kept(r) for r in rows}
    return {address: row for address, row in found.items() if address in wanted}


def _kept(row: Mapping[str, Any]) -> _Kept:
    return _Kept(
        id=row["id"],
        name=row["name"],
        facts=row["facts"] or {},
        contact_id=row["contact_id"],
        contact_name=row["contact_name"],
        last_seen=row["last_seen"],
        state=row["state"],
    )


def _added(tx: Tx, strangers: Sequence[Seen]) -> dict[Address, _Kept]:
    new = [_new_row(tx, *stranger) for stranger in strangers]
    (_insert if tx.is_sqlite else _insert_if_first).run(tx, new)
    kept = {
        address: _Kept(row["id"], name, facts, None, None, tx.now)
        for row, (address, name, facts) in zip(new, strangers, strict=True)
    }
    # Where several processes write, another may have been faster: theirs counts.
    there = kept if tx.is_sqlite else _rows(tx, kept)
    _index(tx, [(row.id, address, row.name) for address, row in kept.items() if there[address].id == row.id])
    return there


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
    return {"id": row.id, "name": name or row.name, "facts": merged, "last_seen": tx.now}


def _index(tx: Tx, people: Iterable[tuple[int, Address, str]]) -> None:
    index_people(tx, [(i, terms_of_identity(address, name)) for i, address, name in people])


def _known(address: Address, row: _Kept, name: str) -> KnownIdentity:
    shown = shown_name(row.contact_name, name, address)
    return KnownIdentity(row.id, address, name, row.contact_id, shown, row.state)
