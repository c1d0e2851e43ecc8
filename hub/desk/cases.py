"""What agents decide about cases: each decision is a step of the case's history, an event and a line to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from crm_core.cases import actions, queries, rules
from crm_core.cases.pipelines import pipeline
from crm_core.cases.reasons import reason_name
from crm_core.cases.rows import case_value
from crm_core.cases.rules import Decision
from crm_core.conversations import actions as conversations
from crm_core.conversations import queries as conversation_queries
from crm_core.staff import queries as staff
from crm_core.store import jobs
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.clock import DAY, Moment
from crm_core.words.errors import Conflict, Denied, Invalid
from crm_core.words.permissions import Actor, Permission, may_read
from crm_core.words.text import one_line
from crm_core.words.values import (
    Author,
    AuthorKind,
    CaseKind,
    CaseValue,
    ConversationStatus,
    StageCategory,
)
from hub.desk.assignments import author_of
from hub.desk.conversations import close

RETURN: Final = "return_lead"
"""The kind of the job that brings a lead back when its time has come; its key is the case's id."""

Facts: TypeAlias = Mapping[str, str | int | None]
"""What a line of the timeline tells besides its code."""

_SYSTEM: Final = Author(kind=AuthorKind.SYSTEM)
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
    found = _locked(tx, actor, case_id)
    if found.owner_id not in (None, actor.agent_id):
        raise Conflict(f"{staff.row(tx, found.owner_id).name} has this case.", owner_id=found.owner_id)
    is_working = StageCategory(found.category) is StageCategory.ACTIVE
    if found.owner_id == actor.agent_id and is_working:
        return case_value(found._mapping)
    must_be(found, version)
    rules.must_allow(Decision.ACCEPTED, CaseKind(found.kind), StageCategory(found.category))
    values: dict[str, Any] = {"owner_id": actor.agent_id}
    if not is_working:
        values |= actions.into(tx, actions.stage_of(tx, found, StageCategory.ACTIVE))
        jobs.cancel(tx, RETURN, str(case_id))
    return told(tx, actor, found, Decision.ACCEPTED, values)


def assign(tx: Tx, actor: Actor, case_id: int, agent_id: int, version: int | None = None) -> CaseValue:
    """Hand a case to somebody, or with agent 0 to nobody: it is anybody's of its queue then.

    Raises Denied for a colleague's case, NotFound, Invalid for somebody who is no agent or is disabled, Conflict.
    """
    found = held(tx, actor, case_id, version)
    rules.must_allow(Decision.ASSIGNED, CaseKind(found.kind), StageCategory(found.category))
    if (found.owner_id or 0) == agent_id:
        return case_value(found._mapping)
    name = _name_of(tx, agent_id) if agent_id else None
    return told(tx, actor, found, Decision.ASSIGNED, {"owner_id": agent_id or None}, facts={"to": name})


def disqualify(tx: Tx, actor: Actor, case_id: int, why: int | str, version: int | None = None) -> CaseValue:
    """Nothing comes of a lead, for a reason: the id of one that is kept, or words.

    Raises Denied, NotFound (also for the reason), Invalid for no reason, Conflict.
    """
    found = held(tx, actor, case_id, version)
    rules.must_allow(Decision.DISQUALIFIED, CaseKind(found.kind), StageCategory(found.category))
    reason = reason_name(tx, why) if isinstance(why, int) else one_line(why, most=200)
    if not reason:
        raise Invalid("Say why nothing comes of it.")
    return lose(tx, actor, found, Decision.DISQUALIFIED, {"reason": reason}, facts={"reason": reason})


def spam(tx: Tx, actor: Actor, case_id: int, version: int | None = None) -> CaseValue:
    """A lead is spam: its conversations are closed, and what they write later opens no lead and waits nowhere.

    Raises Denied, NotFound, Conflict.
    """
    found = held(tx, actor, case_id, version)
    rules.must_allow(Decision.SPAM, CaseKind(found.kind), StageCategory(found.category))
    closed = _close_all(tx, actor, found)
    if found.identity_id is not None:
        actions.mark_spam(tx, found.identity_id, is_spam=True)
    return lose(tx, actor, found, Decision.SPAM, {"is_spam": True}, also={"closed": closed})


def duplicate(tx: Tx, actor: Actor, case_id: int, of_id: int, version: int | None = None) -> CaseValue:
    """A lead is about what another case is about already: it ends, and its conversation goes on under the other.

    Raises Denied, NotFound (also for the other), Invalid for itself or a circle of duplicates, Conflict.
    """
    found = held(tx, actor, case_id, version)
    rules.must_allow(Decision.DUPLICATE, CaseKind(found.kind), StageCategory(found.category))
    other = queries.readable_row(tx, actor, of_id)
    if of_id == case_id or other.origin_id == case_id:
        raise Invalid("A case is no duplicate of itself.")
    case = lose(tx, actor, found, Decision.DUPLICATE, {"origin_id": of_id}, facts={"of": other.number})
    if found.conversation_id is not None and StageCategory(other.category).is_open:
        set_case(tx, found.conversation_id, of_id)
    return case


def nurture(tx: Tx, actor: Actor, case_id: int, until: Moment, version: int | None = None) -> CaseValue:
    """Put a lead away until a time; it comes back by itself.

    Raises Denied, NotFound, Invalid for a time that has passed or is more than 800 days away, Conflict.
    """
    found = held(tx, actor, case_id, version)
    rules.must_allow(Decision.NURTURED, CaseKind(found.kind), StageCategory(found.category))
    if not tx.now < until <= tx.now + _LONGEST_NURTURE:
        raise Invalid("Choose a time in the future, at most 800 days away.")
    values = actions.into(tx, actions.stage_of(tx, found, StageCategory.WAITING))
    values |= {"nurture_until": until, "owner_id": found.owner_id or actor.agent_id}
    jobs.schedule(tx, RETURN, str(case_id), {"case_id": case_id}, due_at=until)
    return told(tx, actor, found, Decision.NURTURED, values, facts={"until": until})


def come_back(tx: Tx, case_id: int) -> CaseValue | None:
    """The time a lead was put away for has come: it is worked on again. None when it went on before."""
    found = queries.row(tx, case_id, lock=True)
    if found.nurture_until is None or found.nurture_until > tx.now:
        return None
    category = StageCategory.NEW if found.owner_id is None else StageCategory.ACTIVE
    values = actions.into(tx, actions.stage_of(tx, found, category))
    return told(tx, None, found, Decision.RETURNED, values)


def reopen(tx: Tx, actor: Actor, case_id: int, version: int | None = None) -> CaseValue:
    """Take up a closed case: it is the actor's unless somebody had it. One that was spam is not any more.

    Raises Denied, NotFound, and Conflict when it is open or another lead of theirs is.
    """
    found = held(tx, actor, case_id, version)
    rules.must_allow(Decision.REOPENED, CaseKind(found.kind), StageCategory(found.category))
    must_be_only_lead(tx, found)
    values = actions.into(tx, actions.stage_of(tx, found, StageCategory.ACTIVE))
    values |= {"reason": "", "is_spam": False, "owner_id": found.owner_id or actor.agent_id}
    if found.is_spam and found.identity_id is not None:
        actions.mark_spam(tx, found.identity_id, is_spam=False)
    return told(tx, actor, found, Decision.REOPENED, values)


def move(tx: Tx, actor: Actor, case_id: int, stage_id: int, version: int | None = None) -> CaseValue:
    """Move a case into another stage of its pipeline; where it stands already nothing changes.

    Raises Denied, NotFound, Invalid for a stage of another pipeline or one that ends a lead, Conflict.
    """
    found = held(tx, actor, case_id, version)
    rules.must_allow(Decision.MOVED, CaseKind(found.kind), StageCategory(found.category))
    stages = {stage.id: stage for stage in pipeline(tx, found.pipeline_id).stages}
    if stage_id not in stages:
        raise Invalid("This stage belongs to another pipeline.")
    stage = stages[stage_id]
    rules.must_move(CaseKind(found.kind), stage)
    if stage_id == found.stage_id:
        return case_value(found._mapping)
    jobs.cancel(tx, RETURN, str(case_id))
    values = {"owner_id": found.owner_id or actor.agent_id, **actions.into(tx, stage)}
    return told(tx, actor, found, Decision.MOVED, values, facts={"stage": stage.name})


def edit(tx: Tx, actor: Actor, case_id: int, wanted: CaseChange) -> CaseValue:
    """Change what is written on a case. Raises Denied, NotFound, Invalid, Conflict."""
    found = held(tx, actor, case_id, wanted.version)
    values: dict[str, Any] = {}
    if wanted.title is not None:
        values["title"] = rules.checked_title(wanted.title)
    if wanted.tags is not None:
        values["tags"] = rules.checked_tags(wanted.tags)
    if wanted.amount is not None:
        values["amount"] = wanted.amount
    if wanted.currency is not None:
        values["currency"] = rules.checked_currency(wanted.currency)
    case = actions.change(tx, found, **values)
    return case if wanted.owner_id is None else assign(tx, actor, case_id, wanted.owner_id)


def held(tx: Tx, actor: Actor, case_id: int, version: int | None) -> AnyRow:
    """A case that the actor may decide on, held against other writers: their own, nobody's, or with ASSIGN_OTHERS any.

    Raises Denied, NotFound, and Conflict when it is not at `version` any more.
    """
    found = _locked(tx, actor, case_id)
    if found.owner_id not in (None, actor.agent_id) and not actor.may(Permission.ASSIGN_OTHERS):
        raise Denied("This case is a colleague's. Ask them, or a supervisor.")
    must_be(found, version)
    return found


def must_be(found: AnyRow, version: int | None) -> None:
    """Raises Conflict when a case is not at this version any more."""
    if version is not None and found.version != version:
        raise Conflict(version=found.version)


def must_be_only_lead(tx: Tx, found: AnyRow) -> None:
    """Raises Conflict when another lead of the same address is open."""
    if found.identity_id is None or found.kind != CaseKind.LEAD:
        return
    other = queries.open_lead_of(tx, found.identity_id, but=found.id)
    if other is not None:
        raise Conflict("Another lead of theirs is open. Go on there.", case_id=other)


def lose(
    tx: Tx,
    actor: Actor,
    found: AnyRow,
    decision: Decision,
    values: Mapping[str, Any],
    *,
    facts: Facts | None = None,
    also: Mapping[str, Any] | None = None,
) -> CaseValue:
    """End a lead in the stage that is for such an end."""
    jobs.cancel(tx, RETURN, str(found.id))
    stage = actions.stage_of(tx, found, StageCategory.LOST, decision)
    ended = {**actions.into(tx, stage), "owner_id": found.owner_id or actor.agent_id, **values}
    return told(tx, actor, found, decision, ended, facts=facts, also=also)


def told(
    tx: Tx,
    actor: Actor | None,
    found: AnyRow,
    decision: Decision,
    values: Mapping[str, Any],
    *,
    facts: Facts | None = None,
    also: Mapping[str, Any] | None = None,
) -> CaseValue:
    """Write a decision, and a line about it where the case began. No actor: the machine decided."""
    case = actions.decide(tx, found, decision, None if actor is None else actor.agent_id, values, also=also)
    if found.conversation_id is not None:
        noun = "lead" if CaseKind.LEAD in (found.kind, case.kind) else "case"
        name = actor.name if actor else "Switchboard"
        said: Facts = {"agent": name, "number": case.number, "case_id": case.id, **(facts or {})}
        by = author_of(actor) if actor else _SYSTEM
        conversations.add_notice(tx, found.conversation_id, f"{noun}_{decision}", said, by=by)
    return case


def set_case(tx: Tx, conversation_id: int, case_id: int) -> None:
    """Let a conversation be about a case, and record it."""
    conversations.changed(tx, conversations.change(tx, conversation_id, case_id=case_id))


def _locked(tx: Tx, actor: Actor, case_id: int) -> AnyRow:
    actor.must(Permission.WORK)
    known = queries.readable_row(tx, actor, case_id)
    if known.conversation_id is not None:
        # Conversations are locked before cases, as where both begin.
        conversation_queries.row(tx, known.conversation_id, lock=True)
    return queries.readable_row(tx, actor, case_id, lock=True)


def _name_of(tx: Tx, agent_id: int) -> str:
    found = staff.actor_of(tx, agent_id)
    if found is None:
        raise Invalid("There is no such agent, or they are disabled.")
    return found.name


def _close_all(tx: Tx, actor: Actor, found: AnyRow) -> list[int]:
    """Close the open conversations that a lead's address has and the actor may read; their ids."""
    if found.identity_id is None:
        return []
    theirs = [
        c.id
        for c in conversation_queries.of_identity(tx, found.identity_id)
        if c.status is not ConversationStatus.CLOSED and may_read(actor, c)
    ]
    for conversation_id in theirs:
        close(tx, actor, conversation_id)
    return theirs
