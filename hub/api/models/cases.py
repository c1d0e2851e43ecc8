"""Cases: leads, deals and requests, and the pipelines they go through."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from crm_core.cases.queries import Sort
from crm_core.cases.rules import Becomes
from crm_core.words.values import CaseKind, StageCategory
from hub.api.models.shapes import (
    Asked,
    Id,
    Line,
    Listing,
    OptionalLine,
    Shown,
    Tag,
    Tags,
    Time,
    Version,
    When,
    Whole,
)

Currency = Annotated[str, Field(pattern="^([A-Za-z]{3})?$")]


class Case(Shown):
    """A lead, deal, request or job. It stays the same case whatever kind it becomes."""

    id: int
    number: int
    """Counted from 1, as people say it."""
    kind: CaseKind
    title: str
    pipeline_id: int
    stage_id: int
    category: StageCategory
    """What its stage means; this is the case's status."""
    stage_since: Time
    contact_id: int | None
    identity_id: int | None
    conversation_id: int | None
    """The conversation it began in."""
    who: str
    owner_id: int | None
    queue_id: int | None
    source: str
    """The kind of channel it came by, or `form`, `manual`."""
    account_id: int | None
    first_words: str
    reason: str
    """Why it was lost."""
    is_spam: bool
    origin_id: int | None
    """The case it followed from, or is a duplicate of."""
    amount: int | None
    """In the smallest unit of the currency."""
    currency: str
    nurture_until: Time | None
    """Put away until then."""
    can_undo: bool
    """Whether the last decision can still be taken back."""
    tags: list[str]
    created_at: Time
    closed_at: Time | None
    version: int


class Cases(Listing):
    """Which cases, in which order."""

    kind: CaseKind | None = None
    category: StageCategory | None = None
    open: bool | None = Field(None, description="Those that are open, or those that are closed.")
    owner_id: Whole | None = Field(None, description="0 asks for those that nobody owns.")
    pipeline_id: Id | None = None
    stage_id: Id | None = None
    source: Tag | None = None
    text: OptionalLine | None = Field(None, description="A case's number, or words of names and addresses.")
    contact_id: Id | None = None
    identity_id: Id | None = None
    sort: Sort = Sort.NEWEST


class CaseCounts(Shown):
    """How many open leads there are, counted up to 1000 each."""

    new: int
    """In a stage for new ones."""
    mine: int
    unowned: int


class CaseStep(Shown):
    """Something was decided about a case. Without an agent, the machine did it."""

    id: int
    from_stage_id: int | None
    to_stage_id: int
    agent_id: int | None
    decision: str
    """`opened`, `accepted`, `assigned`, `qualified`, `disqualified`, `spam`, `duplicate`, `nurtured`, `returned`,
    `undone`, `reopened`, `moved`."""
    at: Time


class CaseEdit(Asked):
    """What is named is changed; the rest stays."""

    version: Version
    title: Line | None = None
    tags: Tags | None = None
    owner_id: Whole | None = Field(None, description="0 takes the owner away.")
    amount: Whole | None = Field(None, description="In the smallest unit of the currency.")
    currency: Currency | None = None


class Deciding(Asked):
    """What every decision may say: the version it was made from."""

    version: Version | None = None


class Handing(Deciding):
    """Whom a case goes to. 0: to nobody; it is anybody's of its queue then."""

    agent_id: Whole


class Qualifying(Deciding):
    """What a lead becomes, and whose it is: the contact named, else whose its address is, else a new one."""

    becomes: Becomes = Becomes.DEAL
    contact_id: Id | None = None
    name: OptionalLine = Field("", description="Of a new contact; without one, what the stranger calls themselves.")
    company: OptionalLine = ""
    title: OptionalLine = ""
    amount: Whole | None = Field(None, description="In the smallest unit of the currency.")


class Disqualifying(Deciding):
    """Why nothing comes of a lead: a reason that is kept, or words."""

    reason_id: Id | None = None
    words: OptionalLine = ""


class Duplicating(Deciding):
    """Of which case a lead is a duplicate."""

    of_id: Id


class Nurturing(Deciding):
    """Until when a lead is put away."""

    until: When


class Moving(Deciding):
    """Into which stage of its pipeline a case goes."""

    stage_id: Id


class Opening(Asked):
    """A case to open about a conversation."""

    kind: Literal[CaseKind.LEAD, CaseKind.DEAL, CaseKind.REQUEST] = CaseKind.LEAD
    title: OptionalLine = ""


class Tying(Asked):
    """The case that a conversation is about."""

    case_id: Id


class Stage(Shown):
    """A step of a pipeline."""

    id: int
    pipeline_id: int
    name: str
    category: StageCategory
    key: str
    """What the house itself moves cases here for: `disqualified`, `spam`, `duplicate`; empty for other stages."""
    position: int
    colour: str
    probability: int | None
    """Per cent."""
    max_age: int | None
    """Milliseconds after which a case in it counts as stuck."""


class Pipeline(Shown):
    """The stages that cases of one kind go through, in order."""

    id: int
    kind: CaseKind
    name: str
    currency: str
    is_default: bool
    """Where cases of its kind begin when nobody says otherwise."""
    stages: list[Stage]
    archived: bool
    version: int


class Pipelines(Asked):
    """Which pipelines."""

    archived: bool = Field(False, description="Archived ones too.")


class NewStage(Asked):
    """A stage as it is to be. With an `id` it is one that is there; its category stays."""

    id: Id | None = None
    name: Line
    category: StageCategory
    colour: Annotated[str, Field(max_length=20)] = ""
    probability: Annotated[int, Field(ge=0, le=100)] | None = None
    max_age: Whole | None = Field(None, description="Milliseconds.")


Stages = Annotated[list[NewStage], Field(min_length=2, max_length=30)]


class NewPipeline(Asked):
    """A pipeline to be made."""

    kind: CaseKind
    name: Line
    currency: Currency = ""
    stages: Stages


class PipelineChange(Asked):
    """What is named is changed. `stages` are all of them in their new order; who is missing is taken out."""

    version: Version
    name: Line | None = None
    currency: Currency | None = None
    is_default: bool | None = None
    archived: bool | None = None
    stages: Stages | None = None


class Reason(Shown):
    """A reason for which a case is lost."""

    id: int
    name: str
    position: int
    deleted: bool
    version: int


class Reasons(Asked):
    """Which reasons."""

    deleted: bool = Field(False, description="Deleted ones too.")


class NewReason(Asked):
    """A reason to be made."""

    name: Line
    position: Annotated[Whole, Field(le=10_000)] = 0


class ReasonChange(Asked):
    """What is named is changed. `deleted` false brings a deleted one back."""

    version: Version
    name: Line | None = None
    position: Annotated[Whole, Field(le=10_000)] | None = None
    deleted: bool | None = None
