"""What agents do with a conversation besides writing in it: close, reopen, snooze, read, tag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from crm_core.conversations import actions
from crm_core.conversations.phrases import disposition_name
from crm_core.conversations.queries import must_be_only_open, readable_row, row
from crm_core.conversations.rows import conversation_value
from crm_core.staff import load
from crm_core.store import jobs
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, Moment
from crm_core.words.content import Medium
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import one_line
from crm_core.words.values import (
    Author,
    AuthorKind,
    ConversationStatus,
    ConversationValue,
    WorkState,
)
from crm_core.work import actions as work
from crm_core.work.queues import queue
from crm_core.work.sticky import sticky_waits
from hub.desk import surveys
from hub.desk.assignments import author_of

WAKE: Final = "wake"
"""The kind of the job that ends a snooze; its key is the conversation's id."""

_SYSTEM = Author(kind=AuthorKind.SYSTEM)
_LONGEST_SNOOZE = 400 * DAY
_MOST_TAGS = 20


def close(tx: Tx, actor: Actor, conversation_id: int, disposition_id: int | None = None) -> ConversationValue:
    """
    End a conversation with what came of it; its work is done and its units are free.

    Closing a closed one changes nothing. Raises NotFound for a disposition that does not exist.
    """
    actor.must(Permission.WORK)
    found = readable_row(tx, actor, conversation_id, lock=True)
    if found.status == ConversationStatus.CLOSED:
        return conversation_value(found._mapping)
    name = None if disposition_id is None else disposition_name(tx, disposition_id)
    work.finish(tx, conversation_id)
    jobs.cancel(tx, WAKE, str(conversation_id))
    surveys.closed(tx, found)
    return actions.add_notice(
        tx,
        conversation_id,
        "closed",
        {"agent": actor.name, "disposition": name},
        by=author_of(actor),
        status=ConversationStatus.CLOSED,
        closed_at=tx.now,
        disposition=name,
        work_state=None,
        waiting_since=None,
        snoozed_until=None,
        last_assignee_id=found.assignee_id or found.last_assignee_id,
    )


def reopen(tx: Tx, actor: Actor, conversation_id: int) -> ConversationValue:
    """
    Take up a closed or snoozed conversation; it is the actor's work from now on.

    Raises Conflict when the contact has opened another conversation meanwhile.
    """
    actor.must(Permission.WORK)
    found = readable_row(tx, actor, conversation_id, lock=True)
    if found.status == ConversationStatus.OPEN:
        return conversation_value(found._mapping)
    must_be_only_open(tx, found.identity_id, conversation_id)
    # In a queue that was archived meanwhile nobody would ever be offered it again.
    queue_id = None if found.queue_id is None or queue(tx, found.queue_id).archived else found.queue_id
    if queue_id is not None and work.open_work(tx, conversation_id) is None:
        fresh = work.new_work(
            tx,
            conversation_id=conversation_id,
            queue_id=queue_id,
            medium=Medium.CHAT,
            state=WorkState.ASSIGNED,
            agent_id=actor.agent_id,
        )
        work.store(tx, [fresh])
        load.busied(tx, actor.agent_id)
    jobs.cancel(tx, WAKE, str(conversation_id))
    reopened = actions.add_notice(
        tx,
        conversation_id,
        "reopened",
        {"agent": actor.name},
        by=author_of(actor),
        status=ConversationStatus.OPEN,
        closed_at=None,
        disposition=None,
        snoozed_until=None,
        assignee_id=actor.agent_id,
        last_assignee_id=actor.agent_id,
        queue_id=queue_id,
        work_state=WorkState.ASSIGNED if queue_id is not None else None,
    )
    if found.assignee_id not in (None, actor.agent_id):
        actions.changed(tx, reopened, lost_agent_id=found.assignee_id)
    return reopened


def snooze(tx: Tx, actor: Actor, conversation_id: int, until: Moment) -> ConversationValue:
    """
    Put a conversation away until a time, or until the contact writes; its units are free meanwhile.

    Raises Invalid for a time that has passed or is more than 400 days away, Conflict when it is closed.
    """
    actor.must(Permission.WORK)
    found = readable_row(tx, actor, conversation_id, lock=True)
    if found.status == ConversationStatus.CLOSED:
        raise Conflict("The conversation is closed.", why="conversation_closed")
    if not tx.now < until <= tx.now + _LONGEST_SNOOZE:
        raise Invalid("Choose a time in the future, at most {n} days away.", why="time_ahead", n=400)
    work.finish(tx, conversation_id)
    jobs.schedule(tx, WAKE, str(conversation_id), {"conversation_id": conversation_id}, due_at=until)
    return actions.add_notice(
        tx,
        conversation_id,
        "snoozed",
        {"agent": actor.name, "until": until},
        by=author_of(actor),
        status=ConversationStatus.SNOOZED,
        snoozed_until=until,
        work_state=None,
        assignee_id=found.assignee_id or actor.agent_id,
        last_assignee_id=found.assignee_id or actor.agent_id,
    )


def wake(tx: Tx, conversation_id: int) -> ConversationValue | None:
    """End a snooze whose time has come: the conversation waits again, for its agent first. None when it has ended."""
    found = row(tx, conversation_id, lock=True)
    if found.status != ConversationStatus.SNOOZED:
        return None
    state = None
    if found.queue_id is not None and work.open_work(tx, conversation_id) is None:
        fresh = work.new_work(
            tx,
            conversation_id=conversation_id,
            queue_id=found.queue_id,
            medium=Medium.CHAT,
            preferred_agent_id=found.assignee_id,
            preferred_until=tx.now + sticky_waits(tx, {found.queue_id})[found.queue_id],
        )
        work.store(tx, [fresh])
        state = WorkState.QUEUED
    woken = actions.add_notice(
        tx,
        conversation_id,
        "woken",
        {},
        by=_SYSTEM,
        status=ConversationStatus.OPEN,
        snoozed_until=None,
        work_state=state,
        assignee_id=None,
    )
    if found.assignee_id is not None:
        actions.changed(tx, woken, lost_agent_id=found.assignee_id)
    return woken


def mark_read(tx: Tx, actor: Actor, conversation_id: int, entry_id: int) -> ConversationValue:
    """The assignee has seen everything up to an entry. For anybody else, and backwards, nothing changes."""
    found = readable_row(tx, actor, conversation_id, lock=True)
    upto = min(entry_id, found.last_entry_id)
    if found.assignee_id != actor.agent_id or upto <= found.agent_read_id:
        return conversation_value(found._mapping)
    conversation = actions.change(tx, conversation_id, agent_read_id=upto)
    actions.changed(tx, conversation)
    return conversation


def set_tags(tx: Tx, actor: Actor, conversation_id: int, tags: Sequence[str]) -> ConversationValue:
    """Replace a conversation's tags. Raises Invalid for more than 20."""
    actor.must(Permission.WORK)
    readable_row(tx, actor, conversation_id, lock=True)
    clean = list(dict.fromkeys(t for t in (one_line(tag, most=40) for tag in tags) if t))
    if len(clean) > _MOST_TAGS:
        raise Invalid("A conversation has at most {n} tags.", why="tags_many", n=_MOST_TAGS)
    conversation = actions.change(tx, conversation_id, tags=clean)
    actions.changed(tx, conversation)
    return conversation
