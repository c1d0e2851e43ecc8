from __future__ import annotations

import pytest
from sqlalchemy import select

from crm_core.accounts import actions, queries
from crm_core.accounts.actions import AccountChange, NewAccount
from crm_core.accounts.model import Account
from crm_core.accounts.sealing import Sealer, WrongHouseKey
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Denied, Invalid, NotFound
from crm_core.words.events import AccountChanged, encode
from crm_core.words.permissions import Actor
from crm_core.words.values import AccountValue, Role

BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)
AGENT = Actor(2, "Olena", Role.AGENT)
SEALER = Sealer(b"k" * 32)
MAILBOX = NewAccount(kind="email", name="Support", settings={"host": "imap.example"}, secrets={"password": "hunter2"})


def everything_stored(tx: Tx) -> str:
    return repr(tx.all(select(*Account.__table__.c)))


async def mailbox(db: Database) -> AccountValue:
    return await db.write(actions.add, BOSS, SEALER, MAILBOX)


async def test_a_secret_is_written_and_never_shown(db: Database) -> None:
    account = await mailbox(db)
    told = [encode(c.event).decode() for c in await db.read(after, 0, most=9)]
    assert len(told) == 1
    for seen in (repr(account), *told, await db.read(everything_stored), repr(MAILBOX)):
        assert "hunter2" not in seen
    (opened,) = await db.read(queries.opened, SEALER)
    assert opened.settings == {"host": "imap.example", "password": "hunter2"}
    assert "hunter2" not in repr(opened)


async def test_another_house_key_opens_nothing_and_says_so(db: Database) -> None:
    account = await mailbox(db)
    stranger = Sealer(b"x" * 32)
    with pytest.raises(WrongHouseKey, match="HUB_SECRET_KEY"):
        await db.read(queries.opened, stranger)
    assert (await db.read(queries.opened_one, Sealer(b"n" * 32, b"k" * 32), account.id)) is not None


async def test_a_change_replaces_only_the_secrets_it_names(db: Database) -> None:
    account = await mailbox(db)
    change = AccountChange(version=account.version, name="Help", secrets={"smtp_password": "s3"})
    changed = await db.write(actions.change, BOSS, SEALER, account.id, change)
    opened = await db.read(queries.opened_one, SEALER, account.id)
    assert opened is not None
    assert (opened.name, opened.settings["password"], opened.settings["smtp_password"]) == ("Help", "hunter2", "s3")
    await db.write(
        actions.change, BOSS, SEALER, account.id, AccountChange(version=changed.version, secrets={"password": ""})
    )
    opened = await db.read(queries.opened_one, SEALER, account.id)
    assert opened is not None
    assert "password" not in opened.settings
    with pytest.raises(Conflict):
        await db.write(actions.change, BOSS, SEALER, account.id, change)


async def test_a_disabled_account_is_not_opened_and_its_public_address_is_closed(db: Database) -> None:
    account = await mailbox(db)
    assert (await db.read(queries.by_public_key, account.public_key)).id == account.id
    await db.write(actions.disable, BOSS, account.id)
    again = await db.write(actions.disable, BOSS, account.id)
    assert again.disabled
    assert await db.read(queries.opened, SEALER) == []
    assert await db.read(queries.opened_one, SEALER, account.id) is None
    with pytest.raises(NotFound):
        await db.read(queries.by_public_key, account.public_key)
    assert not (await db.write(actions.disable, BOSS, account.id, is_disabled=False)).disabled


async def test_a_broken_account_is_told_once_and_a_change_lets_it_try_again(db: Database) -> None:
    account = await mailbox(db)
    for _ in range(2):
        await db.write(actions.set_state, account.id, "broken", "The password\nis wrong.")
    told = [c.event for c in await db.read(after, 0, most=9)]
    assert [(e.account.state, e.account.problem) for e in told if isinstance(e, AccountChanged)] == [
        ("open", ""),
        ("broken", "The password is wrong."),
    ]
    known = await db.read(queries.account, account.id)
    changed = await db.write(
        actions.change, BOSS, SEALER, account.id, AccountChange(version=known.version, secrets={"password": "new"})
    )
    assert (changed.state, changed.problem) == ("open", "")


async def test_only_administrators_set_up_accounts(db: Database) -> None:
    account = await mailbox(db)
    with pytest.raises(Denied):
        await db.write(actions.add, AGENT, SEALER, MAILBOX)
    with pytest.raises(Denied):
        await db.write(actions.change, AGENT, SEALER, account.id, AccountChange(version=1, name="x"))
    with pytest.raises(Denied):
        await db.write(actions.disable, AGENT, account.id)
    with pytest.raises(Invalid):
        await db.write(actions.add, BOSS, SEALER, NewAccount(kind="email", name="A", queue_id=404))


async def test_a_listener_goes_on_where_it_left_off(db: Database) -> None:
    assert await db.read(queries.cursor, 7, "inbox") is None
    await db.write(actions.set_cursor, 7, "inbox", "41")
    await db.write(actions.set_cursor, 7, "inbox", "42")
    assert await db.read(queries.cursor, 7, "inbox") == "42"
