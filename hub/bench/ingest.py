"""`ingest_sqlite` and `ingest_pg`: messages durable and routed per second, against the bare driver and pgbench.

The limits write what the product was heard to write, and read and decide nothing: on SQLite the very same rows
once more into a copy of the database as it was before, 50 messages a transaction; on PostgreSQL the statements
of one message as a transaction of pgbench's, with ids of their own.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from statistics import median
from typing import Any, Final

from hub.bench.desk import Desk, fill, open_desk
from hub.bench.peers import PostgresServer, postgres
from hub.bench.scripts import Script, renumber, scripts
from hub.bench.writes import Writes, ear, replay

ROUNDS: Final = 3
CLIENTS: Final = (1, 16, 64)
_WARM: Final = 640
_MOST: Final = 8_000
"""Messages of the sample that is written again."""


def rounds(seconds: float) -> int:
    """Three rounds, from whose ratios the median is taken; one where next to no time is given, as in a test."""
    return ROUNDS if seconds >= 0.5 else 1


async def sqlite(seconds: float) -> dict[str, Any]:
    """Messages a second on SQLite; each side is measured for about so many seconds in each of three rounds."""
    product: list[float] = []
    limit: list[float] = []
    with tempfile.TemporaryDirectory(prefix="hub-bench-") as folder:
        path, before = Path(folder) / "hub.db", Path(folder) / "before.db"
        await fill(f"sqlite:///{path}")
        with ear() as hears:
            async with open_desk(f"sqlite:///{path}") as desk:
                likely = await desk.rate(_WARM)
                _copy(path, before)
                sample = _count(likely, seconds, most=_MOST)
                with hears.listening() as writes:
                    await desk.rate(sample)
        async with open_desk(f"sqlite:///{path}") as desk:
            likely = await desk.rate(_WARM)
            for _ in range(rounds(seconds)):
                product.append(await desk.rate(_count(likely, seconds)))
                limit.append(_replayed(before, writes, sample, seconds))
    return {**_summed(product, limit), "rows_per_message": writes.per_message(sample)}


async def postgresql(seconds: float) -> dict[str, Any]:
    """Messages a second on PostgreSQL; a round has one run of the product and one of pgbench for each `CLIENTS`.

    `without_positions` is pgbench without the journal's counter, on whose row its clients wait for each other.
    Raises PeerMissing.
    """
    product: list[float] = []
    limits: dict[int, list[float]] = {clients: [] for clients in CLIENTS}
    with postgres() as server:
        server.create("hub")
        await fill(server.url("hub"))
        with ear() as hears:
            async with open_desk(server.url("hub")) as desk:
                prepared = await scripts(desk, hears, server.folder)
        server.create("bare", "hub")
        with server.connected("bare") as connection:
            known = renumber(connection)
        async with open_desk(server.url("hub")) as desk:
            likely = await desk.rate(_WARM)
            for _ in range(rounds(seconds)):
                product.append(await _rate(desk, likely, seconds))
                for clients, rates in limits.items():
                    rates.append(_pgbench(server, prepared.whole, clients, seconds, known))
        free = {str(c): round(_pgbench(server, prepared.without_positions, c, seconds, known)) for c in CLIENTS}
    best = max(limits.values(), key=median)
    by_clients = {str(clients): round(median(rates)) for clients, rates in limits.items()}
    return {**_summed(product, best), "limit_by_clients": by_clients, "without_positions": free}


async def _rate(desk: Desk, likely: float, seconds: float) -> float:
    return await desk.rate(_count(likely, seconds))


def _count(likely: float, seconds: float, *, most: int = 1_000_000) -> int:
    return min(most, max(_WARM, round(likely * seconds)))


def _copy(path: Path, to: Path) -> None:
    with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(to)) as target:
        source.backup(target)


def _replayed(before: Path, writes: Writes, messages: int, seconds: float) -> float:
    with tempfile.TemporaryDirectory(prefix="hub-bench-", dir=before.parent) as folder:
        copy = Path(shutil.copy(before, folder))
        return replay(copy, writes, messages, seconds)


def _pgbench(server: PostgresServer, script: Sequence[Script], clients: int, seconds: float, known: int) -> float:
    files = [f"{part.path}@{part.weight}" for part in script]
    return server.pgbench("bare", files, clients=clients, seconds=seconds, known=known)


def _summed(product: list[float], limit: list[float]) -> dict[str, Any]:
    ratios = [p / q for p, q in zip(product, limit, strict=True)]
    return {
        "product": median(product),
        "limit": median(limit),
        "ratio": median(ratios),
        "rounds": [{"product": round(p), "limit": round(q)} for p, q in zip(product, limit, strict=True)],
    }
