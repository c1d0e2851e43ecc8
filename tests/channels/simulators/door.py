"""The hub's door for webhooks, as a channel and its provider see it: what comes is handed to the channel."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from channels.conformance import Recorder
from channels.contract import ChannelEvent, NotGenuine, Stored, TakesWebhooks, TryLater, WebhookRequest


class Door:
    """Takes webhooks for one channel at `url`."""

    def __init__(self) -> None:
        self.url = ""
        self.channel: TakesWebhooks | None = None
        self.recorder = Recorder()
        self.is_away = False
        self.refused = 0
        """Calls that were not genuine."""
        self._news = asyncio.Event()

    @property
    def events(self) -> list[ChannelEvent]:
        """What the channel made of the calls."""
        return self.recorder.events

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something holds; it is looked at after each call. A minute is only for a broken test."""
        async with asyncio.timeout(60):
            while not holds():
                self._news.clear()
                await self._news.wait()

    async def deliver(self, event: ChannelEvent, /) -> Stored:
        """Keep an event."""
        return await self.recorder(event)

    async def take(self, request: web.Request) -> web.Response:
        """One call."""
        try:
            return await self._taken(request)
        finally:
            self._news.set()

    async def _taken(self, request: web.Request) -> web.Response:
        if self.is_away or self.channel is None:
            return web.Response(status=503)
        body, path = await request.read(), request.match_info["path"].strip("/")
        asked = WebhookRequest(f"{self.url}/{path}".rstrip("/"), dict(request.headers), body, path)
        try:
            reply = await self.channel.receive(asked, self.deliver)
        except NotGenuine:
            self.refused += 1
            return web.Response(status=403)
        except TryLater:
            return web.Response(status=503)
        return web.Response(status=reply.status)


@asynccontextmanager
async def door() -> AsyncIterator[Door]:
    """A door on this machine."""
    it = Door()
    app = web.Application()
    app.router.add_post("/in/pub-key{path:.*}", it.take)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    it.url = f"http://127.0.0.1:{runner.addresses[0][1]}/in/pub-key"
    yield it
    await runner.cleanup()
