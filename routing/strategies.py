"""How a queue ranks the agents who could take an item: one sort key per strategy, smaller is better."""

from __future__ import annotations

from routing.explanation import Because
from routing.model import Strategy

Rank = tuple[float, int, int]
"""Sort key of an agent; the last number is the agent's id, so no two are equal."""

BECAUSE = {
    Strategy.LONGEST_IDLE: Because.LONGEST_IDLE,
    Strategy.LEAST_BUSY: Because.LEAST_BUSY,
}


def rank(strategy: Strategy, *, agent_id: int, units: int, total: int, idle_since: int) -> Rank:
    """Where an agent stands.

    LONGEST_IDLE: agents who hold nothing first, then by `idle_since`. Someone who holds a chat is not idle, however
    long ago it was given. LEAST_BUSY: by share of units taken, then by `idle_since`.
    """
    if strategy is Strategy.LONGEST_IDLE:
        return (1 if units else 0, idle_since, agent_id)
    return (units / total, idle_since, agent_id)
