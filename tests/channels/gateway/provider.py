"""A gateway such as many countries have: it takes messages by HTTP and remembers how it was asked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession as aiohttp_session
from aiohttp import web

from channels.conformance import Bench
from channels.contract import Account, OutboundMessage
from channels.gateway import MANIFEST
from channels.gateway.channel import Gateway
from crm_core.words.addresses import TEL, Address
from crm_core.words.content import Content, ThreadKey
from tests.channels.standins import message
from tests.peers.clock import VirtualClock

SECRET = "a-secret-of-reports"
SETTINGS: dict[str, Any] = {
    "sender": "Shop",
    "region": "UA",
    "url": "https://gateway.example/send",
    "check_secret": SECRET,
    "answer_id": "messages.0.id",
    "receipt_ref": "ref",
}


@dataclass
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: str


@dataclass
class Provider:
    """Answers with what `answer` makes; numbers messages from 1 unless told otherwise."""

    asked: list[Asked] = field(default_factory=list)
    answers: list[Callable[[], web.Response]] = field(default_factory=list)
    cuts: int = 0
    origin: str = ""

    async def take(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response()
        text = await request.text()
        self.asked.append(Asked(request.method, request.raw_path, dict(request.headers), text))
        if self.cuts:
            self.cuts -= 1
            assert request.transport is not None
            request.transport.abort()
        if self.answers:
            return self.answers.pop(0)()
        return web.json_response({"messages": [{"id": f"g-{len(self.asked)}"}]})


@asynccontextmanager
async def provider() -> AsyncIterator[Provider]:
    """A provider that serves on this machine."""
    it = Provider()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", it.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield it
    await runner.cleanup()


@dataclass
class World:
    provider: Provider
    channel: Gateway
    bench: Bench
    account: Account
    clock: VirtualClock


@asynccontextmanager
async def world(**settings: Any) -> AsyncIterator[World]:
    """The channel open against a provider; `url` may say {origin}."""
    clock = VirtualClock()
    async with provider() as it, aiohttp_session() as http:
        url = str(settings.pop("url", "{origin}/send")).replace("{origin}", it.origin)
        known = MANIFEST.settings.model_validate({**SETTINGS, **settings, "url": url})
        account = Account(7, "pub-key", "An account", known, "https://hub.example/in/pub-key")
        bench = Bench(clock)
        async with MANIFEST.open(account, bench.tools(http)) as channel:
            assert isinstance(channel, Gateway)
            yield World(it, channel, bench, account, clock)


def outbound(text: str = "Hello", *, to: str = "+380441234567", delivery: int = 5, **more: Any) -> OutboundMessage:
    """A message of an agent's."""
    content = more.pop("content", None) or Content(text=text)
    return OutboundMessage(
        delivery=delivery,
        entry=message(9, content.text, ours=True),
        thread=ThreadKey(""),
        to=more.pop("address", Address(TEL, to)),
        content=content,
    )
