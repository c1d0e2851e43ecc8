"""The hub's side of a mailbox: what it stores, its cursors and files, as they look from the channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import aiohttp

from channels.conformance import AnyPeer, MemoryFiles, MemorySecrets, PlainTokens
from channels.contract import Account, ChannelEvent, Deliver, Original, OriginalArrived, OutboundMessage, Stored, Tools
from channels.email.patience import Patience
from channels.email.settings import EmailSettings
from crm_core.words.addresses import MAILTO, Address
from crm_core.words.content import Content, FileRef, ThreadKey
from crm_core.words.errors import StoreUnavailable
from tests.channels.standins import message
from tests.peers.clock import VirtualClock

HASTY = Patience(connect=60, answer=60, poll=0.2, pause=0.01, tries=4, send=60, taken=60, examine=60)
"""For peers on this machine. Only tests of silence wait for any of these."""

TOKEN = PlainTokens().make(41)
"""The reply token of conversation 41."""


class Places:
    """Cursors; `places` by name."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}

    async def get(self, name: str, /) -> str | None:
        return self.places.get(name)

    async def set(self, name: str, value: str, /) -> None:
        self.places[name] = value


class Household:
    """Stores originals and moves cursors together, as the hub does; a crash between the two cannot be."""

    def __init__(self, clock: VirtualClock, http: aiohttp.ClientSession) -> None:
        self.clock = clock
        self.cursors = Places()
        self.files = MemoryFiles()
        self.tokens = PlainTokens()
        self.secrets = MemorySecrets()
        self.originals: dict[str, OriginalArrived] = {}
        self.arrivals: list[str] = []
        """Keys in the order of delivery, repeats included."""
        self.failing = False
        self._changed = asyncio.Event()
        self.tools = Tools(
            http=http,
            cursors=self.cursors,
            now=clock,
            files=self.files,
            tokens=self.tokens,
            peers=AnyPeer(),
            secrets=self.secrets,
        )

    async def deliver(self, event: ChannelEvent, /) -> Stored:
        """Store an original."""
        if self.failing:
            self._changed.set()
            raise StoreUnavailable
        assert isinstance(event, OriginalArrived)
        self.arrivals.append(event.key)
        is_known = event.key in self.originals
        self.originals.setdefault(event.key, event)
        if event.cursor is not None:
            await self.cursors.set(*event.cursor)
        self._changed.set()
        return Stored(repeated=is_known)

    @property
    def bodies(self) -> list[bytes]:
        """The mails that were stored, in the order of their first delivery."""
        return [self.files.contents[event.body.id] for event in self.originals.values()]

    @property
    def subjects(self) -> list[str]:
        """Their subjects."""
        return [raw.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for raw in self.bodies]

    @property
    def problems(self) -> list[str]:
        """What kept each from being fetched whole; empty where nothing did."""
        return [event.facts.get("problem", "") for event in self.originals.values()]

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so; a minute is only for a broken test."""
        async with asyncio.timeout(60):
            while not is_so():
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.05):
                        await self._changed.wait()
                self._changed.clear()

    async def idle(self, seconds: float) -> None:
        """Let the others go on for a moment, to see that they do nothing."""
        await asyncio.sleep(seconds)

    def original(self, raw: bytes, **facts: str) -> Original:
        """A stored original with these bytes."""
        file_id = len(self.files.contents) + 1
        self.files.names[file_id], self.files.contents[file_id] = "mail.eml", raw
        event = OriginalArrived(key=f"k{file_id}", body=FileRef(file_id), at=self.clock(), facts=facts)
        return Original(key=event.key, body=raw, file=event.body, at=event.at, facts=facts)

    def account(self, **settings: Any) -> Account:
        """An account with these settings."""
        return Account(7, "pub-key", "Support", EmailSettings(**settings), "https://hub.example/in/pub-key")


def mail(subject: str = "Hello", body: str = "Text\r\n", **headers: str) -> bytes:
    """A small mail; header names with underscores for hyphens."""
    known = {"From": "Ada <ada@customer.example>", "To": "support@hub.example", "Subject": subject, **headers}
    lines = [f"{name.replace('_', '-')}: {value}\r\n" for name, value in known.items() if value]
    return ("".join(lines) + "\r\n" + body).encode()


def imap_settings(user: str, port: int, **more: Any) -> dict[str, Any]:
    """Settings of a mailbox at an unencrypted server of this machine."""
    known = {
        "address": user,
        "password": "secret",
        "imap_host": "127.0.0.1",
        "imap_port": port,
        "imap_security": "none",
    }
    return {**known, **more}


def outgoing(text: str = "Good morning", *, delivery: int = 5, **more: Any) -> OutboundMessage:
    """A message of an agent in conversation 41."""
    content = more.pop("content", None) or Content(text=text, subject=more.pop("subject", "Your order"))
    known: dict[str, Any] = {
        "delivery": delivery,
        "entry": message(9, text, ours=True),
        "thread": ThreadKey(""),
        "to": Address(MAILTO, "ada@customer.example"),
        "to_name": "Ada",
        "content": content,
        "conversation_id": 41,
        **more,
    }
    return OutboundMessage(**known)


@asynccontextmanager
async def running(listen: Callable[[Deliver], Any], deliver: Deliver) -> AsyncIterator[asyncio.Task[None]]:
    """Something that listens, until the test is through with it."""
    async with asyncio.TaskGroup() as group:
        task = group.create_task(listen(deliver))
        try:
            yield task
        finally:
            task.cancel()
