from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from aiohttp import web

from channels.asterisk import MANIFEST
from channels.conformance import ListensConformance, Recorder, opened
from channels.contract import AccountBroken, CarriesCalls, Channel, Listens, TryLater
from crm_core.words.calls import Scene
from crm_core.words.values.marks import Direction
from tests.peers.children import free_port


async def _nothing(_: web.Request) -> web.Response:
    return web.json_response([])


async def _events(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for _ in socket:
        pass
    return socket


async def _stranger(_: web.Request) -> web.Response:
    return web.json_response({"message": "Authentication required"}, status=401)


@asynccontextmanager
async def idle_asterisk(*, knows_us: bool = True) -> AsyncIterator[str]:
    """An Asterisk without a single call; its address."""
    app = web.Application()
    app.router.add_get("/ari/events", _events if knows_us else _stranger)
    app.router.add_get("/ari/{rest:.*}", _nothing if knows_us else _stranger)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


class TestAsterisk(ListensConformance):
    kind = "asterisk"

    def open(self) -> AbstractAsyncContextManager[Channel]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self, *, knows_us: bool = True) -> AsyncIterator[Channel]:
        async with (
            idle_asterisk(knows_us=knows_us) as url,
            opened(MANIFEST, {"ari_url": url, "password": "secret"}, self.now) as channel,
        ):
            yield channel

    async def test_an_asterisk_that_is_away_is_tried_again_later(self) -> None:
        facts = {"ari_url": f"http://127.0.0.1:{free_port()}", "password": "secret"}
        async with opened(MANIFEST, facts, self.now) as channel:
            assert isinstance(channel, Listens)
            with pytest.raises(TryLater):
                await channel.listen(Recorder())

    async def test_a_wrong_password_needs_a_person(self) -> None:
        async with self._opened(knows_us=False) as channel:
            assert isinstance(channel, Listens)
            with pytest.raises(AccountBroken):
                await channel.listen(Recorder())

    async def test_nothing_is_begun_while_nobody_would_hear_the_answer(self) -> None:
        scene = Scene(call_id=1, version=1, direction=Direction.IN, external_id="1.1", over=True)
        async with self.open() as channel:
            assert isinstance(channel, CarriesCalls)
            with pytest.raises(TryLater):
                await channel.arrange(scene, Recorder())
