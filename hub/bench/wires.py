"""Cheap clients: WebSockets that only count what arrives, and the measured process as a child."""

from __future__ import annotations

import asyncio
import base64
import json
import resource
import struct
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, cast

ORIGIN: Final = "http://bench.example"
PAYLOAD: Final = "words " * 40
"""Makes a frame of some 400 bytes: a short message with its conversation."""
AT_ONCE: Final = 100
_ROOT: Final = Path(__file__).parents[2]


class Wire(asyncio.Protocol):
    """One WebSocket. After the handshake every chunk is handed to `taken` as it came."""

    def __init__(self, taken: Callable[[Wire, bytes], None] | None = None) -> None:
        self.count = 0
        self.beats = 0
        """Of the bytes that came, those with heartbeats: of thousands of consoles one always has its own."""
        self.tail = b""
        self.number = -1
        """Of a console: those answer heartbeats."""
        self._taken = taken
        self._is_open = False
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not by isinstance: uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, port: int, path: str) -> None:
        """Ask for the upgrade."""
        key = base64.b64encode(b"0123456789abcdef").decode()
        self._send(
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nOrigin: {ORIGIN}\r\n\r\n".encode()
        )

    def say(self, text: str) -> None:
        """Send a text frame, masked with zeros as a client may."""
        payload = text.encode()
        size = len(payload)
        head = struct.pack("!BB", 0x81, 0x80 | size) if size < 126 else struct.pack("!BBH", 0x81, 0x80 | 126, size)
        self._send(head + b"\0\0\0\0" + payload)

    def data_received(self, data: bytes) -> None:
        if not self._is_open:
            head, mark, rest = data.partition(b"\r\n\r\n")
            if not mark or b" 101 " not in head[:20]:
                self.opened.set_exception(ConnectionError(head[:60]))
                return
            self._is_open = True
            self.opened.set_result(None)
            data = rest
        self.count += len(data)
        if self.number >= 0 and b'"type":"position"' in data:
            self.beats += len(data)
            self.say('{"type":"alive"}')
        if self._taken is not None:
            self._taken(self, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(exc or ConnectionError())

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def _send(self, data: bytes) -> None:
        assert self._transport is not None
        self._transport.write(data)


async def connect(port: int, path: str, taken: Callable[[Wire, bytes], None] | None = None) -> Wire:
    """One open WebSocket. Raises ConnectionError when it was refused."""
    _, wire = await asyncio.get_running_loop().create_connection(lambda: Wire(taken), "127.0.0.1", port)
    wire.ask(port, path)
    await wire.opened
    return wire


async def connect_many(port: int, path: str, count: int) -> list[Wire]:
    """So many WebSockets, a hundred at a time."""
    wires: list[Wire] = []
    while len(wires) < count:
        some = min(AT_ONCE, count - len(wires))
        wires += await asyncio.gather(*(connect(port, path) for _ in range(some)))
    return wires


async def open_consoles(port: int, count: int, taken: Callable[[Wire, bytes], None] | None = None) -> list[Wire]:
    """So many consoles that said hello and have their snapshot."""
    wires: list[Wire] = []
    while len(wires) < count:
        some = min(AT_ONCE, count - len(wires))
        wires += await asyncio.gather(*(_open_console(port, len(wires) + n, taken) for n in range(some)))
        await reached(wires)
    await quiet(wires)
    return wires


async def _open_console(port: int, number: int, taken: Callable[[Wire, bytes], None] | None) -> Wire:
    ticket = await _get(port, "/ticket")
    wire = await connect(port, "/live", taken)
    wire.number = number
    wire.say(json.dumps({"type": "hello", "ticket": ticket, "protocol": 1}))
    return wire


async def reached(wires: list[Wire]) -> None:
    """Return when something has arrived at each. Raises TimeoutError."""
    async with asyncio.timeout(60):
        for wire in wires:
            while not wire.count:  # noqa: ASYNC110  (a protocol has no event to wait for, and polling is cheap)
                await asyncio.sleep(0.01)


async def quiet(wires: list[Wire]) -> None:
    """Return when only heartbeats have come for a second and a half: snapshots and presence are through."""
    before = -1
    while (now := sum(wire.count - wire.beats for wire in wires)) != before:
        before = now
        await asyncio.sleep(1.5)


async def _get(port: int, path: str) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2].decode()


def resident(pid: int) -> int:
    """Bytes of memory a process holds."""
    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise ProcessLookupError(pid)


@asynccontextmanager
async def child(agents: int) -> AsyncIterator[tuple[int, Process]]:
    """The measured process: its port, and itself."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "hub.bench.consoles", str(agents), stdout=PIPE, cwd=_ROOT
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(60):
            port = int(await process.stdout.readline())
        yield port, process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
