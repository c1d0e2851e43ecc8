"""Queues and who serves them."""

from __future__ import annotations

from crm_core.staff.queries import members as members_of
from crm_core.store.transaction import Tx
from crm_core.words.permissions import Actor
from crm_core.words.values import QueueValue
from crm_core.work import queues
from hub.api.call import Call
from hub.api.models.agents import MemberList, Members
from hub.api.models.configuration import NewQueue, Queue, QueueChange
from hub.api.models.shapes import ListOf


async def listed(call: Call) -> ListOf[Queue]:
    """All queues with who waits in them now, archived ones too."""
    return ListOf[Queue](items=[Queue.model_validate(value) for value in await call.read(queues.queues)])


async def get(call: Call, queue_id: int) -> Queue:
    """One queue with who waits in it now."""
    return Queue.model_validate(await call.read(queues.queue, queue_id))


async def add(call: Call, body: NewQueue) -> Queue:
    """Add a queue."""
    new = queues.NewQueue(**body.model_dump())
    return await call.write(Queue.model_validate, queues.add_queue, call.actor, new)


async def change(call: Call, queue_id: int, body: QueueChange) -> Queue:
    """Change a queue. `archived` puts it away, or brings it back."""
    return await call.write(Queue.model_validate, _change, call.actor, queue_id, body)


async def members(call: Call, queue_id: int) -> MemberList:
    """The agents who serve a queue."""
    return MemberList(agents=await call.read(_members, queue_id))


async def set_members(call: Call, queue_id: int, body: Members) -> MemberList:
    """Let exactly these agents serve a queue."""
    return await call.write(
        lambda agents: MemberList(agents=agents), queues.set_members, call.actor, queue_id, body.agents
    )


def _members(tx: Tx, queue_id: int) -> list[int]:
    queues.queue(tx, queue_id)
    return members_of(tx, queue_id)


def _change(tx: Tx, actor: Actor, queue_id: int, body: QueueChange) -> QueueValue:
    value = queues.change_queue(tx, actor, queue_id, queues.QueueChange(**body.model_dump(exclude={"archived"})))
    if body.archived is None:
        return value
    return (queues.archive_queue if body.archived else queues.restore_queue)(tx, actor, queue_id)
