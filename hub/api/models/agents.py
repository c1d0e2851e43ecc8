"""Agents, their state and the ledger of what they did."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crm_core.words.values import Activity, LegMode, Role
from hub.api.models.shapes import (
    Asked,
    Email,
    Ids,
    Language,
    Line,
    Listing,
    OptionalLine,
    Secret,
    Shown,
    Skills,
    Time,
    Version,
)


class Agent(Shown):
    """A colleague as everybody may see them."""

    id: int
    name: str
    role: Role
    activity: Activity
    reason: str
    activity_since: Time
    missed_offer: bool
    """They let an offer run out and have to say that they are back."""
    present: bool
    """Whether they have a console open."""
    queues: list[int]
    skills: dict[str, int]
    units_used: int
    """As routing counts: also a call that they only advise in or listen to."""
    units_total: int
    on_phone: LegMode | None = None
    """How they take part in a call now, where it was asked for: talk, consult, monitor, whisper or barge."""
    idle_since: Time
    """Since when nothing was given to them or taken from them; the longest idle is offered first."""
    wrap_up_until: Time | None
    call_device: str
    """How calls reach them: browser, phone (their own telephone, `call_number`), or off."""
    call_number: str
    language: str
    disabled: bool
    version: int


class NewAgent(Asked):
    """A new colleague. Without a password they sign in by a one-time link."""

    name: Line
    email: Email
    role: Role = Role.AGENT
    password: Secret | None = None
    language: Language = "en"
    skills: Skills = {}
    units: int = Field(100, ge=0, le=1000, description="Capacity: a call takes 100, a chat 25, a mail 10.")
    queues: Ids = []


class AgentChange(Asked):
    """What is named is changed; the rest stays."""

    version: Version
    name: Line | None = None
    email: Email | None = None
    role: Role | None = None
    language: Language | None = None
    skills: Skills | None = None
    units: int | None = Field(None, ge=0, le=1000)


class Queues(Asked):
    """The queues an agent serves: all of them."""

    queues: Ids


class Members(Asked):
    """The agents of a queue: all of them."""

    agents: Ids


class ActivityChange(Asked):
    """What an agent does from now on."""

    activity: Literal[Activity.AVAILABLE, Activity.BUSY, Activity.BREAK, Activity.TRAINING, Activity.OFFLINE]
    reason: OptionalLine = ""


class Span(Shown):
    """One stretch of one activity. The running one has no end."""

    id: int
    agent_id: int
    activity: Activity
    reason: str
    since: Time
    until: Time | None
    caused_by: str


class LedgerListing(Listing):
    """Which part of an agent's ledger."""


class SignInLink(Shown):
    """A one-time link. It is shown here and never again."""

    url: str
    expires_at: Time


class MemberList(Shown):
    """The agents of a queue."""

    agents: list[int]
