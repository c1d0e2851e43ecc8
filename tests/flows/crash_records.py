"""The hub's database as the crash judge reads it: furnished before the first start, read while it runs and after."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from crm_core.accounts.sealing import Sealer
from crm_core.conversations.model import Conversation, Entry
from crm_core.staff import actions as staff_actions
from crm_core.staff import queries as staff
from crm_core.staff.sessions import open_session
from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.permissions import audience
from crm_core.words.values import Activity
from crm_core.work.model import Offer, WorkItem
from hub.config import Settings, derived_key, house_key
from hub.demo.furnish import furnish
from tests.flows.judge import Held, Said

SECRET_KEY: Final = "a key of the house for tests that kill it"
NODE: Final = 14
"""The furnishing's part of the ids; the hub that is killed has 0."""


async def furnished(url: str) -> dict[str, str]:
    """Write people, queues and the shop into a migrated database; the token of everybody, by name."""
    db = await Database.open(url, node=NODE)
    try:
        key = house_key(Settings(database_url=url, secret_key=SECRET_KEY))  # type: ignore[arg-type]
        await db.write(furnish, Sealer(derived_key(key, "accounts")))
        return await db.write(_at_work)
    finally:
        await db.close()


def _at_work(tx: Tx) -> dict[str, str]:
    tokens = {}
    for agent in staff.agents(tx):
        staff_actions.set_activity(tx, None, agent.id, Activity.AVAILABLE)
        tokens[agent.name] = open_session(tx, agent.id, "token", label="crash")[1]
    return tokens


@dataclass(frozen=True, slots=True)
class Records:
    """What is stored at one moment."""

    said: list[Said]
    held: list[Held]
    offers: dict[int, str]
    """The state of every offer there ever was."""
    events: dict[str, set[int]]
    """Agent → positions of all events that they may be told."""
    deliveries: list[str]
    """How far each reply got."""


def records(tx: Tx, *, names: dict[int, str], begun: int) -> Records:
    """Everything, in one transaction. `names`: visitors by identity; `begun`: what was there before is not read."""
    actors = [actor for agent in staff.agents(tx) if (actor := staff.actor_of(tx, agent.id)) is not None]
    events: dict[str, set[int]] = {actor.name: set() for actor in actors}
    for committed in journal.after(tx, begun, most=1_000_000):
        told = audience(committed.event)
        for actor in actors:
            if told.includes(actor):
                events[actor.name].add(committed.position)
    rows = tx.all(
        select(Entry.id, Entry.client_key, Entry.text, Entry.direction, Entry.delivery, Conversation.identity_id)
        .join(Conversation, Conversation.id == Entry.conversation_id)
        .where(Entry.kind == "message", Conversation.identity_id.in_(names))
        .order_by(Entry.id)
    )
    said = [
        Said(
            entry_id=row.id,
            key=row.client_key or f"entry {row.id} without a key",
            text=row.text,
            visitor=names[row.identity_id],
            is_reply=row.direction == "out",
        )
        for row in rows
    ]
    deliveries = [row.delivery for row in rows if row.direction == "out"]
    offers = {row.id: row.state for row in tx.all(select(Offer.id, Offer.state))}
    return Records(said, _held(tx), offers, events, deliveries)


def _held(tx: Tx) -> list[Held]:
    work = defaultdict(list)
    for row in tx.all(select(WorkItem.conversation_id, WorkItem.state, WorkItem.agent_id, WorkItem.queue_id)):
        if row.state != "done":
            work[row.conversation_id].append((row.state, row.agent_id, row.queue_id))
    offers = defaultdict(list)
    for row in tx.all(select(Offer.conversation_id, Offer.agent_id, Offer.expires_at).where(Offer.state == "pending")):
        offers[row.conversation_id].append((row.agent_id, row.expires_at))
    open_ones = tx.all(select(Conversation.id, Conversation.assignee_id).where(Conversation.status != "closed"))
    return [Held(row.id, row.assignee_id, work[row.id], offers[row.id]) for row in open_ones]
