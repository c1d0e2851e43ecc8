"""A call moves on: the one place where a signal meets a call, in one transaction with all that follows."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from channels.contract import CallReported
from crm_core.calls import actions
from crm_core.calls.rules import advance
from crm_core.calls.rules.call import Call
from crm_core.calls.rules.signals import Signal
from crm_core.conversations.actions import change_details
from crm_core.store.transaction import Tx
from crm_core.words.calls import DigitPressed, RecordingStored
from crm_core.words.clock import MINUTE, Moment
from crm_core.words.errors import NotFound
from crm_core.words.values import CallLine, CallState
from hub.desk.calls import aftercall, following

MOST_LATE = 60 * MINUTE
"""A provider's time that lies further back than this is a wrong clock, not a late report."""
_ASKS_FOR_KEYS = (CallState.GREETING, CallState.QUEUED, CallState.OFFERED)
_BEFORE_TALK = (CallState.GREETING, CallState.QUEUED, CallState.OFFERED, CallState.CONNECTING)


def move(tx: Tx, call_id: int, signal: Signal, at: Moment | None = None) -> Call:
    """Apply a signal to a call. `at`: when it happened. Raises NotFound."""
    return settle(tx, actions.locked(tx, call_id), signal, at)


def settle(tx: Tx, before: Call, signal: Signal, at: Moment | None = None) -> Call:
    """Apply a signal to a call that is held: the call, its work, its line in the timeline, and the event."""
    return keep(tx, before, *_step(tx, before, signal, at))


def report(tx: Tx, account_id: int, event: CallReported) -> Call | None:
    """What a provider reports of a call, once for each key; none for a call that nobody knows.

    A repeated report changes nothing, and the call as it is comes back. Keys that are pressed while people speak are
    noted nowhere, with neither digit nor key: they may be the number of somebody's card.
    """
    call = _named(tx, account_id, event)
    if call is None:
        return None
    if isinstance(event.signal, DigitPressed) and call.state not in _ASKS_FOR_KEYS:
        return call
    facts = {name: getattr(event.signal, name) for name in event.signal.__dataclass_fields__}
    name = type(event.signal).__name__
    if not actions.first_time(tx, account_id, event.key, call.id, event.at, name, facts):
        return call
    after = settle(tx, call, event.signal, event.at)
    if isinstance(event.signal, RecordingStored) and not event.signal.voicemail:
        aftercall.recorded(tx, after, event.signal.file_id)
    return after


def keep(tx: Tx, before: Call, after: Call, facts: tuple[Any, ...]) -> Call:
    """Store what a step came to, with what follows from it."""
    for fact in facts:
        after = following.follow(tx, after, fact)
    after = following.ended(tx, before, after)
    actions.save(tx, before, after)
    if after.entry_id and line_of(after) != line_of(before):
        change_details(tx, after.entry_id, call=line_of(after))
    return after


def line_of(call: Call) -> CallLine:
    """The call as the timeline shows it: who is asked meanwhile is left out, so that it is not written for nothing."""
    state = CallState.QUEUED if call.state in _BEFORE_TALK else call.state
    return CallLine(
        id=call.id,
        direction=call.direction,
        state=CallState.TALKING if state is CallState.HELD else state,
        outcome=call.outcome,
        number=call.number,
        agent_id=call.agent_id if call.answered_at is not None or call.direction == "out" else None,
        queue_id=call.queue_id,
        wait=call.wait if call.answered_at is not None or call.outcome is not None else 0,
        talk=call.talk if call.ended_at is not None else 0,
        recordings=[replace(one) for one in call.recordings],
        disposition=call.disposition,
        note=call.note,
    )


def _step(tx: Tx, before: Call, signal: Signal, at: Moment | None) -> tuple[Call, tuple[Any, ...]]:
    happened = tx.now if at is None else max(tx.now - MOST_LATE, min(at, tx.now))
    step = advance(before, signal, happened, spare_id=tx.new_id(), told_at=tx.now)
    return step.call, step.facts


def _named(tx: Tx, account_id: int, event: CallReported) -> Call | None:
    if event.call_id is not None:
        try:
            call = actions.locked(tx, event.call_id)
        except NotFound:
            return None
        return call if call.account_id == account_id else None
    return None if event.call is None else actions.known(tx, account_id, event.call)
