"""Writes to calls: a row in, a row moved on, and the event that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.calls.model import CallPart, CallRow, CallSignal, Listening
from crm_core.calls.rules.call import Call, restored, shown, stored
from crm_core.calls.rules.deadlines import next_deadline
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.errors import NotFound
from crm_core.words.events import CallChanged
from crm_core.words.values.calls import KeptState, LegMode

TABLE = CallRow.__table__


def add(tx: Tx, call: Call) -> None:
    """Store a new call and tell of it. Raises when its provider's name is taken: ask before."""
    tx.execute(insert(CallRow).values(id=call.id, ws=tx.ws, started_at=call.started_at, arranged=0, **_columns(call)))
    _parts(tx, None, call)
    tx.record(CallChanged(call=shown(call)))


def save(tx: Tx, before: Call, after: Call) -> None:
    """Store what became of a call that is held (`locked`), and tell of it. The same call: nothing."""
    if after is before:
        return
    tx.execute(update(CallRow).where(CallRow.id == after.id).values(**_columns(after)))
    _parts(tx, before, after)
    tx.record(CallChanged(call=shown(after)))


def locked(tx: Tx, call_id: int) -> Call:
    """A call, held against other writers until the commit. Raises NotFound."""
    statement = select(CallRow.body).where(CallRow.id == call_id, CallRow.ws == tx.ws)
    found = tx.first(statement if tx.is_sqlite else statement.with_for_update())
    if found is None:
        raise NotFound
    return restored(found.body)


def known(tx: Tx, account_id: int, external_id: str) -> Call | None:
    """The call that a provider knows by this name, held until the commit."""
    statement = select(CallRow.body).where(CallRow.account_id == account_id, CallRow.external_id == external_id)
    found = tx.first(statement if tx.is_sqlite else statement.with_for_update())
    return None if found is None else restored(found.body)


# house: parameters because a signal has a source, a name, a time and facts
def first_time(
    tx: Tx, account_id: int, key: str, call_id: int, at: Moment, name: str, facts: Mapping[str, Any]
) -> bool:
    """Note a signal; false when it was noted before."""
    make = sqlite.insert(CallSignal) if tx.is_sqlite else postgresql.insert(CallSignal)
    row = make.values(
        account_id=account_id, key=key, ws=tx.ws, call_id=call_id, at=at, name=name, facts=dict(facts) or None
    )
    # A driver need not count the rows of an INSERT; what it returns, it must.
    return tx.first(row.on_conflict_do_nothing().returning(CallSignal.call_id)) is not None


def arranged(tx: Tx, call_id: int, version: int) -> None:
    """A provider was brought to this version of a call."""
    tx.execute(update(CallRow).where(CallRow.id == call_id, CallRow.arranged < version).values(arranged=version))


def listened(tx: Tx, call_id: int, agent_id: int, mode: LegMode) -> None:
    """Write down that a supervisor listened in."""
    tx.execute(
        insert(Listening).values(id=tx.new_id(), ws=tx.ws, call_id=call_id, agent_id=agent_id, mode=mode, at=tx.now)
    )


def _columns(call: Call) -> dict[str, Any]:
    return {
        "conversation_id": call.conversation_id,
        "account_id": call.account_id,
        "channel": call.channel,
        "external_id": call.external_id or None,
        "direction": call.direction,
        "state": call.state,
        "outcome": call.outcome,
        "contact_id": call.contact_id,
        "identity_id": call.identity_id,
        "queue_id": call.queue_id,
        "agent_id": call.agent_id,
        "who": call.who,
        "number": call.number,
        "line": call.line,
        "answered_at": call.answered_at,
        "ended_at": call.ended_at,
        "ring": call.ring,
        "wait": call.wait,
        "talk": call.talk,
        "hold": call.hold,
        "wrap_up": call.wrap_up,
        "disposition": call.disposition,
        "has_recording": int(any(r.state is KeptState.STORED for r in call.recordings)),
        "deadline": next_deadline(call),
        "body": stored(call),
        "version": call.version,
    }


def _parts(tx: Tx, before: Call | None, after: Call) -> None:
    old = {leg.agent_id for leg in before.legs} if before is not None else set()
    make = sqlite.insert(CallPart) if tx.is_sqlite else postgresql.insert(CallPart)
    for leg in after.legs:
        if leg.agent_id is not None and leg.agent_id not in old:
            old.add(leg.agent_id)
            part = make.values(call_id=after.id, agent_id=leg.agent_id, ws=tx.ws, since=tx.now, role=leg.role)
            tx.execute(part.on_conflict_do_nothing())
