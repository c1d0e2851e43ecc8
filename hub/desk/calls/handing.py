"""Handing calls on, and supervisors in them."""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.calls import actions, queries
from crm_core.calls.rules.call import leg_of, shown
from crm_core.calls.rules.signals import Cleared, Joined, TakenOver, TransferWished
from crm_core.staff import queries as staff
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import Activity, CallValue, EndedBy, LegMode
from crm_core.work import actions as work
from crm_core.work import queues
from hub.desk.calls.acting import device_of, must_be_free, must_speak, must_take_part, taking_part
from hub.desk.calls.dialling import Line, allowed
from hub.desk.calls.moving import settle


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """Whom a call goes to: an agent, a queue or a number; `attended`: they are asked first."""

    agent_id: int | None = None
    queue_id: int | None = None
    number: str = ""
    attended: bool = False


def may_hand_on(tx: Tx, actor: Actor, call_id: int) -> None:
    """Raises what `transfer` does for who may not hand this call on now: before anything is counted as called."""
    must_speak(must_take_part(actor, queries.whole(tx, call_id)))


def transfer(tx: Tx, actor: Actor, call_id: int, onward: Onward, line: Line) -> CallValue:
    """Begin to hand a call on. Raises NotFound, Invalid, and Conflict when it cannot go there: the caller stays."""
    before = taking_part(tx, actor, call_id)
    must_speak(before)
    if sum(1 for target in (onward.agent_id, onward.queue_id, onward.number) if target) != 1:
        raise Invalid("Name an agent, a queue or a number.")
    name, number = "", ""
    if onward.agent_id is not None:
        if onward.agent_id != actor.agent_id and leg_of(before, onward.agent_id) is not None:
            raise Conflict("They are in this call already.", why="in_it_already")
        name = _must_be_there(tx, actor, onward.agent_id)
    elif onward.queue_id is not None:
        queue = queues.queue(tx, onward.queue_id)
        if queue.archived:
            raise Conflict("This queue is archived.", why="queue_archived")
        _must_be_staffed(tx, onward.queue_id)
        name = queue.name
    else:
        number = allowed(line, onward.number).value
        if number in (before.number, before.line):
            raise Conflict("That is this very call.", why="this_very_call")
        name = number
    wish = TransferWished(
        agent_id=actor.agent_id, leg_id=tx.new_id(), attended=onward.attended, to_agent_id=onward.agent_id,
        to_queue_id=onward.queue_id, to_number=number, name=name,
    )  # fmt: skip
    after = settle(tx, before, wish)
    if after is before:
        raise Conflict("Another transfer is under way.", why="transfer_under_way")
    return shown(after)


def listen(tx: Tx, actor: Actor, call_id: int, mode: LegMode, tab: str, *, announce: bool) -> CallValue:
    """Listen to a call, whisper to its agent, or join. It is written down. `announce`: the contact is told; where the
    account always tells them, they are told without it, too. Raises Denied, NotFound, Conflict."""
    actor.must(Permission.LISTEN_IN)
    before = actions.locked(tx, call_id)
    must_speak(before)
    if leg_of(before, actor.agent_id) is not None and mode is LegMode.TALK:
        raise Conflict("You are in this call already.", why="in_this_call")
    must_be_free(tx, actor.agent_id, call_id)
    work.withdraw_offers(tx, actor.agent_id, reason="in_call")
    device = device_of(tx, before, actor.agent_id, tab)
    joined = Joined(
        agent_id=actor.agent_id, leg_id=tx.new_id(), mode=mode, device=device.name, address=device.address,
        name=actor.name, announce=announce,
    )  # fmt: skip
    after = settle(tx, before, joined)
    mine = leg_of(after, actor.agent_id)
    if mine is None or mine.mode is not mode:
        raise Conflict("You cannot listen to this call.", why="cannot_listen")
    return shown(after)


def take_over(tx: Tx, actor: Actor, call_id: int, tab: str, *, announce: bool = False) -> CallValue:
    """Make a call one's own. It is written down; `announce`: the contact is told. Raises Denied, NotFound, Conflict."""
    actor.must(Permission.LISTEN_IN)
    before = actions.locked(tx, call_id)
    must_speak(before)
    must_be_free(tx, actor.agent_id, call_id)
    work.withdraw_offers(tx, actor.agent_id, reason="in_call")
    device = device_of(tx, before, actor.agent_id, tab)
    taken = TakenOver(
        agent_id=actor.agent_id, leg_id=tx.new_id(), device=device.name, address=device.address, name=actor.name,
        announce=announce,
    )  # fmt: skip
    after = settle(tx, before, taken)
    if after is before:
        raise Conflict("This call is yours already.", why="yours_already")
    return shown(after)


def end(tx: Tx, actor: Actor, call_id: int) -> CallValue:
    """End a call that hangs. Raises Denied, NotFound."""
    actor.must(Permission.LISTEN_IN)
    before = actions.locked(tx, call_id)
    return shown(settle(tx, before, Cleared(reason="ended_by_supervisor", by=EndedBy.SUPERVISOR)))


def _must_be_there(tx: Tx, actor: Actor, agent_id: int) -> str:
    if agent_id == actor.agent_id:
        raise Invalid("That is you.", why="that_is_you")
    agent = staff.agent(tx, agent_id)
    if agent.disabled or agent.activity is Activity.OFFLINE:
        raise Conflict("{name} is not signed in. The caller is still with you.", why="agent_away", name=agent.name)
    if queries.phoning(tx, agent_id):
        raise Conflict("{name} is in another call. The caller is still with you.", why="agent_in_call", name=agent.name)
    return agent.name


def _must_be_staffed(tx: Tx, queue_id: int) -> None:
    here = set(staff.members(tx, queue_id))
    if not any(a.id in here and a.activity is not Activity.OFFLINE and not a.disabled for a in staff.agents(tx)):
        raise Conflict("Nobody of this queue is signed in. The caller is still with you.", why="nobody_there")
