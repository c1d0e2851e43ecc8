"""Questions about cases. Whoever selects cases for a person does it here, through `readable_by`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, and_, func, literal, or_, select, true

from crm_core.cases.model import Case, Step
from crm_core.cases.rows import case_value
from crm_core.contacts.model import Contact, Identity
from crm_core.contacts.queries import ids_named
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.paging import Page, cursor_of, keys_of
from crm_core.words.permissions import Actor, Permission, may_read_case
from crm_core.words.values import CaseKind, CaseValue, StageCategory

TABLE = Case.__table__
MOST: Final = 100
_MOST_COUNTED: Final = 1_000
_OPEN: Final = [category for category in StageCategory if category.is_open]
_CLOSED: Final = [category for category in StageCategory if not category.is_open]


class Sort(StrEnum):
    """Orders of cases."""

    NEWEST = "newest"
    OLDEST = "oldest"
    STAGE_SINCE = "stage_since"
    """Who has stood in their stage longest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseListing:
    """Which cases, in which order, from where. `owner_id` 0 means those that nobody owns.

    `text` is a case's number, or words of names and addresses as one types them.
    """

    kind: CaseKind | None = None
    category: StageCategory | None = None
    open: bool | None = None
    owner_id: int | None = None
    pipeline_id: int | None = None
    stage_id: int | None = None
    source: str | None = None
    text: str | None = None
    contact_id: int | None = None
    identity_id: int | None = None
    sort: Sort = Sort.NEWEST
    cursor: str | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class StepValue:
    """A case came into a stage, or was decided on where it stands. No agent: the machine did it."""

    id: int
    from_stage_id: int | None
    to_stage_id: int
    agent_id: int | None
    decision: str
    at: Moment


def readable_by(actor: Actor) -> ColumnElement[bool]:
    """`permissions.may_read_case` as a condition."""
    if actor.may(Permission.SEE_ALL):
        return true()
    return or_(Case.owner_id == actor.agent_id, Case.queue_id.in_(sorted(actor.queues) or [-1]))


def row(tx: Tx, case_id: int, *, lock: bool = False) -> Row[Any]:
    """A case's row, whoever may see it, held against other writers if asked. Raises NotFound."""
    statement = select(*TABLE.c).where(Case.id == case_id, Case.ws == tx.ws)
    found = tx.first(statement.with_for_update() if lock and not tx.is_sqlite else statement)
    if found is None:
        raise NotFound
    return found


def readable_row(tx: Tx, actor: Actor, case_id: int, *, lock: bool = False) -> Row[Any]:
    """A case's row if the actor may read it. Raises NotFound, also for what they may not see."""
    found = row(tx, case_id, lock=lock)
    if not may_read_case(actor, found):
        raise NotFound
    return found


def get(tx: Tx, actor: Actor, case_id: int) -> CaseValue:
    """One case as the actor may see it. Raises NotFound."""
    return case_value(readable_row(tx, actor, case_id)._mapping)


def steps(tx: Tx, actor: Actor, case_id: int) -> list[StepValue]:
    """What was decided about a case, the oldest first. Raises NotFound."""
    readable_row(tx, actor, case_id)
    rows = tx.all(select(*Step.__table__.c).where(Step.case_id == case_id).order_by(Step.id))
    return [
        StepValue(
            id=r.id,
            from_stage_id=r.from_stage_id,
            to_stage_id=r.to_stage_id,
            agent_id=r.agent_id,
            decision=r.decision,
            at=r.at,
        )
        for r in rows
    ]


def of_contact(tx: Tx, actor: Actor, contact_id: int) -> list[CaseValue]:
    """The cases of a contact and of those merged into it, leads of their addresses too; the newest first.

    Only those that the actor may read, at most 100.
    """
    family = select(Contact.id).where(Contact.ws == tx.ws, or_(Contact.id == contact_id, Contact.root_id == contact_id))
    addresses = select(Identity.id).where(Identity.contact_id.in_(family))
    rows = tx.all(
        select(*TABLE.c)
        .where(or_(Case.contact_id.in_(family), Case.identity_id.in_(addresses)), readable_by(actor))
        .order_by(Case.id.desc())
        .limit(MOST)
    )
    return [case_value(r._mapping) for r in rows]


def open_lead_of(tx: Tx, identity_id: int, *, but: int) -> int | None:
    """Another lead of an identity that is open, if there is one."""
    found: int | None = tx.scalar(
        select(Case.id).where(
            Case.identity_id == identity_id,
            Case.id != but,
            Case.kind == CaseKind.LEAD,
            Case.category.in_(_OPEN),
        )
    )
    return found


def page(tx: Tx, actor: Actor, listing: CaseListing) -> Page[CaseValue]:
    """One page of cases that the actor may read, by keyset. Raises Denied, Invalid."""
    actor.must(Permission.WORK)
    if not 1 <= listing.limit <= MOST:
        raise Invalid(f"A page has 1 to {MOST} rows.")
    conditions = [Case.ws == tx.ws, readable_by(actor), *_filters(listing)]
    if listing.text:
        conditions.append(_named(tx, listing.text))
    if listing.cursor:
        conditions.append(_after(listing.cursor, listing.sort))
    rows = tx.all(select(*TABLE.c).where(*conditions).order_by(*_order(listing.sort)).limit(listing.limit + 1))
    items = [case_value(r._mapping) for r in rows[: listing.limit]]
    if len(rows) <= listing.limit:
        return Page(items)
    last = items[-1]
    return Page(items, cursor_of(last.stage_since, last.id) if listing.sort is Sort.STAGE_SINCE else cursor_of(last.id))


def counts(tx: Tx, actor: Actor) -> dict[str, int]:
    """How many leads are new, are mine and open, are open and nobody's; counted up to 1 000 each."""
    leads = CaseListing(kind=CaseKind.LEAD, open=True)
    views = {
        "new": [*_filters(leads), Case.category == StageCategory.NEW],
        "mine": [*_filters(leads), Case.owner_id == actor.agent_id],
        "unowned": [*_filters(leads), Case.owner_id.is_(None)],
    }
    answer: dict[str, int] = {}
    for name, conditions in views.items():
        few = select(literal(1)).where(Case.ws == tx.ws, readable_by(actor), *conditions).limit(_MOST_COUNTED)
        answer[name] = tx.scalar(select(func.count()).select_from(few.subquery()))
    return answer


def _filters(listing: CaseListing) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    for column, value in (
        (Case.kind, listing.kind),
        (Case.category, listing.category),
        (Case.pipeline_id, listing.pipeline_id),
        (Case.stage_id, listing.stage_id),
        (Case.source, listing.source),
        (Case.contact_id, listing.contact_id),
        (Case.identity_id, listing.identity_id),
    ):
        if value is not None:
            wanted.append(column == value)
    if listing.owner_id is not None:
        wanted.append(Case.owner_id == listing.owner_id if listing.owner_id else Case.owner_id.is_(None))
    if listing.open is not None:
        wanted.append(Case.category.in_(_OPEN if listing.open else _CLOSED))
    return wanted


def _named(tx: Tx, text: str) -> ColumnElement[bool]:
    ids: Sequence[int] = ids_named(tx, text)
    by_name = or_(Case.contact_id.in_(ids), Case.identity_id.in_(ids))
    digits = text.strip().lstrip("#№")
    if digits.isascii() and digits.isdigit() and len(digits) < 16:
        return or_(by_name, Case.number == int(digits))
    return by_name


def _order(sort: Sort) -> tuple[Any, ...]:
    match sort:
        case Sort.NEWEST:
            return (Case.id.desc(),)
        case Sort.OLDEST:
            return (Case.id,)
        case Sort.STAGE_SINCE:
            return (Case.stage_since, Case.id)


def _after(cursor: str, sort: Sort) -> ColumnElement[bool]:
    if sort is Sort.STAGE_SINCE:
        since, last = keys_of(cursor, int, int)
        return or_(Case.stage_since > since, and_(Case.stage_since == since, Case.id > last))
    (last,) = keys_of(cursor, int)
    return Case.id < last if sort is Sort.NEWEST else Case.id > last
