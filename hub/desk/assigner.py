"""Brings waiting work to agents: events feed the pure engine, its decisions become offers by compare-and-set.

The engine's picture is a copy. Whoever loses a compare-and-set gets the facts from the database again,
so a stale copy costs a try, never a wrong offer. Deadlines live in the database and are read again at
start, so a restart forgets no offer.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import structlog

from crm_core.calls import queries as calls
from crm_core.staff import queries as staff
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.clock import Clock, Moment
from crm_core.words.content import Medium
from crm_core.words.errors import Conflict, Gone, HubError
from crm_core.words.events import AgentChanged, CallChanged, EntryAdded, OfferChanged, QueueChanged, WorkChanged
from crm_core.words.values import (
    Activity,
    AgentValue,
    CallValue,
    Direction,
    OfferState,
    QueueValue,
    WorkState,
    WorkValue,
)
from crm_core.work import actions as work
from crm_core.work import queues
from crm_core.work.rules import UNITS
from hub.desk import rather
from hub.desk.assignments import give_back_stranded, give_back_waiting
from hub.desk.phoning import Phoning
from routing.engine import Engine
from routing.estimate import staffing
from routing.model import Agent, Capacity, Decision, Queue, Strategy, Work

OFF: Final = "off"
"""The device of agents who take no calls."""
SWEEP_SECONDS: Final = 2.0
"""How long a lost wake-up may go unnoticed."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Facts:
    agents: Sequence[AgentValue]
    queues: Sequence[QueueValue]
    work: Sequence[WorkValue]
    deadlines: dict[int, Moment]
    calls: Sequence[CallValue]


@dataclass(frozen=True, slots=True)
class Crew:
    """Agents who take calls of a queue: how many are free now, and how much of their time it gets in all."""

    idle: int
    staffed: float


def _facts(tx: Tx) -> _Facts:
    pending = {offer.id: offer.expires_at for offer in work.pending_offers(tx)}
    return _Facts(staff.agents(tx), queues.queues(tx), work.all_open(tx), pending, calls.live(tx))


class Assigner:
    """One per workspace. `start`, then `run` until cancelled; feed it events with `heard`."""

    def __init__(self, db: Database, clock: Clock, is_present: Callable[[int], bool]) -> None:
        self._db = db
        self._clock = clock
        self._is_present = is_present
        self._engine = Engine()
        self._agents: dict[int, AgentValue] = {}
        self._held: dict[int, WorkValue] = {}
        """Work that is offered or assigned."""
        self._used: defaultdict[int, Counter[Medium]] = defaultdict(Counter)
        """What each agent holds, by medium: counted from `_held` as it changes."""
        self._phoning = Phoning()
        self._waiting: dict[tuple[int | None, int], int] = {}
        """Calls, and conversations with messages, in line, and their work."""
        self._callers: dict[int, None] = {}
        """Work of calls in line: looked through at every step, which thousands of messages in line are not."""
        self._deadlines: dict[int, Moment] = {}
        self._unsettled: dict[int, Decision] = {}
        """Decisions by work, of which it is not known that they were stored: the engine has let go of that work."""
        self._stranded: set[int] = set()
        """Conversations whose contact wrote to an agent who is offline."""
        self._gone: set[int] = set()
        """Agents who have just gone offline, and may have left people waiting."""
        self._awake = asyncio.Event()

    async def start(self) -> None:
        """Read everything that waits, who could take it and which offers run. Raises StoreUnavailable."""
        facts = await self._db.read(_facts)
        for queue in facts.queues:
            self._set_queue(queue)
        for item in facts.work:
            self._set_work(item)
        for call in facts.calls:
            self._phoning.see(call)
        for agent in facts.agents:
            self._agents[agent.id] = agent
            self._set_agent(agent.id)
        self._deadlines = dict(facts.deadlines)
        self._awake.set()

    def heard(self, events: Sequence[Committed]) -> None:
        """Take what happened into the engine's picture, and look again."""
        for committed in events:
            match committed.event:
                case WorkChanged(work=item):
                    self._set_work(item)
                case AgentChanged(agent=agent):
                    if agent.activity is Activity.OFFLINE and not self._is_offline(agent.id):
                        self._gone.add(agent.id)
                    self._agents[agent.id] = agent
                    self._set_agent(agent.id)
                case CallChanged(call=call):
                    if not self._see_call(call):
                        continue
                case QueueChanged(queue=queue):
                    self._set_queue(queue)
                case EntryAdded(entry=entry, conversation=conversation):
                    if entry.direction is not Direction.IN or not self._is_offline(conversation.assignee_id):
                        continue
                    self._stranded.add(conversation.id)
                case OfferChanged(offer=offer):
                    if offer.state is OfferState.PENDING:
                        self._deadlines[offer.id] = offer.expires_at
                    else:
                        self._deadlines.pop(offer.id, None)
                case _:
                    continue
            self._awake.set()

    def presence_changed(self, agent_id: int) -> None:
        """An agent's console came or went."""
        if agent_id in self._agents:
            self._set_agent(agent_id)
            self._awake.set()

    def position(self, conversation_id: int) -> int | None:
        """The place of a conversation's messages in their line, 1 for the next; none when they do not wait."""
        return self._place((None, conversation_id))

    def position_of_call(self, call_id: int) -> int | None:
        """The place of a call in its line, 1 for the next; none when it does not wait."""
        return self._place((call_id, 0))

    def _place(self, line: tuple[int | None, int]) -> int | None:
        work_id = self._waiting.get(line)
        try:
            return None if work_id is None else self._engine.position(work_id)
        except KeyError:
            # Its offer is decided and on its way to the disk.
            return None

    def explain(self, work_id: int) -> Decision:
        """Why waiting work goes, or does not go, to whom, as of now. Raises KeyError when it does not wait."""
        return self._engine.decide(work_id, self._clock())

    def anyone_available(self, queue_id: int | None) -> bool:
        """Whether somebody of a queue is at work, busy or not."""
        return any(
            queue_id in agent.queues and agent.activity is Activity.AVAILABLE and self._is_present(agent.id)
            for agent in self._agents.values()
        )

    def anyone_for_calls(self, queue_id: int | None) -> bool:
        """Whether somebody of a queue is at work and takes calls, busy or not."""
        return bool(self._crew(queue_id))

    def crew(self, queue_id: int) -> Crew:
        """Who of a queue takes calls now: how many are free, and how much of their time the queue gets."""
        mates = self._crew(queue_id)
        now = self._clock()
        idle = sum(1 for a in mates if not self._uses(a.id) and (a.wrap_up_until or 0) <= now)
        return Crew(idle, staffing(len(a.queues) for a in mates))

    def _crew(self, queue_id: int | None) -> list[AgentValue]:
        return [
            agent
            for agent in self._agents.values()
            if queue_id in agent.queues
            and agent.activity is Activity.AVAILABLE
            and agent.call_device != OFF
            and self._is_present(agent.id)
        ]

    async def run(self) -> None:
        """Offer what can be offered and end what ran out, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(self._pause()):
                    await self._awake.wait()
            except TimeoutError:
                pass
            self._awake.clear()
            try:
                await self.step()
            except HubError as error:
                log.warning("assigning has to wait", code=error.code)
                await asyncio.sleep(SWEEP_SECONDS)
                self._awake.set()

    async def step(self) -> None:
        """
        End the offers whose deadline has passed, then make every offer that is possible now.

        Raises StoreUnavailable; what could not be stored then is tried again by the next step.
        """
        now = self._clock()
        for decision in tuple(self._unsettled.values()):
            await self._look_again(decision)
        for offer_id in [o for o, deadline in self._deadlines.items() if deadline <= now]:
            await self._time_out(offer_id)
        await self._return_what_was_left()
        decisions = self._engine.assign(self._clock())
        self._unsettled.update((decision.work_id, decision) for decision in decisions)
        outcomes = await asyncio.gather(*(self._offer(decision) for decision in decisions), return_exceptions=True)
        for outcome in outcomes:
            if outcome is not None:
                raise outcome
        await self._ask_for_callers()

    async def _ask_for_callers(self) -> None:
        """Callers for whom nobody is free are offered to whoever is only asked about something that can wait."""
        asked = rather.only_asked(self._held.values()) if self._callers else set()
        for work_id in tuple(self._callers) if asked else ():
            with suppress(KeyError, Conflict):
                decision = self.explain(work_id)
                agent_id = rather.whom(decision, asked)
                if agent_id is not None:
                    asked.discard(agent_id)
                    await self._db.write(rather.ask, decision, agent_id)

    async def _time_out(self, offer_id: int) -> None:
        with suppress(Gone):
            await self._db.write(work.time_out, offer_id)
        self._deadlines.pop(offer_id, None)

    async def _return_what_was_left(self) -> None:
        for agent_id in tuple(self._gone):
            await self._db.write(give_back_waiting, agent_id)
            self._gone.discard(agent_id)
        for conversation_id in tuple(self._stranded):
            await self._db.write(give_back_stranded, conversation_id)
            self._stranded.discard(conversation_id)

    def _is_offline(self, agent_id: int | None) -> bool:
        agent = self._agents.get(agent_id or 0)
        return agent is not None and agent.activity is Activity.OFFLINE

    async def _offer(self, decision: Decision) -> None:
        assert decision.agent_id is not None
        trace = None if decision.explanation is None else decision.explanation.trace()
        made = await self._db.write(
            work.offer, decision.work_id, decision.agent_id, offer_ms=decision.offer_ms, trace=trace
        )
        if made is None:
            await self._look_again(decision)
        else:
            self._unsettled.pop(decision.work_id, None)

    async def _look_again(self, decision: Decision) -> None:
        """Somebody was faster, or the picture was old: take both sides' facts from the database."""
        assert decision.agent_id is not None
        agent, item, phoned = await self._db.read(_sides, decision.agent_id, decision.work_id)
        self._agents[agent.id] = agent
        for call in phoned:
            self._see_call(call)
        if item is not None:
            self._set_work(item)
        else:
            self._engine.remove_work(decision.work_id)
            self._let_go(decision.work_id)
        self._set_agent(agent.id)
        self._unsettled.pop(decision.work_id, None)
        self._awake.set()

    def _pause(self) -> float:
        now = self._clock()
        due = [*self._deadlines.values()]
        wake = self._engine.next_wake(now)
        if wake is not None:
            due.append(wake)
        if not due:
            return SWEEP_SECONDS
        return min(SWEEP_SECONDS, max(0.0, (min(due) - now) / 1000))

    def _set_queue(self, queue: QueueValue) -> None:
        if queue.archived:
            self._engine.remove_queue(queue.id)
            return
        offer_ms = {
            Medium.CALL: queue.voice.offer_seconds * 1000,
            Medium.CHAT: queue.chat_offer_seconds * 1000,
            Medium.MAIL: queue.mail_offer_seconds * 1000,
        }
        self._engine.set_queue(
            Queue(id=queue.id, name=queue.name, strategy=Strategy(queue.strategy), offer_ms=offer_ms)
        )

    def _set_agent(self, agent_id: int) -> None:
        agent = self._agents[agent_id]
        if agent.disabled:
            self._engine.remove_agent(agent_id)
            return
        self._engine.set_agent(
            Agent(
                id=agent.id,
                queues=frozenset(agent.queues),
                skills=agent.skills,
                activity_routable=agent.activity is Activity.AVAILABLE,
                present=self._is_present(agent.id),
                capacity=Capacity(total=agent.units_total, weight=UNITS),
                used=self._uses(agent_id),
                idle_since=agent.idle_since,
                wrap_up_until=agent.wrap_up_until,
                muted=frozenset({Medium.CALL}) if agent.call_device == OFF else frozenset(),
            )
        )

    def _uses(self, agent_id: int) -> dict[Medium, int]:
        """What an agent holds, by medium; a call too that they only advise in or listen to."""
        used = dict(+self._used[agent_id])
        if agent_id in self._phoning:
            used.setdefault(Medium.CALL, 1)
        return used

    def _see_call(self, call: CallValue) -> bool:
        """Whether anybody came into a call by this, or left one."""
        touched = self._phoning.see(call) & self._agents.keys()
        for agent_id in touched:
            self._set_agent(agent_id)
        return bool(touched)

    def _set_work(self, item: WorkValue) -> None:
        before = self._let_go(item.id)
        if item.state in (WorkState.OFFERED, WorkState.ASSIGNED) and item.agent_id is not None:
            self._held[item.id] = item
            self._used[item.agent_id][item.medium] += 1
        if item.state is WorkState.QUEUED:
            self._waiting[_line_of(item)] = item.id
            if item.call_id is not None:
                self._callers[item.id] = None
            self._engine.set_work(
                Work(
                    id=item.id,
                    queue_id=item.queue_id,
                    medium=item.medium,
                    priority=item.priority,
                    virtual_start=item.virtual_start,
                    skills=item.skills,
                    preferred=item.preferred_agent_id,
                    preferred_until=item.preferred_until,
                    cooling=item.cooling,
                )
            )
        else:
            self._engine.remove_work(item.id)
            self._waiting.pop(_line_of(item), None)
            self._callers.pop(item.id, None)
        touched = {item.agent_id, before.agent_id if before else None}
        for agent_id in touched & self._agents.keys():
            assert agent_id is not None
            self._set_agent(agent_id)

    def _let_go(self, work_id: int) -> WorkValue | None:
        before = self._held.pop(work_id, None)
        if before is not None and before.agent_id is not None:
            self._used[before.agent_id][before.medium] -= 1
        return before


def _line_of(item: WorkValue) -> tuple[int | None, int]:
    """What waits: a call by its id, or a conversation's messages."""
    return (None, item.conversation_id) if item.call_id is None else (item.call_id, 0)


def _sides(tx: Tx, agent_id: int, work_id: int) -> tuple[AgentValue, WorkValue | None, Sequence[CallValue]]:
    return staff.agent(tx, agent_id), work.one_open(tx, work_id), calls.phoning(tx, agent_id)
