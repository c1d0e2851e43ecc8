"""What agents decide about cases: each decision is a step of the case's history, an event and a line to read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from crm_core.cases import actions, queries, rules
from crm_core.cases.pipelines import pipeline
from crm_core.cases.reasons import reason_name
from crm_core.cases.rules import Decision
from crm_core.conversations.queries import of_identity
from crm_core.staff import queries as staff
from crm_core.store import jobs
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, Moment
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor, may_read
from crm_core.words.text import one_line
from crm_core.words.values import CaseKind, CaseValue, ConversationStatus, StageCategory
from hub.desk import surveys
from hub.desk.conversations import close
from hub.desk.deciding import RETURN, Held

_LONGEST_NURTURE: Final = 800 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """What to edit; what is None stays. `version` is the one the change was made from. `owner_id` 0 means nobody."""

    version: int
    title: str | None = None
    tags: Sequence[str] | None = None
    owner_id: int | None = None
    amount: int | None = None
    currency: str | None = None


def accept(tx: Tx, actor: Actor, case_id: int, version: int | None = None) -> CaseValue:
    """Take a case: it is the actor's, and being worked on. What is theirs already stays as it is.

    Raises Denied, NotFound, and Conflict when it is closed or a colleague has it; the sentence says who.
    """
    held = Held.locked(tx, actor, case_id)
    held.must_be_free()
    is_working = held.row.category == StageCategory.ACTIVE
    if held.row.owner_id == actor.agent_id and is_working:
        return held.value
    held.must_be(version)
    held.must_allow(Decision.ACCEPTED)
    values: dict[str, Any] = {"owner_id": actor.agent_id}
    if not is_working:
        values |= held.into(StageCategory.ACTIVE)
        held.forget_return()
    return held.decide(Decision.ACCEPTED, values)


def assign(tx: Tx, actor: Actor, case_id: int, agent_id: int, version: int | None = None) -> CaseValue:
    """Hand a case to somebody, or with agent 0 to nobody: it is anybody's of its queue then.

    Raises Denied for a colleague's case, NotFound, Invalid for somebody who is no agent or is disabled, Conflict.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.ASSIGNED)
    if (held.row.owner_id or 0) == agent_id:
        return held.value
    name = _name_of(tx, agent_id) if agent_id else None
    return held.decide(Decision.ASSIGNED, {"owner_id": agent_id or None}, facts={"to": name})


def disqualify(tx: Tx, actor: Actor, case_id: int, why: int | str, version: int | None = None) -> CaseValue:
    """Nothing comes of a lead, for a reason: the id of one that is kept, or words.

    Raises Denied, NotFound (also for the reason), Invalid for no reason, Conflict.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.DISQUALIFIED)
    reason = reason_name(tx, why) if isinstance(why, int) else one_line(why, most=200)
    if not reason:
        raise Invalid("Say why nothing comes of it.", why="say_why")
    return held.lose(Decision.DISQUALIFIED, {"reason": reason}, facts={"reason": reason})


def spam(tx: Tx, actor: Actor, case_id: int, version: int | None = None) -> CaseValue:
    """A lead is spam: its conversations are closed, and what they write later opens no lead and waits nowhere.

    Raises Denied, NotFound, Conflict.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.SPAM)
    closed = _close_all(tx, actor, held.row.identity_id)
    if held.row.identity_id is not None:
        actions.mark_spam(tx, held.row.identity_id, is_spam=True)
    return held.lose(Decision.SPAM, {"is_spam": True}, also={"closed": closed})


def duplicate(tx: Tx, actor: Actor, case_id: int, of_id: int, version: int | None = None) -> CaseValue:
    """A lead is about what another case is about already: it ends, and its conversation goes on under the other.

    Raises Denied, NotFound (also for the other), Invalid for itself or a circle of duplicates, Conflict.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.DUPLICATE)
    other = queries.readable_row(tx, actor, of_id)
    if of_id == case_id or other.origin_id == case_id:
        raise Invalid("A case is no duplicate of itself.", why="case_itself")
    case = held.lose(Decision.DUPLICATE, {"origin_id": of_id}, facts={"of": other.number})
    if held.row.conversation_id is not None and StageCategory(other.category).is_open:
        held.set_case(of_id)
    return case


def nurture(tx: Tx, actor: Actor, case_id: int, until: Moment, version: int | None = None) -> CaseValue:
    """Put a lead away until a time; it comes back by itself.

    Raises Denied, NotFound, Invalid for a time that has passed or is more than 800 days away, Conflict.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.NURTURED)
    if not tx.now < until <= tx.now + _LONGEST_NURTURE:
        raise Invalid("Choose a time in the future, at most {n} days away.", why="time_ahead", n=800)
    jobs.schedule(tx, RETURN, str(case_id), {"case_id": case_id}, due_at=until)
    values = {**held.into(StageCategory.WAITING), "nurture_until": until, "owner_id": held.owner_or_actor}
    return held.decide(Decision.NURTURED, values, facts={"until": until})


def come_back(tx: Tx, case_id: int) -> CaseValue | None:
    """The time a lead was put away for has come: it is worked on again. None when it went on before."""
    held = Held(tx, None, queries.row(tx, case_id, lock=True))
    if held.row.nurture_until is None or held.row.nurture_until > tx.now:
        return None
    category = StageCategory.NEW if held.row.owner_id is None else StageCategory.ACTIVE
    return held.decide(Decision.RETURNED, held.into(category))


def reopen(tx: Tx, actor: Actor, case_id: int, version: int | None = None) -> CaseValue:
    """Take up a closed case: it is the actor's unless somebody had it. One that was spam is not any more.

    Raises Denied, NotFound, and Conflict when it is open or another lead of theirs is.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.REOPENED)
    held.must_be_only_lead()
    values = held.into(StageCategory.ACTIVE)
    values |= {"reason": "", "is_spam": False, "owner_id": held.owner_or_actor}
    if held.row.is_spam and held.row.identity_id is not None:
        actions.mark_spam(tx, held.row.identity_id, is_spam=False)
    return held.decide(Decision.REOPENED, values)


def move(tx: Tx, actor: Actor, case_id: int, stage_id: int, version: int | None = None) -> CaseValue:
    """Move a case into another stage of its pipeline; where it stands already nothing changes.

    Raises Denied, NotFound, Invalid for a stage of another pipeline or one that ends a lead, Conflict.
    """
    held = Held.taken(tx, actor, case_id, version, decision=Decision.MOVED)
    stages = {stage.id: stage for stage in pipeline(tx, held.row.pipeline_id).stages}
    if stage_id not in stages:
        raise Invalid("This stage belongs to another pipeline.", why="stage_elsewhere")
    stage = stages[stage_id]
    rules.must_move(CaseKind(held.row.kind), stage)
    if stage_id == held.row.stage_id:
        return held.value
    held.forget_return()
    values = {**actions.into(tx, stage), "owner_id": held.owner_or_actor}
    return held.decide(Decision.MOVED, values, facts={"stage": stage.name})


def edit(tx: Tx, actor: Actor, case_id: int, wanted: CaseChange) -> CaseValue:
    """Change what is written on a case. Raises Denied, NotFound, Invalid, Conflict."""
    held = Held.taken(tx, actor, case_id, wanted.version)
    values: dict[str, Any] = {}
    if wanted.title is not None:
        values["title"] = rules.checked_title(wanted.title)
    if wanted.tags is not None:
        values["tags"] = rules.checked_tags(wanted.tags)
    if wanted.amount is not None:
        values["amount"] = wanted.amount
    if wanted.currency is not None:
        values["currency"] = rules.checked_currency(wanted.currency)
    case = actions.change(tx, held.row, **values)
    return case if wanted.owner_id is None else assign(tx, actor, case_id, wanted.owner_id)


def _name_of(tx: Tx, agent_id: int) -> str:
    found = staff.actor_of(tx, agent_id)
    if found is None:
        raise Invalid("There is no such agent, or they are disabled.", why="no_agent")
    return found.name


def _close_all(tx: Tx, actor: Actor, identity_id: int | None) -> list[int]:
    """Close the open conversations of an address that the actor may read, without asking how it went; their ids."""
    if identity_id is None:
        return []
    theirs = [
        c.id for c in of_identity(tx, identity_id) if c.status is not ConversationStatus.CLOSED and may_read(actor, c)
    ]
    for conversation_id in theirs:
        close(tx, actor, conversation_id)
        jobs.cancel(tx, surveys.JOB, str(conversation_id))
    return theirs
