"""`visible`: from a message's POST to the frame read by every entitled console, against one raw durable commit.

100 messages a second, 500 consoles, each message for the 25 who serve its queue. The limit writes the same message
into a SQLite file of its own with `synchronous=FULL`, one transaction each, at the same pace.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

import aiohttp

from hub.bench.consoles import QUEUES, SERVED
from hub.bench.wires import Wire, child, open_consoles

CONSOLES: Final = 500
PER_SECOND: Final = 100
READERS: Final = CONSOLES * SERVED // QUEUES
ROUNDS: Final = 4
_NUMBER: Final = re.compile(rb'"text":"(\d+)#')


class Watch:
    """Notes when each message was sent and when the last of its readers had it."""

    def __init__(self) -> None:
        self.sent: dict[int, float] = {}
        self.missing: dict[int, int] = {}
        self.took: list[float] = []

    def taken(self, wire: Wire, data: bytes) -> None:
        """A chunk arrived at a console."""
        text = wire.tail + data
        end = 0
        for found in _NUMBER.finditer(text):
            end = found.end()
            number = int(found[1])
            left = self.missing.get(number, 0) - 1
            self.missing[number] = left
            if left == 0:
                self.took.append(perf_counter() - self.sent[number])
        wire.tail = text[max(end, len(text) - 40) :]

    def send(self, number: int) -> None:
        """A message leaves."""
        self.missing[number] = READERS
        self.sent[number] = perf_counter()


async def run(seconds: float) -> dict[str, Any]:
    """Measure for about so many seconds. `product` and `limit` are p99 in milliseconds; the goal is at most 5 times."""
    watch = Watch()
    product: list[float] = []
    limit: list[float] = []
    fast: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        disk = _raw(Path(folder) / "raw.db")
        async with child(agents=CONSOLES) as (port, _process), aiohttp.ClientSession() as http:
            wires = await open_consoles(port, CONSOLES, watch.taken)
            number = await _post(http, port, watch, 0, 1.0)
            for _ in range(ROUNDS):
                limit.append(_p99(await _commits(disk, seconds / ROUNDS / 2)))
                watch.took.clear()
                number = await _post(http, port, watch, number, seconds / ROUNDS / 2)
                product.append(_p99(watch.took))
                fast.append(median(watch.took) * 1000)
            for wire in wires:
                wire.close()
        disk.close()
    lost = sum(left != 0 for left in watch.missing.values())
    return {
        "product": median(product),
        "limit": median(limit),
        "ratio": median(product) / median(limit),
        "unit": "ms p99",
        "p50_ms": median(fast),
        "not_seen": lost,
    }


async def _post(http: aiohttp.ClientSession, port: int, watch: Watch, number: int, seconds: float) -> int:
    async with asyncio.TaskGroup() as tasks:
        start = perf_counter()
        for turn in range(round(seconds * PER_SECOND)):
            await asyncio.sleep(max(0.0, start + turn / PER_SECOND - perf_counter()))
            number += 1
            watch.send(number)
            tasks.create_task(_one(http, port, number))
    await asyncio.sleep(0.5)
    return number


async def _one(http: aiohttp.ClientSession, port: int, number: int) -> None:
    async with http.post(f"http://127.0.0.1:{port}/in", data=f"{number}# where is my parcel, please?") as answer:
        answer.raise_for_status()


def _raw(path: Path) -> sqlite3.Connection:
    disk = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    for words in ("journal_mode=WAL", "synchronous=FULL"):
        disk.execute(f"PRAGMA {words}")
    disk.execute("CREATE TABLE message (id INTEGER PRIMARY KEY, conversation INTEGER, text TEXT)")
    disk.execute("CREATE TABLE conversation (id INTEGER PRIMARY KEY, last INTEGER, preview TEXT)")
    disk.execute("INSERT INTO conversation VALUES (1, 0, '')")
    return disk


async def _commits(disk: sqlite3.Connection, seconds: float) -> list[float]:
    took: list[float] = []
    start = perf_counter()
    for turn in range(round(seconds * PER_SECOND)):
        await asyncio.sleep(max(0.0, start + turn / PER_SECOND - perf_counter()))
        began = perf_counter()
        await asyncio.to_thread(_commit, disk)
        took.append(perf_counter() - began)
    return took


def _commit(disk: sqlite3.Connection) -> None:
    disk.execute("BEGIN IMMEDIATE")
    disk.execute("INSERT INTO message (conversation, text) VALUES (1, 'where is my parcel, please?')")
    disk.execute("UPDATE conversation SET last = last + 1, preview = 'where is my parcel' WHERE id = 1")
    disk.execute("COMMIT")


def _p99(took: list[float]) -> float:
    ordered = sorted(took)
    return ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))] * 1000 if ordered else float("inf")
