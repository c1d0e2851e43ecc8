"""Compares the hub's call records with the calls at the stand-in, which is the truth."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select

from channels.simulators.twilio.telephony import Call as TheirCall
from crm_core.calls import queries
from crm_core.calls.model import CallRow
from crm_core.calls.rules.call import Call
from crm_core.conversations.model import Conversation
from crm_core.staff import queries as staff
from crm_core.store.transaction import Tx
from crm_core.words.clock import SECOND
from crm_core.words.values import AgentValue, CallOutcome, CallState, Direction, KeptState, LegRole, LegValue
from crm_core.work import actions as work
from tests.flows.call_town import CallTown

LEAVES_WORK = (CallOutcome.ABANDONED, CallOutcome.MISSED, CallOutcome.VOICEMAIL, CallOutcome.FAILED)


def leg_of_theirs(told: str) -> int:
    """The hub's number of a call that it made, by the address it gave for reports."""
    return int(parse_qs(urlsplit(told).query)["leg"][0])


async def faults(town: CallTown) -> list[str]:
    """What is wrong, in words."""
    calls, agents, left = await town.house.db.read(_records)
    theirs = town.cloud.exchange.calls
    found = [f"{one.sid} goes on" for one in theirs if not one.is_over]
    found += _of_callers(calls, [one for one in theirs if one.inbound])
    made = {leg_of_theirs(town.forgot.get(one.sid, one.callback)): one for one in theirs if not one.inbound}
    found += _of_legs(calls, made, {one.sid: one for one in theirs if one.inbound})
    for call in calls:
        found += [f"{call.id} ({call.state}): {what}" for what in _of_record(call)]
    found += [f"{agent.name} holds {agent.units_used}" for agent in agents if agent.units_used]
    now = town.clock()
    found += [f"{agent.name} still writes" for agent in agents if (agent.wrap_up_until or 0) > now]
    may = {call.conversation_id for call in calls if call.outcome in LEAVES_WORK}
    return found + [f"work is left in {one}" for one in left if one not in may]


def _records(tx: Tx) -> tuple[list[Call], list[AgentValue], list[int]]:
    ids = [row.id for row in tx.all(select(CallRow.id).order_by(CallRow.id))]
    left = [item.conversation_id for item in work.all_open(tx)]
    open_ones = {row.id for row in tx.all(select(Conversation.id).where(Conversation.status != "closed"))}
    assert open_ones >= set(left)
    return [queries.whole(tx, call_id) for call_id in ids], staff.agents(tx), left


def _of_callers(calls: list[Call], theirs: list[TheirCall]) -> list[str]:
    """Each of their calls has exactly one record, which is as long as it was."""
    records: dict[str, list[Call]] = {}
    for call in calls:
        if call.direction is Direction.IN:
            records.setdefault(call.external_id, []).append(call)
    found = [f"{sid} has a record and no call" for sid in records.keys() - {one.sid for one in theirs}]
    for one in theirs:
        known = records.get(one.sid, [])
        if len(known) != 1:
            found.append(f"{one.sid} has {len(known)} records")
            continue
        assert one.ended_at is not None
        [call] = known
        if _lasted(call) // SECOND != (one.ended_at - one.made_at) // SECOND:
            found.append(
                f"{one.sid} ({call.outcome}) lasted {one.ended_at - one.made_at} and is told as {_lasted(call)}"
            )
        if call.ended_at is None or call.ended_at // SECOND != one.ended_at // SECOND:
            found.append(f"{one.sid} ended at {one.ended_at} and is told to have at {call.ended_at}")
    return found


def _contact_of(call: Call, theirs: dict[int, TheirCall], callers: dict[str, TheirCall]) -> TheirCall | None:
    if call.direction is Direction.IN:
        return callers.get(call.external_id)
    return next((theirs[leg.id] for leg in call.legs if leg.role is LegRole.CUSTOMER and leg.id in theirs), None)


def _together(one: TheirCall, contact: TheirCall | None) -> int:
    """Seconds from an answer to the end, or until the contact had gone: who learns that late sits there alone."""
    if one.started_at is None or one.ended_at is None:
        return 0
    gone = one.ended_at if contact is None or contact.ended_at is None else contact.ended_at
    return max(0, min(one.ended_at, gone) - one.started_at) // SECOND


def _of_legs(calls: list[Call], theirs: dict[int, TheirCall], callers: dict[str, TheirCall]) -> list[str]:
    """Each of the calls that the hub made is one leg, connected for as long as it was."""
    legs: dict[int, tuple[Call, LegValue]] = {}
    for call in calls:
        for leg in call.legs:
            if leg.role is not LegRole.CUSTOMER or call.direction is Direction.OUT:
                legs[leg.id] = (call, leg)
    found = [f"leg {leg_id} is in no record" for leg_id in theirs.keys() - legs.keys()]
    contacts = {call.id: _contact_of(call, theirs, callers) for call in calls}
    for leg_id, (call, leg) in legs.items():
        one = theirs.get(leg_id)
        if one is None:
            if leg.connected_at is not None:
                found.append(f"leg {leg_id} was never called and is told to have talked")
            continue
        talked = _together(one, contacts[call.id])
        if leg.talk // SECOND != talked:
            found.append(f"leg {leg_id} to {one.called} ({leg.reason}) talked {talked} s, is told as {leg.talk}")
        if leg.role is LegRole.CUSTOMER:
            found += _of_contact(call, one)
    return found


def _of_contact(call: Call, one: TheirCall) -> list[str]:
    """Whom we called: how long it rang, and how long they spoke."""
    assert one.ended_at is not None
    rang = (one.started_at or one.ended_at) - one.made_at
    told = call.ring
    found = [] if told // SECOND == rang // SECOND else [f"{call.id} rang {rang} and is told as {told}"]
    spoke = call.talk + call.hold
    return found + ([] if spoke // SECOND == one.seconds else [f"{call.id} spoke {one.seconds}, is told as {spoke}"])


def _of_record(call: Call) -> list[str]:
    """What a record may not say of itself."""
    found = [] if call.state is CallState.ENDED else ["is not over"]
    if call.outcome is None or call.ended_at is None:
        return [*found, "came to nothing"]
    if (call.outcome is CallOutcome.ANSWERED) is not (call.answered_at is not None):
        found.append(f"is {call.outcome} and was answered at {call.answered_at}")
    if call.answered_at is not None and not any(leg.connected_at for leg in call.legs if leg.agent_id):
        found.append("was answered by nobody")
    found += [f"has a recording that is {r.state}" for r in call.recordings if r.state is not KeptState.STORED]
    return found


def _lasted(call: Call) -> int:
    return call.ring + call.greet + call.wait + call.talk + call.hold
