"""Pipelines, stages and what moves through them."""

from __future__ import annotations

from enum import StrEnum

from crm_core.words.clock import Moment
from crm_core.words.values.marks import Value


class CaseKind(StrEnum):
    """What moves through a pipeline. A lead that is qualified becomes another kind; it stays the same case."""

    LEAD = "lead"
    DEAL = "deal"
    REQUEST = "request"
    JOB = "job"
    CUSTOM = "custom"


class StageCategory(StrEnum):
    """What a stage means, the same in every pipeline. A case's status is its stage's category."""

    NEW = "new"
    ACTIVE = "active"
    WAITING = "waiting"
    WON = "won"
    LOST = "lost"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self in (StageCategory.NEW, StageCategory.ACTIVE, StageCategory.WAITING)


class StageValue(Value, frozen=True, kw_only=True):
    id: int
    pipeline_id: int
    name: str
    category: StageCategory
    key: str = ""
    """What the house itself moves cases here for: `disqualified`, `spam`, `duplicate`; empty for other stages."""
    position: int = 0
    colour: str = ""
    probability: int | None = None
    """Per cent."""
    max_age: Moment | None = None
    """Milliseconds after which a case in it counts as stuck."""


class PipelineValue(Value, frozen=True, kw_only=True):
    id: int
    kind: CaseKind
    name: str
    currency: str = ""
    is_default: bool = False
    """Where cases of its kind begin when nobody says otherwise."""
    stages: list[StageValue] = []
    """In order; those that were taken out are left out."""
    archived: bool = False
    version: int = 1


class CaseValue(Value, frozen=True, kw_only=True):
    id: int
    number: int
    """Counted from 1 in the workspace, as people say it."""
    kind: CaseKind
    title: str
    pipeline_id: int
    stage_id: int
    category: StageCategory
    stage_since: Moment
    contact_id: int | None = None
    identity_id: int | None = None
    conversation_id: int | None = None
    """The conversation it began in."""
    who: str = ""
    owner_id: int | None = None
    queue_id: int | None = None
    source: str = ""
    """The kind of channel it came by, or `form`, `manual`."""
    account_id: int | None = None
    first_words: str = ""
    reason: str = ""
    """Why it was lost, in the words chosen from the list."""
    is_spam: bool = False
    origin_id: int | None = None
    """The case it followed from, or is a duplicate of."""
    amount: int | None = None
    """In the smallest unit of the currency."""
    currency: str = ""
    nurture_until: Moment | None = None
    """Put away until then."""
    can_undo: bool = False
    """Whether the last decision can still be taken back."""
    tags: list[str] = []
    created_at: Moment
    closed_at: Moment | None = None
    version: int = 1
