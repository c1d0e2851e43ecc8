"""What is true of every call, whatever happened to it."""

from __future__ import annotations

from crm_core.calls.rules import scene
from crm_core.calls.rules.call import Call, is_over, leg_of, living, restored, stored
from crm_core.calls.rules.ending import is_wrapping
from crm_core.calls.rules.signals import (
    CallbackWanted,
    ConsultOver,
    ConsultQueued,
    Fact,
    LeftQueue,
    Over,
    Owned,
    Queued,
    Unanswered,
    Wrapping,
)
from crm_core.words.calls import Hears
from crm_core.words.values.calls import (
    CallOutcome,
    CallState,
    KeptState,
    LegMode,
    LegRole,
    LegState,
    RecordingState,
    TransferKind,
)
from crm_core.words.values.marks import Direction

IN_LINE = (CallState.QUEUED, CallState.OFFERED)


def check(call: Call, facts: list[Fact]) -> None:
    """Everything; `facts` is all that the house was told of the call."""
    assert restored(stored(call)) == call
    check_legs(call)
    check_contact(call)
    check_told(call)
    check_times(call)
    check_end(call)
    check_facts(call, facts)


def check_legs(call: Call) -> None:
    assert len({leg.id for leg in call.legs}) == len(call.legs)
    alive = living(call)
    away = [leg for leg in call.legs if leg.away_since is not None]
    assert all(leg.role is LegRole.CUSTOMER and leg.state is LegState.CONNECTED for leg in away)
    for agent_id in {leg.agent_id for leg in alive if leg.agent_id is not None}:
        assert len([leg for leg in alive if leg.agent_id == agent_id]) == 1, "somebody takes part once"
    if call.state not in (CallState.CONNECTING, CallState.TALKING, CallState.HELD, CallState.RINGING):
        assert all(leg.role is LegRole.CUSTOMER for leg in alive), "who waits, waits alone"
    talkers = [leg for leg in alive if leg.role in (LegRole.AGENT, LegRole.THIRD) and leg.mode is LegMode.TALK]
    assert not call.three_way or len(talkers) > 1
    if call.state in (CallState.CONNECTING, CallState.TALKING, CallState.HELD) and call.legs:
        assert talkers, "somebody is there, or is called"
    asked = [leg for leg in alive if leg.mode is LegMode.CONSULT]
    under_way = [one for one in call.transfers if not one.result]
    assert len(under_way) <= 1
    assert len(asked) <= len(under_way)
    if any(leg.state is LegState.CONNECTED for leg in asked):
        assert call.state is CallState.HELD, "the contact never hears what is asked about them"
    for one in under_way:
        assert one == call.transfers[-1]
        assert one.leg_id is None or any(leg.id == one.leg_id for leg in alive)
        assert one.kind is TransferKind.BLIND or leg_of(call, one.by_agent_id) is not None


def check_contact(call: Call) -> None:
    now = scene(call)
    contact = now.customer
    if is_over(call):
        assert now.over
        assert now.legs == ()
        assert now.prompt is None
        return
    assert not now.over
    assert contact is not None or call.direction is Direction.OUT, "a caller is there until they are gone"
    if contact is None:
        return
    if contact.hears is Hears.ROOM and call.direction is Direction.IN:
        assert any(one.connected and one.mode is LegMode.TALK for one in now.legs if one is not contact)
    if contact.hears in (Hears.PROMPT, Hears.RECORDER):
        assert now.prompt is not None
    if call.state is CallState.GREETING:
        assert contact.hears is Hears.PROMPT


def check_told(call: Call) -> None:
    asked_for = [one for one in call.recordings if not one.is_voicemail and not one.external_id]
    if call.plan.recording_prompt is not None and (call.recording is not RecordingState.OFF or asked_for):
        assert call.knows_recording, "nobody is recorded who was not told"
    assert call.plan.may_record or call.recording is RecordingState.OFF
    if call.notices:
        is_among_people = call.state in (CallState.TALKING, CallState.HELD)
        assert not is_over(call)
        assert not is_among_people or call.prompt is not None, "what is owed is said as soon as it can be"


def check_times(call: Call) -> None:
    spans = (call.ring, call.greet, call.wait, call.talk, call.hold)
    assert min(*spans, call.wrap_up) >= 0
    counted = sum(spans)
    if call.ended_at is not None:
        assert counted == call.ended_at - call.started_at
    else:
        assert counted == call.since - call.started_at
    for leg in call.legs:
        assert leg.talk >= 0
        assert leg.wrap_up >= 0
        assert leg.made_at <= leg.since
        assert (leg.ended_at is not None) == (leg.state is LegState.ENDED)
        assert leg.ended_at is None or leg.ended_at >= (leg.connected_at or leg.made_at)


def check_end(call: Call) -> None:
    assert is_over(call) == (call.ended_at is not None)
    if call.state is CallState.ENDED:
        assert not any(is_wrapping(leg) for leg in call.legs)
    if not is_over(call):
        assert call.position is None or call.state in IN_LINE
        return
    assert call.outcome is not None
    assert call.ended_by is not None
    assert (call.outcome is CallOutcome.ANSWERED) == (call.answered_at is not None)
    assert living(call) == []
    assert all(one.state is not KeptState.RUNNING for one in call.recordings)
    assert (call.sought > 0) == any(one.state is KeptState.AWAITED for one in call.recordings)
    assert all(one.result for one in call.transfers)


def check_facts(call: Call, facts: list[Fact]) -> None:
    queued = asking = over = False
    writing: dict[int, int | None] = {}
    for fact in facts:
        match fact:
            case Queued():
                queued = True
            case LeftQueue() | Owned() | CallbackWanted():
                queued = False
            case ConsultQueued():
                assert not asking
                asking = True
            case ConsultOver():
                asking = False
            case Over():
                assert not over, "a call is over once"
                over = True
            case Wrapping(agent_id=agent_id, until=until):
                writing[agent_id] = until
            case _:
                pass
    assert queued == (call.state in IN_LINE)
    assert over == is_over(call)
    transfer = call.transfers[-1] if call.transfers else None
    to_queue = transfer is not None and transfer.kind is TransferKind.ATTENDED and transfer.to_queue_id is not None
    assert asking == (to_queue and transfer is not None and not transfer.result)
    for agent_id in {leg.agent_id for leg in call.legs if leg.agent_id is not None and leg.role is LegRole.AGENT}:
        check_agent(call, agent_id, facts)


def check_agent(call: Call, agent_id: int, facts: list[Fact]) -> None:
    """Nobody is kept from other work by a call that they are out of, and nobody is free who still writes it down."""
    mine = [leg for leg in call.legs if leg.agent_id == agent_id and leg.role is LegRole.AGENT]
    about = [fact for fact in facts if isinstance(fact, Wrapping | Unanswered) and fact.agent_id == agent_id]
    wrapping = [leg for leg in mine if is_wrapping(leg)]
    assert len(wrapping) <= 1
    if leg_of(call, agent_id, LegRole.AGENT) is not None:
        assert not wrapping or leg_of(call, agent_id).state is LegState.INVITED  # type: ignore[union-attr]
    elif wrapping:
        last = about[-1]
        assert isinstance(last, Wrapping)
        assert last.until == wrapping[0].wrap_up_until
    elif any(leg.device for leg in mine):
        last = about[-1]
        assert isinstance(last, Unanswered) or last.until is None


def check_rest(call: Call) -> None:
    if call.state in (CallState.ENDED, *IN_LINE):
        return
    if call.direction is Direction.OUT and not call.legs:
        return
    if call.state is CallState.RINGING and call.direction is Direction.IN:
        return
    assert call.state in (CallState.TALKING, CallState.HELD)
    assert any(leg.state is LegState.CONNECTED and leg.mode is LegMode.TALK for leg in living(call))
