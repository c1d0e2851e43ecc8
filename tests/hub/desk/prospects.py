"""A sales desk for the tests of leads: strangers with addresses, conversations about nothing yet, and who decides."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import insert

from crm_core.cases import queries
from crm_core.contacts.resolving import resolve
from crm_core.conversations import actions, timeline
from crm_core.conversations.model import Conversation
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.events import AnyEvent
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, CaseValue, ConversationStatus, Direction, EntryKind, Role
from crm_core.work.queues import NewQueue, add_queue
from hub.desk import leads
from hub.desk.conversations import close
from hub.desk.leads import Stranger
from tests.peers.clock import VirtualClock


@dataclass
class Prospects:
    """Anna and Ben sell, Cora supports, Sofia supervises."""

    db: Database
    clock: VirtualClock
    sales: int
    support: int
    anna: Actor
    ben: Actor
    cora: Actor
    sofia: Actor
    names: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    async def stranger(self, who: str | None = None, *, words: str = "How much is it?", **facts: Any) -> Stranger:
        """Somebody wrote by mail: their conversation waits in Sales."""
        return await self.db.write(self._stranger, who or f"p{next(self.names)}", words, facts)

    def _stranger(self, tx: Tx, who: str, words: str, facts: dict[str, Any]) -> Stranger:
        identity = resolve(tx, Address("mailto", f"{who}@example.com"), who.title(), {})
        stranger = Stranger(
            conversation_id=tx.new_id(),
            identity_id=identity.id,
            contact_id=identity.contact_id,
            who=identity.shown_name,
            queue_id=self.sales,
            source="email",
            account_id=5,
            first_words=words,
            **{"contactable": True, **facts},
        )
        a_conversation(tx, stranger)
        return stranger

    async def lead(self, who: str | None = None, **facts: Any) -> CaseValue:
        """A lead of somebody who wrote just now."""
        stranger = await self.stranger(who, **facts)
        return await self.db.write(self._lead, stranger)

    @staticmethod
    def _lead(tx: Tx, stranger: Stranger) -> CaseValue:
        case_id = leads.open_for(tx, [stranger])[stranger.conversation_id]
        actions.changed(tx, actions.change(tx, stranger.conversation_id, case_id=case_id))
        return queries.get(tx, Actor(1, "Test", Role.SUPERVISOR), case_id)

    async def close(self, conversation_id: int | None) -> None:
        """A conversation is over."""
        assert conversation_id is not None
        await self.db.write(close, self.sofia, conversation_id)

    async def case(self, case_id: int) -> CaseValue:
        """A case as it is now."""
        return await self.db.read(queries.get, self.sofia, case_id)

    async def decisions(self, case_id: int) -> list[str]:
        """What was decided about a case, in order."""
        return [step.decision for step in await self.db.read(queries.steps, self.sofia, case_id)]

    async def notices(self, conversation_id: int) -> list[str]:
        """The codes of the thin lines in a timeline, in order."""
        entries = await self.db.read(timeline.page, self.sofia, conversation_id)
        return [e.notice.code for e in entries if e.notice is not None]

    async def events(self) -> list[AnyEvent]:
        """Everything that happened, in order."""
        return [c.event for c in await self.db.read(journal.after, 0, most=10_000)]


def a_conversation(tx: Tx, stranger: Stranger) -> None:
    """A conversation of a stranger, with their first words in it."""
    tx.execute(
        insert(Conversation).values(
            id=stranger.conversation_id,
            ws=tx.ws,
            status=ConversationStatus.OPEN,
            who=stranger.who,
            channel=stranger.source,
            account_id=stranger.account_id,
            identity_id=stranger.identity_id,
            contact_id=stranger.contact_id,
            thread="t",
            queue_id=stranger.queue_id,
            tags=[],
            opened_at=tx.now,
            last_activity_at=tx.now,
            version=1,
        )
    )
    entry = timeline.new_entry(
        tx,
        conversation_id=stranger.conversation_id,
        kind=EntryKind.MESSAGE,
        direction=Direction.IN,
        author_kind=AuthorKind.CONTACT,
        author_id=stranger.identity_id,
        text=stranger.first_words,
    )
    timeline.store(tx, [entry])


async def open_prospects(db: Database, clock: VirtualClock) -> Prospects:
    """The desk with nobody waiting yet."""
    sales = (await db.write(add_queue, None, NewQueue(name="Sales"))).id
    support = (await db.write(add_queue, None, NewQueue(name="Support"))).id
    people = []
    for name, role, queues in (
        ("Anna", Role.AGENT, [sales]),
        ("Ben", Role.AGENT, [sales]),
        ("Cora", Role.AGENT, [support]),
        ("Sofia", Role.SUPERVISOR, []),
    ):
        new = NewAgent(name=name, email=f"{name.lower()}@example.com", role=role, queues=queues)
        agent = await db.write(add_agent, None, new)
        actor = await db.read(staff.actor_of, agent.id)
        assert actor is not None
        people.append(actor)
    return Prospects(db, clock, sales, support, *people)
