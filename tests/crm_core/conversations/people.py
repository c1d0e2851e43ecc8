"""A conversation to stand in, and who may look at it."""

from __future__ import annotations

from sqlalchemy import insert

from crm_core.conversations.model import Conversation
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from crm_core.words.values import ConversationStatus, Role

SALES, SUPPORT = 10, 20
OLENA = Actor(2, "Olena", Role.AGENT, frozenset({SALES}))
OTHER = Actor(3, "Other", Role.AGENT, frozenset({SUPPORT}))
CHIEF = Actor(4, "Chief", Role.SUPERVISOR)
BOSS = Actor(5, "Boss", Role.ADMINISTRATOR)


def a_conversation(
    tx: Tx, *, queue_id: int = SALES, identity_id: int | None = None, contact_id: int | None = None
) -> int:
    conversation_id = tx.new_id()
    tx.execute(
        insert(Conversation).values(
            id=conversation_id,
            ws=tx.ws,
            status=ConversationStatus.OPEN,
            who="Taras",
            channel="webchat",
            account_id=5,
            identity_id=identity_id or conversation_id,
            contact_id=contact_id,
            thread="t",
            queue_id=queue_id,
            tags=[],
            opened_at=tx.now,
            last_activity_at=tx.now,
            version=1,
        )
    )
    return conversation_id
