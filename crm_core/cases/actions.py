"""Writes to one case: the row as it becomes, a step of its history, and the event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, insert, select, update

from crm_core.cases import queries, rules
from crm_core.cases.model import Case, Step
from crm_core.cases.pipelines import default_of, pipeline
from crm_core.cases.rows import case_value
from crm_core.cases.rules import SPAM, Decision
from crm_core.contacts.model import Identity
from crm_core.staff.model import QueueMember
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict
from crm_core.words.events import CaseChanged
from crm_core.words.values import CaseKind, CaseValue, ConversationValue, StageCategory, StageValue

TABLE = Case.__table__


def change(tx: Tx, found: Row[Any], **values: Any) -> CaseValue:
    """Set columns of a case that was read, give it a new version and record it.

    Raises Conflict when somebody else changed it since it was read.
    """
    statement = (
        update(Case)
        .where(Case.id == found.id, Case.version == found.version)
        .values(version=Case.version + 1, **values)
        .returning(*TABLE.c)
    )
    row = tx.first(statement)
    if row is None:
        raise Conflict
    value = case_value(row._mapping)
    lost_agent = found.owner_id if found.owner_id != value.owner_id else None
    lost_queue = found.queue_id if found.queue_id != value.queue_id else None
    tx.record(CaseChanged(case=value, lost_agent_id=lost_agent, lost_queue_id=lost_queue))
    return value


def decide(
    tx: Tx,
    found: Row[Any],
    decision: Decision,
    agent_id: int | None,
    values: Mapping[str, Any],
    *,
    also: Mapping[str, Any] | None = None,
) -> CaseValue:
    """Do what was decided about a case: its columns, one step, one event. `agent_id` is none for the machine.

    A decision about a lead can be undone: what it changed is kept, with `also`, which is what it did elsewhere.
    Raises Conflict when somebody else changed the case since it was read.
    """
    undo: Any = None
    if decision in rules.OF_LEADS:
        undo = {"columns": rules.before(dict(found._mapping), values), **(also or {})}
    elif decision is Decision.ASSIGNED:
        undo = found.undo
    tx.execute(
        insert(Step).values(
            id=tx.new_id(),
            ws=tx.ws,
            case_id=found.id,
            from_stage_id=found.stage_id,
            to_stage_id=values.get("stage_id", found.stage_id),
            agent_id=agent_id,
            decision=decision,
            at=tx.now,
        )
    )
    return change(tx, found, **{"undo": undo, **values})


def into(tx: Tx, stage: StageValue) -> dict[str, Any]:
    """The columns of a case that comes into a stage now."""
    return {
        "pipeline_id": stage.pipeline_id,
        "stage_id": stage.id,
        "category": stage.category,
        "stage_since": tx.now,
        "closed_at": None if stage.category.is_open else tx.now,
        "nurture_until": None,
    }


def stage_of(tx: Tx, found: Row[Any], category: StageCategory, key: str = "") -> StageValue:
    """The stage of the case's own pipeline that means this. Raises Conflict when it has none."""
    return rules.stage_for(pipeline(tx, found.pipeline_id).stages, category, key)


def first_stage(tx: Tx, kind: CaseKind) -> StageValue:
    """Where cases of a kind begin. Raises Conflict for a kind without a pipeline."""
    return rules.stage_for(default_of(tx, kind).stages, StageCategory.NEW)


def restored(tx: Tx, found: Row[Any]) -> dict[str, Any]:
    """The columns as they were before the last decision; a stage that was taken out meanwhile is replaced."""
    columns: dict[str, Any] = dict(found.undo["columns"])
    if "stage_id" in columns:
        stages = pipeline(tx, columns["pipeline_id"]).stages
        if columns["stage_id"] not in {stage.id for stage in stages}:
            columns["stage_id"] = rules.stage_for(stages, StageCategory(columns["category"])).id
    return columns


def mark_spam(tx: Tx, identity_id: int, *, is_spam: bool) -> None:
    """Mark an identity as spam, or take the mark away."""
    marked = update(Identity).where(Identity.id == identity_id, Identity.ws == tx.ws)
    if not is_spam:
        marked = marked.where(Identity.state == SPAM)
    tx.execute(marked.values(state=SPAM if is_spam else "ok"))


def follow(tx: Tx, conversation: ConversationValue) -> CaseValue | None:
    """A conversation was handed on by a person: its open case goes along while nobody owns it.

    It goes into the conversation's queue, and to its agent where they do not serve that queue, so that whoever
    answers can also decide. None when nothing changes.
    """
    if conversation.case_id is None:
        return None
    found = queries.row(tx, conversation.case_id, lock=True)
    if found.owner_id is not None or not StageCategory(found.category).is_open:
        return None
    values: dict[str, Any] = {"queue_id": conversation.queue_id or found.queue_id}
    if conversation.assignee_id is not None and not _serves(tx, conversation.assignee_id, values["queue_id"]):
        values["owner_id"] = conversation.assignee_id
    if values == {"queue_id": found.queue_id}:
        return None
    return change(tx, found, **values)


def _serves(tx: Tx, agent_id: int, queue_id: int | None) -> bool:
    found = select(QueueMember.queue_id).where(QueueMember.agent_id == agent_id, QueueMember.queue_id == queue_id)
    return tx.first(found) is not None
