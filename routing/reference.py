"""The specification in code: the same answers as `routing.engine`, found by looking at everything.

It keeps plain dictionaries and no memory of what changed, so that it can be checked against the README by reading. The
tests hold the engine to it; `hub bench` measures how much the engine's indexes are worth.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from crm_core.words.content import Medium
from routing.eligibility import detail, holds, kept_from, reason_against, reserves
from routing.explanation import VERDICTS_SHOWN, Because, Detail, Explanation, Reason, Verdict
from routing.model import Agent, Decision, Queue, Work
from routing.ordering import place
from routing.strategies import BECAUSE, Rank, rank


class Reference:
    """Every waiting work against every agent. Same methods and meaning as `Engine`."""

    def __init__(self) -> None:
        self.queues: dict[int, Queue] = {}
        self.agents: dict[int, Agent] = {}
        self.waiting: dict[Medium, dict[int, Work]] = {medium: {} for medium in Medium}

    def set_queue(self, queue: Queue) -> None:
        """Add or change a queue."""
        self.queues[queue.id] = queue

    def remove_queue(self, queue_id: int) -> None:
        """Forget a queue."""
        self.queues.pop(queue_id, None)

    def set_agent(self, agent: Agent) -> None:
        """Add or replace an agent."""
        self.agents[agent.id] = agent

    def remove_agent(self, agent_id: int) -> None:
        """Forget an agent."""
        self.agents.pop(agent_id, None)

    def set_work(self, work: Work) -> None:
        """Add or replace waiting work."""
        self.remove_work(work.id)
        self.waiting[work.medium][work.id] = work

    def remove_work(self, work_id: int) -> None:
        """Forget work."""
        for works in self.waiting.values():
            works.pop(work_id, None)

    def assign(self, now: int, *, explained: bool = True) -> list[Decision]:
        """Each waiting work in order: the best agent who may take it gets it."""
        decisions = []
        for work in sorted(self._works(), key=place):
            decision = self.offer(work, now, explained=explained)
            if decision is not None:
                decisions.append(decision)
        return decisions

    def offer(self, work: Work, now: int, *, explained: bool = True) -> Decision | None:
        """This one work to the best agent who may take it, or None."""
        agent = self._choose(work, now)
        return None if agent is None else self.give(work, agent, now, explained=explained)

    def give(self, work: Work, agent: Agent, now: int, *, explained: bool = True) -> Decision:
        """This work to this agent, who may take it."""
        decision = self._decision(work, agent, now, explained=explained)
        used = {**agent.used, work.medium: agent.used.get(work.medium, 0) + 1}
        self.agents[agent.id] = replace(agent, used=used, idle_since=max(agent.idle_since, now))
        self.remove_work(work.id)
        return decision

    def decide(self, work_id: int, now: int) -> Decision:
        """What would happen to this work if it were its turn. Raises KeyError when it does not wait."""
        work = self._work(work_id)
        return self._decision(work, self._choose(work, now), now, explained=True)

    def for_agent(self, agent_id: int, now: int) -> Work | None:
        """The first work in order that this agent could be offered. Raises KeyError for an unknown agent."""
        agent = self.agents[agent_id]
        earlier = self._kept_for(agent, now)
        first: Work | None = None
        for work in self._works():
            if first is not None and place(work) > place(first):
                continue
            if earlier is not None and place(earlier) < place(work):
                continue
            if work.queue_id in self.queues and self._against(agent, work, now) is None:
                first = work
        return first

    def next_wake(self, now: int) -> int | None:
        """The earliest end, after `now`, of a wrap-up, a cooldown or a wait for the preferred agent."""
        return min((moment for moment in self._moments() if moment > now), default=None)

    def position(self, work_id: int) -> int:
        """The place in its queue, 1 for the next. Raises KeyError when it does not wait."""
        work = self._work(work_id)
        same = (other for other in self._works() if other.queue_id == work.queue_id)
        return sum(place(other) <= place(work) for other in same)

    def _works(self) -> Iterator[Work]:
        for works in self.waiting.values():
            yield from works.values()

    def _work(self, work_id: int) -> Work:
        for works in self.waiting.values():
            if work_id in works:
                return works[work_id]
        raise KeyError(work_id)

    def _moments(self) -> Iterator[int]:
        for agent in self.agents.values():
            if agent.wrap_up_until is not None:
                yield agent.wrap_up_until
        for work in self._works():
            yield from work.cooling.values()
            if work.preferred is not None and work.preferred_until is not None:
                yield work.preferred_until

    def _preferred(self, work: Work) -> Agent | None:
        return None if work.preferred is None else self.agents.get(work.preferred)

    def _rank(self, agent: Agent, queue: Queue) -> Rank:
        return rank(
            queue.strategy,
            agent_id=agent.id,
            units=agent.units(),
            total=agent.capacity.total,
            idle_since=agent.idle_since,
        )

    def _choose(self, work: Work, now: int) -> Agent | None:
        queue = self.queues.get(work.queue_id)
        if queue is None:
            return None
        free = [agent for agent in self.agents.values() if self._reason(agent, work, now) is None]
        if work.preferred_until is None or work.preferred_until > now:
            for agent in free:
                if agent.id == work.preferred:
                    return agent
        return min(free, key=lambda agent: self._rank(agent, queue), default=None)

    def _against(self, agent: Agent, work: Work, now: int) -> Reason | None:
        reason = reason_against(agent, work, now)
        if reason is None and work.preferred is not None and work.preferred != agent.id:
            return Reason.HELD_FOR_PREFERRED if holds(work, self._preferred(work), now) else None
        return reason

    def _reason(self, agent: Agent, work: Work, now: int) -> Reason | None:
        reason = self._against(agent, work, now)
        if reason is None:
            earlier = self._kept_for(agent, now)
            if earlier is not None and place(earlier) < place(work):
                return Reason.RESERVED_FOR_EARLIER
        return reason

    def _kept_for(self, agent: Agent, now: int) -> Work | None:
        """The first waiting work in order that this agent is kept free for."""
        keeping = (
            work
            for medium, works in self.waiting.items()
            if works and kept_from(agent.capacity, agent.used, medium)
            for work in works.values()
            if work.queue_id in self.queues and reserves(work, agent, self._preferred(work), now)
        )
        return min(keeping, key=place, default=None)

    def _decision(self, work: Work, agent: Agent | None, now: int, *, explained: bool) -> Decision:
        queue = self.queues.get(work.queue_id)
        return Decision(
            work_id=work.id,
            queue_id=work.queue_id,
            agent_id=None if agent is None else agent.id,
            offer_ms=0 if queue is None else queue.offer_ms_for(work.medium),
            explanation=self._explain(work, agent, now) if explained else None,
        )

    def _explain(self, work: Work, chosen: Agent | None, now: int) -> Explanation:
        queue = self.queues.get(work.queue_id)
        if queue is None:
            return Explanation(at=now, chosen_because=Because.QUEUE_UNKNOWN, considered=0)
        reasons = {agent.id: self._reason(agent, work, now) or Reason.OUTRANKED for agent in self.agents.values()}
        if chosen is not None:
            reasons[chosen.id] = Reason.CHOSEN
        members = [agent for agent in self.agents.values() if work.queue_id in agent.queues]
        members.sort(key=lambda agent: self._telling_order(agent, reasons[agent.id], queue))
        shown = members[:VERDICTS_SHOWN]
        counted = Counter(reasons.values()) - Counter(reasons[agent.id] for agent in shown)
        return Explanation(
            at=now,
            chosen_because=self._because(work, chosen, queue, now) if members else Because.NOBODY_IN_QUEUE,
            considered=len(members),
            verdicts=tuple(self._verdict(agent, reasons[agent.id], work, now) for agent in shown),
            others={reason: counted[reason] for reason in Reason if counted[reason]},
        )

    def _telling_order(self, agent: Agent, reason: Reason, queue: Queue) -> tuple[int, Rank]:
        if reason in (Reason.CHOSEN, Reason.OUTRANKED):
            return (0 if reason is Reason.CHOSEN else 1, self._rank(agent, queue))
        return (2, (0, 0, agent.id))

    def _because(self, work: Work, chosen: Agent | None, queue: Queue, now: int) -> Because:
        if chosen is None:
            return Because.NOBODY_FREE
        lasting = work.preferred_until is None or work.preferred_until > now
        return Because.PREFERRED if lasting and chosen.id == work.preferred else BECAUSE[queue.strategy]

    def _verdict(self, agent: Agent, reason: Reason, work: Work, now: int) -> Verdict:
        numbers: Detail = detail(reason, agent, work)
        if reason is Reason.RESERVED_FOR_EARLIER:
            earlier = self._kept_for(agent, now)
            numbers = {} if earlier is None else {"work": earlier.id}
        return Verdict(agent_id=agent.id, reason=reason, detail=numbers)
