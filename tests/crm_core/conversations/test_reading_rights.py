"""Who may read a conversation stands twice: as Python for one, as SQL for lists. They are one rule."""

from __future__ import annotations

import itertools

from sqlalchemy import select, update

from crm_core.conversations.model import Conversation
from crm_core.conversations.queries import readable_by, row
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor, may_read
from crm_core.words.values import ConversationStatus, Role
from tests.crm_core.conversations.people import SALES, SUPPORT, a_conversation

ANN, BEA = 101, 102
ELSEWHERE = 30
ACTORS = [
    Actor(agent_id, "Somebody", role, frozenset(queues))
    for agent_id, role, queues in itertools.product((ANN, BEA), Role, ((), (SALES,), (SALES, SUPPORT), (ELSEWHERE,)))
]


def every_kind(tx: Tx) -> list[int]:
    """A conversation of each status, in each queue or none, of each agent or nobody."""
    made = []
    for status, queue_id, assignee_id in itertools.product(
        ConversationStatus, (None, SALES, SUPPORT), (None, ANN, BEA)
    ):
        conversation_id = a_conversation(tx)
        tx.execute(
            update(Conversation)
            .where(Conversation.id == conversation_id)
            .values(status=status, queue_id=queue_id, assignee_id=assignee_id)
        )
        made.append(conversation_id)
    return made


def readable_in_sql(tx: Tx, actor: Actor) -> set[int]:
    return {found.id for found in tx.all(select(Conversation.id).where(readable_by(actor)))}


def readable_in_python(tx: Tx, actor: Actor, ids: list[int]) -> set[int]:
    return {one for one in ids if may_read(actor, row(tx, one))}


async def test_the_rule_in_sql_is_the_rule_in_python(db: Database) -> None:
    ids = await db.write(every_kind)
    sizes = set()
    for actor in ACTORS:
        in_sql = await db.read(readable_in_sql, actor)
        assert in_sql == await db.read(readable_in_python, actor, ids), actor
        sizes.add(len(in_sql))
    assert min(sizes) < len(ids) / 2
    assert max(sizes) == len(ids)


async def test_an_agent_without_a_queue_reads_only_what_is_theirs(db: Database) -> None:
    ids = await db.write(every_kind)
    alone = Actor(ANN, "Ann", Role.AGENT)
    readable = await db.read(readable_in_sql, alone)
    assert {await db.read(lambda tx, one=one: row(tx, one).assignee_id) for one in readable} == {ANN}
    assert 0 < len(readable) < len(ids)
