"""Questions about channel accounts. Only `opened` and `opened_one` give secrets, to whoever opens the channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select

from crm_core.accounts.model import Account, Cursor, Unread
from crm_core.accounts.sealing import Sealer
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.errors import NotFound
from crm_core.words.values import AccountValue

TABLE = Account.__table__


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAccount:
    """An account with its secrets, to open its channel. Never shown, never logged."""

    id: int
    kind: str
    name: str
    public_key: str
    queue_id: int | None
    settings: Mapping[str, Any] = field(repr=False)
    """Plain and secret settings together, by name."""
    manner: Mapping[str, Any] | None = None
    created_at: Moment


def accounts(tx: Tx) -> list[AccountValue]:
    """Every account, disabled ones too, in the order they were made."""
    rows = tx.all(select(*TABLE.c).where(Account.ws == tx.ws).order_by(Account.id))
    return [account_value(r) for r in rows]


def account(tx: Tx, account_id: int) -> AccountValue:
    """One account. Raises NotFound."""
    return account_value(row(tx, account_id))


def by_public_key(tx: Tx, key: str) -> AccountValue:
    """The account of a public address. Raises NotFound, also for a disabled one."""
    found = tx.first(
        select(*TABLE.c).where(Account.public_key == key, Account.ws == tx.ws, Account.disabled_at.is_(None))
    )
    if found is None:
        raise NotFound
    return account_value(found)


def opened(tx: Tx, sealer: Sealer) -> list[OpenAccount]:
    """Every account that is not disabled, with its secrets. Raises WrongHouseKey."""
    rows = tx.all(select(*TABLE.c).where(Account.ws == tx.ws, Account.disabled_at.is_(None)).order_by(Account.id))
    return [_opened(r, sealer) for r in rows]


def opened_one(tx: Tx, sealer: Sealer, account_id: int) -> OpenAccount | None:
    """One account with its secrets; none when it is disabled or unknown. Raises WrongHouseKey."""
    found = tx.first(
        select(*TABLE.c).where(Account.id == account_id, Account.ws == tx.ws, Account.disabled_at.is_(None))
    )
    return None if found is None else _opened(found, sealer)


def cursor(tx: Tx, account_id: int, name: str) -> str | None:
    """Where a listener left off; none at the beginning."""
    found: str | None = tx.scalar(select(Cursor.value).where(Cursor.account_id == account_id, Cursor.name == name))
    return found


def has_heard(tx: Tx, account_id: int) -> bool:
    """Whether it has left off somewhere, or kept anything that came."""
    places = select(Cursor.name).where(Cursor.account_id == account_id).limit(1)
    originals = select(Unread.id).where(Unread.account_id == account_id).limit(1)
    return tx.first(places) is not None or tx.first(originals) is not None


def manner_of(tx: Tx, account_id: int) -> Mapping[str, Any] | None:
    """How an account behaves without anybody; none for one that stays silent, or is unknown."""
    found: Mapping[str, Any] | None = tx.scalar(select(Account.manner).where(Account.id == account_id))
    return found


def row(tx: Tx, account_id: int, *, is_locked: bool = False) -> Row[Any]:
    """An account's row; `is_locked` holds it until the transaction ends. Raises NotFound."""
    wanted = select(*TABLE.c).where(Account.id == account_id, Account.ws == tx.ws)
    found = tx.first(wanted.with_for_update() if is_locked and not tx.is_sqlite else wanted)
    if found is None:
        raise NotFound
    return found


def account_value(found: Row[Any]) -> AccountValue:
    """An account's row as its value, without what is sealed."""
    return AccountValue(
        id=found.id,
        kind=found.kind,
        name=found.name,
        public_key=found.public_key,
        queue_id=found.queue_id,
        settings=found.settings or {},
        manner=found.manner or {},
        state=found.state,
        problem=found.problem,
        disabled=found.disabled_at is not None,
        version=found.version,
    )


def _opened(found: Row[Any], sealer: Sealer) -> OpenAccount:
    return OpenAccount(
        id=found.id,
        kind=found.kind,
        name=found.name,
        public_key=found.public_key,
        queue_id=found.queue_id,
        settings={**(found.settings or {}), **sealer.unseal(found.sealed)},
        manner=found.manner,
        created_at=found.created_at,
    )
