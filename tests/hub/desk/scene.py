"""A small contact centre for the tests of the desk: one queue, two agents, a supervisor, and people who write."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from channels.contract import MessageArrived, Stored
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.words.addresses import Address
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.events import AnyEvent
from crm_core.words.permissions import Actor
from crm_core.words.values import Activity, EntryValue, OfferValue, Role
from crm_core.work import actions as work
from crm_core.work.queues import NewQueue, add_queue
from hub.desk import inbound
from hub.desk.assigner import Assigner
from hub.desk.inbound import Source
from hub.desk.staffing import set_activity
from tests.peers.clock import VirtualClock


@dataclass
class Scene:
    """The people, the way in, and the assigner that brings them together."""

    db: Database
    clock: VirtualClock
    assigner: Assigner
    source: Source
    queue_id: int
    anna: Actor
    ben: Actor
    sofia: Actor
    away: set[int] = field(default_factory=set)
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def write_in(self, who: str, text: str, *, key: str | None = None, name: str = "") -> Stored:
        """Somebody writes."""
        event = MessageArrived(
            external_id=ExternalId(key or f"m{next(self.numbers)}"),
            thread=ThreadKey(who),
            sender=Address("visitor", who, "shop"),
            sender_name=name,
            content=Content(text=text),
            sent_at=self.clock(),
        )
        return await self.db.write(inbound.take, self.source, event)

    async def heard(self, who: str, text: str) -> EntryValue:
        """The entry of somebody's words."""
        entry = (await self.write_in(who, text)).entry
        assert entry is not None
        return entry

    async def offers(self, agent: Actor | None = None) -> list[OfferValue]:
        """Let the assigner look, then what is being offered."""
        await self.assigner.step()
        return await self.db.read(work.pending_offers, agent.agent_id if agent else None)

    async def activity(self, agent: Actor, activity: Activity) -> None:
        """An agent says what they do."""
        await self.db.write(set_activity, agent, agent.agent_id, activity)

    async def events(self) -> list[AnyEvent]:
        """Everything that happened, in order."""
        return [c.event for c in await self.db.read(journal.after, 0, most=10_000)]


async def open_scene(db: Database, clock: VirtualClock) -> Scene:
    """Anna has waited longest, Ben came after her; both are available."""
    queue = await db.write(add_queue, None, NewQueue(name="Sales"))
    people = []
    for name, role in (("Anna", Role.AGENT), ("Ben", Role.AGENT), ("Sofia", Role.SUPERVISOR)):
        new = NewAgent(name=name, email=f"{name.lower()}@example.com", role=role, queues=[queue.id])
        agent = await db.write(add_agent, None, new)
        actor = await db.read(staff.actor_of, agent.id)
        assert actor is not None
        people.append(actor)
    away: set[int] = set()
    assigner = Assigner(db, clock, lambda agent_id: agent_id not in away)
    scene = Scene(db, clock, assigner, Source(7, "webchat", Medium.CHAT, queue.id), queue.id, *people, away=away)
    for agent in (scene.anna, scene.ben):
        clock.advance(1_000)
        await scene.activity(agent, Activity.AVAILABLE)
    await assigner.start()
    db.subscribe(assigner.heard)
    return scene
