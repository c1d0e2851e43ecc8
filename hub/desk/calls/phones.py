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
    """The actor's tab hears the other side. Another tab than the one that carries the call says nothing."""
    call = actions.locked(tx, call_id)
    own = leg_of(call, actor.agent_id)
    if own is None:
        raise NotFound
    return shown(settle(tx, call, LegAnswered(leg_id=own.id)) if own.device == tab else call)


def legs_of(tx: Tx, actor: Actor, call_id: int, to_leg: int) -> Ends:
    """The actor's leg and another living one of the same call. Raises NotFound."""
    call = queries.whole(tx, call_id)
    own, other = leg_of(call, actor.agent_id), leg(call, to_leg)
    if own is None or other is None or other not in living(call) or other.id == own.id:
        raise NotFound
    return Ends(own, other, call.identity_id)
