"""Conversations: lists, what is done with one, and why it went where it went."""

from __future__ import annotations

from dataclasses import replace

from crm_core.conversations import queries
from crm_core.conversations.queries import Listing
from crm_core.words.values import WorkState
from crm_core.work import traces
from hub.api.call import Call
from hub.api.models.conversations import (
    Assigning,
    Closing,
    Conversation,
    Conversations,
    Counts,
    ReadMark,
    Routing,
    Snoozing,
    TagSet,
)
from hub.api.models.shapes import PageOf
from hub.desk import assignments, conversations
from hub.desk.assignments import Target


async def page(call: Call, query: Conversations) -> PageOf[Conversation]:
    """A list of conversations that I may read."""
    found = await call.read(queries.page, call.actor, Listing(**query.model_dump()))
    return PageOf[Conversation].model_validate(found)


async def counts(call: Call) -> Counts:
    """How many conversations stand in each of my views."""
    return Counts.model_validate(await call.read(queries.counts, call.actor))


async def get(call: Call, conversation_id: int) -> Conversation:
    """One conversation."""
    return Conversation.model_validate(await call.read(queries.get, call.actor, conversation_id))


async def close(call: Call, conversation_id: int, body: Closing) -> Conversation:
    """Close a conversation with what came of it."""
    return await call.write(
        Conversation.model_validate, conversations.close, call.actor, conversation_id, body.disposition_id
    )


async def reopen(call: Call, conversation_id: int) -> Conversation:
    """Take up a closed or snoozed conversation."""
    return await call.write(Conversation.model_validate, conversations.reopen, call.actor, conversation_id)


async def snooze(call: Call, conversation_id: int, body: Snoozing) -> Conversation:
    """Put a conversation away until a time, or until the contact writes."""
    return await call.write(Conversation.model_validate, conversations.snooze, call.actor, conversation_id, body.until)


async def assign(call: Call, conversation_id: int, body: Assigning) -> Conversation:
    """Take a conversation, hand it to a colleague, or put it back into a queue."""
    target = Target(agent_id=body.agent_id, queue_id=body.queue_id)
    return await call.write(Conversation.model_validate, assignments.assign, call.actor, conversation_id, target)


async def mark_read(call: Call, conversation_id: int, body: ReadMark) -> Conversation:
    """Say how far I have read. It counts for the assignee and only moves forward."""
    return await call.write(
        Conversation.model_validate, conversations.mark_read, call.actor, conversation_id, body.entry_id
    )


async def set_tags(call: Call, conversation_id: int, body: TagSet) -> Conversation:
    """Give a conversation exactly these tags."""
    return await call.write(Conversation.model_validate, conversations.set_tags, call.actor, conversation_id, body.tags)


async def routing(call: Call, conversation_id: int) -> Routing:
    """Why a conversation went where it went, or why it waits."""
    trace = await call.read(traces.of_conversation, call.actor, conversation_id)
    if trace.work_state is WorkState.QUEUED:
        # What is stored led to an earlier offer; why it waits can be told as of now only.
        trace = replace(trace, decision=_why_it_waits(call, trace.work_id))
    return Routing.model_validate(trace)


def _why_it_waits(call: Call, work_id: int | None) -> dict[str, object] | None:
    try:
        explanation = None if work_id is None else call.house.assigner.explain(work_id).explanation
    except KeyError:
        # Its offer is being decided at this moment.
        return None
    return None if explanation is None else explanation.trace()
