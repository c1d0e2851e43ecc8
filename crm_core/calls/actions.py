"""Writes to calls: a row in, a row moved on, and the event that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from crm_core.calls.model import CallPart, CallRow, CallSignal, Listening
from crm_core.calls.queries import PLAYED
from crm_core.calls.rules.call import Call, restored, shown, stored
from crm_core.calls.rules.deadlines import next_deadline
from crm_core.store.prepared import ManyRows, RowsOf, held
from crm_core.store.transaction import Tx
from crm_core.words.clock import MINUTE, Moment
from crm_core.words.errors import NotFound
from crm_core.words.events import CallChanged
from crm_core.words.values.calls import KeptState, LegMode

ONE_HEARING = 10 * MINUTE
"""How long one who plays a recording is taken to listen to it."""
TABLE = CallRow.__table__
_OFTEN = ("body", "version", "deadline", "ring", "wait", "talk", "hold", "wrap_up", "has_recording")
"""What most signals change. SQLite writes an index anew for each column that is set, even to what it was."""
_SELDOM = (
    "conversation_id",
    "external_id",
    "state",
    "outcome",
    "contact_id",
    "identity_id",
    "queue_id",
    "agent_id",
    "who",
    "number",
    "answered_at",
    "ended_at",
    "disposition",
)


def _update(columns: tuple[str, ...]) -> ManyRows:
    call = update(CallRow).where(CallRow.id == bindparam("id_"))
    return ManyRows(call.values({c: bindparam(f"{c}_") for c in columns}))


_insert = ManyRows(insert(CallRow))
_insert_part = ManyRows(sqlite.insert(CallPart).on_conflict_do_nothing())
_insert_part_if_first = ManyRows(postgresql.insert(CallPart).on_conflict_do_nothing())
_move = _update(_OFTEN)
_change = _update(_OFTEN + _SELDOM)
_by_id = RowsOf(
    lambda is_sqlite: held(
        select(CallRow.body).where(CallRow.id == bindparam("id"), CallRow.ws == bindparam("ws")), is_sqlite=is_sqlite
    )
)
_by_name = RowsOf(
    lambda is_sqlite: held(
        select(CallRow.body).where(
            CallRow.account_id == bindparam("account_id"), CallRow.external_id == bindparam("external_id")
        ),
        is_sqlite=is_sqlite,
    )
)
# A driver need not count the rows of an INSERT; what it returns, it must.
_note = RowsOf(
    lambda is_sqlite: (
        (sqlite.insert(CallSignal) if is_sqlite else postgresql.insert(CallSignal))
        .on_conflict_do_nothing()
        .returning(CallSignal.call_id)
    )
)


def add(tx: Tx, call: Call) -> None:
    """Store a new call and tell of it. Raises when its provider's name is taken: ask before."""
    row = {"id": call.id, "ws": tx.ws, "started_at": call.started_at, "arranged": 0, "body": stored(call)}
    _insert.run(tx, [row | _columns(call)])
    _parts(tx, None, call)
    tx.record(CallChanged(call=shown(call)))


def save(tx: Tx, before: Call, after: Call) -> None:
    """Store what became of a call that is held (`locked`), and tell of it. The same call: nothing."""
    if after is before:
        return
    values = {**_columns(after), "id": after.id, "body": stored(after)}
    known = _columns(before)
    write = _move if all(known[name] == values[name] for name in _SELDOM) else _change
    write.run(tx, [values])
    _parts(tx, before, after)
    tx.record(CallChanged(call=shown(after)))


def locked(tx: Tx, call_id: int) -> Call:
    """A call, held against other writers until the commit. Raises NotFound."""
    found = _by_id.all(tx, {"id": call_id, "ws": tx.ws})
    if not found:
        raise NotFound
    return restored(found[0]["body"])


def known(tx: Tx, account_id: int, external_id: str) -> Call | None:
    """The call that a provider knows by this name, held until the commit."""
    found = _by_name.all(tx, {"account_id": account_id, "external_id": external_id})
    return restored(found[0]["body"]) if found else None


# house: parameters because a signal has a source, a name, a time and facts
def first_time(
    tx: Tx, account_id: int, key: str, call_id: int, at: Moment, name: str, facts: Mapping[str, Any]
) -> bool:
    """Note a signal; false when it was noted before."""
    row = {"account_id": account_id, "key": key, "call_id": call_id, "at": at, "name": name}
    return bool(_note.all(tx, {**row, "ws": tx.ws, "facts": dict(facts) or None}))


def arranged(tx: Tx, call_id: int, version: int) -> None:
    """A provider was brought to this version of a call."""
    tx.execute(update(CallRow).where(CallRow.id == call_id, CallRow.arranged < version).values(arranged=version))


def listened(tx: Tx, call_id: int, agent_id: int, mode: LegMode) -> None:
    """Write down that a supervisor listened in."""
    tx.execute(
        insert(Listening).values(id=tx.new_id(), ws=tx.ws, call_id=call_id, agent_id=agent_id, mode=mode, at=tx.now)
    )


def played(tx: Tx, call_id: int, agent_id: int, recording_id: int) -> None:
    """Write down that somebody listens to a recording; once in ten minutes, since a player asks for it piece by piece.

    It stands among those who listened in: the mode is `played:` and the recording's number.
    """
    mode = f"{PLAYED}{recording_id}"
    known = select(Listening.id).where(
        Listening.call_id == call_id, Listening.agent_id == agent_id, Listening.mode == mode
    )
    if tx.scalar(known.where(Listening.at > tx.now - ONE_HEARING).limit(1)) is None:
        row = {"id": tx.new_id(), "ws": tx.ws, "call_id": call_id, "agent_id": agent_id, "mode": mode, "at": tx.now}
        tx.execute(insert(Listening).values(row))


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
        "version": call.version,
    }


def _parts(tx: Tx, before: Call | None, after: Call) -> None:
    old = {leg.agent_id for leg in before.legs} if before is not None else set()
    new: list[dict[str, Any]] = []
    for leg in after.legs:
        if leg.agent_id is not None and leg.agent_id not in old:
            old.add(leg.agent_id)
            new.append({"call_id": after.id, "agent_id": leg.agent_id, "ws": tx.ws, "since": tx.now, "role": leg.role})
    (_insert_part if tx.is_sqlite else _insert_part_if_first).run(tx, new)
