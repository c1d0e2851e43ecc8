"""The demo's providers: stand-ins on this machine, and accounts that are set to them.

The channels run exactly the code they run for real: signed webhooks, the Bot API, SMTP. What stands on the customers'
devices is kept by the stand-ins, in memory: after a restart the devices are empty, the hub's timeline is not.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from channels.simulators.mail import Box, PostOffice
from channels.simulators.telegram import Bot, BotServer, Person
from channels.simulators.twilio import Manner, Phone, TwilioCloud
from crm_core.accounts import queries
from crm_core.accounts.actions import AccountChange, NewAccount
from crm_core.store.transaction import Tx
from crm_core.words.clock import SECOND
from crm_core.words.permissions import Actor
from crm_core.words.values import AccountValue, Role
from crm_core.work.queues import queues
from hub.desk import channel_accounts
from hub.keys import House

SHOP_NUMBER: Final = "+15005550006"
SHOP_WHATSAPP: Final = "+15005550010"
SHOP_MAIL: Final = "hello@fern-clay.example"
LENA: Final = "Lena Hoffmann"
LENA_NUMBER: Final = "+48600100200"
LENA_MAIL: Final = "lena.hoffmann@home.example"
_SID: Final = "AC" + "d" * 32
_TOKEN: Final = "1000:demo-stand-in"  # noqa: S105
_AUTH: Final = "demo-auth-token"
_SECRET: Final = "demo-webhook-secret"  # noqa: S105
_NAMES: Final[Mapping[str, str]] = {
    "sms": "Shop's number",
    "whatsapp": "Shop's WhatsApp",
    "telegram": "@fern_clay_bot",
    "email": "Shop's mailbox",
}
_TEMPLATES: Final = (
    {
        "id": "HX" + "1" * 32,
        "name": "Ready",
        "text": "Hello {{1}}, your {{2}} is ready at Fern & Clay.",
        "language": "en",
    },
    {
        "id": "HX" + "2" * 32,
        "name": "Fertig",
        "text": "Hallo {{1}}, {{2}} liegt bei Fern & Clay bereit.",
        "language": "de",
    },
)
_SYSTEM: Final = Actor(0, "Demo", Role.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class Providers:
    """Everybody's devices, and where the hub takes mail."""

    cloud: TwilioCloud
    phone: Phone
    whatsapp: Phone
    bot: Bot
    person: Person
    post: PostOffice
    box: Box
    mail_port: int


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[Providers]:
    """Open the stand-ins and set the demo's accounts to them, until the block ends."""
    cloud = TwilioCloud(account_sid=_SID, auth_token=_AUTH, clock=house.clock, seed=house.clock())
    # Yesterday's messages are the hub's to know: this cloud is of today, and would take every window for closed.
    cloud.manner = Manner(windows=False)
    cloud.templates = {template["id"]: template["text"] for template in _TEMPLATES}
    telegram = BotServer(house.clock)
    # Ids of this run must not be those of the run before: the hub would know their messages again.
    bot = telegram.bot(_TOKEN, username="fern_clay_bot")
    bot.next_message = bot.next_update = house.clock() // SECOND % 2**31
    post = PostOffice()
    mail_port = _free_port()
    async with cloud.serving() as twilio, telegram.serving() as api, post.serving() as outgoing:
        settings = _settings(twilio, api, outgoing, mail_port)
        accounts = await house.db.write(_set, house, settings)
        for kind, number in (("sms", SHOP_NUMBER), ("whatsapp", f"whatsapp:{SHOP_WHATSAPP}")):
            cloud.numbers[number] = f"{house.settings.public_url}/in/{accounts[kind].public_key}"
        yield Providers(
            cloud=cloud,
            phone=cloud.phone(LENA_NUMBER, name=LENA),
            whatsapp=cloud.phone(f"whatsapp:{LENA_NUMBER}", name=LENA),
            bot=bot,
            person=bot.person(LENA, language="de"),
            post=post,
            box=post.box(LENA_MAIL, name=LENA),
            mail_port=mail_port,
        )


def _settings(twilio: str, api: str, outgoing: int, mail_port: int) -> dict[str, dict[str, Any]]:
    """By kind: accounts at the stand-ins' addresses, at the port where mail goes out and where it comes in."""
    credentials = {"account_sid": _SID, "auth_token": _AUTH, "api_origin": twilio}
    return {
        "sms": {**credentials, "sender": SHOP_NUMBER},
        "whatsapp": {**credentials, "sender": SHOP_WHATSAPP, "templates": _TEMPLATES},
        "telegram": {"bot_token": _TOKEN, "mode": "webhook", "webhook_secret": _SECRET, "api_url": api},
        "email": {
            "address": SHOP_MAIL,
            "name": "Fern & Clay",
            "signature": "<p>Fern &amp; Clay · plants and pots</p>",
            "incoming": "listener",
            "listener_port": mail_port,
            "smtp_host": "127.0.0.1",
            "smtp_port": outgoing,
            "smtp_security": "none",
            "smtp_sign_in": False,
        },
    }


def _set(tx: Tx, house: House, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, AccountValue]:
    """The demo's accounts with these settings, made if there are none."""
    known = {a.kind: a for a in queries.accounts(tx) if a.name == _NAMES.get(a.kind)}
    queue = next(q.id for q in queues(tx) if q.name == "Shop")
    answer: dict[str, AccountValue] = {}
    for kind, settings in wanted.items():
        account = known.get(kind)
        if account is None:
            new = NewAccount(kind=kind, name=_NAMES[kind], queue_id=queue, settings=settings)
            answer[kind] = channel_accounts.add(tx, _SYSTEM, house.sealer, house.accounts.manifests, new)
        else:
            change = AccountChange(version=account.version, settings=settings)
            answer[kind] = channel_accounts.change(
                tx, _SYSTEM, house.sealer, house.accounts.manifests, account.id, change
            )
    return answer


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
