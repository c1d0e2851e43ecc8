"""The only place that reads the machine's clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

Moment = int
"""Milliseconds since 1970-01-01 UTC. A whole number travels through SQL, JSON and JavaScript unchanged."""

Clock = Callable[[], Moment]

SECOND: Moment = 1_000
MINUTE: Moment = 60 * SECOND
HOUR: Moment = 60 * MINUTE
DAY: Moment = 24 * HOUR


def system_clock() -> Moment:
    """The wall clock of this machine, in milliseconds."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds on a clock that never steps back, for measuring durations only."""
    return time.monotonic()


def as_datetime(moment: Moment) -> datetime:
    """The moment as an aware UTC datetime."""
    return datetime.fromtimestamp(moment / 1000, UTC)


def as_text(moment: Moment) -> str:
    """The moment in RFC 3339 with milliseconds, as the API writes it."""
    return as_datetime(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
