"""What every channel has to keep to, as tests. A channel's own test class inherits the ones for what it can do.

`ChannelConformance` is for all; it fails when a channel has an ability whose class below its test does not
inherit. Faults are given by name and each channel's test says how its provider shows them.
"""

from __future__ import annotations

import asyncio
import importlib
import socket
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Final

import aiohttp
import pytest

from channels.contract import (
    Account,
    AccountBroken,
    Channel,
    ChannelError,
    ChannelEvent,
    Deliver,
    Kept,
    Listens,
    Manifest,
    MessageArrived,
    NoSuchHost,
    NotGenuine,
    NotUnderstood,
    Refused,
    Sends,
    Sent,
    Stored,
    TakesVisitors,
    TakesWebhooks,
    Tools,
    TryLater,
    Unclear,
    WebhookReply,
    WebhookRequest,
)
from crm_core.words.clock import Clock, Moment
from crm_core.words.content import FileRef
from crm_core.words.errors import NotFound, StoreUnavailable


class Fault(StrEnum):
    """How a provider can answer a send."""

    UNAUTHORISED = "401"
    TOO_MANY = "429"
    REFUSED = "4xx"
    SILENT = "time-out after the request was written"


CONSEQUENCES: Final[dict[Fault, type[ChannelError]]] = {
    Fault.UNAUTHORISED: AccountBroken,
    Fault.TOO_MANY: TryLater,
    Fault.REFUSED: Refused,
    Fault.SILENT: Unclear,
}


class Recorder:
    """A `Deliver` that keeps what it is told; while `failing`, the store is away."""

    def __init__(self) -> None:
        self.events: list[ChannelEvent] = []
        self.failing = False

    async def __call__(self, event: ChannelEvent, /) -> Stored:
        if self.failing:
            raise StoreUnavailable
        self.events.append(event)
        return Stored()

    @property
    def external_ids(self) -> list[str]:
        return [e.external_id for e in self.events if isinstance(e, MessageArrived)]


class MemoryCursors:
    """Cursors that live as long as the test."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    async def get(self, name: str, /) -> str | None:
        return self._places.get(name)

    async def set(self, name: str, value: str, /) -> None:
        self._places[name] = value


class MemoryFiles:
    """Files that live as long as the test. `names` and `contents` are by id."""

    def __init__(self) -> None:
        self.names: dict[int, str] = {}
        self.contents: dict[int, bytes] = {}

    async def keep(self, name: str, content: bytes | AsyncIterator[bytes], /, *, is_recording: bool = False) -> FileRef:
        body = content if isinstance(content, bytes) else b"".join([chunk async for chunk in content])
        file_id = len(self.contents) + 1
        self.names[file_id], self.contents[file_id] = name, body
        return FileRef(file_id)

    async def read(self, file: FileRef, /) -> Kept:
        if file.id not in self.contents:
            raise NotFound
        return Kept(name=self.names[file.id], type="application/octet-stream", content=self.contents[file.id])

    def link(self, file: FileRef, /) -> str:
        return f"https://files.example/files/{file.id}"


class PlainTokens:
    """Reply tokens that anybody could make, in the shape of the real ones."""

    def make(self, conversation_id: int, /) -> str:
        return f"t{conversation_id:036d}"

    def read(self, token: str, /) -> int | None:
        return int(token[1:]) if len(token) == 37 and token[0] == "t" and token[1:].isdecimal() else None


class AnyPeer:
    """Lets a channel connect everywhere: the stand-ins of these tests live on this machine."""

    async def addresses(self, host: str, port: int, /) -> Sequence[str]:
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise NoSuchHost from error
        return list(dict.fromkeys(str(info[4][0]) for info in found))


class MemorySecrets:
    """Secrets that were changed, by name."""

    def __init__(self) -> None:
        self.kept: dict[str, str] = {}
        self.failing = False

    async def keep(self, name: str, value: str, /, *, instead_of: str) -> None:
        if self.failing:
            raise StoreUnavailable
        if self.kept.get(name, instead_of) == instead_of:
            self.kept[name] = value


@dataclass
class Bench:
    """Everything a channel is handed in a test, to look at afterwards."""

    now: Clock
    cursors: MemoryCursors = field(default_factory=MemoryCursors)
    files: MemoryFiles = field(default_factory=MemoryFiles)
    tokens: PlainTokens = field(default_factory=PlainTokens)
    secrets: MemorySecrets = field(default_factory=MemorySecrets)

    def tools(self, http: aiohttp.ClientSession) -> Tools:
        """The tools of one opening."""
        return Tools(
            http=http,
            cursors=self.cursors,
            now=self.now,
            files=self.files,
            tokens=self.tokens,
            peers=AnyPeer(),
            secrets=self.secrets,
        )


@asynccontextmanager
async def opened(
    manifest: Manifest, settings: dict[str, Any], now: Clock, *, bench: Bench | None = None
) -> AsyncIterator[Channel]:
    """A channel, open for an account that only this test has."""
    account = Account(7, "pub-key", "An account", manifest.settings.model_validate(settings))
    tools = bench or Bench(now)
    async with aiohttp.ClientSession() as http, manifest.open(account, tools.tools(http)) as channel:
        yield channel


class ChannelConformance(ABC):
    """For every channel."""

    kind: ClassVar[str]
    settings: ClassVar[dict[str, Any]] = {}

    def manifest(self) -> Manifest:
        """The channel's manifest, from its folder."""
        manifest = importlib.import_module(f"channels.{self.kind}").MANIFEST
        assert isinstance(manifest, Manifest)
        return manifest

    def open(self) -> AbstractAsyncContextManager[Channel]:
        """The channel, open. A channel with a provider overrides it to bring a stand-in along."""
        return opened(self.manifest(), self.settings, self.now)

    def now(self) -> Moment:
        """The time of these tests."""
        return 1_767_603_600_000

    def test_its_folder_exports_a_manifest_with_a_title(self) -> None:
        manifest = self.manifest()
        assert manifest.title

    def test_its_secrets_are_never_written_out(self) -> None:
        schema = self.manifest().settings.model_json_schema()
        named = {
            name
            for name in schema.get("properties", {})
            if any(word in name for word in ("secret", "password", "token", "key"))
        }
        sealed = {name for name, about in schema["properties"].items() if about.get("format") == "password"}
        assert named <= sealed

    async def test_its_test_covers_what_it_can_do(self) -> None:
        async with self.open() as channel:
            for ability, tests in _TESTS.items():
                assert not isinstance(channel, ability) or isinstance(self, tests), f"inherit {tests.__name__} too"

    async def test_its_capabilities_stay_the_same_while_it_is_open(self) -> None:
        async with self.open() as channel:
            assert channel.capabilities == channel.capabilities

    async def test_it_opens_again_after_it_was_closed(self) -> None:
        for _ in range(2):
            async with self.open() as channel:
                assert channel.capabilities is not None


class SendsConformance(ChannelConformance):
    """For channels that send."""

    faults: ClassVar[frozenset[Fault]] = frozenset(Fault)
    """Empty for a channel whose other side is our own database."""

    @abstractmethod
    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        """Send one message, the same each time, with the provider answering that way."""

    async def test_a_message_that_was_sent_has_a_name(self) -> None:
        async with self.open() as channel:
            sent = await self.send(channel, fault=None)
            assert sent.external_ids
            assert all(sent.external_ids)

    async def test_sending_again_is_the_same_message_where_it_says_so(self) -> None:
        async with self.open() as channel:
            once, twice = await self.send(channel, fault=None), await self.send(channel, fault=None)
            assert (once == twice) is channel.capabilities.dedupes_sends

    async def test_each_way_to_fail_has_its_consequence(self) -> None:
        async with self.open() as channel:
            for fault in sorted(self.faults):
                with pytest.raises(CONSEQUENCES[fault]):
                    await self.send(channel, fault=fault)


class WebhookConformance(ChannelConformance):
    """For channels that take webhooks."""

    @abstractmethod
    def genuine(self) -> WebhookRequest:
        """A request as the provider signs it, with one message in it."""

    @abstractmethod
    def forged(self) -> Sequence[WebhookRequest]:
        """Requests that differ from the genuine one in signature, body or address."""

    @abstractmethod
    def unknown(self) -> WebhookRequest:
        """A genuine request of a kind that nobody has heard of."""

    async def _receive(self, channel: Channel, request: WebhookRequest, deliver: Deliver) -> WebhookReply:
        assert isinstance(channel, TakesWebhooks)
        return await channel.receive(request, deliver)

    async def test_the_same_payload_twice_names_the_same_message(self) -> None:
        recorder = Recorder()
        async with self.open() as channel:
            for _ in range(2):
                reply = await self._receive(channel, self.genuine(), recorder)
                assert reply.status < 300
        assert len(recorder.external_ids) == 2
        assert len(set(recorder.external_ids)) == 1

    async def test_a_forged_request_delivers_nothing(self) -> None:
        recorder = Recorder()
        async with self.open() as channel:
            for request in self.forged():
                with pytest.raises(NotGenuine):
                    await self._receive(channel, request, recorder)
        assert not recorder.events

    async def test_nothing_is_acknowledged_that_was_not_stored(self) -> None:
        recorder = Recorder()
        recorder.failing = True
        async with self.open() as channel:
            try:
                reply = await self._receive(channel, self.genuine(), recorder)
            except StoreUnavailable:
                return
            assert reply.status >= 500

    async def test_what_nobody_has_heard_of_is_no_crash(self) -> None:
        async with self.open() as channel:
            try:
                reply = await self._receive(channel, self.unknown(), Recorder())
            except NotUnderstood:
                return
            assert reply.status < 300


class ListensConformance(ChannelConformance):
    """For channels that listen."""

    async def test_it_stops_listening_when_it_is_told(self) -> None:
        async with self.open() as channel:
            assert isinstance(channel, Listens)
            async with asyncio.TaskGroup() as group:
                listening = group.create_task(channel.listen(Recorder()))
                await asyncio.sleep(0.05)
                listening.cancel()
                done, _ = await asyncio.wait([listening], timeout=10)
                assert done


class VisitorsConformance(ChannelConformance):
    """For channels whose visitors come over a socket of ours."""

    @abstractmethod
    async def attend(self, channel: Channel, frames: Sequence[str | bytes]) -> Sequence[bytes]:
        """What a visitor with these frames is sent, by a desk and a store that both work."""

    async def test_its_doorway_tells_no_secret(self) -> None:
        async with self.open() as channel:
            assert isinstance(channel, TakesVisitors)
            assert not any("secret" in name for name in channel.doorway.settings)

    async def test_whatever_a_visitor_sends_it_does_not_raise(self) -> None:
        rubbish: list[str | bytes] = [
            "",
            "{",
            "[]",
            "null",
            "\0",
            "\ud800",
            b"\xff\x00",
            "[" * 100_000,
            "x" * 1_100_000,
        ]
        async with self.open() as channel:
            for frame in rubbish:
                await self.attend(channel, [frame])
                await self.attend(channel, [frame, frame])
        assert rubbish


_TESTS: Final[dict[type, type[ChannelConformance]]] = {
    Sends: SendsConformance,
    TakesWebhooks: WebhookConformance,
    Listens: ListensConformance,
    TakesVisitors: VisitorsConformance,
}
