"""What is typed and not sent."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from crm_core.words.values import DraftMode, EntryKind
from hub.api.models.conversations import FileIds, Pressable
from hub.api.models.files import File
from hub.api.models.shapes import Asked, Id, Shown, Text, Time, When

Loose = Annotated[str, StringConstraints(max_length=400)]
"""A line that may be half typed."""
LooseLines = Annotated[list[Loose], Field(max_length=50)]


class TypedButton(Asked):
    """A button that may be half typed."""

    text: Annotated[str, StringConstraints(max_length=40)] = ""
    url: Annotated[str, StringConstraints(max_length=500)] = ""
    key: Annotated[str, StringConstraints(max_length=64)] = ""


class TypedExtras(Asked):
    """What a drafted reply is besides its text and files, checked only when it is sent."""

    identity_id: Id | None = None
    account_id: Id | None = None
    """With `identity_id`, the way that was chosen by hand."""
    mode: DraftMode = DraftMode.REPLY
    about_id: Id | None = None
    """The entry that is answered or forwarded."""
    quote: Loose = ""
    """How that entry is shown above the reply."""
    subject: Loose | None = None
    """Null follows the way."""
    to: LooseLines = []
    cc: LooseLines = []
    bcc: LooseLines = []
    html: Text = ""
    template: Annotated[str, StringConstraints(max_length=120)] = ""
    variables: Annotated[dict[Annotated[str, StringConstraints(max_length=60)], Text], Field(max_length=30)] = {}
    buttons: Annotated[list[TypedButton], Field(max_length=20)] = []
    send_at: When | None = None


class Typed(Asked):
    """What is typed and not sent."""

    text: Text
    files: FileIds = []
    extras: TypedExtras | None = None
    """What a reply is besides; null for one who says nothing of it. A note has none."""


class DraftExtras(Shown):
    """What a drafted reply is besides its text and files."""

    identity_id: int | None
    account_id: int | None
    mode: DraftMode
    about_id: int | None
    quote: str
    subject: str | None
    to: list[str]
    cc: list[str]
    bcc: list[str]
    html: str
    template: str
    variables: dict[str, str]
    buttons: list[Pressable]
    send_at: Time | None


class Draft(Shown):
    """What I have typed and not sent."""

    conversation_id: int
    kind: EntryKind
    text: str
    files: list[File]
    extras: DraftExtras | None
    updated_at: Time
