"""The demo's providers: stand-ins on this machine, and accounts that are set to them.

The channels run exactly the code they run for real: signed webhooks, the Bot API, SMTP and IMAP. What stands on
the customers' devices is kept by the stand-ins, in memory: after a restart the devices are empty, the hub's timeline
is not.
"""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from channels.simulators import viber
from channels.simulators.gateway import Handset, HttpGateway, settings_of
from channels.simulators.imap import ImapServer
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
from hub.demo import line
from hub.demo.crowd import Crowd
from hub.demo.line import SHOP_NUMBER
from hub.demo.telephone import Telephone
from hub.desk import channel_accounts
from hub.keys import House

SHOP_WHATSAPP: Final = "+15005550010"
SHOP_SHORT_NUMBER: Final = "8808"
SHOP_MAIL: Final = "hello@fern-clay.example"
SHOP_ORDERS: Final = "orders@fern-clay.example"
"""Its mail is routed to the hub's own listener; the other one's is fetched from the provider."""
LENA: Final = "Lena Hoffmann"
LENA_NUMBER: Final = "+48600100200"
LENA_MAIL: Final = "lena.hoffmann@home.example"
_SID: Final = "AC" + "d" * 32
_TOKEN: Final = "1000:demo-stand-in"  # noqa: S105
_AUTH: Final = "demo-auth-token"
_SECRET: Final = "demo-webhook-secret"  # noqa: S105
_VIBER: Final = "demo-viber-token-of-the-shop"
_GATEWAY: Final = "demo-gateway-key"
_PASSWORD: Final = "demo-mailbox-password"  # noqa: S105
_NAMES: Final[Mapping[str, str]] = {
    "sms": "Shop's number",
    "voice": "Shop's telephone",
    "whatsapp": "Shop's WhatsApp",
    "telegram": "@fern_clay_bot",
    "viber": "Fern & Clay on Viber",
    "gateway": "Shop's short number",
    "email": "Shop's mailbox",
    "orders": "Shop's orders",
}
_KINDS: Final[Mapping[str, str]] = {"orders": "email"}
"""Of those that are called otherwise than their channel."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """Everybody's devices, and where mail is handed in."""

    cloud: TwilioCloud
    phone: Phone
    telephone: Telephone
    whatsapp: Phone
    bot: Bot
    person: Person
    viber: viber.Person
    handset: Handset
    post: PostOffice
    box: Box
    mail_port: int


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[Providers]:
    """Open the stand-ins and set the demo's accounts to them, until the block ends."""
    cloud, bot_server, viber_server = _cloud(house), BotServer(house.clock), viber.ViberServer(house.clock)
    # Ids of this run must not be those of the run before: the hub would know their messages again.
    bot = bot_server.bot(_TOKEN, username="fern_clay_bot")
    bot.next_message = bot.next_update = house.clock() // SECOND % 2**31
    viber_bot = viber_server.bot(_VIBER, name="Fern & Clay")
    gateway = HttpGateway(key=_GATEWAY, secret=_SECRET, clock=house.clock)
    imap = ImapServer(house.clock, first_uid=house.clock() // SECOND % 2**31)
    imap.mailbox(SHOP_MAIL, password=_PASSWORD)
    post = PostOffice(imap)
    async with AsyncExitStack() as stack:
        settings = {
            **_texting(await stack.enter_async_context(cloud.serving())),
            "telegram": _telegram(await stack.enter_async_context(bot_server.serving())),
            "viber": _viber(await stack.enter_async_context(viber_server.serving())),
            "gateway": _gateway(await stack.enter_async_context(gateway.serving())),
        }
        mail_port = await stack.enter_async_context(post.serving())
        settings["email"] = _email(await stack.enter_async_context(imap.serving()), mail_port)
        settings["orders"] = _orders(post, mail_port)
        accounts = await house.db.write(_set, house, settings)
        doors = {kind: f"{house.settings.public_url}/in/{account.public_key}" for kind, account in accounts.items()}
        cloud.lines |= line.at(doors["voice"])
        cloud.numbers |= {SHOP_NUMBER: doors["sms"], f"whatsapp:{SHOP_WHATSAPP}": doors["whatsapp"]}
        gateway.reports = doors["gateway"]
        telephone = Telephone(cloud, LENA_NUMBER, Crowd(cloud, SHOP_NUMBER))
        await stack.enter_async_context(telephone.living())
        yield Providers(
            cloud=cloud,
            phone=cloud.phone(LENA_NUMBER, name=LENA),
            telephone=telephone,
            whatsapp=cloud.phone(f"whatsapp:{LENA_NUMBER}", name=LENA),
            bot=bot,
            person=bot.person(LENA, language="de"),
            viber=_known_to(viber_bot),
            handset=gateway.phone(LENA_NUMBER),
            post=post,
            box=post.box(LENA_MAIL, name=LENA),
            mail_port=mail_port,
        )


def _known_to(bot: viber.Bot) -> viber.Person:
    """Lena, who may have written in a run before: the hub knows her chat, so this Viber lets it answer there."""
    lena = bot.person(LENA, language="de")
    lena.is_subscribed = True
    return lena


def _cloud(house: House) -> TwilioCloud:
    cloud = TwilioCloud(account_sid=_SID, auth_token=_AUTH, clock=house.clock, seed=house.clock())
    # Yesterday's messages are the hub's to know: this cloud is of today, and would take every window for closed.
    cloud.manner = Manner(windows=False)
    cloud.templates = {template["id"]: template["text"] for template in _TEMPLATES}
    return cloud


def _texting(twilio: str) -> dict[str, dict[str, Any]]:
    credentials = {"account_sid": _SID, "auth_token": _AUTH, "api_origin": twilio}
    return {
        "sms": {**credentials, "sender": SHOP_NUMBER},
        "voice": line.settings(credentials),
        "whatsapp": {**credentials, "sender": SHOP_WHATSAPP, "templates": _TEMPLATES},
    }


def _telegram(api: str) -> dict[str, Any]:
    return {"bot_token": _TOKEN, "mode": "webhook", "webhook_secret": _SECRET, "api_url": api}


def _gateway(api: str) -> dict[str, Any]:
    return settings_of(api, key=_GATEWAY, secret=_SECRET, sender=SHOP_SHORT_NUMBER)


def _viber(api: str) -> dict[str, Any]:
    return {"auth_token": _VIBER, "sender_name": "Fern & Clay", "api_url": api}


def _email(imap_port: int, smtp_port: int) -> dict[str, Any]:
    return {
        "address": SHOP_MAIL,
        "name": "Fern & Clay",
        "signature": "<p>Fern &amp; Clay · plants and pots</p>",
        "password": _PASSWORD,
        "incoming": "imap",
        "imap_host": "127.0.0.1",
        "imap_port": imap_port,
        "imap_security": "none",
        # A customer may be faster than the first look into the mailbox.
        "history_days": 1,
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_security": "none",
        "smtp_sign_in": True,
    }


def _orders(post: PostOffice, smtp_port: int) -> dict[str, Any]:
    """Of the mailbox whose mail the provider hands on to the hub itself."""
    post.routes[SHOP_ORDERS] = _free_port()
    return {
        "address": SHOP_ORDERS,
        "name": "Fern & Clay orders",
        "incoming": "listener",
        "listener_port": post.routes[SHOP_ORDERS],
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_security": "none",
        "smtp_sign_in": False,
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _set(tx: Tx, house: House, wanted: Mapping[str, Mapping[str, Any]]) -> dict[str, AccountValue]:
    """The demo's accounts with these settings, made if there are none."""
    known = {(a.kind, a.name): a for a in queries.accounts(tx)}
    queue = next(q.id for q in queues(tx) if q.name == "Shop")
    answer: dict[str, AccountValue] = {}
    for name, settings in wanted.items():
        kind = _KINDS.get(name, name)
        account = known.get((kind, _NAMES[name]))
        if account is None:
            new = NewAccount(kind=kind, name=_NAMES[name], queue_id=queue, settings=settings)
            answer[name] = channel_accounts.add(tx, _SYSTEM, house.sealer, house.accounts.manifests, new)
            if kind == "voice":
                line.furnish(tx, _SYSTEM, answer[name].id)
        else:
            change = AccountChange(version=account.version, settings=settings)
            answer[name] = channel_accounts.change(
                tx, _SYSTEM, house.sealer, house.accounts.manifests, account.id, change
            )
    return answer
