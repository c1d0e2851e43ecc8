"""Queues, channel accounts, canned replies and dispositions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from hub.api.models.shapes import (
    Asked,
    Id,
    Language,
    Line,
    OptionalLine,
    Shown,
    Skills,
    Time,
    Version,
    Whole,
)

Strategy = Literal["longest_idle", "least_busy"]
Seconds = Annotated[int, Field(ge=0, le=86_400)]
OfferSeconds = Annotated[int, Field(ge=5, le=86_400)]


class WaitingStep(Shown):
    """What happens after so long in line; the place in line is kept."""

    after: int
    """Milliseconds since the call joined this queue."""
    then: str
    """queue, priority, widen, voicemail, callback, number or hang_up."""
    queue_id: int | None
    number: str


class QueueVoice(Shown):
    """How a queue deals with calls."""

    offer_seconds: int
    wrap_up_seconds: int
    wrap_up_mode: str
    """none, optional, timeout, mandatory or forced."""
    disposition: str
    """What a forced wrap-up ends with."""
    announce_seconds: int
    """Between two announcements of the place in line; 0: none."""
    callback: bool
    """Callers may press `*` to be called back at their place."""
    no_agents: str
    """When nobody of the queue is at work: queue, voicemail, callback or hang_up."""
    most_waiting: int
    """Callers in line at most; 0: no limit."""
    steps: list[WaitingStep]
    music_file_id: int | None


class StepWished(Asked):
    """A step of waiting."""

    after: Annotated[int, Field(ge=0, le=14_400_000)]
    then: Literal["queue", "priority", "widen", "voicemail", "callback", "number", "hang_up"]
    queue_id: Id | None = None
    number: Annotated[str, StringConstraints(pattern=r"^(\+[0-9]{5,15})?$")] = ""


class VoiceWished(Asked):
    """How a queue shall deal with calls, whole: what is not named is as in a new queue."""

    offer_seconds: Annotated[int, Field(ge=5, le=600)] = 20
    wrap_up_seconds: Annotated[int, Field(ge=0, le=3_600)] = 30
    wrap_up_mode: Literal["none", "optional", "timeout", "mandatory", "forced"] = "timeout"
    disposition: OptionalLine = ""
    announce_seconds: Annotated[int, Field(ge=0, le=3_600)] = 45
    callback: bool = True
    no_agents: Literal["queue", "voicemail", "callback", "hang_up"] = "voicemail"
    most_waiting: Annotated[int, Field(ge=0, le=10_000)] = 0
    steps: Annotated[list[StepWished], Field(max_length=20)] = []
    music_file_id: Id | None = None


class Queue(Shown):
    """Where work waits."""

    id: int
    name: str
    waiting: int
    longest_since: Time | None
    chat_offer_seconds: int
    mail_offer_seconds: int
    sticky_seconds: int
    cooldown_seconds: int
    strategy: str
    skills: dict[str, int]
    voice: QueueVoice
    archived: bool
    version: int


class NewQueue(Asked):
    """A queue to be made."""

    name: Line
    strategy: Strategy = "longest_idle"
    chat_offer_seconds: OfferSeconds = 30
    mail_offer_seconds: OfferSeconds = 300
    sticky_seconds: Seconds = 20
    cooldown_seconds: Seconds = 60
    skills: Skills = {}
    voice: VoiceWished = VoiceWished()


class QueueChange(Asked):
    """What is named is changed; the rest stays."""

    version: Version
    name: Line | None = None
    strategy: Strategy | None = None
    chat_offer_seconds: OfferSeconds | None = None
    mail_offer_seconds: OfferSeconds | None = None
    sticky_seconds: Seconds | None = None
    cooldown_seconds: Seconds | None = None
    skills: Skills | None = None
    voice: VoiceWished | None = None
    archived: bool | None = None


Settings = Annotated[dict[Annotated[str, StringConstraints(max_length=60)], Any], Field(max_length=60)]


class Account(Shown):
    """A channel account without its secrets: those are written, never read."""

    id: int
    kind: str
    name: str
    public_key: str
    queue_id: int | None
    settings: dict[str, Any]
    manner: dict[str, Any]
    """Hours, greetings and absence notes."""
    state: str
    problem: str
    disabled: bool
    version: int


class NewAccount(Asked):
    """A channel account to be made. `settings` are those of its kind, secret ones among them."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    name: Line
    queue_id: Id | None = None
    settings: Settings = {}


class AccountChange(Asked):
    """What is named is changed. Secret settings that are not named stay as they are."""

    version: Version
    name: Line | None = None
    queue_id: Whole | None = Field(None, description="0 means none.")
    settings: Settings | None = None
    disabled: bool | None = None


class Channel(Shown):
    """A kind of channel account that can be made."""

    kind: str
    title: str
    medium: str
    settings: dict[str, Any]
    """The JSON Schema of its settings; those with `writeOnly` are secret."""


CannedText = Annotated[str, StringConstraints(min_length=1, max_length=16_000)]
Shortcut = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class Canned(Shown):
    """A canned reply. `{{contact.name}}` and `{{agent.name}}` are filled in by the console, as text."""

    id: int
    shortcut: str
    title: str
    text: str
    language: str
    deleted: bool
    version: int


class NewCanned(Asked):
    """A canned reply to be made."""

    shortcut: Shortcut
    title: OptionalLine = ""
    text: CannedText
    language: Language = ""


class CannedChange(Asked):
    """What is named is changed. `deleted` false brings a deleted one back."""

    version: Version
    shortcut: Shortcut | None = None
    title: OptionalLine | None = None
    text: CannedText | None = None
    language: Language | None = None
    deleted: bool | None = None


class Disposition(Shown):
    """A way a conversation ends."""

    id: int
    name: str
    position: int
    deleted: bool
    version: int


class NewDisposition(Asked):
    """A disposition to be made."""

    name: Line
    position: Annotated[Whole, Field(le=10_000)] = 0


class DispositionChange(Asked):
    """What is named is changed. `deleted` false brings a deleted one back."""

    version: Version
    name: Line | None = None
    position: Annotated[Whole, Field(le=10_000)] | None = None
    deleted: bool | None = None


class Phrases(Asked):
    """Which ones."""

    deleted: bool = Field(False, description="Deleted ones too.")
