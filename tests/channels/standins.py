"""The hub's side of a visitor's socket, as it looks from a channel: a desk and a store that keep state in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

from channels.contract import (
    ChannelEvent,
    MessageArrived,
    Stored,
    Visit,
    VisitorHistory,
    VisitorNews,
)
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.errors import Conflict, NotFound, StoreUnavailable
from crm_core.words.values import (
    Author,
    AuthorKind,
    ConversationStatus,
    ConversationValue,
    Direction,
    EntryKind,
    EntryValue,
    FileValue,
    WorkState,
)


def message(entry_id: int, text: str, *, ours: bool = False, **more: Any) -> EntryValue:
    """A message of a timeline."""
    known: dict[str, Any] = {
        "id": entry_id,
        "conversation_id": 1,
        "kind": EntryKind.MESSAGE,
        "direction": Direction.OUT if ours else Direction.IN,
        "author": Author(kind=AuthorKind.AGENT, id=9, name="Olena")
        if ours
        else Author(kind=AuthorKind.CONTACT, id=5, name="Somebody"),
        "at": 1_767_603_600_000 + entry_id,
        "channel": "webchat",
        "text": text,
        **more,
    }
    return EntryValue(**known)


def conversation(**more: Any) -> ConversationValue:
    """A conversation that waits in a queue."""
    known: dict[str, Any] = {
        "id": 1,
        "status": ConversationStatus.OPEN,
        "who": "Somebody",
        "channel": "webchat",
        "account_id": 7,
        "identity_id": 5,
        "work_state": WorkState.QUEUED,
        "opened_at": 1,
        "last_activity_at": 1,
        "last_entry_id": 1,
        **more,
    }
    return ConversationValue(**known)


class Desk:
    """A `VisitorDesk` and a `Deliver` over lists."""

    def __init__(self) -> None:
        self.tokens: dict[str, Visit] = {}
        self.identities: dict[Address, int] = {}
        self.names: dict[int, str] = {}
        self.facts: dict[int, Mapping[str, str]] = {}
        self.entries: dict[int, list[EntryValue]] = {}
        self.seen: dict[str, MessageArrived] = {}
        self.stored: dict[str, EntryValue] = {}
        self.files: dict[int, tuple[int, FileValue]] = {}
        self.followers: list[tuple[Visit, asyncio.Queue[VisitorNews | None]]] = []
        self.marks: list[tuple[str, int, int]] = []
        self.typed: list[tuple[int, bool]] = []
        self.available = True
        self.away = False
        self._ids = count(100)

    async def welcome(
        self, token: str | None, /, *, proven: Address | None, name: str, facts: Mapping[str, str]
    ) -> Visit:
        self._must_be_there()
        known = self.tokens.get(token or "")
        if known and (known.address == proven if known.verified or proven else True):
            visit = known
        else:
            if known and token:
                del self.tokens[token]
                for follower, news in self.followers:
                    if follower.visitor_id == known.visitor_id:
                        news.put_nowait(None)
            visit = self._newcomer(proven, name)
        self.facts[visit.identity_id] = facts
        if name:
            self.names[visit.identity_id] = name
        return visit

    async def known(self, token: str, /) -> Visit | None:
        return self.tokens.get(token)

    async def history(self, visit: Visit, /, *, before: int | None, most: int) -> VisitorHistory:
        said = [e for e in self.entries.get(visit.identity_id, []) if before is None or e.id < before]
        return VisitorHistory(
            position=10,
            entries=said[-most:],
            conversation=conversation() if said else None,
            queue_position=1 if said else None,
            has_more=len(said) > most,
        )

    @asynccontextmanager
    async def follow(self, visit: Visit, /) -> AsyncIterator[AsyncIterator[VisitorNews]]:
        news: asyncio.Queue[VisitorNews | None] = asyncio.Queue()
        self.followers.append((visit, news))
        try:
            yield _items(news)
        finally:
            self.followers.remove((visit, news))

    async def has_received(self, visit: Visit, entry_id: int, /) -> None:
        self.marks.append(("received", visit.identity_id, entry_id))

    async def has_read(self, visit: Visit, entry_id: int, /) -> None:
        self.marks.append(("read", visit.identity_id, entry_id))

    async def typing(self, visit: Visit, /, *, on: bool) -> None:
        self.typed.append((visit.identity_id, on))

    def file_url(self, visit: Visit, file_id: int, /) -> str:
        return f"https://files.example/{file_id}"

    async def anyone_available(self) -> bool:
        return self.available

    async def deliver(self, event: ChannelEvent, /) -> Stored:
        """The store: once for each external id, a conflict for other words, files only to whom they belong."""
        self._must_be_there()
        assert isinstance(event, MessageArrived)
        before = self.seen.get(event.external_id)
        if before is not None:
            if before.content != event.content:
                raise Conflict
            return Stored(entry=self.stored[event.external_id], repeated=True)
        identity = self.identities[event.sender]
        files = [self._claimed(identity, ref.id) for ref in event.content.files]
        entry = message(next(self._ids), event.content.text, client_key=event.client_key, files=files)
        self.seen[event.external_id], self.stored[event.external_id] = event, entry
        self.entries.setdefault(identity, []).append(entry)
        return Stored(entry=entry)

    def tell(self, identity_id: int, news: VisitorNews) -> None:
        """Something happened to this identity."""
        for visit, queue in self.followers:
            if visit.identity_id == identity_id:
                queue.put_nowait(news)

    def _newcomer(self, proven: Address | None, name: str) -> Visit:
        number = next(self._ids)
        address = proven or Address(VISITOR, f"visitor-{number}", "pub-key")
        identity = self.identities.setdefault(address, number)
        visit = Visit(visitor_id=number, identity_id=identity, address=address, name=name, verified=proven is not None)
        token = f"token-{number}"
        self.tokens[token] = visit
        return Visit(
            visitor_id=number,
            identity_id=identity,
            address=address,
            name=name,
            verified=proven is not None,
            token=token,
        )

    def _claimed(self, identity: int, file_id: int) -> FileValue:
        owner, value = self.files.get(file_id, (0, None))
        if owner != identity or value is None:
            raise NotFound
        return value

    def _must_be_there(self) -> None:
        if self.away:
            raise StoreUnavailable


class Socket:
    """A visitor's socket with the test at the other end."""

    remote = "203.0.113.9"
    browser = "Test browser"

    def __init__(self, frames: Sequence[str | bytes] = (), *, hang_up: bool = False) -> None:
        self._in: asyncio.Queue[str | bytes | None] = asyncio.Queue()
        self._out: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self.sent: list[bytes] = []
        self.closed: int | None = None
        for frame in frames:
            self._in.put_nowait(frame)
        if hang_up:
            self._in.put_nowait(None)

    def say(self, frame: Mapping[str, Any] | str | bytes) -> None:
        """The browser sends a frame."""
        self._in.put_nowait(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    def hang_up(self) -> None:
        """The browser goes away."""
        self._in.put_nowait(None)

    async def hear(self, kind: str | None = None) -> dict[str, Any]:
        """The next frame (of a kind) that the browser gets."""
        while True:
            frame = await asyncio.wait_for(self._out.get(), 60)
            if kind is None or frame["type"] == kind:
                return frame

    @property
    def is_quiet(self) -> bool:
        return self._out.empty()

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        while self.closed is None:
            frame = await self._in.get()
            if frame is None:
                return
            yield frame

    async def send(self, frame: bytes, /) -> None:
        if self.closed is None:
            self.sent.append(frame)
            self._out.put_nowait(json.loads(frame))

    async def close(self, code: int, reason: str = "", /) -> None:
        self.closed = self.closed or code
        self._in.put_nowait(None)


async def _items(news: asyncio.Queue[VisitorNews | None]) -> AsyncIterator[VisitorNews]:
    while (item := await news.get()) is not None:
        yield item
