"""Pure rules of cases: when a lead opens, which decisions a case takes, and into which stage each leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from crm_core.words.errors import Conflict, Invalid
from crm_core.words.text import one_line
from crm_core.words.values import CaseKind, StageCategory, StageValue

SPAM: Final = "spam"
"""The state of an identity whose lead was spam: it opens no lead and its messages wait in no queue."""
MOST_TAGS: Final = 20
MOST_STAGES: Final = 30


class Decision(StrEnum):
    """What was decided about a case. Each is one step of its history."""

    OPENED = "opened"
    ACCEPTED = "accepted"
    ASSIGNED = "assigned"
    QUALIFIED = "qualified"
    DISQUALIFIED = "disqualified"
    SPAM = "spam"
    DUPLICATE = "duplicate"
    NURTURED = "nurtured"
    RETURNED = "returned"
    UNDONE = "undone"
    REOPENED = "reopened"
    MOVED = "moved"


OF_LEADS: Final = frozenset(
    {Decision.QUALIFIED, Decision.DISQUALIFIED, Decision.SPAM, Decision.DUPLICATE, Decision.NURTURED}
)
"""Decisions about leads only. They can be undone until the case moves on."""


class Becomes(StrEnum):
    """What a qualified lead becomes. For a contact only, the lead ends as won."""

    DEAL = "deal"
    REQUEST = "request"
    CONTACT = "contact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A case of somebody who writes."""

    id: int
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a message of somebody does to cases: it belongs to one (`case_id`), or opens a lead, or neither.

    `origin_id` is the earlier case that the new lead follows.
    """

    case_id: int | None = None
    opens: bool = False
    origin_id: int | None = None


def verdict(past: Sequence[Past], *, is_contact: bool, is_spam: bool, contactable: bool) -> Verdict:
    """Whether a message opens a lead (CRM.md, lead lifecycle): the newest open case takes it; else a stranger who can
    be reached again and is not marked as spam makes a new one, and so does a contact whose cases are closed.
    """
    current = max((case.id for case in past if case.is_open), default=None)
    if current is not None:
        return Verdict(case_id=current)
    if is_spam or not contactable or (is_contact and not past):
        return Verdict()
    return Verdict(opens=True, origin_id=max((case.id for case in past), default=None))


def must_allow(decision: Decision, kind: CaseKind, category: StageCategory) -> None:
    """Raises Conflict when a case of this kind, in a stage of this category, does not take the decision."""
    if decision in OF_LEADS and kind is not CaseKind.LEAD:
        raise Conflict("This is not a lead any more.", why="no_lead")
    if decision is Decision.REOPENED:
        if category.is_open:
            raise Conflict("The case is open.", why="case_open")
    elif decision is not Decision.UNDONE and not category.is_open:
        raise Conflict("The case is closed. Reopen it first.", why="case_closed")


_PLACES: Final[Mapping[StageCategory, tuple[StageCategory, ...]]] = {
    StageCategory.NEW: (StageCategory.NEW,),
    StageCategory.ACTIVE: (StageCategory.ACTIVE, StageCategory.NEW),
    StageCategory.WAITING: (StageCategory.WAITING, StageCategory.ACTIVE, StageCategory.NEW),
    StageCategory.WON: (StageCategory.WON,),
    StageCategory.LOST: (StageCategory.LOST, StageCategory.CANCELLED),
    StageCategory.CANCELLED: (StageCategory.CANCELLED, StageCategory.LOST),
}
"""Where cases of a category stand: in the first of these categories that the pipeline has."""


def stage_for(stages: Sequence[StageValue], category: StageCategory, key: str = "") -> StageValue:
    """The stage of a pipeline that means this: the one with the key if there is one, else the first.

    Raises Conflict for a pipeline that has none.
    """
    for place in _PLACES[category]:
        those = [stage for stage in stages if stage.category is place]
        if those:
            return next((stage for stage in those if stage.key == key), those[0])
    raise Conflict("The pipeline has no stage for this. Add one in the settings.", why="no_stage")


def must_move(kind: CaseKind, stage: StageValue) -> None:
    """Raises Invalid for a stage that ends a lead: leads end by a decision."""
    if kind is CaseKind.LEAD and not stage.category.is_open:
        raise Invalid("Say what came of the lead: qualify or disqualify it.", why="say_outcome")


def must_be_whole(kind: CaseKind, categories: Sequence[StageCategory]) -> None:
    """Raises Invalid for stages with which cases of this kind cannot begin, or cannot end either way."""
    if len(categories) > MOST_STAGES:
        raise Invalid("A pipeline has at most {n} stages.", why="stages_many", n=MOST_STAGES)
    needed = {StageCategory.NEW, StageCategory.WON}
    if kind in (CaseKind.LEAD, CaseKind.DEAL):
        needed.add(StageCategory.LOST)
    missing = sorted(needed - set(categories))
    if missing:
        raise Invalid(
            "The pipeline needs a stage of each of these categories: {missing}.",
            why="stages_missing",
            missing=", ".join(missing),
        )


def before(row: Mapping[str, Any], changed: Iterable[str]) -> dict[str, Any]:
    """The columns that a decision is about to change, as they are, to take it back."""
    return {name: row[name] for name in sorted(changed)}


def title_of(first_words: str, who: str) -> str:
    """What a new lead is called: its first words, else who it is from."""
    return checked_title(first_words or who or "Lead")


def checked_title(title: str) -> str:
    """A case's title on one line. Raises Invalid for an empty one."""
    shown = one_line(title, most=120)
    if not shown:
        raise Invalid("A case needs a title.", why="needs_title")
    return shown


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Tags, each once, in order. Raises Invalid for too many."""
    kept = [t for t in dict.fromkeys(one_line(tag, most=40) for tag in tags) if t]
    if len(kept) > MOST_TAGS:
        raise Invalid("A case has at most {n} tags.", why="tags_many", n=MOST_TAGS)
    return kept


def checked_currency(currency: str) -> str:
    """An ISO 4217 code in capitals, or nothing. Raises Invalid."""
    code = currency.strip().upper()
    if code and not (len(code) == 3 and code.isascii() and code.isalpha()):
        raise Invalid("A currency is a code of three letters, such as EUR.", why="currency")
    return code
