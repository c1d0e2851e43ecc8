"""A house with channels that a test plays the provider of: accounts open for real, sends and reads as told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import BaseModel

from channels.contract import (
    Account,
    Capabilities,
    Channel,
    ChannelEvent,
    Deliver,
    Manifest,
    MessageArrived,
    Original,
    OutboundMessage,
    Sent,
    Tools,
)
from crm_core.accounts import actions
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.store.database import Database
from crm_core.words.addresses import email
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from hub.bus.local import Bus
from hub.config import Settings
from hub.desk.delivering import Deliverer
from hub.desk.front import Front
from hub.desk.invitations import Invitations
from hub.desk.parcels import Parcels
from hub.desk.reading import Reader
from hub.machinery.accounts import Accounts, Toolbox
from hub.machinery.media.store import FileStore
from hub.machinery.peers import Guard
from tests.peers.clock import VirtualClock

KEY = b"k" * 32


class NoSettings(BaseModel):
    """Nothing to set."""


@dataclass
class Provider:
    """The other side of one kind of channel: what it got, and how it answers."""

    capabilities: Capabilities = field(default_factory=lambda: Capabilities(can_start=True))
    got: list[OutboundMessage] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)
    """Failures to answer with, the next first; then everything is taken."""
    knows: dict[int, Sent] = field(default_factory=dict)
    """What it says when asked for a delivery that nobody knows to have gone."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Whom on copy it refuses, and why."""
    gate: asyncio.Event | None = None
    """While it is set and not open, sends wait."""
    waiting: int = 0
    """Sends that were begun."""
    reads: Callable[[Original], Sequence[ChannelEvent]] | None = None
    reaches: frozenset[str] = frozenset({"mailto"})

    def manifest(self, title: str) -> Manifest:
        """Its channel."""
        return Manifest(
            title=title,
            medium=Medium.MAIL,
            settings=NoSettings,
            open=self._open,
            reaches=self.reaches,
        )

    @asynccontextmanager
    async def _open(self, _account: Account, _tools: Tools) -> AsyncIterator[Channel]:
        yield Line(self)


class Line:
    """An open account of a played provider."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    @property
    def capabilities(self) -> Capabilities:
        return self._provider.capabilities

    async def send(self, message: OutboundMessage, /) -> Sent:
        self._provider.waiting += 1
        if self._provider.gate is not None:
            await self._provider.gate.wait()
        if self._provider.answers:
            raise self._provider.answers.pop(0)
        self._provider.got.append(message)
        return Sent(
            (ExternalId(f"sent-{message.delivery}"), ExternalId(f"part-{message.delivery}")), self._provider.left_out
        )

    async def recall(self, message: OutboundMessage, /) -> Sent | None:
        return self._provider.knows.get(message.delivery)

    async def read(self, original: Original, /) -> Sequence[ChannelEvent]:
        assert self._provider.reads is not None
        return self._provider.reads(original)


@dataclass
class Lanes:
    """Accounts that are open, the workers that send and read, and the ways in."""

    db: Database
    media: FileStore
    accounts: Accounts
    deliverer: Deliverer
    reader: Reader
    toolbox: Toolbox
    account_ids: dict[str, int]

    def deliver(self, kind: str) -> Deliver:
        """The way in of a kind's account."""
        opened = self.accounts.by_id(self.account_ids[kind])
        assert opened is not None
        return self.accounts.deliver(opened)

    async def behaves(self, kind: str, manner: Mapping[str, object]) -> None:
        """Give a kind's account a manner, and wait until it is open anew."""
        await self.db.write(actions.set_manner, self.account_ids[kind], manner)
        for _ in range(1_000):
            opened = self.accounts.by_id(self.account_ids[kind])
            if opened is not None and opened.manner == manner:
                return
            await asyncio.sleep(0.01)
        raise AssertionError("the account was not opened anew")

    async def write_in(self, kind: str, who: str, text: str, **more: object) -> int:
        """Somebody writes by a kind of channel; the conversation's id."""
        event = MessageArrived(
            external_id=ExternalId(f"{who}|{text}"),
            thread=ThreadKey(f"thread of {who}"),
            sender=email(who),
            content=Content(text=text, subject="About my order"),
            sent_at=1,
            **more,  # type: ignore[arg-type]
        )
        entry = (await self.deliver(kind)(event)).entry
        assert entry is not None
        return entry.conversation_id


@asynccontextmanager
async def open_lanes(
    db: Database, clock: VirtualClock, folder: Path, providers: dict[str, Provider], *, queue_id: int | None = None
) -> AsyncIterator[Lanes]:
    """One account of each provider, open; nothing is sent or read until the test says so."""
    sealer = Sealer(KEY)
    ids = {
        kind: (await db.write(actions.add, None, sealer, NewAccount(kind=kind, name=kind, queue_id=queue_id))).id
        for kind in providers
    }
    media = FileStore.open(Settings(data_dir=folder), KEY, clock)
    toolbox = Toolbox(db, media, clock, guard=Guard(), key=KEY, url="http://hub.example", sealer=sealer)
    front = Front(db, Bus(db), media, invitations=Invitations(KEY, clock))
    manifests = {kind: provider.manifest(kind) for kind, provider in providers.items()}
    accounts = Accounts(db, manifests, sealer=sealer, clock=clock, delivering=front.delivering, toolbox=toolbox)
    db.subscribe(accounts.heard)
    reader = Reader(db, media, accounts, front.delivering)
    front.keep = reader.keep
    deliverer = Deliverer(db, accounts, Parcels(db, media))
    started = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(accounts.run(started=started.set))
        await started.wait()
        yield Lanes(db, media, accounts, deliverer, reader, toolbox, ids)
        running.cancel()
