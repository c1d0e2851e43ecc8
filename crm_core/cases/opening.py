"""Leads of strangers who write, opened many at once on the way of inbound messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import insert, literal, null, select, union_all

from crm_core.cases import rules
from crm_core.cases.model import Case, Step
from crm_core.cases.pipelines import default_of
from crm_core.cases.rows import case_value
from crm_core.cases.rules import SPAM, Decision, Past
from crm_core.contacts.model import Contact, Identity
from crm_core.store.counters import next_numbers
from crm_core.store.prepared import AnySelect, ManyRows, RowsOf, one_of
from crm_core.store.transaction import Tx
from crm_core.words.events import CaseChanged
from crm_core.words.text import preview
from crm_core.words.values import CaseKind, CaseValue, StageCategory

TABLE = Case.__table__
_FIRST_WORDS: Final = 300
_insert = ManyRows(insert(Case))
_insert_step = ManyRows(insert(Step))


def _past_statement(*, is_sqlite: bool) -> AnySelect:
    """Cases of identities, of contacts and of those merged into them, and who is marked as spam: one answer.

    Without the workspace, which those have that are asked for: SQLite would read every case of it.
    """
    case = (Case.id.label("case_id"), Case.category)
    of_identity = select(Case.identity_id, null().label("contact_id"), *case).where(
        one_of(Case.identity_id, "identities", is_sqlite=is_sqlite)
    )
    of_contact = select(null().label("identity_id"), Case.contact_id, *case).where(
        one_of(Case.contact_id, "contacts", is_sqlite=is_sqlite)
    )
    of_merged = (
        select(null().label("identity_id"), Contact.root_id.label("contact_id"), *case)
        .join(Contact, Contact.id == Case.contact_id)
        .where(one_of(Contact.root_id, "contacts", is_sqlite=is_sqlite))
    )
    spam = select(
        Identity.id, null().label("contact_id"), null().label("case_id"), literal(SPAM).label("category")
    ).where(one_of(Identity.id, "identities", is_sqlite=is_sqlite), Identity.state == SPAM)
    every = union_all(of_identity, of_contact, of_merged, spam).subquery()
    return select(every.c.identity_id, every.c.contact_id, every.c.case_id, every.c.category)


_past = RowsOf(lambda is_sqlite: _past_statement(is_sqlite=is_sqlite))


@dataclass(slots=True)
class Known:
    """What there is of those who write: their cases by identity and by contact, and who is marked as spam."""

    of_identity: dict[int, list[Past]] = field(default_factory=dict)
    of_contact: dict[int, list[Past]] = field(default_factory=dict)
    spam: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCase:
    """A case to open. `first_words` are those of whom it is from, in full."""

    who: str
    kind: CaseKind = CaseKind.LEAD
    title: str = ""
    identity_id: int | None = None
    contact_id: int | None = None
    conversation_id: int | None = None
    owner_id: int | None = None
    queue_id: int | None = None
    source: str = ""
    account_id: int | None = None
    first_words: str = ""
    origin_id: int | None = None


def known(tx: Tx, identity_ids: Sequence[int], contact_ids: Sequence[int]) -> Known:
    """The cases of these identities and contacts, merged ones of theirs included: one statement."""
    answer = Known()
    keys = {"identities": sorted(set(identity_ids)), "contacts": sorted(set(contact_ids))}
    for row in _past.all(tx, keys):
        if row["case_id"] is None:
            answer.spam.add(row["identity_id"])
            continue
        past = Past(id=row["case_id"], is_open=StageCategory(row["category"]).is_open)
        if row["identity_id"] is not None:
            answer.of_identity.setdefault(row["identity_id"], []).append(past)
        else:
            answer.of_contact.setdefault(row["contact_id"], []).append(past)
    return answer


def spam_marked(tx: Tx, identity_ids: Sequence[int]) -> set[int]:
    """Those of the identities that were marked as spam: their messages are kept, open no lead and wait nowhere."""
    if not identity_ids:
        return set()
    rows = tx.all(select(Identity.id).where(Identity.id.in_(identity_ids), Identity.state == SPAM))
    return {r.id for r in rows}


def open_many(tx: Tx, new: Sequence[NewCase], *, agent_id: int | None = None) -> list[CaseValue]:
    """Open cases of one kind in its default pipeline, and record them. Raises Conflict when the kind has none."""
    if not new:
        return []
    pipeline = default_of(tx, new[0].kind)
    stage = rules.stage_for(pipeline.stages, StageCategory.NEW)
    common = {
        "ws": tx.ws,
        "pipeline_id": pipeline.id,
        "stage_id": stage.id,
        "category": stage.category,
        "currency": pipeline.currency,
        "stage_since": tx.now,
        "created_at": tx.now,
    }
    rows = [_row(tx, number, one, common) for number, one in zip(next_numbers(tx, "case", len(new)), new, strict=True)]
    _insert.run(tx, rows)
    _insert_step.run(tx, [_step(tx, row, agent_id) for row in rows])
    values = [case_value(row) for row in rows]
    for value in values:
        tx.record(CaseChanged(case=value))
    return values


def first_words(text: str, who: str, title: str) -> dict[str, str]:
    """The columns of a case whose first words come only now; its title is made of them unless somebody gave it one."""
    words = preview(text, most=_FIRST_WORDS)
    nobody_named_it = title == rules.title_of("", who)
    return {"first_words": words, **({"title": rules.title_of(words, who)} if nobody_named_it else {})}


def _row(tx: Tx, number: int, new: NewCase, common: Mapping[str, Any]) -> dict[str, Any]:
    words = preview(new.first_words, most=_FIRST_WORDS)
    return {
        **dict.fromkeys(c.name for c in TABLE.c),
        **common,
        "id": tx.new_id(),
        "number": number,
        "kind": new.kind,
        "title": rules.title_of(new.title or words, new.who),
        "contact_id": new.contact_id,
        "identity_id": new.identity_id,
        "conversation_id": new.conversation_id,
        "who": new.who,
        "owner_id": new.owner_id,
        "queue_id": new.queue_id,
        "source": new.source,
        "account_id": new.account_id,
        "first_words": words,
        "reason": "",
        "is_spam": False,
        "origin_id": new.origin_id,
        "tags": [],
        "fields": {},
        "version": 1,
    }


def _step(tx: Tx, row: Mapping[str, Any], agent_id: int | None) -> dict[str, Any]:
    return {
        "id": tx.new_id(),
        "ws": tx.ws,
        "case_id": row["id"],
        "from_stage_id": None,
        "to_stage_id": row["stage_id"],
        "agent_id": agent_id,
        "decision": Decision.OPENED,
        "at": tx.now,
    }
