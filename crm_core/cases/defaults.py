"""The pipelines and reasons that a workspace begins with. Their names are words to be changed, not codes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from crm_core.cases.rules import SPAM, Decision
from crm_core.words.values import CaseKind, StageCategory


@dataclass(frozen=True, slots=True)
class DefaultStage:
    """A stage to be made; `key` is what the house itself moves cases there for."""

    name: str
    category: StageCategory
    key: str = ""


@dataclass(frozen=True, slots=True)
class DefaultPipeline:
    """A pipeline to be made."""

    name: str
    stages: Sequence[DefaultStage]


PIPELINES: Final[Mapping[CaseKind, DefaultPipeline]] = {
    CaseKind.LEAD: DefaultPipeline(
        "Leads",
        (
            DefaultStage("New", StageCategory.NEW),
            DefaultStage("Working", StageCategory.ACTIVE),
            DefaultStage("Nurture", StageCategory.WAITING),
            DefaultStage("Qualified", StageCategory.WON),
            DefaultStage("Disqualified", StageCategory.LOST, Decision.DISQUALIFIED),
            DefaultStage("Spam", StageCategory.LOST, SPAM),
            DefaultStage("Duplicate", StageCategory.LOST, Decision.DUPLICATE),
        ),
    ),
    CaseKind.DEAL: DefaultPipeline(
        "Deals",
        (
            DefaultStage("New", StageCategory.NEW),
            DefaultStage("Proposal", StageCategory.ACTIVE),
            DefaultStage("Won", StageCategory.WON),
            DefaultStage("Lost", StageCategory.LOST),
        ),
    ),
    CaseKind.REQUEST: DefaultPipeline(
        "Requests",
        (
            DefaultStage("New", StageCategory.NEW),
            DefaultStage("In progress", StageCategory.ACTIVE),
            DefaultStage("Waiting", StageCategory.WAITING),
            DefaultStage("Done", StageCategory.WON),
            DefaultStage("Cancelled", StageCategory.CANCELLED),
        ),
    ),
}

REASONS: Final = (
    "Not interested",
    "No budget",
    "Bought elsewhere",
    "Could not reach",
    "Wrong number",
    "Not what we offer",
    "Not now",
)
