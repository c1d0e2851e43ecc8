"""Contacts and their identities."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from crm_core.contacts.queries import Sort
from crm_core.words.values import ContactKind
from hub.api.models.shapes import (
    Asked,
    Id,
    Language,
    Line,
    Listing,
    OptionalLine,
    Shown,
    Tag,
    Tags,
    Time,
    Version,
    Whole,
)


class Identity(Shown):
    """An address that recognises and reaches somebody."""

    id: int
    scheme: str
    value: str
    display: str
    name: str
    contact_id: int | None
    verified: bool
    is_primary: bool
    is_shared: bool
    """Several people use it: it never says who somebody is."""
    label: str
    last_seen: Time | None
    facts: dict[str, str]


class Contact(Shown):
    """A person or a company."""

    id: int
    kind: ContactKind
    name: str
    company: str
    title: str
    language: str
    timezone: str
    owner_id: int | None
    note: str
    tags: list[str]
    fields: dict[str, str]
    identities: list[Identity]
    """Of contacts merged into this one, too."""
    root_id: int | None
    """The contact it was merged into; null while it stands for itself."""
    created_at: Time
    version: int


Note = Annotated[str, StringConstraints(max_length=8000)]
Fields = Annotated[dict[Tag, Annotated[str, StringConstraints(max_length=2000)]], Field(max_length=100)]


class Scheme(StrEnum):
    """The kinds of address that a person can type in."""

    TEL = "tel"
    MAILTO = "mailto"
    TELEGRAM = "telegram"
    EXTERNAL = "external"


class NewIdentity(Asked):
    """An address in any spelling."""

    scheme: Scheme
    value: Line
    label: OptionalLine = ""


class NewContact(Asked):
    """A contact to be made."""

    kind: ContactKind = ContactKind.PERSON
    name: Line
    company: OptionalLine = ""
    title: OptionalLine = ""
    language: Language = ""
    timezone: OptionalLine = ""
    owner_id: Id | None = None
    note: Note = ""
    tags: Tags = []
    fields: Fields = {}
    identities: Annotated[list[NewIdentity], Field(max_length=20)] = []


class ContactChange(Asked):
    """What is named is changed; the rest stays."""

    version: Version
    name: Line | None = None
    company: OptionalLine | None = None
    title: OptionalLine | None = None
    language: Language | None = None
    timezone: OptionalLine | None = None
    owner_id: Whole | None = Field(None, description="0 takes the owner away.")
    note: Note | None = None
    tags: Tags | None = None
    fields: Fields | None = None


class Contacts(Listing):
    """Which contacts, in which order."""

    kind: ContactKind | None = None
    text: OptionalLine | None = Field(None, description="Words of names and addresses; the last may be unfinished.")
    tag: Tag | None = None
    owner_id: Id | None = None
    company_id: Id | None = Field(None, description="People who have a place in this company now.")
    sort: Sort = Sort.NAME


class FromConversation(Asked):
    """The stranger of a conversation becomes a contact."""

    name: Line | None = None


class ContactLink(Shown):
    """A person's place in a company; `until` is null while it lasts."""

    id: int
    person_id: int
    company_id: int
    kind: str
    title: str
    since: Time | None
    until: Time | None


class NewLink(Asked):
    """A place in a company."""

    company_id: Id
    title: OptionalLine = ""
