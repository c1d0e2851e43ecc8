"""Writes to work and offers. Every change of state is compare-and-set: of two who try, one is told no."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, insert, or_, select, update

from crm_core.calls import queries as calls
from crm_core.conversations import actions as conversations
from crm_core.conversations.queries import row as conversation_row
from crm_core.staff import load
from crm_core.staff.actions import set_activity
from crm_core.staff.workload import held_by
from crm_core.store.prepared import ChangeOf, ManyRows, RowsOf, one_of
from crm_core.store.transaction import Fields, Tx
from crm_core.words.clock import SECOND, Moment
from crm_core.words.content import Medium
from crm_core.words.errors import Conflict, Gone, NotFound
from crm_core.words.events import OfferChanged, WorkChanged
from crm_core.words.values import Activity, Author, AuthorKind, OfferState, OfferValue, WorkState, WorkValue
from crm_core.work.model import Offer, Queue, WorkItem
from crm_core.work.rules import UNITS, misses_end_availability

WORK = WorkItem.__table__
OFFERS = Offer.__table__
SYSTEM = Author(kind=AuthorKind.SYSTEM)
_insert_work = ManyRows(insert(WorkItem))
_change_work = ChangeOf(WORK)  # type: ignore[arg-type]
_insert_offer = ManyRows(insert(OFFERS))  # type: ignore[arg-type]
_OPEN = (WorkItem.state != WorkState.DONE,)
_of_messages = RowsOf(
    lambda _is_sqlite: select(*WORK.c).where(
        WorkItem.conversation_id == bindparam("conversation_id"), *_OPEN, WorkItem.call_id.is_(None)
    )
)
_of_call = RowsOf(
    lambda _is_sqlite: select(*WORK.c).where(
        WorkItem.call_id == bindparam("call_id"), WorkItem.purpose == bindparam("purpose"), *_OPEN
    )
)
_of_calls = RowsOf(
    lambda is_sqlite: select(*WORK.c).where(one_of(WorkItem.call_id, "calls", is_sqlite=is_sqlite), *_OPEN)
)
_waiting = RowsOf(
    lambda _is_sqlite: select(*WORK.c).where(WorkItem.id == bindparam("id"), WorkItem.state == WorkState.QUEUED)
)
_refusals = RowsOf(
    lambda is_sqlite: (
        select(Offer.work_id, Offer.agent_id, Offer.ended_at, Queue.cooldown_seconds)
        .join(Queue, Queue.id == Offer.queue_id)
        .where(
            one_of(Offer.work_id, "work", is_sqlite=is_sqlite),
            or_(Offer.state == OfferState.DECLINED, Offer.state == OfferState.TIMED_OUT),
        )
        .order_by(Offer.id)
    )
)
_running = RowsOf(
    lambda _is_sqlite: select(Offer.id).where(Offer.work_id == bindparam("work_id"), Offer.state == OfferState.PENDING)
)
_offer = RowsOf(lambda _is_sqlite: select(*OFFERS.c).where(Offer.id == bindparam("id"), Offer.ws == bindparam("ws")))
_offers = RowsOf(
    lambda _is_sqlite: select(*OFFERS.c).where(
        Offer.agent_id == bindparam("agent_id"), Offer.state == OfferState.PENDING, Offer.ws == bindparam("ws")
    )
)
_end_offer = RowsOf(
    lambda _is_sqlite: (
        update(Offer)
        .where(Offer.id == bindparam("id_"), Offer.state == OfferState.PENDING)
        .values(
            state=bindparam("state_"),
            ended_at=bindparam("ended_at_"),
            reason=bindparam("reason_"),
            version=Offer.version + 1,
        )
        .returning(*OFFERS.c)
    )
)

COOLING_KEPT: Final = 50
"""Agents whose refusals of one item are carried along."""


def new_work(tx: Tx, **known: Any) -> dict[str, Any]:
    """A whole work row from the columns that matter. Not stored yet."""
    return {
        "id": tx.new_id(),
        "ws": tx.ws,
        "state": WorkState.QUEUED,
        "agent_id": None,
        "priority": 0,
        "skills": {},
        "enqueued_at": tx.now,
        "virtual_start": tx.now,
        "preferred_agent_id": None,
        "preferred_until": None,
        "done_at": None,
        "trace": None,
        "call_id": None,
        "purpose": None,
        "version": 1,
        **known,
    }


def store(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert work and record that it waits. Raises when a conversation has open work already: ask before."""
    if not rows:
        return
    _insert_work.run(tx, rows)
    for row in rows:
        tx.record(WorkChanged(work=work_value(row, {})))


def work_value(row: Fields, cooling: Mapping[int, Moment]) -> WorkValue:
    """A work row as its value."""
    return WorkValue(
        id=row["id"],
        conversation_id=row["conversation_id"],
        call_id=row["call_id"],
        purpose=row["purpose"] or "",
        queue_id=row["queue_id"],
        medium=Medium(row["medium"]),
        state=WorkState(row["state"]),
        agent_id=row["agent_id"],
        priority=row["priority"],
        skills=row["skills"] or {},
        virtual_start=row["virtual_start"],
        preferred_agent_id=row["preferred_agent_id"],
        preferred_until=row["preferred_until"],
        cooling=dict(cooling),
        version=row["version"],
    )


def open_work(tx: Tx, conversation_id: int) -> Row[Any] | None:
    """The work item of a conversation's messages that is not done, if any."""
    return _of_messages.first(tx, {"conversation_id": conversation_id})


def open_work_of_call(tx: Tx, call_id: int, purpose: str) -> Row[Any] | None:
    """What a call still needs of this kind, if anything."""
    return _of_call.first(tx, {"call_id": call_id, "purpose": purpose})


def open_work_of_calls(tx: Tx, call_ids: Sequence[int], *purposes: str) -> list[Row[Any]]:
    """What these calls still need, of these kinds or, without one, at all."""
    rows = _of_calls.rows(tx, {"calls": list(call_ids)}) if call_ids else []
    return [row for row in rows if not purposes or row.purpose in purposes]


def all_open(tx: Tx) -> list[WorkValue]:
    """Every work item that is not done, with who refused it: what the engine starts from."""
    rows = tx.all(select(*WORK.c).where(WorkItem.state != WorkState.DONE, WorkItem.ws == tx.ws))
    waiting = [r.id for r in rows if r.state == WorkState.QUEUED]
    refused = cooling_of(tx, waiting)
    return [work_value(r._mapping, refused.get(r.id, {})) for r in rows]


def one_open(tx: Tx, work_id: int) -> WorkValue | None:
    """A work item that is not done; none otherwise."""
    row = tx.first(select(*WORK.c).where(WorkItem.id == work_id, WorkItem.state != WorkState.DONE))
    return None if row is None else work_value(row._mapping, cooling_of(tx, [work_id]).get(work_id, {}))


def cooling_of(tx: Tx, work_ids: Sequence[int]) -> dict[int, dict[int, Moment]]:
    """Per work item: the agents who declined or missed it lately, and until when they are spared."""
    answer: dict[int, dict[int, Moment]] = {}
    for row in _refusals.all(tx, {"work": list(work_ids)}) if work_ids else ():
        until = row["ended_at"] + row["cooldown_seconds"] * SECOND
        if until > tx.now:
            answer.setdefault(row["work_id"], {})[row["agent_id"]] = until
    return answer


def set_work(tx: Tx, work_id: int, version: int | None, **values: Any) -> WorkValue:
    """Change a work item, if it still has this version (none: whatever it has), and record it. Raises Conflict."""
    row = _change_work.row(tx, work_id, values, version=version)
    if row is None:
        raise Conflict("This work changed in the meantime.")
    work = work_value(row, cooling_of(tx, [work_id]).get(work_id, {}))
    tx.record(WorkChanged(work=work))
    return work


def units_held(tx: Tx, agent_id: int) -> int:
    """Capacity units taken by what an agent has or is offered, counted from the rows.

    Whoever advises in a call, or listens to one, has no work for it and is on the phone all the same.
    """
    held = held_by(tx, agent_id)
    if Medium.CALL not in held and calls.phoning(tx, agent_id):
        held[Medium.CALL] = 1
    return sum(UNITS[medium] * count for medium, count in held.items())


# --- offers -------------------------------------------------------------------


def offer_row(tx: Tx, offer_id: int) -> Row[Any]:
    """An offer's row. Raises NotFound."""
    found = _offer.first(tx, {"id": offer_id, "ws": tx.ws})
    if found is None:
        raise NotFound
    return found


def offer_value(tx: Tx, row: Fields) -> OfferValue:
    """An offer's row as its value, with what the agent has to know about the conversation."""
    conversation = conversation_row(tx, row["conversation_id"])
    return OfferValue(
        id=row["id"],
        work_id=row["work_id"],
        conversation_id=row["conversation_id"],
        call_id=row["call_id"],
        purpose=row["purpose"] or "",
        agent_id=row["agent_id"],
        queue_id=row["queue_id"],
        state=OfferState(row["state"]),
        medium=Medium(row["medium"]),
        channel=conversation.channel,
        who=conversation.who,
        preview=conversation.preview,
        waiting_since=_waits_since(tx, row) or conversation.waiting_since or row["made_at"],
        made_at=row["made_at"],
        expires_at=row["expires_at"],
        version=row["version"],
    )


def _waits_since(tx: Tx, offer: Fields) -> Moment | None:
    """Since when a caller waits, who need not wait for an answer to what they wrote before. None for messages."""
    if offer["call_id"] is None:
        return None
    found = tx.first(select(WorkItem.virtual_start).where(WorkItem.id == offer["work_id"]))
    return None if found is None else found.virtual_start


def pending_offers(tx: Tx, agent_id: int | None = None) -> list[OfferValue]:
    """Offers that still run, of one agent or of all."""
    if agent_id is None:
        rows = tx.all(select(*OFFERS.c).where(Offer.state == OfferState.PENDING, Offer.ws == tx.ws))
    else:
        rows = _offers.rows(tx, {"agent_id": agent_id, "ws": tx.ws})
    # Sorted here: asked for the order of ids, SQLite reads every offer there ever was.
    return [offer_value(tx, r._mapping) for r in sorted(rows, key=lambda r: int(r.id))]


def asked_for_calls(tx: Tx, purpose: str) -> dict[int, int]:
    """Calls for which an offer of this purpose runs, and the agent who is asked."""
    statement = select(Offer.call_id, Offer.agent_id).where(
        Offer.state == OfferState.PENDING, Offer.ws == tx.ws, Offer.call_id.is_not(None), Offer.purpose == purpose
    )
    return {r.call_id: r.agent_id for r in tx.all(statement)}


def offer(tx: Tx, work_id: int, agent_id: int, *, offer_ms: int, trace: object) -> OfferValue | None:
    """Offer waiting work to an agent; none when either changed since the engine decided.

    The agent's units are taken in this transaction: the work row carries the agent from now on.
    """
    work = _waiting.first(tx, {"id": work_id})
    agent = load.locked(tx, agent_id)
    if work is None or agent.disabled_at is not None or agent.activity != Activity.AVAILABLE:
        return None
    if agent.wrap_up_until is not None and agent.wrap_up_until > tx.now:
        return None
    if units_held(tx, agent_id) + UNITS[Medium(work.medium)] > agent.units:
        return None
    set_work(tx, work_id, work.version, state=WorkState.OFFERED, agent_id=agent_id, trace=trace)
    row = {
        "id": tx.new_id(),
        "ws": tx.ws,
        "work_id": work_id,
        "conversation_id": work.conversation_id,
        "call_id": work.call_id,
        "purpose": work.purpose,
        "queue_id": work.queue_id,
        "agent_id": agent_id,
        "medium": work.medium,
        "state": OfferState.PENDING,
        "made_at": tx.now,
        "expires_at": tx.now + offer_ms,
        "ended_at": None,
        "reason": "",
        "version": 1,
    }
    _insert_offer.run(tx, [row])
    value = offer_value(tx, row)
    tx.record(OfferChanged(offer=value))
    if work.call_id is None:
        conversations.changed(tx, conversations.change(tx, work.conversation_id, work_state=WorkState.OFFERED))
    load.busied(tx, agent_id)
    return value


def end_offer(tx: Tx, offer_id: int, state: OfferState, *, reason: str = "") -> OfferValue:
    """End a pending offer. Raises Gone when it has ended already: one winner, whoever else tried."""
    row = _end_offer.first(tx, {"id_": offer_id, "state_": state, "ended_at_": tx.now, "reason_": reason})
    if row is None:
        raise Gone
    value = offer_value(tx, row._mapping)
    tx.record(OfferChanged(offer=value))
    return value


def requeue(tx: Tx, ended: OfferValue) -> None:
    """Put work back at its old place after its offer ended without being accepted."""
    set_work(tx, ended.work_id, None, state=WorkState.QUEUED, agent_id=None)
    if ended.call_id is None:
        conversations.changed(tx, conversations.change(tx, ended.conversation_id, work_state=WorkState.QUEUED))
    load.touch(tx, ended.agent_id)


def withdraw_offers(tx: Tx, agent_id: int, *, reason: str) -> list[OfferValue]:
    """Take back everything an agent is being offered, for whoever can take it now."""
    ended = []
    for pending in pending_offers(tx, agent_id):
        value = end_offer(tx, pending.id, OfferState.WITHDRAWN, reason=reason)
        requeue(tx, value)
        ended.append(value)
    return ended


def time_out(tx: Tx, offer_id: int) -> OfferValue:
    """End an offer that ran out: the work goes on to the next agent, this one is marked.

    ROUTING.md section 6: a second miss in a row takes a messaging agent out of routing. Raises Gone.
    """
    ended = end_offer(tx, offer_id, OfferState.TIMED_OUT)
    conversations.add_notice(
        tx,
        ended.conversation_id,
        "offer_missed",
        {"agent": load.name_of(tx, ended.agent_id)},
        by=SYSTEM,
    )
    requeue(tx, ended)
    misses = load.count_miss(tx, ended.agent_id)
    if misses_end_availability(ended.medium, misses):
        set_activity(tx, None, ended.agent_id, Activity.NOT_RESPONDING, caused_by="missed_offer")
        withdraw_offers(tx, ended.agent_id, reason="not_responding")
    return ended


def due_offers(tx: Tx) -> list[int]:
    """Pending offers whose deadline has passed, by this transaction's time."""
    return [r.id for r in tx.all(select(Offer.id).where(Offer.state == OfferState.PENDING, Offer.expires_at <= tx.now))]


def next_deadline(tx: Tx) -> Moment | None:
    """When the next pending offer runs out."""
    deadline: Moment | None = tx.scalar(select(func.min(Offer.expires_at)).where(Offer.state == OfferState.PENDING))
    return deadline


def give(tx: Tx, work: Fields, agent_id: int) -> WorkValue:
    """The work is this agent's from now on. Raises Conflict when it changed in the meantime."""
    value = set_work(tx, work["id"], work["version"], state=WorkState.ASSIGNED, agent_id=agent_id)
    load.busied(tx, agent_id)
    return value


def finish(tx: Tx, conversation_id: int) -> WorkValue | None:
    """End the open work of a conversation's messages, withdrawing its offer; none when it had none."""
    return _finish(tx, open_work(tx, conversation_id))


def finish_of_call(tx: Tx, call_id: int, purpose: str) -> WorkValue | None:
    """End what a call needed, withdrawing its offer; none when it needed nothing."""
    return _finish(tx, open_work_of_call(tx, call_id, purpose))


def _finish(tx: Tx, work: Row[Any] | None) -> WorkValue | None:
    if work is None:
        return None
    withdraw_of_work(tx, work.id)
    done = set_work(tx, work.id, None, state=WorkState.DONE, done_at=tx.now)
    if work.agent_id is not None:
        load.busied(tx, work.agent_id)
    return done


def withdraw_of_work(tx: Tx, work_id: int) -> None:
    """Take back the pending offer of a work item, if it has one."""
    pending = _running.first(tx, {"work_id": work_id})
    if pending is not None:
        end_offer(tx, pending.id, OfferState.WITHDRAWN, reason="moved")
