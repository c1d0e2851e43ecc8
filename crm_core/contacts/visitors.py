"""Browsers that chat: their tokens, and the identity each one opens. Tokens are kept as hashes only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import insert, select, update

from crm_core.contacts.model import Identity, Visitor
from crm_core.contacts.rules import terms_of_identity
from crm_core.store.fulltext import index_people
from crm_core.store.transaction import Tx
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.clock import MINUTE
from crm_core.words.ids import new_token

SEEN_EVERY = 5 * MINUTE
"""How exactly it is kept when a visitor was last here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Welcomed:
    """A visitor of an account. `token` is there once, when it was made; `ended` names visitors who are dead now."""

    visitor_id: int
    identity_id: int
    address: Address
    name: str
    verified: bool
    token: str | None = None
    ended: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arriving:
    """Who comes in. `scope` is the account's public key: a token or an id of another account opens nothing."""

    account_id: int
    scope: str
    token: str | None
    proven: Address | None
    name: str
    facts: Mapping[str, str]


def welcome(tx: Tx, arriving: Arriving) -> Welcomed:
    """The visitor of a token, or a new one with a new token.

    The token of an identity that a host page vouched for opens it only together with a proof of the same
    identity; alone, or with a proof of another, it ends. So does a stranger's token once they are vouched for.
    """
    known = None if arriving.token is None else known_by(tx, arriving.account_id, arriving.token)
    if known is not None and _still_fits(known, arriving.proven):
        _touch(tx, known, arriving)
        return _with_name(known, arriving.name)
    ended = () if known is None else (known.visitor_id,)
    if ended:
        tx.execute(update(Visitor).where(Visitor.id == ended[0]).values(ended_at=tx.now))
    token = new_token()
    address = arriving.proven or Address(VISITOR, new_token()[:22], arriving.scope)
    identity_id, name = _identity(tx, address, arriving)
    visitor_id = tx.new_id()
    tx.execute(
        insert(Visitor).values(
            id=visitor_id,
            ws=tx.ws,
            account_id=arriving.account_id,
            identity_id=identity_id,
            token_hash=token_hash(token),
            created_at=tx.now,
            last_seen_at=tx.now,
            ended_at=None,
        )
    )
    return Welcomed(
        visitor_id=visitor_id,
        identity_id=identity_id,
        address=address,
        name=name,
        verified=arriving.proven is not None,
        token=token,
        ended=ended,
    )


def known_by(tx: Tx, account_id: int, token: str) -> Welcomed | None:
    """The visitor of a living token of this account."""
    row = tx.first(
        select(Visitor.id, Visitor.identity_id, Identity.scheme, Identity.value, Identity.scope, Identity.name)
        .join(Identity, Identity.id == Visitor.identity_id)
        .where(
            Visitor.token_hash == token_hash(token),
            Visitor.account_id == account_id,
            Visitor.ended_at.is_(None),
            Visitor.ws == tx.ws,
        )
    )
    if row is None:
        return None
    return Welcomed(
        visitor_id=row.id,
        identity_id=row.identity_id,
        address=Address(row.scheme, row.value, row.scope),
        name=row.name,
        verified=row.scheme != VISITOR,
    )


def token_hash(token: str) -> str:
    """What is kept of a token. 256 random bits need no salt."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _still_fits(known: Welcomed, proven: Address | None) -> bool:
    return known.address == proven if known.verified or proven is not None else True


def _identity(tx: Tx, address: Address, arriving: Arriving) -> tuple[int, str]:
    row = tx.first(
        select(Identity.id, Identity.name).where(
            Identity.ws == tx.ws,
            Identity.scheme == address.scheme,
            Identity.scope == address.scope,
            Identity.value == address.value,
        )
    )
    if row is not None:
        values = {"facts": dict(arriving.facts), "last_seen": tx.now}
        if arriving.name:
            values["name"] = arriving.name
        tx.execute(update(Identity).where(Identity.id == row.id).values(**values))
        if arriving.name not in ("", row.name):
            _make_findable(tx, row.id, address, arriving.name)
        return row.id, arriving.name or row.name
    identity_id = tx.new_id()
    proven = arriving.proven is not None
    tx.execute(
        insert(Identity).values(
            id=identity_id,
            ws=tx.ws,
            scheme=address.scheme,
            scope=address.scope,
            value=address.value,
            name=arriving.name,
            facts=dict(arriving.facts),
            first_seen=tx.now,
            last_seen=tx.now,
            verified_at=tx.now if proven else None,
            verified_by="host page" if proven else "",
            label="",
            is_primary=False,
            is_shared=False,
            state="ok",
        )
    )
    _make_findable(tx, identity_id, address, arriving.name)
    return identity_id, arriving.name


def _make_findable(tx: Tx, identity_id: int, address: Address, name: str) -> None:
    index_people(tx, [(identity_id, terms_of_identity(address, name))])


def _touch(tx: Tx, known: Welcomed, arriving: Arriving) -> None:
    tx.execute(
        update(Visitor)
        .where(Visitor.id == known.visitor_id, Visitor.last_seen_at < tx.now - SEEN_EVERY)
        .values(last_seen_at=tx.now)
    )
    _identity(tx, known.address, arriving)


def _with_name(known: Welcomed, name: str) -> Welcomed:
    return (
        known
        if not name or name == known.name
        else Welcomed(
            visitor_id=known.visitor_id,
            identity_id=known.identity_id,
            address=known.address,
            name=name,
            verified=known.verified,
        )
    )
