"""`calls_sqlite`, `calls_pg` and `calls_offer`: what is reported of calls, and how soon somebody is asked to take one.

The limits are durable commits of one row: one after the other for what is reported, a hundred a second for the
time until an offer.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any, Final

from crm_core.store.journal import Committed
from crm_core.words.calls import LegEnded
from crm_core.words.events import OfferChanged
from crm_core.words.values import OfferState, OfferValue
from hub.bench.callers import SIGNALS, Callers, fill, open_callers
from hub.bench.commits import Commit, commit_of, p99, paced, postgres_commits, rate, sqlite_commits
from hub.bench.ingest import rounds
from hub.bench.peers import postgres

RINGS: Final = 2
"""Calls a second, while the time until an offer is taken: 7 200 an hour, as many as a hundred agents answer."""
PATIENCE: Final = 30.0
"""Seconds after which a call that nobody was asked to take is a failure."""
_WARM: Final = 64
"""Calls."""


async def sqlite(seconds: float) -> dict[str, Any]:
    """Signals a second on SQLite; each side is measured for about so many seconds in each of three rounds."""
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'hub.db'}"
        await fill(url)
        with closing(sqlite_commits(Path(folder) / "raw.db")) as disk:
            return await _signals(url, commit_of(disk), seconds)


async def postgresql(seconds: float) -> dict[str, Any]:
    """The same on PostgreSQL. Raises PeerMissing."""
    with postgres() as server:
        server.create("hub")
        server.create("raw")
        await fill(server.url("hub"))
        with server.connected("raw") as connection:
            return await _signals(server.url("hub"), postgres_commits(connection), seconds)


async def _signals(url: str, commit: Commit, seconds: float) -> dict[str, Any]:
    product: list[float] = []
    limit: list[float] = []
    async with open_callers(url) as callers:
        likely = await callers.rate(_WARM)
        for _ in range(rounds(seconds)):
            likely = await callers.rate(max(_WARM, round(likely * seconds / SIGNALS)))
            product.append(likely)
            limit.append(await asyncio.to_thread(rate, commit, seconds))
    return {
        "product": median(product),
        "limit": median(limit),
        "ratio": median(p / q for p, q in zip(product, limit, strict=True)),
        "rounds": [{"product": round(p), "limit": round(q)} for p, q in zip(product, limit, strict=True)],
    }


async def offers(seconds: float) -> dict[str, Any]:
    """Milliseconds (p99) from a call's arrival to its offer on the bus, two calls a second, a hundred agents."""
    board = Switchboard()
    product: list[float] = []
    limit: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        url = f"sqlite:///{Path(folder) / 'hub.db'}"
        await fill(url)
        with closing(sqlite_commits(Path(folder) / "raw.db")) as disk:
            async with open_callers(url, board.heard) as callers:
                await board.ring_for(callers, min(seconds, 1.0))
                for _ in range(rounds(seconds)):
                    limit += await paced(commit_of(disk), seconds)
                    product += await board.ring_for(callers, 5 * seconds)
    return {
        "product": p99(product),
        "limit": p99(limit),
        "ratio": p99(product) / p99(limit),
        "p50_ms": round(median(product) * 1000, 1),
        "calls": len(product),
    }


class Switchboard:
    """Whoever is offered a call takes it, and its caller hangs up at once: notes when each rang and was offered."""

    def __init__(self) -> None:
        self._offered: dict[int, float] = {}
        self._offers: asyncio.Queue[OfferValue] = asyncio.Queue()

    def heard(self, events: Sequence[Committed]) -> None:
        """What the bus tells."""
        now = perf_counter()
        for committed in events:
            if not isinstance(committed.event, OfferChanged):
                continue
            offer = committed.event.offer
            if offer.state is OfferState.PENDING and offer.call_id is not None:
                self._offered.setdefault(offer.call_id, now)
                self._offers.put_nowait(offer)

    async def ring_for(self, callers: Callers, seconds: float) -> list[float]:
        """Seconds from ringing to the offer of every call that came meanwhile. Raises TimeoutError for one without."""
        rang: dict[int, float] = {}
        start = perf_counter()
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer(callers, group))
            for turn in range(max(1, round(seconds * RINGS))):
                await asyncio.sleep(max(0.0, start + turn / RINGS - perf_counter()))
                group.create_task(self._ring(callers, rang))
            async with asyncio.timeout(PATIENCE):
                while len(self._offered.keys() & rang.keys()) < max(1, round(seconds * RINGS)):  # noqa: ASYNC110
                    await asyncio.sleep(0.02)
            await self._offers.join()
            answering.cancel()
        return [self._offered.pop(call_id) - began for call_id, began in rang.items()]

    async def _ring(self, callers: Callers, rang: dict[int, float]) -> None:
        began = perf_counter()
        rang[(await callers.ring()).id] = began

    async def _answer(self, callers: Callers, group: asyncio.TaskGroup) -> None:
        while True:
            group.create_task(self._take(callers, await self._offers.get()))

    async def _take(self, callers: Callers, offer: OfferValue) -> None:
        call = await callers.take(offer)
        await callers.wrap_up(await callers.report(call, LegEnded()))
        self._offers.task_done()
