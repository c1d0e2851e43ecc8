"""Who has a conversation: offers accepted and declined, and conversations handed on by people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_core.cases.actions import follow
from crm_core.conversations import actions as conversations
from crm_core.conversations.queries import held_by, readable_row, row
from crm_core.conversations.rows import conversation_value
from crm_core.staff import load
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.content import Medium
from crm_core.words.errors import Conflict, Denied, Gone, Invalid, NotFound
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import (
    Activity,
    Author,
    AuthorKind,
    ConversationStatus,
    ConversationValue,
    OfferState,
    OfferValue,
    WorkState,
)
from crm_core.work import actions as work
from crm_core.work.sticky import must_exist

_SYSTEM = Author(kind=AuthorKind.SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Whom a conversation goes to: a person, a queue, or a queue with a person asked first."""

    agent_id: int | None = None
    queue_id: int | None = None


def author_of(actor: Actor) -> Author:
    """The actor as the author of an entry."""
    return Author(kind=AuthorKind.AGENT, id=actor.agent_id, name=actor.name)


def accept(tx: Tx, actor: Actor, offer_id: int) -> OfferValue:
    """
    Take the offered work: the conversation is the actor's from now on. What a call needs is the callers' to do
    (`hub.desk.calls.taking`).

    Raises Gone when the offer ended or its deadline has passed, NotFound when it was made to somebody else.
    """
    actor.must(Permission.WORK)
    offered = _own(tx, actor, offer_id)
    if offered.state == OfferState.ACCEPTED:
        return work.offer_value(tx, offered._mapping)
    if offered.expires_at <= tx.now:
        raise Gone("The time to accept this offer is over.")
    accepted = work.end_offer(tx, offer_id, OfferState.ACCEPTED)
    load.answered(tx, actor.agent_id)
    if accepted.call_id is not None:
        return accepted
    item = work.open_work(tx, accepted.conversation_id)
    if item is None:
        raise Gone
    work.give(tx, item._mapping, actor.agent_id)
    conversations.add_notice(
        tx,
        accepted.conversation_id,
        "accepted",
        {"agent": actor.name},
        by=author_of(actor),
        assignee_id=actor.agent_id,
        last_assignee_id=actor.agent_id,
        work_state=WorkState.ASSIGNED,
    )
    return accepted


def decline(tx: Tx, actor: Actor, offer_id: int, reason: str = "") -> OfferValue:
    """Refuse the offered work; it goes on to the next agent at its old place. Raises Gone, NotFound."""
    actor.must(Permission.WORK)
    offered = _own(tx, actor, offer_id)
    if offered.state == OfferState.DECLINED:
        return work.offer_value(tx, offered._mapping)
    declined = work.end_offer(tx, offer_id, OfferState.DECLINED, reason=reason)
    work.requeue(tx, declined)
    return declined


def assign(tx: Tx, actor: Actor, conversation_id: int, target: Target) -> ConversationValue:
    """
    Hand a conversation to a person or back to a queue, keeping its place in line.

    One takes what waits in one's queues and hands on what is one's own; anything else needs
    ASSIGN_OTHERS. Raises Denied, NotFound, Conflict when it is closed, Invalid for no target.
    """
    actor.must(Permission.WORK)
    row = readable_row(tx, actor, conversation_id, lock=True)
    _check(actor, row, target)
    if target.queue_id is not None:
        must_exist(tx, target.queue_id)
    if target.agent_id is None:
        return _to_queue(tx, actor, row, target)
    return _to_agent(tx, actor, row, target)


def give_back(tx: Tx, held: ConversationValue, by: Author) -> None:
    """
    Take a conversation from an agent who cannot work any more: it waits in its queue, at its old place.

    One that is snoozed, or has no queue, waits for nobody and only loses its agent.
    """
    item = work.open_work(tx, held.id)
    if item is not None:
        work.set_work(tx, item.id, None, state=WorkState.QUEUED, agent_id=None)
    fresh = conversations.add_notice(
        tx,
        held.id,
        "returned_to_queue",
        {"agent": by.name or "Switchboard", "to": None, "queue_id": held.queue_id},
        by=by,
        assignee_id=None,
        work_state=None if item is None else WorkState.QUEUED,
    )
    conversations.changed(tx, fresh, lost_agent_id=held.assignee_id)


def give_back_waiting(tx: Tx, agent_id: int) -> None:
    """An agent went offline: who waits for their answer goes back into line (ROUTING.md section 6)."""
    if load.locked(tx, agent_id).activity != Activity.OFFLINE:
        return
    for held in held_by(tx, agent_id):
        if held.status is ConversationStatus.OPEN and held.waiting_since is not None:
            give_back(tx, held, _SYSTEM)


def give_back_stranded(tx: Tx, conversation_id: int) -> None:
    """Somebody wrote to an agent who is offline: the conversation goes back into line, if that is still so."""
    found = row(tx, conversation_id, lock=True)
    if found.status != ConversationStatus.OPEN or found.assignee_id is None or found.waiting_since is None:
        return
    if load.locked(tx, found.assignee_id).activity == Activity.OFFLINE:
        give_back(tx, conversation_value(found._mapping), _SYSTEM)


def _check(actor: Actor, row: AnyRow, target: Target) -> None:
    if target.agent_id is None and target.queue_id is None:
        raise Invalid("Say to whom the conversation should go.")
    if row.status == ConversationStatus.CLOSED:
        raise Conflict("The conversation is closed. Reopen it first.", why="closed_first")
    is_own = row.assignee_id == actor.agent_id
    takes_waiting = target.agent_id == actor.agent_id and row.assignee_id is None
    if not (is_own or takes_waiting or actor.may(Permission.ASSIGN_OTHERS)):
        raise Denied("This conversation is a colleague's. Ask them, or a supervisor.", why="colleagues_conversation")


def _to_agent(tx: Tx, actor: Actor, row: AnyRow, target: Target) -> ConversationValue:
    agent_id = target.agent_id
    assert agent_id is not None
    agent = load.locked(tx, agent_id)
    if agent.disabled_at is not None:
        raise Conflict("This agent is disabled.", why="agent_disabled")
    item = work.open_work(tx, row.id)
    queue_id = target.queue_id or row.queue_id
    if item is None:
        if queue_id is None:
            raise Invalid("Say which queue the conversation belongs to.", why="which_queue")
        fresh = work.new_work(
            tx,
            conversation_id=row.id,
            queue_id=queue_id,
            medium=Medium.CHAT,
            state=WorkState.ASSIGNED,
            agent_id=agent_id,
        )
        work.store(tx, [fresh])
    else:
        work.withdraw_of_work(tx, item.id)
        work.set_work(
            tx, item.id, None, state=WorkState.ASSIGNED, agent_id=agent_id, queue_id=queue_id or item.queue_id
        )
        if item.agent_id not in (None, agent_id):
            load.busied(tx, item.agent_id)
    load.busied(tx, agent_id)
    return _told(tx, actor, row, agent.name, assignee_id=agent_id, last_assignee_id=agent_id, queue_id=queue_id)


def _to_queue(tx: Tx, actor: Actor, row: AnyRow, target: Target) -> ConversationValue:
    item = work.open_work(tx, row.id)
    if item is None:
        fresh = work.new_work(tx, conversation_id=row.id, queue_id=target.queue_id, medium=Medium.CHAT)
        work.store(tx, [fresh])
    else:
        work.withdraw_of_work(tx, item.id)
        work.set_work(
            tx,
            item.id,
            None,
            state=WorkState.QUEUED,
            agent_id=None,
            queue_id=target.queue_id,
            preferred_agent_id=None,
            preferred_until=None,
        )
        if item.agent_id is not None:
            load.busied(tx, item.agent_id)
    return _told(tx, actor, row, None, assignee_id=None, queue_id=target.queue_id)


def _told(tx: Tx, actor: Actor, row: AnyRow, name: str | None, **values: Any) -> ConversationValue:
    code = "taken" if values["assignee_id"] == actor.agent_id else "assigned" if name else "returned_to_queue"
    fresh = conversations.add_notice(
        tx,
        row.id,
        code,
        {"agent": actor.name, "to": name, "queue_id": values["queue_id"]},
        by=author_of(actor),
        status=ConversationStatus.OPEN,
        snoozed_until=None,
        work_state=WorkState.ASSIGNED if name else WorkState.QUEUED,
        **values,
    )
    lost_agent = row.assignee_id if row.assignee_id != values["assignee_id"] else None
    lost_queue = row.queue_id if row.queue_id != values["queue_id"] else None
    if lost_agent is not None or lost_queue is not None:
        conversations.changed(tx, fresh, lost_agent_id=lost_agent, lost_queue_id=lost_queue)
    follow(tx, fresh)
    return fresh


def _own(tx: Tx, actor: Actor, offer_id: int) -> AnyRow:
    offered = work.offer_row(tx, offer_id)
    if offered.agent_id != actor.agent_id:
        raise NotFound
    return offered
