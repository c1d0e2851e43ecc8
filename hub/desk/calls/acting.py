"""What agents do with calls: take one, place one, hold, hand on, hang up, write down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from crm_core.calls import actions, queries
from crm_core.calls.rules.call import Call, is_over, leg_of, may_be_written_by, shown
from crm_core.calls.rules.ending import is_wrapping
from crm_core.calls.rules.signals import (
    AcceptedBy,
    ConsultAccepted,
    Held,
    HungUp,
    InvitationAnswered,
    Muted,
    RecordingWished,
    Rejoined,
    Signal,
    ThreeWay,
    TransferCancelled,
    TransferDone,
    WrappedUp,
)
from crm_core.conversations.phrases import disposition_name
from crm_core.staff import load
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.calls import LegEnded, QualityMeasured
from crm_core.words.clock import MINUTE
from crm_core.words.errors import Conflict, Denied, Gone, Invalid, NotFound
from crm_core.words.permissions import Actor, Permission, may_read_call
from crm_core.words.text import storable
from crm_core.words.values import CallState, CallValue, LegMode, LegRole, LegState
from crm_core.work import actions as work
from hub.desk.calls import following
from hub.desk.calls.following import CALLBACK, CONSULT
from hub.desk.calls.moving import move, settle

PHONE: Final = "phone"
"""The device of an agent whose calls ring their own telephone."""
MOST_NOTE: Final = 4_000
MOST_MORE: Final = 10 * MINUTE
"""How much longer an agent may write a call down, asked once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Where an agent's sound goes: a tab, or their own telephone at `address`."""

    name: str
    address: str = ""


def device_of(tx: Tx, call: Call, agent_id: int, tab: str) -> Device:
    """The device of an agent who acts in a tab: their own telephone, where the call's line can ring one.

    Raises Invalid where neither is there.
    """
    agent = load.locked(tx, agent_id)
    wants_phone = agent.call_device == PHONE and agent.call_number
    if wants_phone and call.plan.dials_numbers:
        return Device(name=PHONE, address=agent.call_number)
    if not tab:
        if wants_phone:
            raise Invalid("This line rings no telephones. Say which tab carries the sound.", why="no_telephone")
        raise Invalid("Say which tab carries the sound.")
    return Device(name=tab)


def accept(tx: Tx, actor: Actor, offered: AnyRow, tab: str) -> None:
    """Take the call of an offer that has just been accepted.

    Raises Gone when nobody waits any more, Conflict while one is in another call.
    """
    must_be_free(tx, actor.agent_id, offered.call_id)
    before = actions.locked(tx, offered.call_id)
    device = device_of(tx, before, actor.agent_id, tab)
    if offered.purpose == CONSULT:
        yes: Signal = ConsultAccepted(
            agent_id=actor.agent_id, leg_id=tx.new_id(), device=device.name, address=device.address, name=actor.name
        )
    else:
        yes = AcceptedBy(
            agent_id=actor.agent_id, leg_id=tx.new_id(), device=device.name, address=device.address, name=actor.name
        )
    after = settle(tx, before, yes)
    if after is before:
        raise Gone("The caller has hung up.", why="hung_up")
    if offered.purpose == CONSULT:
        work.finish_of_call(tx, offered.call_id, CONSULT)


def is_callback(offered: AnyRow) -> bool:
    """Whether an offer is to call somebody back."""
    return bool(offered.purpose == CALLBACK)


def hold(tx: Tx, actor: Actor, call_id: int, *, on: bool) -> CallValue:
    """Let the contact hear music, or everybody again. Raises NotFound, Conflict."""
    before = taking_part(tx, actor, call_id)
    must_speak(before)
    return shown(settle(tx, before, Held(agent_id=actor.agent_id, on=on)))


def mute(tx: Tx, actor: Actor, call_id: int, *, on: bool) -> CallValue:
    """Be heard by nobody, or again. Raises NotFound."""
    return shown(settle(tx, taking_part(tx, actor, call_id), Muted(agent_id=actor.agent_id, on=on)))


def record(tx: Tx, actor: Actor, call_id: int, *, on: bool) -> CallValue:
    """Record, pause, or go on. Raises NotFound, Conflict for who does not speak with the contact.

    Where the account tells callers that they are recorded, it begins once they were told.
    """
    before = taking_part(tx, actor, call_id)
    must_speak(before)
    own = leg_of(before, actor.agent_id, LegRole.AGENT)
    if own is None or own.state is not LegState.CONNECTED or own.mode is not LegMode.TALK:
        raise Conflict("Only who speaks with the caller decides what is recorded.", why="recording_theirs")
    if on and not before.plan.may_record:
        raise Conflict("This line has no words to tell the caller that they are recorded.", why="no_words")
    return shown(settle(tx, before, RecordingWished(agent_id=actor.agent_id, on=on)))


def hang_up(tx: Tx, actor: Actor, call_id: int, *, leave: bool = False) -> CallValue:
    """End one's part; the owner's ends the call, unless others stay in it. Over already: nothing."""
    before = actions.locked(tx, call_id)
    if is_over(before) and may_read_call(actor, before):
        return shown(before)
    return shown(settle(tx, taking_part(tx, actor, call_id), HungUp(agent_id=actor.agent_id, leave=leave)))


def complete(tx: Tx, actor: Actor, call_id: int) -> CallValue:
    """Leave the call to whoever was asked. Raises NotFound, Conflict while nobody is there."""
    before = taking_part(tx, actor, call_id)
    after = settle(tx, before, TransferDone(agent_id=actor.agent_id))
    if after is before:
        raise Conflict("Nobody has answered yet. Wait, or go back to the caller.", why="nobody_answered")
    return shown(after)


def cancel_transfer(tx: Tx, actor: Actor, call_id: int) -> CallValue:
    """Back to the contact. Raises NotFound."""
    return shown(settle(tx, taking_part(tx, actor, call_id), TransferCancelled(agent_id=actor.agent_id)))


def join_all(tx: Tx, actor: Actor, call_id: int) -> CallValue:
    """Let everybody talk with everybody. Raises NotFound, Conflict while nobody else is there."""
    before = taking_part(tx, actor, call_id)
    after = settle(tx, before, ThreeWay(agent_id=actor.agent_id))
    if after is before:
        raise Conflict("Nobody else is in the call yet.", why="nobody_answered")
    return shown(after)


def rejoin(tx: Tx, actor: Actor, call_id: int, tab: str) -> CallValue:
    """Carry the sound in this tab from now on: after a refresh, or from another one. Raises NotFound."""
    before = taking_part(tx, actor, call_id)
    device = device_of(tx, before, actor.agent_id, tab)
    back = Rejoined(agent_id=actor.agent_id, leg_id=tx.new_id(), device=device.name, address=device.address)
    return shown(settle(tx, before, back))


def answer(tx: Tx, actor: Actor, call_id: int, tab: str) -> CallValue:
    """Say yes to a colleague who asks one into a call; what one is offered meanwhile goes to others.

    Raises Gone when they do not ask any more, Conflict while one is in another call.
    """
    before = taking_part(tx, actor, call_id)
    _must_be_invited(before, actor.agent_id)
    must_be_free(tx, actor.agent_id, call_id)
    work.withdraw_offers(tx, actor.agent_id, reason="in_call")
    device = device_of(tx, before, actor.agent_id, tab)
    yes = InvitationAnswered(agent_id=actor.agent_id, yes=True, device=device.name, address=device.address)
    after = settle(tx, before, yes)
    following.asked(tx, after, actor.agent_id)
    return shown(after)


def decline(tx: Tx, actor: Actor, call_id: int) -> CallValue:
    """Say no to a colleague who asks. Raises Gone when they do not ask any more."""
    before = taking_part(tx, actor, call_id)
    _must_be_invited(before, actor.agent_id)
    return shown(settle(tx, before, InvitationAnswered(agent_id=actor.agent_id, yes=False)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """What an agent writes down. None leaves it; `more` in seconds, asked once; `done`: and is ready."""

    disposition_id: int | None = None
    note: str | None = None
    done: bool = False
    more: int = 0


def wrap_up(tx: Tx, actor: Actor, call_id: int, said: Wrapping) -> CallValue:
    """Write a call down. Raises NotFound, Denied, Invalid, Conflict when it wants a disposition before one is done.

    Whoever has the call may, and whoever spoke in it, also who handed it on; and supervisors. What is changed after
    the end is kept as it was.
    """
    before = actions.locked(tx, call_id)
    _may_write_down(actor, before)
    name = None if said.disposition_id is None else disposition_name(tx, said.disposition_id)
    if said.note is not None and len(said.note) > MOST_NOTE:
        raise Invalid("A note of a call has at most {n} characters.", why="note_long", n=MOST_NOTE)
    asks = before.wrap_up_mode in ("timeout", "mandatory", "forced") and any(
        leg.agent_id == actor.agent_id and is_wrapping(leg) for leg in before.legs
    )
    if said.done and asks and not (name or before.disposition):
        raise Conflict("Say what came of the call first.", why="disposition_first")
    written = WrappedUp(
        agent_id=actor.agent_id,
        disposition=name,
        note=None if said.note is None else storable(said.note).strip(),
        done=said.done,
        more=min(MOST_MORE, max(0, said.more * 1_000)),
    )
    after = settle(tx, before, written)
    if before.state is CallState.ENDED and (after.disposition, after.note) != (before.disposition, before.note):
        was = {"agent_id": actor.agent_id, "disposition": before.disposition, "note": before.note}
        actions.first_time(tx, before.account_id, f"rewritten:{tx.new_id()}", call_id, tx.now, "Rewritten", was)
    return shown(after)


def _may_write_down(actor: Actor, call: Call) -> None:
    if actor.may(Permission.LISTEN_IN) or may_be_written_by(call, actor.agent_id):
        return
    if not any(leg.agent_id == actor.agent_id for leg in call.legs):
        raise NotFound
    raise Denied("You have not spoken in this call: what came of it is for others to say.", why="not_your_call")


def measured(tx: Tx, actor: Actor, call_id: int, quality: str) -> CallValue:
    """How well one hears: good, fair or poor. What comes when their part is over changes nothing. Raises NotFound."""
    before = actions.locked(tx, call_id)
    leg = leg_of(before, actor.agent_id)
    if leg is None:
        must_have_been_in(actor, before)
        return shown(before)
    return shown(settle(tx, before, QualityMeasured(leg_id=leg.id, quality=quality)))


def device_left(tx: Tx, actor: Actor, call_id: int, tab: str, reason: str) -> CallValue:
    """A tab says that it cannot carry the sound: no microphone, refused. Raises NotFound."""
    before = taking_part(tx, actor, call_id)
    leg = leg_of(before, actor.agent_id)
    if leg is None or leg.device != tab:
        return shown(before)
    return shown(settle(tx, before, LegEnded(leg_id=leg.id, reason="failed", detail=reason)))


def taking_part(tx: Tx, actor: Actor, call_id: int) -> Call:
    """A call that the actor is in or asked into, held. Raises NotFound, Gone when it is over or they have left."""
    return must_take_part(actor, actions.locked(tx, call_id))


def must_take_part(actor: Actor, call: Call) -> Call:
    """The call. Raises Denied, NotFound, Gone when the actor has left it."""
    actor.must(Permission.WORK)
    if leg_of(call, actor.agent_id) is not None:
        return call
    must_have_been_in(actor, call)
    raise Gone("You are not in this call any more.", why="left")


def must_have_been_in(actor: Actor, call: CallValue) -> None:
    """Raises NotFound for whoever never was in the call, nor asked into it."""
    if not any(leg.agent_id == actor.agent_id for leg in call.legs):
        raise NotFound


def must_be_free(tx: Tx, agent_id: int, call_id: int) -> None:
    """Raises Conflict while an agent's device is in another call."""
    if any(call.id != call_id for call in queries.phoning(tx, agent_id)):
        raise Conflict("You are in another call.", why="in_another_call")


def must_speak(call: Call) -> None:
    """Raises Conflict while nobody speaks with the contact."""
    if call.state not in (CallState.TALKING, CallState.HELD):
        raise Conflict("Nobody speaks with the caller yet.", why="nobody_speaks")


def end(tx: Tx, call_id: int, signal: Signal) -> CallValue:
    """Apply a signal of the hub itself. Raises NotFound."""
    return shown(move(tx, call_id, signal))


def _must_be_invited(call: Call, agent_id: int) -> None:
    leg = leg_of(call, agent_id, LegRole.AGENT)
    if leg is None or leg.state is not LegState.INVITED:
        raise Gone("You are not asked any more.", why="not_asked")
