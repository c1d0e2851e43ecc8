from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import aiohttp
from websockets.utils import accept_key

from channels.asterisk.ari import Ari
from channels.asterisk.settings import AsteriskSettings
from channels.conformance import Bench
from tests.peers.clock import VirtualClock


class Mute:
    """An Asterisk that takes softphones and never answers when one says goodbye."""

    def __init__(self) -> None:
        self.heard_goodbye = asyncio.Event()
        self.is_left = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked = re.search(r"Sec-WebSocket-Key: (\S+)", head)
        assert asked is not None
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: sip\r\nSec-WebSocket-Accept: " + accept_key(asked[1]).encode() + b"\r\n\r\n"
        )
        with suppress(ConnectionError):
            while await reader.read(1000):
                self.heard_goodbye.set()
        writer.transport.abort()
        self.is_left.set()


async def test_whoever_cannot_wait_for_its_goodbye_leaves_no_connection_open() -> None:
    mute, is_open = Mute(), asyncio.Event()
    server = await asyncio.start_server(mute.serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = AsteriskSettings.model_validate({"ari_url": url, "password": "secret"})

    async def talk(ari: Ari) -> None:
        async with ari.softphone():
            is_open.set()
            await asyncio.Event().wait()

    async with server, aiohttp.ClientSession() as http, asyncio.timeout(20), asyncio.TaskGroup() as group:
        talking = group.create_task(talk(Ari(http, Bench(VirtualClock()).tools(http).peers, settings)))
        await is_open.wait()
        talking.cancel()
        await mute.heard_goodbye.wait()
        talking.cancel()
        await mute.is_left.wait()
    assert talking.cancelled()
