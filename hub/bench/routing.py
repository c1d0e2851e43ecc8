"""Figure `routing`: decisions per second of the engine against a naive scan, and whether both decide the same.

10 000 items wait, 2 000 agents with four chat slots, 50 skills, 400 sets of required skills, 12 queues. The limit is
`routing.reference`: every item or every agent looked at, without explanations. Both are timed on the same events, in
alternating rounds, so that a busy machine slows both; each figure is 1 / median time of an event.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import perf_counter, perf_counter_ns

from crm_core.words.content import Medium
from routing.engine import Engine
from routing.model import Agent, Decision, Queue, Work
from routing.reference import Reference

_SEED = 3
_WAITING, _AGENTS, _SKILLS, _DEMANDS, _QUEUES, _CLOSED = 10_000, 2_000, 50, 400, 12, 4
_ROUND = 25
"""Events of each kind per round. The first round does not count."""
_NAMES = [f"skill {number}" for number in range(_SKILLS)]

_Event = tuple[Callable[[], list[Decision]], Callable[[], list[Decision]]]
"""What the engine and what the reference has to do for one event."""


class _Scene:
    """One hub's worth of agents and work, told to the engine and to the reference alike."""

    def __init__(self) -> None:
        self.random = random.Random(_SEED)
        self.engine, self.reference = Engine(), Reference()
        self.agents: dict[int, Agent] = {}
        self.now = 1_000_000_000
        self.last_id = 0
        self.demands = [
            dict.fromkeys(self.random.sample(_NAMES, self.random.choice((1, 1, 2, 2, 3))), 1) for _ in range(_DEMANDS)
        ]
        self.weights = [1 / (place + 1) ** 0.7 for place in range(_DEMANDS)]
        for queue_id in range(_QUEUES):
            self.engine.set_queue(Queue(id=queue_id))
            self.reference.set_queue(Queue(id=queue_id))

    def enter(self, agent: Agent) -> None:
        """The same agent for both."""
        self.agents[agent.id] = agent
        self.engine.set_agent(agent)
        self.reference.set_agent(agent)

    def wait(self, work: Work) -> None:
        """The same waiting work for both."""
        self.engine.set_work(work)
        self.reference.set_work(work)

    def agent(self, agent_id: int, queues: range) -> Agent:
        """An agent with five to fifteen skills, in one to three of these queues."""
        return Agent(
            id=agent_id,
            queues=frozenset(self.random.sample(queues, self.random.randint(1, 3))),
            skills=dict.fromkeys(self.random.sample(_NAMES, self.random.randint(5, 15)), 3),
            idle_since=self.now - self.random.randint(0, 600_000),
        )

    def work(self, queues: range, media: tuple[Medium, ...]) -> Work:
        """The next item to arrive, 10 ms after the one before."""
        self.last_id += 1
        self.now += 10
        queue_id = self.random.choice(queues)
        return Work(
            id=self.last_id,
            queue_id=queue_id,
            medium=self.random.choice(media),
            priority=self.random.randint(0, 3),
            virtual_start=self.now,
            skills=self.random.choices(self.demands[queue_id::_QUEUES], self.weights[queue_id::_QUEUES])[0],
        )

    def busy_agent(self) -> Agent:
        """Somebody who holds something."""
        while True:
            agent = self.agents[self.random.randrange(_AGENTS)]
            if any(agent.used.values()):
                return agent

    def any_work(self) -> Work:
        """A call for the first queues or a chat or mail for the others."""
        if self.random.randrange(3):
            return self.work(range(_CLOSED, _QUEUES), (Medium.CHAT, Medium.CHAT, Medium.MAIL))
        return self.work(range(_CLOSED), (Medium.CALL,))

    def finish(self) -> _Event:
        """Somebody finishes something."""
        agent = self.busy_agent()
        held = self.random.choice([medium for medium, count in agent.used.items() if count])
        fewer = replace(agent, used={**agent.used, held: agent.used[held] - 1})
        self.agents[fewer.id] = fewer
        now = self.now

        def product() -> list[Decision]:
            self.engine.set_agent(fewer)
            return self.engine.assign(now, explained=False)

        def limit() -> list[Decision]:
            self.reference.set_agent(fewer)
            made: list[Decision] = []
            while (work := self.reference.for_agent(fewer.id, now)) is not None:
                made.append(self.reference.give(work, self.reference.agents[fewer.id], now, explained=False))
            return made

        return product, limit

    def arrive(self, work: Work) -> _Event:
        """This work arrives."""
        now = self.now

        def product() -> list[Decision]:
            self.engine.set_work(work)
            return self.engine.assign(now, explained=False)

        def limit() -> list[Decision]:
            self.reference.set_work(work)
            decision = self.reference.offer(work, now, explained=False)
            return [] if decision is None else [decision]

        return product, limit

    def note(self, medium_of: dict[int, Medium], decisions: list[Decision]) -> None:
        """Keep the scene's own picture of the agents in step, from which the next events are drawn."""
        for decision in decisions:
            if decision.agent_id is not None:
                agent, medium = self.agents[decision.agent_id], medium_of[decision.work_id]
                used = {**agent.used, medium: agent.used.get(medium, 0) + 1}
                self.agents[agent.id] = replace(agent, used=used, idle_since=max(agent.idle_since, self.now))


def _timed(decide: Callable[[], list[Decision]]) -> tuple[int, list[Decision]]:
    start = perf_counter_ns()
    decisions = decide()
    return perf_counter_ns() - start, decisions


def _all_full(scene: _Scene) -> None:
    """Everybody is full and 10 000 wait. A third of the queues and agents take calls, the others chats and mails."""
    for agent_id in range(_AGENTS):
        calls = agent_id % 3 == 0
        agent = scene.agent(agent_id, range(_CLOSED) if calls else range(_CLOSED, _QUEUES))
        agent = replace(agent, used={Medium.CALL: 1} if calls else {Medium.CHAT: 4})
        scene.enter(agent)
    for _ in range(_WAITING):
        scene.wait(scene.any_work())
    scene.engine.assign(scene.now, explained=False)


def _some_closed(scene: _Scene) -> None:
    """10 000 wait in queues that have nobody; in the others agents hold up to three chats."""
    for agent_id in range(_AGENTS):
        agent = scene.agent(agent_id, range(_CLOSED, _QUEUES))
        agent = replace(agent, used={Medium.CHAT: scene.random.randint(0, 3)})
        scene.enter(agent)
    for _ in range(_WAITING):
        scene.wait(scene.work(range(_CLOSED), (Medium.CHAT, Medium.MAIL)))
    scene.engine.assign(scene.now, explained=False)


class _Figure:
    """One scene being played: rounds of events, first all on the engine, then the same on the reference."""

    def __init__(self, *, freed: bool) -> None:
        self.freed = freed
        self.scene = _Scene()
        (_all_full if freed else _some_closed)(self.scene)
        waiting = self.scene.reference.waiting
        self.medium_of = {work_id: medium for medium, works in waiting.items() for work_id in works}
        self.product_ns: list[int] = []
        self.limit_ns: list[int] = []
        self.equal = True

    def round(self) -> None:
        """Work arrives and somebody finishes something, in turn; only one of the two counts for the figure."""
        limits, made = [], []
        for index in range(2 * _ROUND):
            finishing = index % 2 == 1
            product, limit = self.scene.finish() if finishing else self.scene.arrive(self._next_work())
            elapsed, decisions = _timed(product)
            self.scene.note(self.medium_of, decisions)
            limits.append(limit)
            made.append(decisions)
            if finishing is self.freed:
                self.product_ns.append(elapsed)
        for index, limit in enumerate(limits):
            elapsed, decisions = _timed(limit)
            self.equal = self.equal and decisions == made[index]
            if (index % 2 == 1) is self.freed:
                self.limit_ns.append(elapsed)

    def _next_work(self) -> Work:
        scene = self.scene
        work = scene.any_work() if self.freed else scene.work(range(_CLOSED, _QUEUES), (Medium.CHAT,))
        self.medium_of[work.id] = work.medium
        return work

    def result(self) -> dict[str, float]:
        """Decisions per second of both, and the ratio, without the first round."""
        product = 1e9 / median(self.product_ns[_ROUND:])
        limit = 1e9 / median(self.limit_ns[_ROUND:])
        return {"product": product, "limit": limit, "ratio": product / limit}


def _play(seconds: float, *, freed: bool) -> _Figure:
    figure = _Figure(freed=freed)
    until = perf_counter() + seconds
    figure.round()
    figure.round()
    while perf_counter() < until:
        figure.round()
    return figure


def run(seconds: float) -> dict[str, dict[str, float] | bool]:
    """Decisions per second: `work_arrives` and `slot_freed`, each product, limit and ratio; `equal` over all events.

    Takes about `seconds` plus two or three for setting the scenes.
    """
    arrives = _play(seconds / 2, freed=False)
    freed = _play(seconds / 2, freed=True)
    return {
        "work_arrives": arrives.result(),
        "slot_freed": freed.result(),
        "equal": arrives.equal and freed.equal,
    }
