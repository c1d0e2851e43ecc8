"""Providers that are never killed, people who write by them, and an agent who answers: the ground truth of a crash."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from sqlalchemy import select

from channels.registry import find_channels
from channels.simulators import viber
from channels.simulators.gateway import HttpGateway, settings_of
from channels.simulators.mail import PostOffice
from channels.simulators.telegram import BotServer
from channels.simulators.twilio import Manner, TwilioCloud
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.conversations.model import Conversation, Entry
from crm_core.staff.queries import actor_of, agents
from crm_core.staff.sessions import open_session
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import system_clock
from crm_core.words.values import Direction, EntryKind, Role
from crm_core.work.queues import queues
from hub.desk import channel_accounts
from tests.peers.children import free_port
from tests.peers.dovecot import PASSWORD, Dovecot

SHOP: Final = "+15005550006"
WHATSAPP: Final = "whatsapp:+15005550010"
SHORT: Final = "8808"
KINDS: Final = ("sms", "whatsapp", "telegram", "viber", "gateway", "email")
SID: Final = "AC" + "d" * 32
TOKEN: Final = "1000:stand-in-of-a-crash"
AUTH: Final = "auth-token"
VIBER: Final = "445da6az1s345z78-dazcczb2542zv51a"
GATEWAY: Final = "key-of-the-gateway"
REPORTS: Final = "secret-of-its-reports"
PEOPLE: Final = 4
"""Who write by each channel."""
JPEG: Final = b"\xff\xd8\xff\xe0 a picture"
ALBUM: Final = 3
"""Pictures of one album."""


@dataclass
class Town:
    """Everybody, and what they have done."""

    cloud: TwilioCloud
    telegram: BotServer
    viber: viber.Bot
    gateway: HttpGateway
    post: PostOffice
    dovecot: Dovecot
    rng: random.Random
    mailbox: str = ""
    listener: int = field(default_factory=free_port)
    keys: dict[str, str] = field(default_factory=dict)
    token: str = ""
    written: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    """Texts that a source has taken from their writer."""
    pictures: int = 0
    """How many Telegram has taken, all in albums."""
    answered: dict[str, str] = field(default_factory=dict)
    """Texts that the API has accepted, and by which channel they go."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def text(self, kind: str) -> str:
        """Words unlike any others."""
        return f"{kind} number {next(self.numbers)} says hello"

    async def sms(self, number: int) -> None:
        """Somebody texts now and then. A webhook that fails is gone: only the reconciler closes the gap."""
        phone = self.cloud.phone(f"+4860010{number:04}")
        while True:
            await phone.text(SHOP, self._wrote("sms"))
            await self._rest()

    async def whatsapp(self, number: int) -> None:
        """Somebody writes by WhatsApp, through the same provider."""
        phone = self.cloud.phone(f"whatsapp:+4860020{number:04}")
        while True:
            await phone.text(WHATSAPP, self._wrote("whatsapp"))
            await self._rest()

    async def chat(self, number: int) -> None:
        """Somebody writes to the bot, or sends it an album whose first picture says something."""
        person = self.telegram.bots[TOKEN].person(f"Person {number}")
        while True:
            text = self._wrote("telegram")
            if self.rng.random() < 0.7:
                person.write(text)
            else:
                for place in range(ALBUM):
                    self.pictures += 1
                    person.send_photo(JPEG, caption="" if place else text, album=text)
            await self._rest()

    async def viber_chat(self, number: int) -> None:
        """Somebody writes by Viber, which calls the hub again until it answers."""
        person = self.viber.person(f"Person {number}")
        while not self.viber.webhook:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        while True:
            person.write(self._wrote("viber"))
            await self._rest()

    async def national_sms(self, number: int) -> None:
        """Somebody texts by a gateway, which calls the hub again until it answers."""
        phone = self.gateway.phone(f"+4860030{number:04}")
        while True:
            phone.text(SHORT, self._wrote("gateway"))
            await self._rest()

    def _wrote(self, kind: str) -> str:
        text = self.text(kind)
        self.written[kind].add(text)
        self.moved.set()
        return text

    async def _rest(self) -> None:
        await asyncio.sleep(self.rng.uniform(0.2, 0.8))

    async def mail(self, number: int) -> None:
        """Mail comes to lie in the mailbox that the hub fetches from, some of it large."""
        who = f"writer{number}@home.example"
        while True:
            text = self.text("email")
            head = f"From: {who}\r\nTo: {self.mailbox}\r\nSubject: {text}\r\nContent-Type: text/plain\r\n"
            head += f"Message-ID: <{next(self.numbers)}@home.example>\r\n"
            raw = f"{head}\r\n{text}\r\n\r\n" + "filler line\r\n" * self.rng.choice((1, 2_000))
            await asyncio.to_thread(self.dovecot.put, self.mailbox, raw.encode())
            self.written["email"].add(text)
            self.moved.set()
            await asyncio.sleep(self.rng.uniform(0.2, 0.8))

    async def answer(self, url: str) -> None:
        """An agent answers whoever waits, now this one and now that one, and sends again until it is accepted."""
        headers = {"Authorization": f"Bearer {self.token}", "Origin": url}
        timeout = aiohttp.ClientTimeout(total=20, sock_connect=2)
        async with aiohttp.ClientSession(f"{url}/api/v1/", headers=headers, timeout=timeout) as api:
            while True:
                try:
                    await self._answer_some(api)
                except (aiohttp.ClientError, TimeoutError, OSError):
                    await asyncio.sleep(0.2)
                await asyncio.sleep(0.2)

    async def _answer_some(self, api: aiohttp.ClientSession) -> None:
        async with api.get("conversations?view=all&sort=waiting&limit=50") as answer:
            answer.raise_for_status()
            rows: list[dict[str, Any]] = (await answer.json())["items"]
        self.rng.shuffle(rows)
        for row in rows:
            if row["waiting_since"] is None or row["channel"] not in self.written:
                continue
            text = self.text(f"answer by {row['channel']}")
            await self._until_accepted(api, row, text)

    async def _until_accepted(self, api: aiohttp.ClientSession, row: dict[str, Any], text: str) -> None:
        key = text.replace(" ", "-")
        body = {"text": text, "client_key": key}
        path = f"conversations/{row['id']}/replies"
        while True:
            try:
                async with api.post(path, json=body, headers={"Idempotency-Key": key}) as answer:
                    if answer.status == 201:
                        self.answered[text] = (await answer.json())["channel"]
                        self.moved.set()
                        return
                    assert answer.status >= 500, await answer.text()
            except (aiohttp.ClientError, TimeoutError, OSError):
                pass
            await asyncio.sleep(0.2)

    def received(self, kind: str) -> list[str]:
        """Texts that the providers have of us, twice if they have them twice."""
        if kind in ("sms", "whatsapp"):
            ours = [m for m in self.cloud.messages if not m.inbound]
            return [m.body for m in ours if m.to.startswith("whatsapp:") == (kind == "whatsapp")]
        if kind == "telegram":
            people = self.telegram.bots[TOKEN].people.values()
            return [s.text for p in people for s in p.screen if not s.mine]
        if kind == "viber":
            return [s.text for p in self.viber.people.values() for s in p.screen if not s.mine]
        if kind == "gateway":
            phones = [self.gateway.phone(f"+4860030{number:04}") for number in range(PEOPLE)]
            return [m.text for p in phones for m in p.kept if not m.inbound]
        kept = {(letter.message_id, box.address): letter for box in self.post.boxes.values() for letter in box.kept}
        return [letter.text.strip().split("\n")[0] for letter in kept.values()]


@asynccontextmanager
async def open_town(dovecot: Dovecot, rng: random.Random) -> AsyncIterator[Town]:
    """The providers are there before the hub, and stay."""
    cloud = TwilioCloud(account_sid=SID, auth_token=AUTH, clock=system_clock, seed=1)
    cloud.manner = Manner(shuffled=True, twice=True)
    telegram = BotServer(system_clock)
    telegram.bot(TOKEN)
    vibers = viber.ViberServer(system_clock)
    gateway = HttpGateway(key=GATEWAY, secret=REPORTS, clock=system_clock)
    town = Town(cloud, telegram, vibers.bot(VIBER), gateway, PostOffice(), dovecot, rng, mailbox=dovecot.new_user())
    async with AsyncExitStack() as stack:
        for kind, server in (("sms", cloud), ("telegram", telegram), ("viber", vibers), ("gateway", gateway)):
            town.keys[kind] = await stack.enter_async_context(server.serving())
        town.keys["email"] = str(await stack.enter_async_context(town.post.serving()))
        yield town


async def furnish_channels(url: str, node: int, sealer: Sealer, town: Town) -> dict[str, str]:
    """Accounts that are set to the town's providers; their public keys by kind."""
    wanted: dict[str, dict[str, Any]] = {
        "sms": {"account_sid": SID, "auth_token": AUTH, "sender": SHOP, "api_origin": town.keys["sms"]},
        "whatsapp": {"account_sid": SID, "auth_token": AUTH, "sender": WHATSAPP, "api_origin": town.keys["sms"]},
        "viber": {"auth_token": VIBER, "sender_name": "Shop", "api_url": town.keys["viber"]},
        "gateway": settings_of(town.keys["gateway"], key=GATEWAY, secret=REPORTS, sender=SHORT),
        "telegram": {"bot_token": TOKEN, "mode": "polling", "api_url": town.keys["telegram"]},
        "email": {
            "address": town.mailbox,
            "password": PASSWORD,
            "imap_host": "127.0.0.1",
            "imap_port": town.dovecot.port,
            "imap_security": "none",
            "history_days": 1,
            "smtp_host": "127.0.0.1",
            "smtp_port": int(town.keys["email"]),
            "smtp_security": "none",
            "smtp_sign_in": False,
        },
    }

    def write(tx: Tx) -> dict[str, str]:
        boss = next(a for a in agents(tx) if a.role is Role.ADMINISTRATOR)
        actor = actor_of(tx, boss.id)
        assert actor is not None
        queue = queues(tx)[0].id
        town.token = open_session(tx, boss.id, "token", label="crash")[1]
        manifests = find_channels()
        news = [NewAccount(kind=k, name=k, queue_id=queue, settings=s) for k, s in wanted.items()]
        return {n.kind: channel_accounts.add(tx, actor, sealer, manifests, n).public_key for n in news}

    db = await Database.open(url, node=node)
    try:
        return await db.write(write)
    finally:
        await db.close()


@dataclass(frozen=True, slots=True)
class Said:
    """One message as it is stored."""

    channel: str
    inbound: bool
    text: str
    delivery: str
    files: int


def stored(tx: Tx) -> list[Said]:
    """Every message there is on the channels of the town."""
    rows = tx.all(
        select(Entry.channel, Entry.direction, Entry.text, Entry.delivery, Entry.files)
        .join(Conversation, Conversation.id == Entry.conversation_id)
        .where(Entry.kind == EntryKind.MESSAGE, Entry.channel.in_(KINDS))
    )
    return [
        Said(
            channel=r.channel,
            inbound=r.direction == Direction.IN,
            text=r.text.split("\n")[0].strip(),
            delivery=r.delivery or "",
            files=len(r.files or ()),
        )
        for r in rows
    ]


def faults(town: Town, said: list[Said]) -> list[str]:
    """What a judge finds wrong, in words; nothing when all is well."""
    found: list[str] = []
    for kind, texts in town.written.items():
        kept = [s.text for s in said if s.inbound and s.channel == kind]
        found += [f"lost on the way in: {t}" for t in texts - set(kept)]
        # A picture that comes after the answer to its album says nothing and stands alone.
        found += [f"twice on the way in: {t}" for t in set(kept) if t and kept.count(t) > 1]
    pictures = sum(s.files for s in said if s.inbound and s.channel == "telegram")
    if pictures != town.pictures:
        found.append(f"{town.pictures} pictures were sent, {pictures} are there")
    delivery = {s.text: s.delivery for s in said if not s.inbound}
    for kind in town.written:
        there = town.received(kind)
        for text in (t for t, by in town.answered.items() if by == kind):
            if there.count(text) > 1:
                found.append(f"twice on the way out: {text}")
            if not there.count(text) and delivery.get(text) != "unconfirmed":
                found.append(f"lost on the way out: {text} ({delivery.get(text)})")
    if any(s.delivery in ("queued", "sending") for s in said):
        found.append("something is still on its way")
    return found
