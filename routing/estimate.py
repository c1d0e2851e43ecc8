"""How long somebody in line will wait. ROUTING.md section 12.

`EWT = AHT · max(0, ahead + 1 − idle) / S`: `ahead` waiting items before this one, `idle` agents who are free now,
`S` the agents at work, each counted by the share of their time that this queue gets.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

DEFAULT_CALL_MS = 90_000
"""Handling time of a call while too few were handled to know better."""
DEFAULT_CHAT_MS = 300_000
LEAST_SAMPLES = 5
_WEIGHT = 0.1
"""Of the newest sample in the moving average."""


def handling_time(samples: Sequence[int], otherwise: int) -> int:
    """The exponentially weighted mean of handling times in ms, the oldest first; `otherwise` while they are few."""
    if len(samples) < LEAST_SAMPLES:
        return otherwise
    mean = float(samples[0])
    for sample in samples[1:]:
        mean += _WEIGHT * (sample - mean)
    return round(mean)


def staffing(queues_of_agents: Iterable[int]) -> float:
    """`S` from how many queues each agent at work serves: an agent of three gives this one a third of their time."""
    return sum(1 / count for count in queues_of_agents if count > 0)


def wait(ahead: int, idle: int, handling_ms: int, staffed: float) -> int | None:
    """Estimated wait in ms; none when nobody is at work: that is said as such, never as a number."""
    if staffed <= 0:
        return None
    return round(handling_ms * max(0, ahead + 1 - idle) / staffed)


def minutes(wait_ms: int | None) -> int | None:
    """The wait as it is told: whole minutes, rounded up; none for none and for less than a minute."""
    if wait_ms is None or wait_ms < 60_000:
        return None
    return -(-wait_ms // 60_000)
