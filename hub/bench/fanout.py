"""`fanout`: deliveries a second to 1 000 consoles, 8 messages in flight, against one `os.write` for each client."""

from __future__ import annotations

import asyncio
from statistics import median
from time import perf_counter
from typing import Any, Final

from hub.bench.wires import Wire, child, connect, connect_many, open_consoles, quiet, reached

CONSOLES: Final = 1_000
IN_FLIGHT: Final = 8
ROUNDS: Final = 5


async def run(seconds: float) -> dict[str, Any]:
    """Measure for about so many seconds. `product` and `limit` are deliveries a second."""
    async with child(agents=100) as (port, _process):
        bare = await connect_many(port, "/bare", CONSOLES)
        consoles = await open_consoles(port, CONSOLES)
        driver = await connect(port, "/drive")
        product: list[float] = []
        limit: list[float] = []
        for _ in range(ROUNDS):
            slice_ = seconds / ROUNDS / 2
            limit.append(await _rate(driver, "limit", bare, slice_))
            product.append(await _rate(driver, "product", consoles, slice_))
        for wire in (*bare, *consoles, driver):
            wire.close()
    return {
        "product": median(product),
        "limit": median(limit),
        "ratio": median(p / q for p, q in zip(product, limit, strict=True)),
        "unit": "deliveries/s",
    }


async def _rate(driver: Wire, command: str, wires: list[Wire], seconds: float) -> float:
    await quiet(wires)
    for wire in wires:
        wire.count = 0
    driver.say(command)
    await reached(wires)
    await quiet(wires)
    size = round(sum(wire.count for wire in wires) / len(wires))
    for wire in wires:
        wire.count = 0
    sent, arrived, start = 0, 0.0, perf_counter()
    while perf_counter() - start < seconds:
        arrived = sum(wire.count for wire in wires) / size
        while sent * len(wires) - arrived < (IN_FLIGHT - 0.5) * len(wires):
            driver.say(command)
            sent += 1
        await asyncio.sleep(0.001)
    return arrived / (perf_counter() - start)
