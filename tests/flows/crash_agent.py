"""An agent at a console without a screen, who accepts, answers and closes while the hub is killed again and again."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from crm_core.words.events import EntryAdded, OfferChanged
from crm_core.words.values import AuthorKind, EntryKind, EntryValue, OfferState, OfferValue
from hub.console.protocol import FromServer, Happened, Resync, Snapshot, SnapshotTaken
from tests.peers.console_client import ConsoleClient

AGAIN = (0.05, 0.2)
"""Seconds until something that got no answer is tried again."""


class CrashAgent:
    """One agent with one console. Everything that is asked of the hub is asked until there is an answer."""

    def __init__(self, name: str, url: str, token: str, rng: random.Random) -> None:
        self.name = name
        self.sent: dict[str, str] = {}
        self.acknowledged: dict[str, set[int]] = {}
        self.accepted: set[int] = set()
        """Offers that the hub said are ours."""
        self.positions: list[int] = []
        self.shown: list[int] = []
        self.resyncs: list[str] = []
        """Why a snapshot came instead of the events since."""
        self.closed = 0
        self.first: int | None = None
        """Where the journal stood in the first snapshot."""
        self.has_begun = asyncio.Event()
        self.console: ConsoleClient | None = None
        self.watching: list[int] = []
        self.is_closing = True
        self._url = url
        self._headers = {"Authorization": f"Bearer {token}"}
        self._rng = rng
        self._known: ConsoleClient | None = None
        self._todo: set[asyncio.Task[None]] = set()

    @property
    def is_busy(self) -> bool:
        """Whether something that was asked has no answer yet."""
        return bool(self._todo)

    @property
    def position(self) -> int:
        return 0 if self._known is None else self._known.position

    @property
    def snapshot(self) -> Snapshot:
        """What the console shows now."""
        assert self._known is not None
        assert self._known.snapshot is not None
        return self._known.snapshot

    async def live(self, http: aiohttp.ClientSession) -> None:
        """Keep the console open and do the work that it shows, until cancelled."""
        while True:
            try:
                async with self.open(http, resume=True, watching=self.watching) as console:
                    while True:
                        await self._heard(http, console, await console.next())
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(self._rng.uniform(*AGAIN))

    @asynccontextmanager
    async def open(
        self, http: aiohttp.ClientSession, *, resume: bool, watching: Sequence[int] = ()
    ) -> AsyncIterator[ConsoleClient]:
        """A console that said hello, and goes on where the last one ended when it should resume."""
        async with http.post(f"{self._url}/api/v1/socket-tickets", headers=self._headers) as answer:
            if answer.status != 201:
                raise ConnectionError(answer.status)
            ticket = (await answer.json())["ticket"]
        address = f"{self._url.replace('http', 'ws', 1)}/live"
        async with http.ws_connect(address, origin=self._url, max_msg_size=0) as wire:
            console = ConsoleClient(wire)
            more: dict[str, Any] = {"watching": list(watching)}
            if resume and self._known is not None:
                more["resume"] = self._known.resume()
                console.snapshot, console.epoch = self._known.snapshot, self._known.epoch
                console.rights = self._known.rights
            await console.hello(ticket, **more)
            yield console

    async def _heard(self, http: aiohttp.ClientSession, console: ConsoleClient, frame: FromServer) -> None:
        match frame:
            case Resync():
                self.resyncs.append(frame.reason)
            case SnapshotTaken():
                self._known = console
                self.first = frame.snapshot.position if self.first is None else self.first
                self.has_begun.set()
                for offer in frame.snapshot.offers:
                    self._take(http, offer)
            case Happened():
                self._known = console
                self.positions.append(frame.position)
                self._react(http, frame)
            case _:
                pass

    def _react(self, http: aiohttp.ClientSession, happened: Happened) -> None:
        match happened.event:
            case OfferChanged(offer=offer) if offer.agent_id == self.snapshot.me.id:
                if offer.state is OfferState.PENDING:
                    self._take(http, offer)
            case EntryAdded(entry=entry, conversation=conversation):
                if entry.kind is EntryKind.MESSAGE:
                    self.shown.append(entry.id)
                if entry.author.kind is AuthorKind.CONTACT and conversation.assignee_id == self.snapshot.me.id:
                    self._do(self._answer(http, entry))
            case _:
                pass

    def _take(self, http: aiohttp.ClientSession, offer: OfferValue) -> None:
        if self._rng.random() < 0.1:
            self._do(self._ask(http, f"offers/{offer.id}/decline", f"decline-{offer.id}", {}))
        else:
            self._do(self._accept(http, offer))

    def _do(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._todo.add(task)
        task.add_done_callback(self._todo.discard)

    async def _accept(self, http: aiohttp.ClientSession, offer: OfferValue) -> None:
        status, _ = await self._ask(http, f"offers/{offer.id}/accept", f"accept-{offer.id}", None)
        if status == 200:
            self.accepted.add(offer.id)
            if len(self.watching) < 3:
                self.watching.append(offer.conversation_id)

    async def _answer(self, http: aiohttp.ClientSession, entry: EntryValue) -> None:
        key = f"answer-{entry.id}"
        self.sent[key] = f"{key}: four pounds."
        place = f"conversations/{entry.conversation_id}"
        body = {"text": self.sent[key], "client_key": key}
        for _ in range(2 if self._rng.random() < 0.2 else 1):
            status, answer = await self._ask(http, f"{place}/replies", key, body)
            if status != 201:
                # It was closed, or handed on, before the answer was there: nothing was promised.
                self.sent.pop(key, None)
                return
            self.acknowledged.setdefault(key, set()).add(answer["id"])
        if self.is_closing and self._rng.random() < 0.15:
            status, _ = await self._ask(http, f"{place}/close", f"close-{entry.id}", {})
            self.closed += status == 200

    async def _ask(
        self, http: aiohttp.ClientSession, path: str, key: str, body: dict[str, Any] | None
    ) -> tuple[int, dict[str, Any]]:
        """POST until there is a definite answer: 5xx and silence are none."""
        headers = {**self._headers, "Idempotency-Key": key}
        while True:
            try:
                async with http.post(f"{self._url}/api/v1/{path}", json=body, headers=headers) as answer:
                    if answer.status < 500:
                        return answer.status, await answer.json()
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(self._rng.uniform(*AGAIN))
