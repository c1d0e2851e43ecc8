"""Why a conversation went where it went, for who watches agents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from crm_core.conversations.queries import readable_row
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import OfferValue, WorkState
from crm_core.work.actions import offer_value
from crm_core.work.model import Offer, WorkItem

MOST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """The engine's last decision about a conversation's newest work, and the offers that were made, oldest first."""

    conversation_id: int
    work_id: int | None
    queue_id: int | None
    work_state: WorkState | None
    decision: dict[str, Any] | None
    offers: list[OfferValue]


def of_conversation(tx: Tx, actor: Actor, conversation_id: int) -> Trace:
    """The trace of a conversation's newest work. Raises Denied without WATCH_AGENTS, NotFound."""
    actor.must(Permission.WATCH_AGENTS)
    readable_row(tx, actor, conversation_id)
    newest = tx.first(
        select(WorkItem.id, WorkItem.queue_id, WorkItem.state, WorkItem.trace)
        .where(WorkItem.conversation_id == conversation_id, WorkItem.ws == tx.ws)
        # Of messages first: a call beside them has its own history.
        .order_by(WorkItem.call_id.is_not(None), WorkItem.id.desc())
        .limit(1)
    )
    made = tx.all(
        select(*Offer.__table__.c)
        .where(Offer.conversation_id == conversation_id, Offer.ws == tx.ws)
        .order_by(Offer.id.desc())
        .limit(MOST)
    )
    return Trace(
        conversation_id=conversation_id,
        work_id=None if newest is None else newest.id,
        queue_id=None if newest is None else newest.queue_id,
        work_state=None if newest is None else WorkState(newest.state),
        decision=None if newest is None else newest.trace,
        offers=[offer_value(tx, row._mapping) for row in reversed(made)],
    )
