"""The agents as the engine holds them: one seat each, and sets of agents as bits for whatever is asked often."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from crm_core.words.content import Medium
from routing.backlog import Bucket, Demand
from routing.eligibility import kept_from, lack
from routing.explanation import Reason
from routing.model import Agent, Capacity, Strategy
from routing.ranking import Ranking, slots
from routing.strategies import Rank, rank

MEDIA = tuple(Medium)
OPEN = {medium: f"open {medium}" for medium in MEDIA}
"""Agents who may be given one more item of the medium, as far as it does not depend on the item."""
KEPT = {medium: f"kept from {medium}" for medium in MEDIA}
"""Agents at work whom only smaller items keep from this exclusive medium."""
KEPT_FROM_ANY = "kept from any"
ROUTABLE, PRESENT, WRAPPING = "routable", "present", "wrapping"
MUTED = {medium: f"muted {medium}" for medium in MEDIA}
FULL = {
    (reason, medium): f"{reason} {medium}"
    for reason in (Reason.NO_UNITS, Reason.MEDIUM_FULL, Reason.NOT_ALONGSIDE)
    for medium in MEDIA
}
_MARKS_REMEMBERED = 20_000

_State = tuple[int, tuple[int, ...], bool, bool, bool, frozenset[Medium]]


class Seat:
    """One agent with the counts that change most: `used` follows the order of `MEDIA`, `bit` is 1 << slot."""

    __slots__ = (
        "agent",
        "bit",
        "buckets",
        "capacity_id",
        "idle_since",
        "marks",
        "slot",
        "units",
        "used",
        "wrapping",
    )

    def __init__(self, agent: Agent, slot: int) -> None:
        self.slot = slot
        self.bit = 1 << slot
        self.agent = agent
        self.capacity_id = -1
        self.used: tuple[int, ...] = ()
        self.units = 0
        self.idle_since = 0
        self.wrapping = False
        self.marks: frozenset[str] = frozenset()
        self.buckets: dict[Medium, list[Bucket]] = {medium: [] for medium in MEDIA}

    def facts(self) -> Agent:
        """The agent as of now, offers made since included."""
        agent = self.agent
        if agent.idle_since != self.idle_since or counts(agent) != self.used:
            self.agent = agent = replace(agent, used=_used(self), idle_since=self.idle_since)
        return agent

    def is_as(self, agent: Agent) -> bool:
        """Whether these facts are known already."""
        known = self.agent
        return (
            self.used == counts(agent)
            and self.idle_since == agent.idle_since
            and (known.activity_routable, known.present, known.wrap_up_until, known.muted)
            == (agent.activity_routable, agent.present, agent.wrap_up_until, agent.muted)
            and standing(known) == standing(agent)
            and known.capacity == agent.capacity
        )

    def rank(self, strategy: Strategy) -> Rank:
        """Where the agent stands under a strategy."""
        agent = self.agent
        return rank(
            strategy,
            agent_id=agent.id,
            units=self.units,
            total=agent.capacity.total,
            idle_since=self.idle_since,
        )


def standing(agent: Agent) -> tuple[object, ...]:
    """What changes only when somebody edits the agent."""
    return (agent.queues, agent.barred, agent.skills)


def counts(agent: Agent) -> tuple[int, ...]:
    """Items held, in the order of `MEDIA`."""
    return tuple(agent.used.get(medium, 0) for medium in MEDIA)


class Roster:
    """All agents, and for each question a set of them as an int whose bit n stands for the agent in slot n.

    Sets are intersected instead of agents being asked one by one: for 2 000 agents that is one machine operation per
    64 of them. A set changes only where an agent's marks change.
    """

    def __init__(self) -> None:
        self.seats: dict[int, Seat] = {}
        self.by_slot: dict[int, Seat] = {}
        self.everybody = 0
        self.marked: dict[str, int] = {}
        self.members: dict[int, int] = {}
        self.barred: dict[int, int] = {}
        self.by_id = Ranking()
        self.rankings: dict[Strategy, Ranking] = {}
        self._levels: dict[str, dict[int, int]] = {}
        self._free_slots: list[int] = []
        self._capacities: dict[object, int] = {}
        self._marks_of: dict[_State, tuple[frozenset[str], int]] = {}

    def rank_by(self, strategy: Strategy) -> Ranking:
        """The ranking for a strategy, made at the first call and kept up to date from then on."""
        if strategy not in self.rankings:
            self.rankings[strategy] = ranking = Ranking()
            for seat in self.seats.values():
                ranking.place(seat.slot, seat.rank(strategy))
        return self.rankings[strategy]

    def seat(self, agent: Agent) -> Seat:
        """The agent's seat, a new one where there was none. The facts are not taken over yet."""
        seat = self.seats.get(agent.id)
        if seat is None:
            slot = self._free_slots.pop() if self._free_slots else len(self.seats)
            seat = Seat(replace(agent, queues=frozenset(), barred=frozenset(), skills={}), slot)
            self.seats[agent.id] = self.by_slot[slot] = seat
            self.everybody |= seat.bit
            self.by_id.place(slot, (0, 0, agent.id))
        return seat

    def take_over(self, seat: Seat, agent: Agent) -> bool:
        """Take over all facts of the agent. True when memberships or skills changed."""
        before = seat.agent
        moved = standing(before) != standing(agent)
        if moved:
            self._enter(seat.bit, before, agent)
        seat.agent = agent
        if seat.capacity_id < 0 or before.capacity != agent.capacity:
            seat.capacity_id = self._capacity_id(agent.capacity)
        seat.used = counts(agent)
        seat.idle_since = agent.idle_since
        seat.wrapping = agent.wrap_up_until is not None
        self.refresh(seat)
        return moved

    def remove(self, agent_id: int) -> Seat:
        """Take the agent out of every set. Raises KeyError for an unknown agent."""
        seat = self.seats[agent_id]
        nobody = replace(seat.agent, queues=frozenset(), barred=frozenset(), skills={})
        self._enter(seat.bit, seat.agent, nobody)
        self._mark(seat, frozenset())
        for ranking in (self.by_id, *self.rankings.values()):
            ranking.drop(seat.slot)
        self.everybody ^= seat.bit
        del self.seats[agent_id], self.by_slot[seat.slot]
        self._free_slots.append(seat.slot)
        return seat

    def _enter(self, bit: int, before: Agent, after: Agent) -> None:
        for sets, old, new in (
            (self.members, before.queues, after.queues),
            (self.barred, before.barred, after.barred),
        ):
            for queue_id in old ^ new:
                sets[queue_id] = sets.get(queue_id, 0) ^ bit
        for skill, level in before.skills.items():
            self._levels[skill][level] ^= bit
        for skill, level in after.skills.items():
            levels = self._levels.setdefault(skill, {})
            levels[level] = levels.get(level, 0) | bit

    def refresh(self, seat: Seat) -> None:
        """Bring the sets and rankings up to date with the seat's counts and state."""
        agent = seat.agent
        state = (
            seat.capacity_id,
            seat.used,
            agent.activity_routable,
            agent.present,
            seat.wrapping,
            agent.muted,
        )
        known = self._marks_of.get(state)
        if known is None:
            if len(self._marks_of) >= _MARKS_REMEMBERED:
                self._marks_of.clear()
            known = self._marks_of[state] = (_marks(seat), agent.capacity.units(_used(seat)))
        marks, seat.units = known
        if marks is not seat.marks:
            self._mark(seat, marks)
        for strategy, ranking in self.rankings.items():
            ranking.place(seat.slot, seat.rank(strategy))

    def _mark(self, seat: Seat, marks: frozenset[str]) -> None:
        for mark in seat.marks ^ marks:
            self.marked[mark] = self.marked.get(mark, 0) ^ seat.bit
        seat.marks = marks

    def _capacity_id(self, capacity: Capacity) -> int:
        key = (
            capacity.total,
            tuple(capacity.weight_of(medium) for medium in MEDIA),
            tuple(capacity.most.get(medium) for medium in MEDIA),
            tuple(capacity.alongside.get(medium) for medium in MEDIA),
        )
        return self._capacities.setdefault(key, len(self._capacities))

    def skilled(self, demand: Demand) -> int:
        """Everybody with the required levels."""
        found = self.everybody
        for skill, minimum in demand[2]:
            levels = self._levels.get(skill, {})
            enough = 0
            for level, bits in levels.items():
                if level >= minimum:
                    enough |= bits
            found &= enough
        return found

    def qualified(self, demand: Demand) -> int:
        """Members of the queue who may reply in it and have the required levels."""
        queue_id = demand[0]
        return self.skilled(demand) & self.members.get(queue_id, 0) & ~self.barred.get(queue_id, 0)

    def seated(self, bits: int) -> Iterator[Seat]:
        """The seats of these agents."""
        return (self.by_slot[slot] for slot in slots(bits))


def qualifies(agent: Agent, demand: Demand) -> bool:
    """Whether one agent is in `Roster.qualified` of this demand."""
    queue_id, _, required = demand
    if queue_id not in agent.queues or queue_id in agent.barred:
        return False
    skills: Mapping[str, int] = agent.skills
    return all(skills.get(skill, 0) >= minimum for skill, minimum in required)


def _used(seat: Seat) -> dict[Medium, int]:
    return dict(zip(MEDIA, seat.used, strict=True))


def _marks(seat: Seat) -> frozenset[str]:
    agent, used = seat.agent, _used(seat)
    marks = {MUTED[medium] for medium in agent.muted}
    if agent.activity_routable:
        marks.add(ROUTABLE)
    if agent.present:
        marks.add(PRESENT)
    if seat.wrapping:
        marks.add(WRAPPING)
    at_work = agent.activity_routable and agent.present and not seat.wrapping
    for medium in MEDIA:
        full = lack(agent.capacity, used, medium)
        if full is not None:
            marks.add(FULL[full, medium])
        if not at_work or medium in agent.muted:
            continue
        if full is None:
            marks.add(OPEN[medium])
        elif kept_from(agent.capacity, used, medium):
            marks |= {KEPT[medium], KEPT_FROM_ANY}
    return frozenset(marks)
