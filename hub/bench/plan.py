"""The figures: what each is called, what it has to reach, and what measures it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from hub.bench import calls, console_memory, fanout, held, ingest, routing, visible, webhook

_SLICES: Final = 6
"""Figures that are given their whole time at once: three rounds of both sides."""

Measured = Mapping[str, Any]
"""`product`, `limit`, `ratio`, and whatever else was seen; or, for several parts, one such mapping per part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A figure of PERFORMANCE.md. `goal` is a ratio of the product to the limit, the least or the most of it."""

    id: str
    title: str
    unit: str
    goals: Mapping[str, float]
    """By part; the part is empty where there is one only."""
    measure: Callable[[float], Awaitable[Measured]]
    """Takes the seconds that each side is measured per round. Raises PeerMissing."""
    is_most: bool = False
    """The ratio may be at most the goal: these are times and bytes."""


async def _routing(seconds: float) -> Measured:
    return routing.run(seconds * _SLICES)


async def _fanout(seconds: float) -> Measured:
    return await fanout.run(seconds * _SLICES)


async def _visible(seconds: float) -> Measured:
    return await visible.run(seconds * _SLICES)


async def _console_memory(seconds: float) -> Measured:
    return await console_memory.run(seconds * _SLICES)


PLANS: Final = {
    plan.id: plan
    for plan in (
        Plan(
            id="ingest_sqlite",
            title="messages durable and routed, 64 in flight / raw sqlite3 writing the same rows, 50 a transaction",
            unit="messages/s",
            goals={"": 0.5},
            measure=ingest.sqlite,
        ),
        Plan(
            id="ingest_pg",
            title="the same on PostgreSQL / the best pgbench of the same statements",
            unit="messages/s",
            goals={"": 2},
            measure=ingest.postgresql,
        ),
        Plan(
            id="webhook",
            title="signed webhooks accepted and durable / a bare aiohttp handler that reads the body",
            unit="requests/s",
            goals={"": 0.35},
            measure=webhook.run,
        ),
        Plan(
            id="visible",
            title="POST to frame at every entitled console, 100/s, 500 consoles: p99 / one raw durable commit's",
            unit="ms",
            goals={"": 5},
            measure=_visible,
            is_most=True,
        ),
        Plan(
            id="fanout",
            title="deliveries to 1 000 consoles, 8 in flight / one os.write per client",
            unit="deliveries/s",
            goals={"": 1},
            measure=_fanout,
        ),
        Plan(
            id="routing",
            title="decisions, 10 000 waiting x 2 000 agents / a naive scan, equal decisions",
            unit="decisions/s",
            goals={"work_arrives": 20, "slot_freed": 100},
            measure=_routing,
        ),
        Plan(
            id="console_memory",
            title="resident memory of an idle console / a bare aiohttp socket's, 5 000 connections",
            unit="bytes",
            goals={"": 1.5},
            measure=_console_memory,
            is_most=True,
        ),
        Plan(
            id="calls_sqlite",
            title="signals of calls through the rules and durable, 64 in flight / raw durable commits of one row",
            unit="signals/s",
            goals={"": 0.35},
            measure=calls.sqlite,
        ),
        Plan(
            id="calls_pg",
            title="the same on PostgreSQL / raw durable commits of one row by one client",
            unit="signals/s",
            goals={"": 0.35},
            measure=calls.postgresql,
        ),
        Plan(
            id="calls_offer",
            title="a call's arrival to its offer on the bus, 2/s, 100 agents: p99 / one raw durable commit's",
            unit="ms",
            goals={"": 5},
            measure=calls.offers,
            is_most=True,
        ),
        Plan(
            id="calls_held",
            title="signals and records kept of 200 calls at once, by the stand-in of Twilio / those that it made",
            unit="kept",
            goals={"": 1},
            measure=held.run,
        ),
    )
}
