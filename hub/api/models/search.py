"""What the search box finds."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from hub.api.models.contacts import Contact, Identity
from hub.api.models.conversations import Conversation, Entry
from hub.api.models.shapes import Asked, Id, Shown


class Search(Asked):
    """What to look for. The last word may be the beginning of one; a number may be in any spelling."""

    text: Annotated[str, StringConstraints(max_length=500)]
    before: Id | None = Field(None, description="`next_before` of the page before: goes on through the entries.")
    limit: int = Field(20, ge=1, le=50)


class EntryHit(Shown):
    """An entry that has the words. `marks` are [start, end) of what matched in `snippet`, in UTF-16 units."""

    entry: Entry
    conversation: Conversation
    snippet: str
    marks: list[tuple[int, int]]


class PersonHit(Shown):
    """Somebody whose name, number or address matched: a contact, or a stranger known by one identity."""

    contact: Contact | None
    identity: Identity | None
    conversation_id: int | None
    """The newest conversation with them that I may read."""


class Found(Shown):
    """What was found, each list newest first."""

    people: list[PersonHit]
    conversations: list[Conversation]
    entries: list[EntryHit]
    next_before: int | None
