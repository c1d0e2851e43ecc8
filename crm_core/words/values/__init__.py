"""Nouns as they are shown: whole values that events, snapshots, the API and the console share.

A value is complete and carries a `version`, so applying one twice, or an older one late, is harmless.
The console's TypeScript types are generated from this file.
"""

from __future__ import annotations

from crm_core.words.values.cases import (
    CaseKind,
    CaseValue,
    PipelineValue,
    StageCategory,
    StageValue,
)
from crm_core.words.values.house import (
    AccountValue,
    CannedValue,
    DispositionValue,
    OfferValue,
    QueueValue,
    WorkValue,
)
from crm_core.words.values.marks import (
    Activity,
    AuthorKind,
    ContactKind,
    ConversationStatus,
    Direction,
    DraftMode,
    EntryKind,
    OfferState,
    Role,
    Value,
    WorkState,
)
from crm_core.words.values.people import (
    AgentValue,
    ContactValue,
    IdentityValue,
)
from crm_core.words.values.timeline import (
    Author,
    ConversationValue,
    DraftExtras,
    DraftValue,
    EntryDetails,
    EntryValue,
    FileValue,
    Named,
    Notice,
    Pressable,
    Spot,
)

__all__ = [
    "AccountValue",
    "Activity",
    "AgentValue",
    "Author",
    "AuthorKind",
    "CannedValue",
    "CaseKind",
    "CaseValue",
    "ContactKind",
    "ContactValue",
    "ConversationStatus",
    "ConversationValue",
    "Direction",
    "DispositionValue",
    "DraftExtras",
    "DraftMode",
    "DraftValue",
    "EntryDetails",
    "EntryKind",
    "EntryValue",
    "FileValue",
    "IdentityValue",
    "Named",
    "Notice",
    "OfferState",
    "OfferValue",
    "PipelineValue",
    "Pressable",
    "QueueValue",
    "Role",
    "Spot",
    "StageCategory",
    "StageValue",
    "Value",
    "WorkState",
    "WorkValue",
]
