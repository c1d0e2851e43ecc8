"""`console_memory`: resident bytes of an idle console against a bare aiohttp socket's, at 5 000 connections."""

from __future__ import annotations

import asyncio
from statistics import median
from typing import Any, Final

from hub.bench.wires import child, connect_many, open_consoles, resident

CONSOLES: Final = 5_000
ROUNDS: Final = 2


async def run(seconds: float) -> dict[str, Any]:
    """Measure with 5 000 connections, or with 1 000 in less than ten seconds. Figures are bytes a connection."""
    count = CONSOLES if seconds >= 10 else CONSOLES // 5
    product: list[float] = []
    limit: list[float] = []
    for _ in range(ROUNDS):
        limit.append(await _each(count, is_console=False))
        product.append(await _each(count, is_console=True))
    return {
        "product": median(product),
        "limit": median(limit),
        "ratio": median(product) / median(limit),
        "unit": "bytes/connection",
        "connections": count,
    }


async def _each(count: int, *, is_console: bool) -> float:
    async with child(agents=20) as (port, process):
        # The first few make what all share: code paths, caches, the database's readers.
        warm = await (open_consoles(port, 50) if is_console else connect_many(port, "/bare", 50))
        before = resident(process.pid)
        wires = await (open_consoles(port, count) if is_console else connect_many(port, "/bare", count))
        await asyncio.sleep(1)
        grown = resident(process.pid) - before
        for wire in (*warm, *wires):
            wire.close()
        return grown / count
