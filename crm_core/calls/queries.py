"""Questions about calls."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, bindparam, exists, or_, select

from crm_core.calls.model import CallPart, CallRow, CallSignal, Listening
from crm_core.calls.rules.call import Call, is_over, on_the_phone, restored, shown
from crm_core.calls.rules.ending import is_wrapping, takes_part
from crm_core.store.prepared import RowsOf
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.dialling import Charge, minutes_of
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.paging import Page, cursor_of, keys_of
from crm_core.words.permissions import Actor, Permission, may_read_call
from crm_core.words.values.calls import CallState, CallValue
from crm_core.words.values.marks import Direction

MOST = 200
MOST_TOLD = 1_000
"""Reports of one call that are shown, and listenings."""
PLAYED = "played:"
"""What the mode of a listening begins with that was to a recording; its number follows."""
_whole = RowsOf(
    lambda _is_sqlite: select(CallRow.body).where(CallRow.id == bindparam("id"), CallRow.ws == bindparam("ws"))
)
_live_with = RowsOf(
    lambda _is_sqlite: select(CallRow.body).where(
        # "not ended" is spelled as in the partial index of live calls, so that it is used.
        CallRow.state != CallState.ENDED,
        CallRow.ws == bindparam("ws"),
        exists().where(CallPart.call_id == CallRow.id, CallPart.agent_id == bindparam("agent_id")),
    )
)
_others_in = RowsOf(
    lambda _is_sqlite: select(CallRow.state).where(
        CallRow.conversation_id == bindparam("conversation_id"),
        CallRow.state != CallState.ENDED,
        CallRow.id != bindparam("but"),
    )
)
_of_conversation = RowsOf(
    lambda _is_sqlite: (
        select(CallRow.id)
        .where(CallRow.conversation_id == bindparam("conversation_id"))
        .order_by(CallRow.id.desc())
        .limit(MOST)
    )
)
STATES = ("live", "ended", "answered", "missed", "voicemail", "callback", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class CallListing:
    """What of the calls is asked for; none: all. Moments are int ms; `number` is a part of one."""

    view: str = ""
    """live (not ended), ended, or an outcome: answered, missed (abandoned too; of calls that came in), voicemail,
    callback, failed (those whom we called and did not reach, too)."""
    direction: str = ""
    queue_id: int | None = None
    agent_id: int | None = None
    contact_id: int | None = None
    conversation_id: int | None = None
    account_id: int | None = None
    number: str = ""
    since: Moment | None = None
    until: Moment | None = None
    disposition: str = ""
    recorded: bool | None = None
    least_talk: int | None = None
    """Milliseconds talked at least."""
    sort: str = "newest"
    """newest, oldest, longest."""
    cursor: str | None = None
    limit: int = 50


def readable_by(actor: Actor) -> ColumnElement[bool] | None:
    """`may_read_call` as SQL; none for who reads everything. A test keeps the two, and delivery, equal."""
    if actor.may(Permission.SEE_ALL):
        return None
    mine = select(CallPart.call_id).where(CallPart.agent_id == actor.agent_id)
    return or_(CallRow.queue_id.in_(sorted(actor.queues)), CallRow.agent_id == actor.agent_id, CallRow.id.in_(mine))


def page(tx: Tx, actor: Actor, wanted: CallListing) -> Page[CallValue]:
    """Calls that the actor may read. Raises Invalid for a listing of no sense."""
    if not 1 <= wanted.limit <= MOST:
        raise Invalid(f"A page has 1 to {MOST} rows.")
    statement = select(CallRow.body, CallRow.id, CallRow.talk).where(CallRow.ws == tx.ws, *_filters(wanted))
    rights = readable_by(actor)
    if rights is not None:
        statement = statement.where(rights)
    statement = _sorted(statement, wanted)
    rows = tx.all(statement.limit(wanted.limit + 1))
    values = [shown(restored(r.body)) for r in rows[: wanted.limit]]
    if len(rows) <= wanted.limit:
        return Page(values, None)
    last = rows[wanted.limit - 1]
    return Page(values, cursor_of(last.talk, last.id) if wanted.sort == "longest" else cursor_of(last.id))


def get(tx: Tx, actor: Actor, call_id: int) -> CallValue:
    """One call. Raises NotFound, also for one that the actor may not read."""
    call = shown(whole(tx, call_id))
    if not may_read_call(actor, call):
        raise NotFound
    return call


def whole(tx: Tx, call_id: int) -> Call:
    """A call with all that its rules need. Raises NotFound."""
    found = _whole.first(tx, {"id": call_id, "ws": tx.ws})
    if found is None:
        raise NotFound
    return restored(found.body)


def costs(tx: Tx, account_id: int, since: Moment) -> list[Charge]:
    """What the calls that went out since then come to, those too whose price is not told yet."""
    statement = select(CallRow.body).where(
        CallRow.account_id == account_id,
        CallRow.direction == Direction.OUT,
        CallRow.started_at >= since,
        CallRow.ws == tx.ws,
    )
    return [_charge(restored(one.body), tx.now) for one in tx.all(statement)]


def _charge(call: Call, now: Moment) -> Charge:
    """A call that still rings counts as one minute: it may be answered at any moment."""
    end = call.ended_at or now if is_over(call) else now
    if call.answered_at is not None:
        minutes = minutes_of(call.answered_at, end)
    else:
        minutes = 0 if is_over(call) else 1
    price = _amount(call.cost) if call.cost else None
    return Charge(name=str(call.id), at=call.started_at, minutes=minutes, price=price, agent_id=call.agent_id)


def _amount(cost: str) -> float:
    """The figure of what a provider asks for, such as `0.0085 USD`; 0 for what is none."""
    try:
        return float(cost.split(" ")[0])
    except ValueError:
        return 0.0


def live(tx: Tx, account_id: int | None = None) -> list[Call]:
    """Calls that are not ended, in the order they came."""
    statement = select(CallRow.body).where(CallRow.state != CallState.ENDED, CallRow.ws == tx.ws).order_by(CallRow.id)
    if account_id is not None:
        statement = statement.where(CallRow.account_id == account_id)
    return [restored(r.body) for r in tx.all(statement)]


def unarranged(tx: Tx, account_id: int | None = None) -> list[Call]:
    """Calls whose provider may not know what they came to."""
    statement = select(CallRow.body).where(CallRow.arranged < CallRow.version, CallRow.ws == tx.ws).order_by(CallRow.id)
    if account_id is not None:
        statement = statement.where(CallRow.account_id == account_id)
    return [restored(r.body) for r in tx.all(statement.limit(5_000))]


def in_line(tx: Tx) -> list[tuple[int, CallState]]:
    """Calls that wait for an agent, and whether somebody is being asked."""
    statement = select(CallRow.id, CallRow.state).where(
        CallRow.state != CallState.ENDED,
        CallRow.state.in_((CallState.QUEUED, CallState.OFFERED)),
        CallRow.ws == tx.ws,
    )
    return [(r.id, CallState(r.state)) for r in tx.all(statement)]


def with_agent(tx: Tx, agent_id: int) -> list[CallValue]:
    """Calls that an agent takes part in now, is asked into, or writes down, by id."""
    return [shown(call) for call in live(tx) if takes_part(call, agent_id)]


def phoning(tx: Tx, agent_id: int) -> list[CallValue]:
    """Calls that an agent's device is in, or on its way into."""
    calls = [call for call in _with(tx, agent_id) if call.state is not CallState.WRAP_UP]
    return [shown(call) for call in calls if agent_id in on_the_phone(call)]


def wrapping(tx: Tx, agent_id: int) -> list[CallValue]:
    """Calls that an agent is still writing down."""
    calls = _with(tx, agent_id)
    return [shown(call) for call in calls if any(leg.agent_id == agent_id and is_wrapping(leg) for leg in call.legs)]


def _with(tx: Tx, agent_id: int) -> list[Call]:
    return [restored(row["body"]) for row in _live_with.all(tx, {"agent_id": agent_id, "ws": tx.ws})]


def live_of(tx: Tx, identity_id: int) -> CallValue | None:
    """The call that an identity is in now."""
    over = (CallState.WRAP_UP, CallState.ENDED)
    statement = (
        select(CallRow.body)
        .where(CallRow.state != CallState.ENDED, CallRow.state.not_in(over), CallRow.identity_id == identity_id)
        .order_by(CallRow.id.desc())
        .limit(1)
    )
    found = tx.first(statement)
    return None if found is None else shown(restored(found.body))


def goes_on_in(tx: Tx, conversation_id: int, but: int, *, wrapping: bool = True) -> bool:
    """Whether a conversation has another call than this one that is not ended; `wrapping`: or only written down."""
    states = [row["state"] for row in _others_in.all(tx, {"conversation_id": conversation_id, "but": but})]
    return any(wrapping or state != CallState.WRAP_UP for state in states)


def calls_of(tx: Tx, conversation_id: int) -> list[int]:
    """Ids of the newest calls of a conversation, as many as can still need something."""
    return [row["id"] for row in _of_conversation.all(tx, {"conversation_id": conversation_id})]


def due(tx: Tx, now: Moment, most: int = 200) -> list[int]:
    """Ids of the calls with a deadline that is over."""
    statement = select(CallRow.id).where(CallRow.deadline.is_not(None), CallRow.deadline <= now, CallRow.ws == tx.ws)
    return [r.id for r in tx.all(statement.order_by(CallRow.deadline).limit(most))]


def next_due(tx: Tx) -> Moment | None:
    """The next deadline of all calls."""
    statement = select(CallRow.deadline).where(CallRow.deadline.is_not(None), CallRow.ws == tx.ws)
    found: Moment | None = tx.scalar(statement.order_by(CallRow.deadline).limit(1))
    return found


def handling_times(tx: Tx, queue_id: int, most: int = 50) -> list[int]:
    """Talk, hold and wrap-up of the newest answered calls of a queue, in ms, the oldest first."""
    statement = (
        select(CallRow.talk, CallRow.hold, CallRow.wrap_up)
        .where(CallRow.queue_id == queue_id, CallRow.state == CallState.ENDED, CallRow.answered_at.is_not(None))
        .order_by(CallRow.id.desc())
        .limit(most)
    )
    return [r.talk + r.hold + r.wrap_up for r in reversed(tx.all(statement))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that was reported of a call, or that somebody listened: to the call, or to a recording of it."""

    at: Moment
    name: str
    agent_id: int | None = None
    facts: dict[str, Any] | None = None


def history(tx: Tx, actor: Actor, call_id: int) -> Sequence[Told]:
    """What was reported of a call and who listened, the oldest first; of more than `MOST_TOLD` each, the newest.

    Raises Denied without WATCH_AGENTS, NotFound.
    """
    actor.must(Permission.WATCH_AGENTS)
    get(tx, actor, call_id)
    signals = tx.all(
        select(CallSignal.at, CallSignal.name, CallSignal.facts)
        .where(CallSignal.call_id == call_id)
        .order_by(CallSignal.at.desc(), CallSignal.key.desc())
        .limit(MOST_TOLD)
    )
    heard = tx.all(
        select(Listening.at, Listening.agent_id, Listening.mode)
        .where(Listening.call_id == call_id)
        .order_by(Listening.id.desc())
        .limit(MOST_TOLD)
    )
    told = [Told(at=s.at, name=s.name, agent_id=(s.facts or {}).get("agent_id"), facts=s.facts) for s in signals]
    told += [_heard(h.at, h.agent_id, h.mode) for h in heard]
    told.reverse()
    return sorted(told, key=lambda one: one.at)


def _heard(at: Moment, agent_id: int, mode: str) -> Told:
    if not mode.startswith(PLAYED):
        return Told(at=at, name=mode, agent_id=agent_id)
    return Told(at=at, name="played", agent_id=agent_id, facts={"recording": int(mode.removeprefix(PLAYED))})


_OUTCOMES = {
    "answered": ("answered",),
    "missed": ("missed", "abandoned"),
    "voicemail": ("voicemail",),
    "callback": ("callback",),
    "failed": ("failed", "no_answer", "busy", "cancelled"),
}


def _filters(wanted: CallListing) -> list[ColumnElement[bool]]:
    given: list[ColumnElement[bool]] = []
    if wanted.view == "live":
        given.append(CallRow.state != CallState.ENDED)
    elif wanted.view == "ended":
        given.append(CallRow.state == CallState.ENDED)
    elif wanted.view:
        if wanted.view not in _OUTCOMES:
            raise Invalid("There is no such view of calls.")
        given.append(CallRow.outcome.in_(_OUTCOMES[wanted.view]))
    for column, value in (
        (CallRow.direction, wanted.direction or None),
        (CallRow.queue_id, wanted.queue_id),
        (CallRow.contact_id, wanted.contact_id),
        (CallRow.conversation_id, wanted.conversation_id),
        (CallRow.account_id, wanted.account_id),
        (CallRow.disposition, wanted.disposition or None),
    ):
        if value is not None:
            given.append(column == value)
    if wanted.agent_id is not None:
        given.append(CallRow.id.in_(select(CallPart.call_id).where(CallPart.agent_id == wanted.agent_id)))
    if wanted.number:
        given.append(CallRow.number.contains(wanted.number, autoescape=True))
    if wanted.since is not None:
        given.append(CallRow.started_at >= wanted.since)
    if wanted.until is not None:
        given.append(CallRow.started_at < wanted.until)
    if wanted.recorded is not None:
        given.append(CallRow.has_recording == int(wanted.recorded))
    if wanted.least_talk is not None:
        given.append(CallRow.talk >= wanted.least_talk)
    return given


def _sorted(statement: Any, wanted: CallListing) -> Any:
    if wanted.sort == "longest":
        if wanted.cursor:
            talk, call_id = keys_of(wanted.cursor, int, int)
            statement = statement.where(or_(CallRow.talk < talk, (CallRow.talk == talk) & (CallRow.id < call_id)))
        return statement.order_by(CallRow.talk.desc(), CallRow.id.desc())
    if wanted.sort not in ("newest", "oldest"):
        raise Invalid("Calls are sorted by newest, oldest or longest.")
    if wanted.cursor:
        (call_id,) = keys_of(wanted.cursor, int)
        statement = statement.where(CallRow.id < call_id if wanted.sort == "newest" else CallRow.id > call_id)
    return statement.order_by(CallRow.id.desc() if wanted.sort == "newest" else CallRow.id)
