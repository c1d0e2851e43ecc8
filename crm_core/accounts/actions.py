"""Writes to channel accounts. Secrets are written and never read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.accounts.model import Account, Cursor
from crm_core.accounts.queries import account, row
from crm_core.accounts.sealing import Sealer
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.events import AccountChanged
from crm_core.words.ids import new_token
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import one_line, storable
from crm_core.words.values import AccountValue
from crm_core.work.model import Queue

STATES: Final = ("open", "waiting", "broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAccount:
    """An account to add. `settings` are shown to administrators, `secrets` never again to anybody."""

    kind: str
    name: str
    queue_id: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    public_key: str | None = None
    """Made when there is none; given for demo accounts whose page is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountChange:
    """What to change of an account; what is None stays. `version` is the one the change was made from.

    `queue_id` 0 means none. Of `secrets` those named are replaced, an empty one is taken away, the rest stays.
    """

    version: int
    name: str | None = None
    queue_id: int | None = None
    settings: Mapping[str, Any] | None = None
    secrets: Mapping[str, str] | None = field(default=None, repr=False)
    disabled: bool | None = None


def add(tx: Tx, actor: Actor | None, sealer: Sealer, new: NewAccount) -> AccountValue:
    """Add an account. The caller has checked the settings with the channel's manifest. Raises Denied, Invalid."""
    _must_configure(actor)
    account_id = tx.new_id()
    tx.execute(
        insert(Account).values(
            id=account_id,
            ws=tx.ws,
            kind=new.kind,
            name=_checked_name(new.name),
            public_key=new.public_key or new_token()[:22],
            settings=dict(new.settings),
            sealed=sealer.seal(new.secrets) if new.secrets else None,
            queue_id=_checked_queue(tx, new.queue_id),
            state="open",
            problem="",
            created_at=tx.now,
            version=1,
        )
    )
    return _recorded(tx, account_id)


def change(tx: Tx, actor: Actor | None, sealer: Sealer, account_id: int, wanted: AccountChange) -> AccountValue:
    """Change an account; it is opened anew. Raises Denied, NotFound, Invalid, Conflict, WrongHouseKey."""
    _must_configure(actor)
    known = row(tx, account_id, is_locked=True)
    # A changed account is tried again, whatever was wrong with it.
    values: dict[str, Any] = {"state": "open", "problem": ""}
    if wanted.name is not None:
        values["name"] = _checked_name(wanted.name)
    if wanted.queue_id is not None:
        values["queue_id"] = _checked_queue(tx, wanted.queue_id or None)
    if wanted.settings is not None:
        values["settings"] = dict(wanted.settings)
    if wanted.secrets is not None:
        merged = {**sealer.unseal(known.sealed), **wanted.secrets}
        kept = {name: secret for name, secret in merged.items() if secret}
        values["sealed"] = sealer.seal(kept) if kept else None
    if wanted.disabled is not None:
        values["disabled_at"] = (known.disabled_at or tx.now) if wanted.disabled else None
    statement = update(Account).where(Account.id == account_id, Account.version == wanted.version)
    if not tx.changed(statement.values(version=Account.version + 1, **values)):
        raise Conflict(version=known.version)
    return _recorded(tx, account_id)


def disable(tx: Tx, actor: Actor | None, account_id: int, *, is_disabled: bool = True) -> AccountValue:
    """Close an account, or open it again. Harmless twice. Raises Denied, NotFound."""
    _must_configure(actor)
    known = row(tx, account_id)
    if (known.disabled_at is not None) == is_disabled:
        return account(tx, account_id)
    _set(tx, account_id, disabled_at=tx.now if is_disabled else None, state="open", problem="")
    return _recorded(tx, account_id)


def set_manner(tx: Tx, account_id: int, manner: Mapping[str, Any]) -> AccountValue:
    """Note how an account behaves without anybody; it is opened anew. Raises NotFound."""
    row(tx, account_id)
    _set(tx, account_id, manner=dict(manner), state="open", problem="")
    return _recorded(tx, account_id)


def set_state(tx: Tx, account_id: int, state: str, problem: str = "") -> AccountValue:
    """Note how an account fares: open, waiting or broken, with the reason in words. Raises NotFound."""
    if state not in STATES:
        raise ValueError(f"an account is never {state}")
    known = row(tx, account_id)
    reason = one_line(storable(problem), most=300)
    if (known.state, known.problem) == (state, reason):
        return account(tx, account_id)
    _set(tx, account_id, state=state, problem=reason)
    return _recorded(tx, account_id)


def replace_secret(tx: Tx, sealer: Sealer, account_id: int, name: str, value: str, *, instead_of: str) -> bool:
    """
    Replace a secret that the provider has changed; whoever has the account open knows it already.

    No version, no event: an administrator's form stays good. False when the secret is another one by now. Raises
    NotFound, WrongHouseKey.
    """
    known = row(tx, account_id, is_locked=True)
    secrets = sealer.unseal(known.sealed)
    if secrets.get(name) != instead_of:
        return False
    sealed = sealer.seal({**secrets, name: value})
    tx.execute(update(Account).where(Account.id == account_id).values(sealed=sealed))
    return True


def set_cursor(tx: Tx, account_id: int, name: str, value: str) -> None:
    """Note where a listener left off, in the transaction that stored what it heard."""
    insert_one = sqlite.insert(Cursor) if tx.is_sqlite else postgresql.insert(Cursor)
    tx.execute(
        insert_one.values(account_id=account_id, name=name, ws=tx.ws, value=value).on_conflict_do_update(
            index_elements=["account_id", "name"], set_={"value": value}
        )
    )


def _must_configure(actor: Actor | None) -> None:
    if actor is not None:
        actor.must(Permission.CONFIGURE)


def _checked_name(name: str) -> str:
    shown = one_line(name, most=80)
    if not shown:
        raise Invalid("An account needs a name.", why="needs_name")
    return shown


def _checked_queue(tx: Tx, queue_id: int | None) -> int | None:
    if queue_id is not None and not tx.first(
        select(Queue.id).where(Queue.id == queue_id, Queue.ws == tx.ws, Queue.archived_at.is_(None))
    ):
        raise Invalid("There is no such queue.", why="no_such_queue")
    return queue_id


def _set(tx: Tx, account_id: int, **values: Any) -> None:
    tx.execute(update(Account).where(Account.id == account_id).values(version=Account.version + 1, **values))


def _recorded(tx: Tx, account_id: int) -> AccountValue:
    value = account(tx, account_id)
    tx.record(AccountChanged(account=value))
    return value
