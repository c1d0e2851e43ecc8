"""Whether one agent may take one item now, and if not, which rule says so. Shared by engine and reference."""

from __future__ import annotations

from collections.abc import Mapping

from crm_core.words.content import Medium
from routing.explanation import Detail, Reason
from routing.model import NOTHING_HELD, Agent, Capacity, Work


def reason_against(agent: Agent, work: Work, now: int) -> Reason | None:
    """The first rule that speaks against the pair, or None. Preference and reservation are decided elsewhere.

    The checks run in the order of `Reason`: what holds for the queue and the agent first, what concerns only this
    pair last, so that the reason shown is the one that would remain if the later ones went away.
    """
    return (
        _standing(agent, work)
        or lack(agent.capacity, agent.used, work.medium)
        or (Reason.WRAPPING_UP if wrapping_up(agent, now) else None)
        or _between(agent, work, now)
    )


def wrapping_up(agent: Agent, now: int) -> bool:
    """Whether the agent's wrap-up still runs; its last millisecond is not part of it."""
    return agent.wrap_up_until is not None and agent.wrap_up_until > now


def _standing(agent: Agent, work: Work) -> Reason | None:
    if work.queue_id not in agent.queues:
        return Reason.NOT_IN_QUEUE
    if not agent.activity_routable:
        return Reason.NOT_ROUTABLE
    if not agent.present:
        return Reason.NOT_PRESENT
    if work.queue_id in agent.barred:
        return Reason.NOT_PERMITTED
    if work.medium in agent.muted:
        return Reason.MUTED
    if work.skills and missing_skill(agent, work) is not None:
        return Reason.SKILL_TOO_LOW
    return None


def _between(agent: Agent, work: Work, now: int) -> Reason | None:
    if work.cooling and work.cooling.get(agent.id, now) > now:
        return Reason.COOLING_DOWN
    if agent.id in work.excluded:
        return Reason.EXCLUDED
    return None


def missing_skill(agent: Agent, work: Work) -> str | None:
    """The first required skill, by name, that the agent has at too low a level; a skill not listed is level 0."""
    low = [name for name, minimum in work.skills.items() if agent.skills.get(name, 0) < minimum]
    return min(low) if low else None


def lack(capacity: Capacity, used: Mapping[Medium, int], medium: Medium) -> Reason | None:
    """Why one more item of this medium does not fit, or None when it does."""
    if capacity.units(used) + capacity.weight_of(medium) > capacity.total:
        return Reason.NO_UNITS
    most = capacity.most.get(medium)
    if most is not None and used.get(medium, 0) >= most:
        return Reason.MEDIUM_FULL
    if _clash(capacity, used, medium) is not None:
        return Reason.NOT_ALONGSIDE
    return None


def _clash(capacity: Capacity, used: Mapping[Medium, int], medium: Medium) -> Medium | None:
    for held in Medium:
        allowed = capacity.alongside.get(held)
        if used.get(held, 0) and allowed is not None and medium not in allowed:
            return held
    return None


def kept_from(capacity: Capacity, used: Mapping[Medium, int], medium: Medium) -> bool:
    """Whether smaller items alone keep this agent from an exclusive item of this medium."""
    if not capacity.exclusive(medium) or lack(capacity, used, medium) is None:
        return False
    if any(count and capacity.exclusive(held) for held, count in used.items()):
        return False
    return lack(capacity, NOTHING_HELD, medium) is None


def reserves(work: Work, agent: Agent, preferred: Agent | None, now: int) -> bool:
    """Whether this waiting item keeps the agent from everything behind it in the order.

    It does when it needs a whole agent, this agent could take it but for the smaller items in hand, and it is not
    being held for somebody else. Without this rule a steady trickle of chats keeps a call waiting for ever.
    """
    return (
        kept_from(agent.capacity, agent.used, work.medium)
        and _standing(agent, work) is None
        and not wrapping_up(agent, now)
        and _between(agent, work, now) is None
        and (work.preferred == agent.id or not holds(work, preferred, now))
    )


def holds(work: Work, preferred: Agent | None, now: int) -> bool:
    """Whether the item is kept for its preferred agent at this moment.

    Only while `preferred_until` has not passed and only for an agent who is at work, may take it and was not offered
    it already; someone merely busy or wrapping up is waited for, everyone else is skipped at once.
    """
    return (
        preferred is not None
        and work.preferred_until is not None
        and work.preferred_until > now
        and _standing(preferred, work) is None
        and _between(preferred, work, now) is None
        and lack(preferred.capacity, NOTHING_HELD, work.medium) is None
    )


def detail(reason: Reason, agent: Agent, work: Work) -> Detail:
    """The numbers behind a reason: units, levels, or the moment it ends (`until`, int ms)."""
    capacity = agent.capacity
    match reason:
        case Reason.CHOSEN | Reason.OUTRANKED:
            return {"used": agent.units(), "total": capacity.total, "idle_since": agent.idle_since}
        case Reason.MUTED:
            return {"medium": work.medium.value}
        case Reason.SKILL_TOO_LOW:
            skill = missing_skill(agent, work) or ""
            return {"skill": skill, "needs": work.skills.get(skill, 0), "has": agent.skills.get(skill, 0)}
        case Reason.NO_UNITS:
            needs = capacity.weight_of(work.medium)
            return {"used": agent.units(), "total": capacity.total, "needs": needs}
        case Reason.MEDIUM_FULL:
            held = agent.used.get(work.medium, 0)
            return {"medium": work.medium.value, "held": held, "most": capacity.most[work.medium]}
        case Reason.NOT_ALONGSIDE:
            return {"beside": str(_clash(capacity, agent.used, work.medium))}
        case Reason.WRAPPING_UP:
            return {"until": agent.wrap_up_until or 0}
        case Reason.COOLING_DOWN:
            return {"until": work.cooling[agent.id]}
        case Reason.HELD_FOR_PREFERRED:
            return {"preferred": work.preferred or 0, "until": work.preferred_until or 0}
        case _:
            return {}
