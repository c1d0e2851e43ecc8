"""`webhook`: signed webhooks accepted and durable per second, through the hub's real door, against a bare handler.

Both are child processes that one client asks in turn, over 64 connections with one request under way on each.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final, cast

from hub.bench.channel import KIND, SIGNATURE, payload, signature
from hub.bench.desk import IN_FLIGHT, People
from hub.bench.ingest import rounds
from hub.bench.inlet import SECRET

_WARM: Final = 640
_ROOT: Final = Path(__file__).parents[2]
_LENGTH: Final = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_seeds = count(1)


@dataclass(frozen=True, slots=True)
class Inlet:
    """Where a measured process takes its requests."""

    port: int
    path: str


async def run(seconds: float) -> dict[str, Any]:
    """Requests a second; each side is measured for about so many seconds in each of three rounds."""
    product: list[float] = []
    limit: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as folder:
        async with _child("hub", folder) as hub, _child("bare") as bare:
            likely = {inlet: await _rate(inlet, _WARM) for inlet in (hub, bare)}
            for _ in range(rounds(seconds)):
                for inlet, rates in ((hub, product), (bare, limit)):
                    likely[inlet] = await _rate(inlet, max(_WARM, round(likely[inlet] * seconds)))
                    rates.append(likely[inlet])
    return {
        "product": median(product),
        "limit": median(limit),
        "ratio": median(p / q for p, q in zip(product, limit, strict=True)),
        "rounds": [{"product": round(p), "limit": round(q)} for p, q in zip(product, limit, strict=True)],
    }


@asynccontextmanager
async def _child(*words: str) -> AsyncIterator[Inlet]:
    """One of the two processes, until this is left. Raises RuntimeError when it does not come up."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        _write_entry_point(Path(folder))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), folder])}
        argv = [sys.executable, "-m", "hub.bench.inlet", *words]
        process = await asyncio.create_subprocess_exec(*argv, stdout=PIPE, stderr=DEVNULL, env=environment)
        try:
            assert process.stdout is not None
            line = await process.stdout.readline()
            if not line:
                raise RuntimeError(f"{argv} did not come up.")
            yield Inlet(**json.loads(line))
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


def _write_entry_point(folder: Path) -> None:
    """The channel as an installed package's, which the registry finds."""
    about = folder / "switchboard_bench-0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: switchboard-bench\nVersion: 0\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(f"[switchboard.channels]\n{KIND} = hub.bench.channel\n", encoding="utf-8")


class _Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last one is whole."""

    def __init__(self, requests: list[bytes]) -> None:
        self._requests = requests
        self._answer = b""
        self._transport: asyncio.Transport | None = None
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not by isinstance: uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, mark, rest = self._answer.partition(b"\r\n\r\n")
        if not mark:
            return
        length = _LENGTH.search(head)
        if length is not None and len(rest) < int(length[1]):
            return
        if not head.startswith(b"HTTP/1.1 200"):
            self._fail(RuntimeError(self._answer[:300].decode(errors="replace")))
            return
        self._answer = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("The server closed the connection."))

    def _next(self) -> None:
        assert self._transport is not None
        if self._requests:
            self._transport.write(self._requests.pop())
        elif not self.done.done():
            self.done.set_result(None)
            self._transport.close()

    def _fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)


async def _rate(inlet: Inlet, messages: int) -> float:
    """Requests a second, all of them answered with 200. Raises RuntimeError for another answer."""
    requests = _requests(inlet, messages)
    loop = asyncio.get_running_loop()
    began = perf_counter()
    opened = [loop.create_connection(lambda: _Client(requests), "127.0.0.1", inlet.port) for _ in range(IN_FLIGHT)]
    clients = [client for _, client in await asyncio.gather(*opened)]
    await asyncio.gather(*(client.done for client in clients))
    return messages / (perf_counter() - began)


def _requests(inlet: Inlet, messages: int) -> list[bytes]:
    people = People(seed=100 + next(_seeds))
    requests = []
    for _ in range(messages):
        body = payload(people.message())
        head = (
            f"POST {inlet.path} HTTP/1.1\r\nHost: localhost:{inlet.port}\r\nContent-Type: application/json\r\n"
            f"{SIGNATURE}: {signature(SECRET.encode(), body)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests
