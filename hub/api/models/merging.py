"""Merges of contacts, and who may be whom."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from crm_core.contacts.merging import Side
from hub.api.models.contacts import Contact
from hub.api.models.shapes import Asked, Id, Shown, Time


class MergeField(StrEnum):
    """The fields of a contact of which one value stays."""

    NAME = "name"
    COMPANY = "company"
    TITLE = "title"
    LANGUAGE = "language"
    TIMEZONE = "timezone"
    OWNER_ID = "owner_id"
    NOTE = "note"
    TAGS = "tags"
    FIELDS = "fields"


class NewMerge(Asked):
    """Another contact that is this one."""

    absorbed_id: Id = Field(description="The contact that is known as this one afterwards.")
    choices: Annotated[
        dict[MergeField, Side],
        Field(
            max_length=len(MergeField),
            description="Whose value stays. Without a choice this contact's does, or the other's where it has none;"
            " of tags and own fields both.",
        ),
    ] = {}


class Merge(Shown):
    """One contact was merged into another."""

    id: int
    survivor_id: int
    absorbed_id: int
    absorbed_name: str
    agent_id: int | None
    at: Time
    undone_at: Time | None
    undone_by: int | None
    can_undo: bool
    """It stands, and no newer merge of the same contact has to be undone first."""


class Why(StrEnum):
    """Why a contact is suggested, the best reason first."""

    PROVED = "proved"
    SAME_NUMBER = "same_number"
    CLAIMED = "claimed"
    MENTIONED = "mentioned"
    SAME_NAME = "same_name"
    SAME_FIRM = "same_firm"


class Suggestion(Shown):
    """A contact that somebody may be. An agent decides; nobody is joined by it."""

    contact: Contact
    why: Why
    address: str
    """Where the two meet: an address as one reads it, or the firm."""


class NotThisOne(Asked):
    """A contact that it is not."""

    contact_id: Id


class Shared(Asked):
    """Whether several people use an address."""

    shared: bool
