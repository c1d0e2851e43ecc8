"""A caller comes before a letter that an agent is only asked about: letters can wait, callers hang up.

Routing reserves whoever is busy with smaller work for a call that waits, and asks them once it is done. An offer of
mail that nobody answers would keep its agent from callers for minutes; it goes to somebody else instead.
"""

from __future__ import annotations

from collections.abc import Iterable

from crm_core.store.transaction import Tx
from crm_core.words.content import Medium
from crm_core.words.errors import Conflict
from crm_core.words.values import OfferValue, WorkState, WorkValue
from crm_core.work import actions as work
from routing.explanation import Reason
from routing.model import Decision


def only_asked(held: Iterable[WorkValue]) -> set[int]:
    """Agents who hold nothing but offers, none of them of a call. `held` is offered or assigned work."""
    asked: set[int] = set()
    busy: set[int] = set()
    for item in held:
        if item.agent_id is not None:
            is_offer = item.state is WorkState.OFFERED and item.medium is not Medium.CALL
            (asked if is_offer else busy).add(item.agent_id)
    return asked - busy


def whom(decision: Decision, asked: set[int]) -> int | None:
    """Who could take a call for which nobody is free, but for what they are asked about; none: it has to wait."""
    if decision.agent_id is not None or decision.explanation is None:
        return None
    full = (one.agent_id for one in decision.explanation.verdicts if one.reason is Reason.NO_UNITS)
    return next((agent_id for agent_id in full if agent_id in asked), None)


def ask(tx: Tx, decision: Decision, agent_id: int) -> OfferValue:
    """Offer the call to them instead. Raises Conflict, and changes nothing, when either is not as it was."""
    work.withdraw_offers(tx, agent_id, reason="call")
    trace = None if decision.explanation is None else decision.explanation.trace()
    made = work.offer(tx, decision.work_id, agent_id, offer_ms=decision.offer_ms, trace=trace)
    if made is None:
        raise Conflict("Somebody was faster.", why="somebody_faster")
    return made
