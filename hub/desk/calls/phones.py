"""Agents' phones: how calls reach them, and what their tabs tell of a call between browsers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.calls import actions, queries
from crm_core.calls.rules.call import leg, leg_of, living, shown
from crm_core.staff import load
from crm_core.staff import queries as staff
from crm_core.store.transaction import Tx
from crm_core.words.calls import LegAnswered
from crm_core.words.dialling import DialPlan, may_be_rung
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.permissions import Actor, Permission
from crm_core.words.values import AgentValue, CallValue, LegValue
from hub.desk.calls.acting import must_have_been_in
from hub.desk.calls.moving import settle

DEVICES: Final = ("browser", "phone", "off")


@dataclass(frozen=True, slots=True)
class Ends:
    """Two legs of a call: the actor's own and another's, and whose call it is."""

    own: LegValue
    other: LegValue
    identity_id: int


def set_device(tx: Tx, actor: Actor, device: str, number: str, plans: Sequence[DialPlan] = ()) -> AgentValue:
    """Say how calls reach the actor; `plans` are those of the lines that call out.

    Raises Invalid for a telephone without a number, DialRefused for one that no line may call.
    """
    actor.must(Permission.WORK)
    if device not in DEVICES:
        raise Invalid("There is no such phone.")
    kept = may_be_rung(number, plans) if number.strip() else ""
    if device == "phone" and not kept:
        raise Invalid("Say which number rings.", why="number_missing")
    load.touch(tx, actor.agent_id, call_device=device, call_number=kept)
    return staff.agent(tx, actor.agent_id)


def connected(tx: Tx, actor: Actor, call_id: int, tab: str) -> CallValue:
    """The actor's tab hears the other side. Another tab than the one that carries the call says nothing, and so does
    one whose part is over: that the two cross each other on the way is nobody's mistake.

    Raises NotFound for whoever was never in the call.
    """
    call = actions.locked(tx, call_id)
    own = leg_of(call, actor.agent_id)
    if own is None:
        must_have_been_in(actor, call)
    return shown(call if own is None or own.device != tab else settle(tx, call, LegAnswered(leg_id=own.id)))


def legs_of(tx: Tx, actor: Actor, call_id: int, to_leg: int) -> Ends | None:
    """The actor's leg and another living one of the same call; none when either of them is over by now.

    Raises NotFound for whoever was never in the call, and for a leg that never was.
    """
    call = queries.whole(tx, call_id)
    own, other = leg_of(call, actor.agent_id), leg(call, to_leg)
    must_have_been_in(actor, call)
    if other is None or (own is not None and other.id == own.id):
        raise NotFound
    return Ends(own, other, call.identity_id) if own is not None and other in living(call) else None
