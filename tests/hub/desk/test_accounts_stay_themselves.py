"""An account stays the mailbox, bot or number that it was: what it remembers would mean other messages elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract import MessageArrived
from channels.registry import find_channels
from crm_core.accounts import actions
from crm_core.accounts.actions import AccountChange, NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.store.database import Database
from crm_core.words.addresses import phone
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor
from crm_core.words.values import AccountValue, Role
from hub.desk import channel_accounts, inbound
from hub.desk.inbound import Source

MANIFESTS = find_channels()
SEALER = Sealer(b"k" * 32)
ADA = Actor(1, "Ada", Role.ADMINISTRATOR)
MAILBOX = {"address": "shop@hub.example", "password": "hush", "imap_host": "imap.hub.example"}
BOT = {"bot_token": "1000:first-token", "mode": "polling"}
NUMBER = {"account_sid": "AC" + "a" * 32, "auth_token": "hush", "sender": "+15005550006"}

ANOTHER = [
    ("email", MAILBOX, {"address": "other@hub.example"}),
    ("email", MAILBOX, {"imap_host": "imap.other.example"}),
    ("email", MAILBOX, {"username": "somebody"}),
    ("telegram", BOT, {"bot_token": "2000:first-token"}),
    ("sms", NUMBER, {"sender": "+15005550007"}),
    ("sms", NUMBER, {"account_sid": "AC" + "b" * 32}),
    ("whatsapp", NUMBER, {"sender": "+15005550007"}),
]
THE_SAME = [
    ("email", MAILBOX, {"address": "Shop@HUB.example", "username": "shop@hub.example", "imap_port": 143}),
    ("email", MAILBOX, {"password": "hush-hush", "imap_host": "IMAP.hub.example."}),
    ("email", MAILBOX, {"incoming": "none"}),
    ("telegram", BOT, {"bot_token": "1000:second-token"}),
    ("sms", NUMBER, {"auth_token": "another", "sender": "+1 500 555 0006"}),
]


async def _account(db: Database, kind: str, settings: dict[str, Any]) -> AccountValue:
    new = NewAccount(kind=kind, name="Shop", settings=settings)
    return await db.write(channel_accounts.add, ADA, SEALER, MANIFESTS, new)


async def _change(db: Database, account: AccountValue, settings: dict[str, Any]) -> AccountValue:
    wanted = AccountChange(version=account.version, settings=settings)
    return await db.write(channel_accounts.change, ADA, SEALER, MANIFESTS, account.id, wanted)


@pytest.mark.parametrize(("kind", "settings", "change"), ANOTHER)
async def test_an_account_that_has_heard_something_is_not_pointed_elsewhere(
    db: Database, kind: str, settings: dict[str, Any], change: dict[str, Any]
) -> None:
    account = await _account(db, kind, settings)
    await db.write(actions.set_cursor, account.id, "place", "7")
    with pytest.raises(Invalid, match="add it as an account of its own"):
        await _change(db, account, change)


@pytest.mark.parametrize(("kind", "settings", "change"), THE_SAME)
async def test_a_new_password_or_token_or_spelling_is_no_other_account(
    db: Database, kind: str, settings: dict[str, Any], change: dict[str, Any]
) -> None:
    account = await _account(db, kind, settings)
    await db.write(actions.set_cursor, account.id, "place", "7")
    assert (await _change(db, account, change)).version == account.version + 1


async def test_a_number_by_which_somebody_wrote_stays(db: Database) -> None:
    account = await _account(db, "sms", NUMBER)
    event = MessageArrived(
        external_id=ExternalId("SM1"),
        thread=ThreadKey("+15005550001"),
        sender=phone("+15005550001"),
        content=Content(text="hello"),
        sent_at=1,
    )
    await db.write(inbound.take, Source(account.id, "sms", Medium.CHAT, None), event)
    with pytest.raises(Invalid, match="add it as an account of its own"):
        await _change(db, account, {"sender": "+15005550007"})


async def test_a_slip_is_mended_as_long_as_nothing_came(db: Database) -> None:
    account = await _account(db, "email", {**MAILBOX, "imap_host": "imap.hub.exmaple"})
    mended = await _change(db, account, {"imap_host": "imap.hub.example"})
    assert mended.settings["imap_host"] == "imap.hub.example"
