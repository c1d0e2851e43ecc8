"""A desk of calls without a provider: callers, agents and the engine, over a filled database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from itertools import count
from time import perf_counter
from typing import Final, TypeVar

from channels.contract import CallArrived, CallReported
from crm_core import migrations
from crm_core.calls import queries
from crm_core.calls.rules.call import Call, leg_of
from crm_core.calls.rules.signals import AcceptedBy, WrappedUp
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent, set_activity
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.addresses import TEL, Address
from crm_core.words.calls import (
    CostTold,
    LegAnswered,
    LegEnded,
    LegRinging,
    PromptPlayed,
    QualityMeasured,
    RecordingStarted,
    ReportedSignal,
)
from crm_core.words.clock import system_clock
from crm_core.words.content import ExternalId, Medium
from crm_core.words.values import Activity, OfferValue
from crm_core.work.queues import NewQueue, add_queue, queues
from hub.bench.desk import IN_FLIGHT
from hub.bus.local import Bus
from hub.desk.assigner import Assigner
from hub.desk.calls import arriving, moving, taking
from hub.desk.calls.minding import Minder
from hub.desk.inbound import Source
from hub.desk.manners import CallManner, Manner
from hub.machinery import memory

T = TypeVar("T")
Heard = Callable[[Sequence[Committed]], None]

AGENTS: Final = 100
ACCOUNT: Final = 1
OURS: Final = "+493012345"
SIGNALS: Final = 8
"""What a provider reports of one call that is answered."""
_GREETED: Final = Manner(calls=CallManner(greeting={"en": "Welcome to the shop."}, record=True, recording_notice=False))


class Callers:
    """Somebody calls, agents answer, the provider reports. `rate` is what is measured."""

    def __init__(self, db: Database, queue_id: int, agent_ids: Sequence[int]) -> None:
        self.db = db
        self.agent_ids = agent_ids
        self.source = Source(ACCOUNT, "voice", Medium.CALL, queue_id)
        self.greeted = Source(ACCOUNT, "voice", Medium.CALL, queue_id, manner=_GREETED)
        self._numbers = count(1)
        self._seed = system_clock()

    async def ring(self, source: Source | None = None) -> Call:
        """Somebody calls for the first time."""
        number = next(self._numbers)
        event = CallArrived(
            external_id=ExternalId(f"CA{self._seed}-{number}"),
            sender=Address(TEL, f"+4930{self._seed % 1_000}{number:06}"),
            called=OURS,
            at=self.db.clock(),
        )
        return await self.db.write(arriving.take, source or self.source, event)

    async def report(self, call: Call, signal: ReportedSignal) -> Call:
        """The provider tells of a call."""
        key = f"{self._seed}-{next(self._numbers)}"
        event = CallReported(signal=signal, key=key, at=self.db.clock(), call=ExternalId(call.external_id))
        known = await self.db.write(moving.report, ACCOUNT, event)
        assert known is not None, "the bench reports of calls that have come"
        return known

    async def rate(self, calls: int) -> float:
        """Signals a second that were durable when their reporter was told, 64 under way at any time.

        So many calls are greeted, answered, recorded, measured, hung up and paid for; what agents and callers do
        in between is not measured.
        """
        stand = await _each(list(range(calls)), lambda _: self.ring(self.greeted))
        began = perf_counter()
        stand = await _each(stand, self._greeted_whole)
        spent = perf_counter() - began
        stand = await _each(stand, self._accepted)
        began = perf_counter()
        stand = await _each(stand, self._talked)
        spent += perf_counter() - began
        await _each(stand, self.wrap_up)
        return calls * SIGNALS / spent

    async def take(self, offer: OfferValue) -> Call:
        """The agent takes the call that is offered to them, and their tab has the sound."""
        assert offer.call_id is not None, "what is offered is a call"
        actor = await self.db.read(staff.actor_of, offer.agent_id)
        assert actor is not None, "nobody of the bench is disabled"
        await self.db.write(taking.accept, actor, offer.id, "tab", lambda _account_id: None)
        call = await self.db.read(queries.whole, offer.call_id)
        leg = leg_of(call, offer.agent_id)
        assert leg is not None, "whoever has accepted takes part"
        return await self.report(call, LegAnswered(leg_id=leg.id))

    async def wrap_up(self, call: Call) -> Call:
        """The agent of a call is done with it."""
        assert call.agent_id is not None, "an agent has had this call"
        done = WrappedUp(agent_id=call.agent_id, disposition="Done", done=True)
        return await self.db.write(moving.move, call.id, done)

    async def _greeted_whole(self, call: Call) -> Call:
        assert call.prompt is not None, "callers of the bench are greeted"
        return await self.report(call, PromptPlayed(seq=call.prompt.seq))

    async def _accepted(self, call: Call) -> Call:
        agent_id = self.agent_ids[next(self._numbers) % len(self.agent_ids)]
        yes = AcceptedBy(agent_id=agent_id, leg_id=self.db.ids(), device="tab", name="An agent")
        return await self.db.write(moving.move, call.id, yes)

    async def _talked(self, call: Call) -> Call:
        leg_id = next(leg.id for leg in call.legs if leg.agent_id is not None)
        name = f"{call.external_id}-agent"
        for signal in (
            LegRinging(leg_id=leg_id, external_id=name),
            LegAnswered(leg_id=leg_id, external_id=name),
            RecordingStarted(external_id=f"{call.external_id}-recording"),
            QualityMeasured(leg_id=leg_id, quality="good"),
            QualityMeasured(leg_id=leg_id, quality="poor"),
            LegEnded(),
            CostTold(cost="0.0085 USD"),
        ):
            call = await self.report(call, signal)
        return call


async def _each(things: list[T], does: Callable[[T], Awaitable[Call]]) -> list[Call]:
    """Do it to each thing, 64 under way at any time; what came of each, in no order."""
    done: list[Call] = []
    left = list(things)

    async def one_after_the_other() -> None:
        while left:
            done.append(await does(left.pop()))

    await asyncio.gather(*(one_after_the_other() for _ in range(IN_FLIGHT)))
    return done


async def fill(url: str) -> None:
    """Migrate an empty database; a queue and a hundred agents who are available."""
    await asyncio.to_thread(migrations.upgrade, url)
    db = await Database.open(url)
    try:
        queue = await db.write(add_queue, None, NewQueue(name="Phone"))
        for number in range(AGENTS):
            await db.write(_add_agent, number, queue.id)
    finally:
        await db.close()


@asynccontextmanager
async def open_callers(url: str, heard: Heard | None = None) -> AsyncIterator[Callers]:
    """Run the hub's middle on a filled database, wired as `hub.app` does.

    `heard` is told what the bus tells. Without it the engine listens and offers nothing: its callers are answered
    by hand.
    """
    db = await Database.open(url)
    try:
        queue, people = (await db.read(queues))[0], await db.read(staff.agents)
        bus, assigner = Bus(db), Assigner(db, system_clock, lambda _agent_id: True)
        minder = Minder(db, system_clock, assigner)
        await bus.start()
        await assigner.start()
        for listener in (assigner.heard, minder.heard, heard):
            if listener is not None:
                bus.subscribe(listener)
        memory.settle_in()
        workers = [bus.run, minder.run] if heard is None else [bus.run, minder.run, assigner.run]
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(worker()) for worker in workers]
            try:
                yield Callers(db, queue.id, [agent.id for agent in people])
            finally:
                for task in tasks:
                    task.cancel()
    finally:
        await db.close()


def _add_agent(tx: Tx, number: int, queue_id: int) -> None:
    agent = add_agent(tx, None, NewAgent(name=f"Agent {number}", email=f"{number}@hub.example", queues=[queue_id]))
    set_activity(tx, None, agent.id, Activity.AVAILABLE)
