"""Compares the hub's call records with the calls at the stand-in, which is the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import select

from channels.simulators.twilio.telephony import Call as TheirCall
from crm_core.calls import queries
from crm_core.calls.model import CallRow
from crm_core.calls.rules.call import Call
from crm_core.conversations.model import Conversation
from crm_core.staff import queries as staff
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import SECOND
from crm_core.words.content import Medium
from crm_core.words.values import AgentValue, CallOutcome, CallState, Direction, KeptState, LegRole, LegValue, WorkValue
from crm_core.work import actions as work
from crm_core.work.rules import UNITS

LEAVES_WORK = (CallOutcome.ABANDONED, CallOutcome.MISSED, CallOutcome.VOICEMAIL, CallOutcome.FAILED)


def leg_of_theirs(told: str) -> int:
    """The hub's number of a call that it made, by the address it gave for reports."""
    return int(parse_qs(urlsplit(told).query)["leg"][0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """What the stand-in knows. `forgot`: where reports were to go before it was made to forget it, by its name for
    the call. `slack` is how much durations may differ, in ms: it tells whole seconds."""

    calls: list[TheirCall]
    forgot: Mapping[str, str] = field(default_factory=dict)
    slack: int = 0

    @property
    def callers(self) -> dict[str, TheirCall]:
        return {one.sid: one for one in self.calls if one.inbound}

    @property
    def made(self) -> dict[int, TheirCall]:
        """Calls that the hub made, by its own number of the leg."""
        return {leg_of_theirs(self.forgot.get(one.sid, one.callback)): one for one in self.calls if not one.inbound}

    def same(self, one: int, other: int) -> bool:
        """Whether two durations or moments, in ms, are the same to the second."""
        return abs(one - other) < SECOND + self.slack


async def faults(db: Database, truth: Truth) -> list[str]:
    """What is wrong, in words."""
    calls, agents, left = await db.read(_records)
    found = [f"{one.sid} goes on" for one in truth.calls if not one.is_over]
    found += _of_callers(calls, truth)
    found += _of_legs(calls, truth)
    for call in calls:
        found += [f"{call.id} ({call.state}): {what}" for what in _of_record(call)]
    for agent in agents:
        mine = sum(UNITS[item.medium] for item in left if item.agent_id == agent.id)
        found += [f"{agent.name} holds {agent.units_used} and has {mine}"] if agent.units_used != mine else []
    now = db.clock()
    found += [f"{agent.name} still writes" for agent in agents if (agent.wrap_up_until or 0) > now]
    may = {call.conversation_id for call in calls if call.outcome in LEAVES_WORK}
    strange = [item for item in left if item.conversation_id not in may or item.medium is Medium.CALL]
    return found + [f"{item.purpose or item.medium} is left in {item.conversation_id}" for item in strange]


def all_calls(tx: Tx) -> list[Call]:
    """Every record there is, in the order they came."""
    return [queries.whole(tx, row.id) for row in tx.all(select(CallRow.id).order_by(CallRow.id))]


def _records(tx: Tx) -> tuple[list[Call], list[AgentValue], list[WorkValue]]:
    left = work.all_open(tx)
    open_ones = {row.id for row in tx.all(select(Conversation.id).where(Conversation.status != "closed"))}
    assert open_ones >= {item.conversation_id for item in left}
    return all_calls(tx), staff.agents(tx), [*left]


def _of_callers(calls: list[Call], truth: Truth) -> list[str]:
    """Each of their calls has exactly one record, which is as long as it was."""
    records: dict[str, list[Call]] = {}
    for call in calls:
        if call.direction is Direction.IN:
            records.setdefault(call.external_id, []).append(call)
    found = [f"{sid} has a record and no call" for sid in records.keys() - truth.callers.keys()]
    for one in truth.callers.values():
        known = records.get(one.sid, [])
        if len(known) != 1:
            found.append(f"{one.sid} has {len(known)} records")
            continue
        assert one.ended_at is not None
        [call] = known
        if not truth.same(_lasted(call), one.ended_at - one.made_at):
            found.append(
                f"{one.sid} ({call.outcome}) lasted {one.ended_at - one.made_at} and is told as {_lasted(call)}"
            )
        if call.ended_at is None or not truth.same(call.ended_at, one.ended_at):
            found.append(f"{one.sid} ended at {one.ended_at} and is told to have at {call.ended_at}")
    return found


def _contact_of(call: Call, theirs: dict[int, TheirCall], callers: dict[str, TheirCall]) -> TheirCall | None:
    if call.direction is Direction.IN:
        return callers.get(call.external_id)
    return next((theirs[leg.id] for leg in call.legs if leg.role is LegRole.CUSTOMER and leg.id in theirs), None)


def _together(one: TheirCall, contact: TheirCall | None) -> int:
    """Milliseconds from an answer to the end, or until the contact had gone: who learns that late sits there alone."""
    if one.started_at is None or one.ended_at is None:
        return 0
    gone = one.ended_at if contact is None or contact.ended_at is None else contact.ended_at
    return max(0, min(one.ended_at, gone) - one.started_at)


def _of_legs(calls: list[Call], truth: Truth) -> list[str]:
    """Each of the calls that the hub made is one leg, connected for as long as it was."""
    theirs = truth.made
    legs: dict[int, tuple[Call, LegValue]] = {}
    for call in calls:
        for leg in call.legs:
            if leg.role is not LegRole.CUSTOMER or call.direction is Direction.OUT:
                legs[leg.id] = (call, leg)
    found = [f"leg {leg_id} is in no record" for leg_id in theirs.keys() - legs.keys()]
    contacts = {call.id: _contact_of(call, theirs, truth.callers) for call in calls}
    for leg_id, (call, leg) in legs.items():
        one = theirs.get(leg_id)
        if one is None:
            if leg.connected_at is not None:
                found.append(f"leg {leg_id} was never called and is told to have talked")
            continue
        talked = _together(one, contacts[call.id])
        if not truth.same(leg.talk, talked):
            found.append(f"leg {leg_id} to {one.called} ({leg.reason}) talked {talked}, is told as {leg.talk}")
        if leg.role is LegRole.CUSTOMER:
            found += _of_contact(call, one, truth)
    return found


def _of_contact(call: Call, one: TheirCall, truth: Truth) -> list[str]:
    """Whom we called: how long it rang, and how long they spoke."""
    assert one.ended_at is not None
    rang = (one.started_at or one.ended_at) - one.made_at
    found = [] if truth.same(call.ring, rang) else [f"{call.id} rang {rang} and is told as {call.ring}"]
    spoke = 0 if one.started_at is None else one.ended_at - one.started_at
    told = call.talk + call.hold
    return found if truth.same(told, spoke) else [*found, f"{call.id} spoke {spoke} and is told as {told}"]


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
