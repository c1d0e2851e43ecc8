"""Providers that are never killed, people who write by them, and an agent who answers: the ground truth of a crash."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from sqlalchemy import select

from channels.registry import find_channels
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
SID: Final = "AC" + "d" * 32
TOKEN: Final = "1000:stand-in-of-a-crash"
AUTH: Final = "auth-token"
PEOPLE: Final = 6


@dataclass
class Town:
    """Everybody, and what they have done."""

    cloud: TwilioCloud
    telegram: BotServer
    post: PostOffice
    dovecot: Dovecot
    rng: random.Random
    mailbox: str = ""
    listener: int = field(default_factory=free_port)
    keys: dict[str, str] = field(default_factory=dict)
    token: str = ""
    written: dict[str, set[str]] = field(default_factory=lambda: {"sms": set(), "telegram": set(), "email": set()})
    """Texts that a source has taken from their writer."""
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
            text = self.text("sms")
            self.written["sms"].add(text)
            await phone.text(SHOP, text)
            self.moved.set()
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))

    async def chat(self, number: int) -> None:
        """Somebody writes to the bot."""
        person = self.telegram.bots[TOKEN].person(f"Person {number}")
        while True:
            text = self.text("telegram")
            self.written["telegram"].add(text)
            person.write(text)
            self.moved.set()
            await asyncio.sleep(self.rng.uniform(0.1, 0.5))

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
        """An agent answers whoever waits, each once, and sends again until it is accepted."""
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
        async with api.get("conversations?view=all&sort=waiting&limit=20") as answer:
            answer.raise_for_status()
            rows: list[dict[str, Any]] = (await answer.json())["items"]
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
        if kind == "sms":
            ours = [m for m in self.cloud.messages if not m.inbound]
            return [m.body for m in ours]
        if kind == "telegram":
            people = self.telegram.bots[TOKEN].people.values()
            return [s.text for p in people for s in p.screen if not s.mine]
        kept = {(letter.message_id, box.address): letter for box in self.post.boxes.values() for letter in box.kept}
        return [letter.text.strip().split("\n")[0] for letter in kept.values()]


@asynccontextmanager
async def open_town(dovecot: Dovecot, rng: random.Random) -> AsyncIterator[Town]:
    """The providers are there before the hub, and stay."""
    cloud = TwilioCloud(account_sid=SID, auth_token=AUTH, clock=system_clock, seed=1)
    cloud.manner = Manner(shuffled=True, twice=True)
    telegram = BotServer(system_clock)
    telegram.bot(TOKEN)
    town = Town(cloud, telegram, PostOffice(), dovecot, rng, mailbox=dovecot.new_user())
    async with cloud.serving() as twilio, telegram.serving() as api, town.post.serving() as outgoing:
        town.keys = {"sms": twilio, "telegram": api, "email": str(outgoing)}
        yield town


async def furnish_channels(url: str, node: int, sealer: Sealer, town: Town) -> dict[str, str]:
    """Accounts that are set to the town's providers; their public keys by kind."""
    wanted: dict[str, dict[str, Any]] = {
        "sms": {"account_sid": SID, "auth_token": AUTH, "sender": SHOP, "api_origin": town.keys["sms"]},
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


def stored(tx: Tx) -> list[Said]:
    """Every message there is on the channels of the town."""
    rows = tx.all(
        select(Entry.channel, Entry.direction, Entry.text, Entry.delivery)
        .join(Conversation, Conversation.id == Entry.conversation_id)
        .where(Entry.kind == EntryKind.MESSAGE, Entry.channel.in_(("sms", "telegram", "email")))
    )
    return [Said(r.channel, r.direction == Direction.IN, r.text.split("\n")[0].strip(), r.delivery or "") for r in rows]


def faults(town: Town, said: list[Said]) -> list[str]:
    """What a judge finds wrong, in words; nothing when all is well."""
    found: list[str] = []
    for kind, texts in town.written.items():
        kept = [s.text for s in said if s.inbound and s.channel == kind]
        found += [f"lost on the way in: {t}" for t in texts - set(kept)]
        found += [f"twice on the way in: {t}" for t in set(kept) if kept.count(t) > 1]
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
