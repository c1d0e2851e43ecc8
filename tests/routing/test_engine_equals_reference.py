from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crm_core.words.content import Medium
from routing.engine import Engine
from routing.model import Agent, Capacity, Decision, Queue, Strategy, Work
from routing.reference import Reference

AGENTS = st.integers(1, 4)
QUEUES = st.sampled_from([1, 1, 1, 2, 3])
WORKS = st.integers(1, 9)
MEDIA = st.sampled_from([Medium.CALL, Medium.CHAT, Medium.CHAT, Medium.MAIL])
SKILLS = st.just({}) | st.dictionaries(st.sampled_from(["french", "billing"]), st.integers(0, 3), max_size=2)
LATER = st.integers(1, 60)
HELD = st.sampled_from(
    [
        {},
        {},
        {Medium.CHAT: 1},
        {Medium.CHAT: 2},
        {Medium.CHAT: 3},
        {Medium.CHAT: 4},
        {Medium.CALL: 1},
        {Medium.CHAT: 1, Medium.MAIL: 2},
    ]
)
AWKWARD = st.sampled_from(["", "", "", "", "", "away", "asleep", "barred", "muted", "wrapping"])
CAPACITIES = st.just(Capacity()) | st.sampled_from(
    [
        Capacity(most={Medium.CHAT: 2, Medium.MAIL: 1}),
        Capacity(total=50),
        Capacity(alongside={Medium.CHAT: frozenset({Medium.CHAT})}),
        Capacity(most={Medium.CALL: 0}),
        Capacity(total=200, weight={Medium.CALL: 150, Medium.CHAT: 60, Medium.MAIL: 200}),
    ]
)


class Routing(RuleBasedStateMachine):
    """Any order of events: the engine says what the reference says."""

    def __init__(self) -> None:
        super().__init__()
        self.engine = Engine()
        self.reference = Reference()
        self.now = 1_000
        self.waiting: set[int] = set()
        self.eager = False
        for queue_id in (1, 2):
            self.set_queue(queue_id, Strategy.LONGEST_IDLE)

    @initialize(eager=st.booleans(), held=st.lists(HELD, min_size=2, max_size=4))
    def open_the_house(self, eager: bool, held: list[dict[Medium, int]]) -> None:
        """Eager: offers are made after every event; otherwise only when `assign` comes up."""
        for agent_id, used in enumerate(held, start=1):
            self.tell(Agent(id=agent_id, queues=frozenset({1, 2}), used=used))
        self.eager = eager

    def settle(self) -> None:
        if self.eager:
            self.assign(explained=False)

    @rule(queue_id=QUEUES, strategy=st.sampled_from(Strategy))
    def set_queue(self, queue_id: int, strategy: Strategy) -> None:
        queue = Queue(id=queue_id, strategy=strategy)
        self.engine.set_queue(queue)
        self.reference.set_queue(queue)
        self.settle()

    @rule(
        agent_id=AGENTS,
        queues=st.just(frozenset({1})) | st.frozensets(QUEUES, min_size=1),
        skills=SKILLS,
        awkward=AWKWARD,
        capacity=CAPACITIES,
        used=HELD,
        idle_for=LATER,
        later=LATER,
        muted=st.frozensets(MEDIA, max_size=2),
    )
    def set_agent(self, agent_id: int, awkward: str, idle_for: int, later: int, **facts: object) -> None:
        muted = facts.pop("muted")
        agent = Agent(
            id=agent_id,
            activity_routable=awkward != "away",
            present=awkward != "asleep",
            idle_since=self.now - idle_for,
            wrap_up_until=self.now + later - 10 if awkward == "wrapping" else None,
            barred=frozenset({1}) if awkward == "barred" else frozenset(),
            muted=muted if awkward == "muted" else frozenset(),  # type: ignore[arg-type]
            **facts,  # type: ignore[arg-type]
        )
        self.tell(agent)

    @precondition(lambda self: self.reference.agents)
    @rule(data=st.data(), used=HELD)
    def hold_something_else(self, data: st.DataObject, used: dict[Medium, int]) -> None:
        agent_id = data.draw(st.sampled_from(sorted(self.reference.agents)))
        self.tell(replace(self.reference.agents[agent_id], used=used))

    @precondition(lambda self: self.reference.agents)
    @rule(data=st.data())
    def come_or_go(self, data: st.DataObject) -> None:
        agent = self.reference.agents[data.draw(st.sampled_from(sorted(self.reference.agents)))]
        self.tell(replace(agent, activity_routable=not agent.activity_routable))

    def tell(self, agent: Agent) -> None:
        self.engine.set_agent(agent)
        self.reference.set_agent(agent)
        self.settle()

    @rule(work_id=WORKS, medium=MEDIA, waited=LATER)
    def plain_work(self, work_id: int, medium: Medium, waited: int) -> None:
        self.put(Work(id=work_id, queue_id=1, medium=medium, virtual_start=self.now - waited))

    @rule(medium=MEDIA)
    def newest_work(self, medium: Medium) -> None:
        work_id = max(self.waiting, default=0) + 1
        self.put(Work(id=work_id, queue_id=1, medium=medium, virtual_start=self.now))

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def work_is_withdrawn(self, data: st.DataObject) -> None:
        work_id = data.draw(st.sampled_from(sorted(self.waiting)))
        self.engine.remove_work(work_id)
        self.reference.remove_work(work_id)
        self.waiting.discard(work_id)
        self.settle()

    @rule(kind=st.sampled_from(["queue", "agent", "agent"]), one=st.integers(1, 4))
    def something_is_removed(self, kind: str, one: int) -> None:
        for router in (self.engine, self.reference):
            (router.remove_queue if kind == "queue" else router.remove_agent)(one)
        self.settle()

    @rule(
        work_id=WORKS,
        queue_id=QUEUES,
        medium=MEDIA,
        priority=st.integers(0, 2),
        waited=LATER,
        skills=SKILLS,
        excluded=st.just(frozenset()) | st.frozensets(AGENTS, max_size=2),
        preferred=st.none() | st.none() | AGENTS,
        preferred_for=st.none() | LATER,
        cooling=st.just({}) | st.dictionaries(AGENTS, LATER, max_size=2),
    )
    def set_work(
        self, waited: int, preferred_for: int | None, cooling: dict[int, int], work_id: int, **facts: object
    ) -> None:
        work = Work(
            id=work_id,
            virtual_start=self.now - waited,
            preferred_until=None if preferred_for is None else self.now + preferred_for - 5,
            cooling={agent_id: self.now + later - 5 for agent_id, later in cooling.items()},
            **facts,  # type: ignore[arg-type]
        )
        self.put(work)

    def put(self, work: Work) -> None:
        self.engine.set_work(work)
        self.reference.set_work(work)
        self.waiting.add(work.id)
        self.settle()

    @rule(later=LATER)
    def time_passes(self, later: int) -> None:
        self.now += later
        self.settle()

    @rule()
    def wake(self) -> None:
        self.now = self.engine.next_wake(self.now) or self.now
        self.settle()

    @rule(explained=st.booleans())
    def assign(self, explained: bool) -> None:
        made = self.engine.assign(self.now, explained=explained)
        assert made == self.reference.assign(self.now, explained=explained)
        self.waiting -= {decision.work_id for decision in made}
        assert self.engine.assign(self.now) == []

    @precondition(lambda self: self.waiting)
    @rule(data=st.data())
    def decide(self, data: st.DataObject) -> None:
        work_id = data.draw(st.sampled_from(sorted(self.waiting)))
        decision: Decision = self.engine.decide(work_id, self.now)
        assert decision == self.reference.decide(work_id, self.now)
        assert decision.explanation is not None
        assert all(decision.explanation.words())
        assert self.engine.position(work_id) == self.reference.position(work_id)

    @invariant()
    def every_agent_would_get_the_same(self) -> None:
        for agent_id in self.reference.agents:
            assert self.engine.for_agent(agent_id, self.now) == self.reference.for_agent(agent_id, self.now)

    @invariant()
    def they_wake_at_the_same_moment(self) -> None:
        assert self.engine.next_wake(self.now) == self.reference.next_wake(self.now)


TestEngineEqualsReference = Routing.TestCase
TestEngineEqualsReference.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
