"""Calling out: what may be called, and by whom; and the call itself."""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from channels.contract import Calling
from crm_core.calls import queries
from crm_core.calls.rules import advance
from crm_core.calls.rules.call import Call, shown
from crm_core.calls.rules.signals import Placed
from crm_core.contacts.resolving import KnownIdentity, resolve
from crm_core.conversations.opening import Opened, Wanted, open_or_continue
from crm_core.staff import load
from crm_core.staff import queries as staff
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.addresses import TEL, Address, normalised
from crm_core.words.dialling import DialRefused, Why, may_call
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import CallValue, Direction
from crm_core.work import actions as work
from hub.desk.calls import arriving, moving, plans
from hub.desk.calls.acting import device_of
from hub.desk.calls.following import CALLBACK
from hub.desk.inbound import Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An account that can call out, as the desk needs it: `number` is its caller id."""

    source: Source
    calling: Calling
    number: str = ""
    region: str | None = None


def allowed(line: Line, number: str) -> Address:
    """The number as it is called by this line. Raises Conflict, Invalid and DialRefused, in words."""
    if not line.calling.dials_numbers:
        raise Conflict("This line cannot call numbers.", why="no_line")
    if line.calling.dial_plan is not None:
        return Address(TEL, may_call(number, line.calling.dial_plan))
    address = normalised(TEL, number, region=line.region)
    if address.value == line.number:
        raise Invalid("That is our own number.", why="own_number")
    return address


def is_for_good(refused: Exception) -> bool:
    """Whether `allowed`, or whoever counts, would refuse this number by this line again in a minute."""
    return not isinstance(refused, DialRefused) or refused.why not in (Why.AGENT_RATE, Why.ACCOUNT_RATE)


def place(tx: Tx, actor: Actor, line: Line, number: str, tab: str) -> CallValue:
    """Call a number. Raises Invalid and Conflict, in words, when it cannot be: the agent stays as they were."""
    actor.must(Permission.WORK)
    address = allowed(line, number)
    return _placed(tx, actor, line, address, tab, queue_id=_queue_of(tx, actor, line))


def call_back(tx: Tx, actor: Actor, line: Line, offered: AnyRow, tab: str) -> CallValue:
    """Call somebody who asked for it; the work that waited is the new call's. Raises as `place` does."""
    asked = queries.whole(tx, offered.call_id)
    address = allowed(line, asked.number)
    work.finish_of_call(tx, asked.id, CALLBACK)
    return _placed(tx, actor, line, address, tab, queue_id=offered.queue_id, callback_of=asked.id)


# house: parameters because somebody calls somebody by a line, in a tab, for a queue
def _placed(
    tx: Tx, actor: Actor, line: Line, address: Address, tab: str, *, queue_id: int, callback_of: int | None = None
) -> CallValue:
    agent = load.locked(tx, actor.agent_id)
    if queries.with_agent(tx, actor.agent_id):
        raise Conflict("You are in a call, or writing one down.", why="in_a_call")
    # Whoever is on the phone is not rung any more.
    work.withdraw_offers(tx, actor.agent_id, reason="in_call")
    identity = resolve(tx, address, "", {})
    call, opened = _made(tx, line, identity, queue_id)
    device = device_of(tx, call, actor.agent_id, tab)
    plan, mode = plans.of_queue(tx, call.plan, queue_id)
    call = replace(call, plan=plan, wrap_up_mode=mode, queue_id=queue_id, callback_of=callback_of, agent_id=agent.id)
    arriving.begin(tx, opened, call)
    signal = Placed(agent_id=agent.id, leg_id=tx.new_id(), device=device.name, address=device.address, name=agent.name)
    step = advance(call, signal, tx.now, spare_id=tx.new_id())
    return shown(moving.keep(tx, call, step.call, step.facts))


def _made(tx: Tx, line: Line, identity: KnownIdentity, queue_id: int) -> tuple[Call, Opened]:
    source = line.source
    opened = open_or_continue(tx, [Wanted(identity, source.account_id, source.kind, "", automatic=True)])[0]
    plan = plans.plan(source.manner, queue_id, "", tx.now, calling=line.calling)
    call = arriving.made(
        tx, source, identity, opened, direction=Direction.OUT, line=line.number or source.kind, plan=plan
    )
    return call, opened


def _queue_of(tx: Tx, actor: Actor, line: Line) -> int:
    if line.source.queue_id is not None:
        return line.source.queue_id
    serving = staff.agent(tx, actor.agent_id).queues
    if not serving:
        raise Conflict("A call belongs to a queue: give the line one, or serve one yourself.", why="no_queue")
    return serving[0]


def account_of(tx: Tx, offered: AnyRow) -> int:
    """The account of the call that an offer is about."""
    return queries.whole(tx, offered.call_id).account_id


def number_of(tx: Tx, offered: AnyRow) -> str:
    """The number of whoever made the call that an offer is about."""
    return queries.whole(tx, offered.call_id).number
