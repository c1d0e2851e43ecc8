"""A call and its conversation: whose it becomes, what a missed call or a voicemail leaves to be done, how it closes."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from crm_core.calls import queries
from crm_core.calls.rules.call import CALLBACK, Call, leg
from crm_core.contacts import queries as contacts
from crm_core.conversations import actions as conversations
from crm_core.conversations import timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.files.actions import claim_for_entry
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.content import Medium
from crm_core.words.errors import NotFound
from crm_core.words.values import (
    Author,
    AuthorKind,
    CallOutcome,
    ConversationStatus,
    Direction,
    EntryKind,
    WorkState,
)
from crm_core.work import actions as work

HIDDEN: Final = "hidden:"
"""The value of the identity of a caller who hides their number: one for each call, since nobody knows who it is."""
_SYSTEM: Final = Author(kind=AuthorKind.SYSTEM)
_MISSED: Final = (CallOutcome.ABANDONED, CallOutcome.MISSED, CallOutcome.FAILED)


def stands_in(tx: Tx, call: Call, queue_id: int) -> None:
    """A conversation that is in no queue stands in the call's: its agents may read it."""
    row = conversation_row(tx, call.conversation_id)
    if row.queue_id is None or (row.assignee_id is None and row.work_state is None and row.queue_id != queue_id):
        fresh = conversations.change(tx, call.conversation_id, queue_id=queue_id)
        conversations.changed(tx, fresh, lost_queue_id=row.queue_id)


def belongs_to(tx: Tx, call: Call, agent_id: int) -> None:
    """Whoever has the call has the conversation, unless somebody is answering its messages."""
    row = conversation_row(tx, call.conversation_id)
    if row.status == ConversationStatus.CLOSED or row.assignee_id == agent_id:
        return
    if row.assignee_id is not None and row.work_state is not None:
        return
    fresh = conversations.change(tx, call.conversation_id, assignee_id=agent_id, last_assignee_id=agent_id)
    conversations.changed(tx, fresh, lost_agent_id=row.assignee_id)
    item = work.open_work(tx, call.conversation_id)
    if item is not None and item.state != WorkState.ASSIGNED:
        # Who waits for an answer gets it on the phone: the messages are this agent's too.
        work.withdraw_of_work(tx, item.id)
        work.set_work(tx, item.id, None, state=WorkState.ASSIGNED, agent_id=agent_id)
        conversations.changed(tx, conversations.change(tx, call.conversation_id, work_state=WorkState.ASSIGNED))


def answered(tx: Tx, call: Call) -> None:
    """They speak with each other: what earlier missed calls, or promises to call, left to be done is done."""
    for promised in _of_calls(tx, call, CALLBACK):
        work.finish_of_call(tx, promised.call_id, CALLBACK)
    row = conversation_row(tx, call.conversation_id)
    if row.waiting_since is None or row.last_inbound_id != row.last_entry_id:
        last = timeline.last_of(tx, call.conversation_id, [EntryKind.CALL, EntryKind.MESSAGE], most=5)
        if any(entry.kind is EntryKind.MESSAGE and entry.direction is Direction.IN for entry in last):
            return
    if row.work_state is not None and row.waiting_since is not None:
        work.finish(tx, call.conversation_id)
        fresh = conversations.change(tx, call.conversation_id, work_state=None, waiting_since=None)
        conversations.changed(tx, fresh)


def over(tx: Tx, call: Call) -> None:
    """The contact's side is over: a call that nobody answered waits for somebody to call back, or to write."""
    if call.direction is Direction.IN and call.outcome in _MISSED and _may_be_answered(tx, call):
        waits(tx, call, "call_missed")
    elif call.callback_of is not None and call.answered_at is None:
        _not_called_back(tx, call, call.callback_of)


def _may_be_answered(tx: Tx, call: Call) -> bool:
    """A visitor without a number can be written to; who hides it, not at all."""
    return bool(call.number) or not contacts.address_of(tx, call.identity_id).value.startswith(HIDDEN)


def _not_called_back(tx: Tx, call: Call, asked_id: int) -> None:
    """Somebody was promised a call and was not reached.

    A number that was never dialled, because the agent's device failed or they thought better of it, is offered as a
    call back again. One that was busy or silent is not rung at once again: somebody decides how to reach them.
    """
    if queries.goes_on_in(tx, call.conversation_id, call.id, wrapping=False):
        return
    asked = queries.whole(tx, asked_id)
    if leg(call, None) is not None or asked.queue_id is None:
        waits(tx, call, "callback_failed")
        return
    fresh = work.new_work(
        tx, conversation_id=asked.conversation_id, call_id=asked.id, purpose=CALLBACK, queue_id=asked.queue_id,
        medium=Medium.CALL, priority=conversation_row(tx, asked.conversation_id).priority,
        virtual_start=asked.queued_at or tx.now,
    )  # fmt: skip
    work.store(tx, [fresh])


def voicemail(tx: Tx, call: Call, file_id: int) -> None:
    """A message was left: it stands in the timeline with its sound, and waits like any other."""
    row = conversation_row(tx, call.conversation_id)
    entry = timeline.new_entry(
        tx,
        conversation_id=call.conversation_id,
        kind=EntryKind.MESSAGE,
        direction=Direction.IN,
        author_kind=AuthorKind.CONTACT,
        author_id=call.identity_id,
        author_name=call.who,
        account_id=call.account_id,
        channel=call.channel,
        identity_id=call.identity_id,
        external_id=f"voicemail:{call.id}:{file_id}",
    )
    uploader = [(AuthorKind.SYSTEM, call.account_id), (AuthorKind.CONTACT, call.identity_id)]
    entry["files"] = claim_for_entry(tx, uploader, [file_id], call.conversation_id, entry["id"])
    timeline.store(tx, [entry])
    value = conversations.arrived(tx, entry, waiting_since=row.waiting_since or tx.now, status=ConversationStatus.OPEN)
    _queue(tx, call, conversation_row(tx, value.conversation_id))


def recorded(tx: Tx, call: Call, file_id: int) -> None:
    """A recording belongs to the call's line in the timeline: a file that belongs to nothing is swept after a day."""
    with suppress(NotFound):
        claim_for_entry(tx, [(AuthorKind.SYSTEM, call.account_id)], [file_id], call.conversation_id, call.entry_id)


def waits(tx: Tx, call: Call, code: str, *, why: str | None = None) -> None:
    """Somebody has to see to this: a line says what, and why as a code, and the conversation gets in line."""
    row = conversation_row(tx, call.conversation_id)
    if row.status == ConversationStatus.CLOSED:
        return
    conversations.add_notice(
        tx, call.conversation_id, code, {"number": call.number} | ({} if why is None else {"why": why}), by=_SYSTEM,
        waiting_since=row.waiting_since or tx.now, last_activity_at=tx.now,
    )  # fmt: skip
    _queue(tx, call, conversation_row(tx, call.conversation_id))


def put_away(tx: Tx, call: Call) -> None:
    """A conversation that was only this call is closed with it; one with open work, calls or messages stays."""
    row = conversation_row(tx, call.conversation_id)
    if row.status != ConversationStatus.OPEN or row.work_state is not None or row.waiting_since is not None:
        return
    if queries.goes_on_in(tx, call.conversation_id, call.id) or _of_calls(tx, call):
        return
    if timeline.last_of(tx, call.conversation_id, [EntryKind.MESSAGE]):
        return
    conversations.add_notice(
        tx, call.conversation_id, "closed", {"agent": None, "disposition": call.disposition}, by=_SYSTEM,
        status=ConversationStatus.CLOSED, closed_at=tx.now, disposition=call.disposition, snoozed_until=None,
    )  # fmt: skip


def _of_calls(tx: Tx, call: Call, *purposes: str) -> list[AnyRow]:
    """What the calls of this call's conversation still need."""
    return work.open_work_of_calls(tx, queries.calls_of(tx, call.conversation_id), *purposes)


def _queue(tx: Tx, call: Call, row: AnyRow) -> None:
    queue_id = call.queue_id or call.plan.queue_id or row.queue_id
    if row.work_state is not None or queue_id is None or work.open_work(tx, call.conversation_id) is not None:
        return
    values: dict[str, Any] = {"work_state": WorkState.QUEUED, "queue_id": queue_id, "assignee_id": None}
    fresh = work.new_work(
        tx, conversation_id=call.conversation_id, queue_id=queue_id, medium=Medium.MAIL, priority=row.priority,
        preferred_agent_id=row.assignee_id or row.last_assignee_id,
    )  # fmt: skip
    work.store(tx, [fresh])
    changed = conversations.change(tx, call.conversation_id, **values)
    conversations.changed(tx, changed, lost_agent_id=row.assignee_id)
