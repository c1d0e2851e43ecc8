"""A hub without doors, filled as on a busy day: what `ingest_sqlite` and `ingest_pg` measure.

10 000 conversations are open, 400 of them with 100 agents who have no slot left, the others in line. Of a
hundred messages 95 continue one of these and 5 come from strangers, whose work the engine puts into its line.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from time import perf_counter
from typing import Final

from channels.contract import MessageArrived
from crm_core import migrations
from crm_core.staff.actions import NewAgent, add_agent, set_activity
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.clock import system_clock
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.values import Activity, EntryValue
from crm_core.work import actions as work
from crm_core.work.queues import NewQueue, add_queue, queues
from hub.bus.local import Bus
from hub.desk import inbound
from hub.desk.assigner import Assigner
from hub.desk.inbound import Source
from hub.machinery import memory

KNOWN: Final = 10_000
IN_FLIGHT: Final = 64
STRANGERS: Final = 0.05
_AGENTS: Final = 100
_SLOTS: Final = 4
_ACCOUNT: Final = 1
_SEED: Final = 11
_WORDS: Final = tuple(
    "hello order parcel still not here yesterday please when will it arrive thank you the size is wrong can I "  # noqa: SIM905
    "send it back refund card number invoice blue jacket and shoes address changed street delivery today".split()
)


class People:
    """Who writes, and what: the same messages in every run."""

    def __init__(self, seed: int = _SEED) -> None:
        self._random = random.Random(seed)
        self._numbers = count(1)
        self._seed = seed

    def message(self, sender: int | None = None) -> MessageArrived:
        """The next message: from the known person of this number, else from anybody, sometimes a stranger."""
        number = next(self._numbers)
        if sender is None:
            sender = self._random.randrange(KNOWN)
            if self._random.random() < STRANGERS:
                sender = KNOWN + self._seed * 10_000_000 + number
        return MessageArrived(
            external_id=ExternalId(f"{self._seed}-{number}"),
            thread=ThreadKey(f"visitor-{sender}"),
            sender=self.address(sender),
            sender_name=f"Visitor {sender}",
            sender_facts={"page": "https://shop.example/jackets", "language": "en"},
            content=Content(text=" ".join(self._random.choices(_WORDS, k=self._random.randint(4, 24)))),
            sent_at=system_clock(),
        )

    @staticmethod
    def address(sender: int) -> Address:
        """The address of the person of this number."""
        return Address(VISITOR, f"visitor-{sender}", str(_ACCOUNT))


class Desk:
    """An open database with the engine listening. `rate` is what is measured."""

    def __init__(self, db: Database, source: Source) -> None:
        self.db = db
        self.source = source
        self._seeds = count(system_clock())

    async def rate(self, messages: int) -> float:
        """Messages per second that were durable when their sender was told, 64 under way at any time."""
        people = People(next(self._seeds))
        waiting = [people.message() for _ in range(messages)]

        async def sender() -> None:
            while waiting:
                await self.db.write(inbound.take, self.source, waiting.pop())

        began = perf_counter()
        await asyncio.gather(*(sender() for _ in range(IN_FLIGHT)))
        return messages / (perf_counter() - began)

    async def take(self, message: MessageArrived) -> EntryValue:
        """Store one message."""
        stored = await self.db.write(inbound.take, self.source, message)
        assert stored.entry is not None
        return stored.entry


async def fill(url: str) -> None:
    """Migrate an empty database, and let it have had a busy day."""
    await asyncio.to_thread(migrations.upgrade, url)
    db = await Database.open(url)
    try:
        queue = await db.write(add_queue, None, NewQueue(name="Shop"))
        desk = Desk(db, _source(queue.id))
        people = People()
        agents = [await db.write(_add_agent, number, queue.id) for number in range(_AGENTS)]
        for start in range(0, KNOWN, 1_000):
            await asyncio.gather(*(desk.take(people.message(start + i)) for i in range(1_000)))
        await db.write(_hand_out, [agent_id for agent_id in agents for _ in range(_SLOTS)])
    finally:
        await db.close()


@asynccontextmanager
async def open_desk(url: str) -> AsyncIterator[Desk]:
    """Run the hub's middle on a filled database, wired and settled in as `hub serve` does. Every agent is there."""
    db = await Database.open(url)
    try:
        queue = (await db.read(queues))[0]
        bus, assigner = Bus(db), Assigner(db, system_clock, lambda _agent_id: True)
        await bus.start()
        await assigner.start()
        bus.subscribe(assigner.heard)
        memory.settle_in()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(assigner.run()), group.create_task(bus.run())]
            try:
                yield Desk(db, _source(queue.id))
            finally:
                for task in tasks:
                    task.cancel()
    finally:
        await db.close()


def _source(queue_id: int) -> Source:
    return Source(_ACCOUNT, "webchat", Medium.CHAT, queue_id)


def _add_agent(tx: Tx, number: int, queue_id: int) -> int:
    agent = add_agent(tx, None, NewAgent(name=f"Agent {number}", email=f"{number}@hub.example", queues=[queue_id]))
    set_activity(tx, None, agent.id, Activity.AVAILABLE)
    return agent.id


def _hand_out(tx: Tx, slots: list[int]) -> None:
    for item, agent_id in zip(work.all_open(tx), slots, strict=False):
        row = work.open_work(tx, item.conversation_id)
        assert row is not None
        work.give(tx, row._mapping, agent_id)
