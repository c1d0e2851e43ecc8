"""By which ways a contact can be written to, and how an account behaves."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from channels.contract import Problem
from hub.api.models.configuration import Settings
from hub.api.models.conversations import Person, WayChoice
from hub.api.models.shapes import Asked, Id, Shown, Time
from hub.desk.ways import WayState, Why


class Template(Shown):
    """A text that the provider has approved. `{{name}}` marks a gap."""

    id: str
    name: str
    text: str
    language: str


class Carries(Shown):
    """What a message by a way may have."""

    max_text: int | None
    max_file_bytes: int
    max_files: int | None
    html: bool
    subject: bool
    copies: bool
    signature: str
    segments: bool
    buttons: int
    templates: list[Template]


class Way(Shown):
    """An address of the contact and an account that reaches it."""

    identity_id: int
    account_id: int
    channel: str
    account_name: str
    scheme: str
    display: str
    name: str
    state: WayState
    why: Why
    """What stands against it."""
    window_until: Time | None
    """Until when one may write freely."""
    is_default: bool
    is_guest: bool
    """Leads to somebody else who wrote here, such as a colleague on copy."""
    carries: Carries
    subject: str
    """What an answer would have as its subject."""
    to: list[Person]
    """Where their last words want the answer, if not at this address: an answer that names nobody goes there."""
    cc: list[Person]
    """Who would be on copy of an answer to all."""


class Retrying(Asked):
    """By which other way to send a message again; none for the same one."""

    way: WayChoice | None = None


class Page(Shown):
    """Where a message is shown as its writer laid it out."""

    url: str


class InvitationLink(Shown):
    """An address by which the contact comes in by one account."""

    account_id: int
    channel: str
    account_name: str
    url: str


class Invitation(Shown):
    """What follows `?start=` in a bot's link, and the whole links. Give them to nobody but the contact."""

    token: str
    links: list[InvitationLink]
    """One for each open account that takes invitations."""


class Pictures(Asked):
    """How to show it."""

    pictures: bool = Field(False, description="Load pictures from elsewhere: the sender learns that it was read.")


class Examining(Asked):
    """Settings to try out. With an account's id, secret settings that are not named are its own."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    settings: Settings = {}
    account_id: Id | None = None


class Finding(Shown):
    """One step of trying settings out; no problem: it works."""

    step: str
    problem: Problem | None
    words: str
    why: str = Field("", description="The words as a code, for saying them in another language.")
    facts: dict[str, str | int] = Field({}, description="What the words name.")


class Findings(Shown):
    """Every step, in the order they were taken; none for a channel with nothing to try."""

    findings: list[Finding]


Manner = Annotated[dict[Annotated[str, StringConstraints(max_length=40)], Any], Field(max_length=10)]
"""How an account behaves without anybody; `hub.desk.manners.Manner` checks it."""


class MannerChange(Asked):
    """Hours, greetings and absence notes of an account, all of them."""

    manner: Manner
