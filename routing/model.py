"""What the engine knows: queues, agents, waiting work, and the decision it hands back.

Every moment is int milliseconds UTC (the same number as `crm_core.words.clock.Moment`; that module is not
imported because it reads the clock, and nothing here may). Every duration is int milliseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from crm_core.words.content import Medium
from routing.explanation import Explanation

OFFER_MS: Mapping[Medium, int] = MappingProxyType({Medium.CALL: 20_000, Medium.CHAT: 30_000, Medium.MAIL: 300_000})
"""How long an offer stands, by medium, unless the queue says otherwise."""

WEIGHT: Mapping[Medium, int] = MappingProxyType({Medium.CALL: 100, Medium.CHAT: 25, Medium.MAIL: 10})
"""Units one item takes, by medium, unless the agent's capacity says otherwise."""

NOTHING_HELD: Mapping[Medium, int] = MappingProxyType({})


class Strategy(StrEnum):
    """How a queue ranks the agents who could take an item."""

    LONGEST_IDLE = "longest_idle"
    LEAST_BUSY = "least_busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue's routing settings.

    `reoffer_cooldown_ms` and `sticky_wait_ms` are for the caller, who turns them into the moments in
    `Work.cooling` and `Work.preferred_until`; the engine itself only compares moments.
    """

    id: int
    name: str = ""
    strategy: Strategy = Strategy.LONGEST_IDLE
    offer_ms: Mapping[Medium, int] = field(default_factory=lambda: OFFER_MS)
    reoffer_cooldown_ms: int = 60_000
    sticky_wait_ms: int = 20_000

    def offer_ms_for(self, medium: Medium) -> int:
        """Milliseconds an offer of this medium stands."""
        return self.offer_ms.get(medium, OFFER_MS[medium])


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity:
    """How much an agent can hold at once, in units.

    `weight`: units per item; a medium not named has the default, and a weight above `total` means all of it.
    `most`: items of a medium at once; a medium not named is limited by units alone.
    `alongside`: for a medium being held, the media that may come on top of it; not named means any.
    A medium whose weight reaches `total` is exclusive: it fits only beside nothing.

    Raises ValueError when `total` or a weight is below 1.
    """

    total: int = 100
    weight: Mapping[Medium, int] = field(default_factory=lambda: WEIGHT)
    most: Mapping[Medium, int] = field(default_factory=dict)
    alongside: Mapping[Medium, frozenset[Medium]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.total < 1 or any(weight < 1 for weight in self.weight.values()):
            raise ValueError("capacity counts in units of at least 1")

    def weight_of(self, medium: Medium) -> int:
        """Units one item of this medium takes, at most `total`."""
        return min(self.weight.get(medium, WEIGHT[medium]), self.total)

    def exclusive(self, medium: Medium) -> bool:
        """Whether one item of this medium takes everything."""
        return self.weight_of(medium) >= self.total

    def units(self, used: Mapping[Medium, int]) -> int:
        """Units taken by these counts of items."""
        return sum(self.weight_of(medium) * count for medium, count in used.items() if count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One agent as routing sees them.

    `used` counts the items held by medium, pending offers included. `idle_since` is the moment of the last offer
    or of the end of the last wrap-up, whichever is later: the engine moves it to `now` with every offer it makes,
    and whoever commits the offer must do the same. `activity_routable` comes from the chosen activity, `present`
    from a fresh heartbeat or a registered phone. `barred` are queues the agent may see but not reply in; `muted`
    are media the agent gets no offers of for now. `wrap_up_until` None means not wrapping up.
    """

    id: int
    queues: frozenset[int]
    skills: Mapping[str, int] = field(default_factory=dict)
    activity_routable: bool = True
    present: bool = True
    capacity: Capacity = field(default_factory=Capacity)
    used: Mapping[Medium, int] = field(default_factory=dict)
    idle_since: int = 0
    wrap_up_until: int | None = None
    barred: frozenset[int] = frozenset()
    muted: frozenset[Medium] = frozenset()

    def units(self) -> int:
        """Units taken now."""
        return self.capacity.units(self.used)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One item that waits for an agent.

    `virtual_start` orders items of equal priority and survives requeue and transfer. `skills` are minimum levels.
    `preferred` is the agent who gets it first: until `preferred_until` nobody else does, provided that agent is at
    work (see `routing.eligibility.holds`); without `preferred_until` the preferred agent wins only when free now.
    `cooling` maps agents who were offered this item already to the moment they may be offered it again.
    """

    id: int
    queue_id: int
    medium: Medium
    priority: int = 0
    virtual_start: int = 0
    skills: Mapping[str, int] = field(default_factory=dict)
    excluded: frozenset[int] = frozenset()
    preferred: int | None = None
    preferred_until: int | None = None
    cooling: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Offer this work to this agent for `offer_ms`; `agent_id` None means nobody can take it now.

    `explanation` is None only where the caller asked for none.
    """

    work_id: int
    queue_id: int
    agent_id: int | None
    offer_ms: int
    explanation: Explanation | None = None
