"""Calls, the call record, and what is done with them. Durations are whole milliseconds."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from crm_core.words.values import (
    CallOutcome,
    CallState,
    Direction,
    EndedBy,
    KeptState,
    LegMode,
    LegRole,
    LegState,
    RecordingState,
    TransferKind,
)
from hub.api.models.shapes import Asked, Id, Listing, Shown, Time, When, Whole

Tab = Annotated[str, StringConstraints(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")]
Number = Annotated[str, StringConstraints(max_length=40)]


class Leg(Shown):
    """Somebody who takes part in a call, or is asked to."""

    id: int
    role: LegRole
    state: LegState
    mode: LegMode
    agent_id: int | None
    address: str
    name: str
    device: str
    """Of an agent: the tab that carries the sound, or `phone`."""
    external_id: str
    muted: bool
    away_since: Time | None
    """Of the contact: since when their page is gone, perhaps to come back."""
    asked_by: int | None
    made_at: Time
    since: Time
    connected_at: Time | None
    ended_at: Time | None
    until: Time | None
    ended_by: EndedBy | None
    reason: str
    talk: int
    wrap_up_until: Time | None
    wrap_up: int
    quality: str


class Recording(Shown):
    """A stretch of a call that was recorded, or a voicemail. Its sound is at `/calls/{id}/recordings/{recording}`."""

    id: int
    state: KeptState
    since: Time
    external_id: str
    file_id: int | None
    duration: int | None
    is_voicemail: bool
    agent_id: int | None


class Transfer(Shown):
    """A transfer: `result` is empty while it is under way."""

    kind: TransferKind
    by_agent_id: int
    at: Time
    leg_id: int | None
    to_agent_id: int | None
    to_queue_id: int | None
    to_number: str
    result: str


class Prompt(Shown):
    """What the machine says to the contact now."""

    seq: int
    code: str
    text: str
    language: str
    digits: str
    choices: dict[str, str]
    file_id: int | None
    position: int | None
    wait: int | None


class PhoneCall(Shown):
    """A call, and the call record once it is over."""

    id: int
    conversation_id: int
    entry_id: int
    account_id: int
    channel: str
    direction: Direction
    state: CallState
    outcome: CallOutcome | None
    who: str
    number: str
    """In E.164; empty when it is hidden."""
    line: str
    contact_id: int | None
    identity_id: int
    queue_id: int | None
    agent_id: int | None
    legs: list[Leg]
    recording: RecordingState
    recordings: list[Recording]
    transfers: list[Transfer]
    prompt: Prompt | None
    three_way: bool
    announces: bool
    """The contact is always told when a supervisor joins."""
    started_at: Time
    since: Time
    queued_at: Time | None
    answered_at: Time | None
    ended_at: Time | None
    ring: int
    greet: int
    wait: int
    talk: int
    hold: int
    wrap_up: int
    position: int | None
    estimate: int | None
    ended_by: EndedBy | None
    reason: str
    disposition: str | None
    note: str
    wrap_up_mode: str
    callback_of: int | None
    chosen: list[str]
    cost: str
    external_id: str
    version: int


class CallLine(Shown):
    """A call as it stands in the timeline."""

    id: int
    direction: Direction
    state: CallState
    outcome: CallOutcome | None
    number: str
    agent_id: int | None
    queue_id: int | None
    wait: int
    talk: int
    recordings: list[Recording]
    disposition: str | None
    note: str


class Chosen(Asked):
    """Which calls, in which order."""

    view: Literal["", "live", "ended", "answered", "missed", "voicemail", "callback", "failed"] = ""
    direction: Literal["", "in", "out"] = ""
    queue_id: Id | None = None
    agent_id: Id | None = None
    contact_id: Id | None = None
    conversation_id: Id | None = None
    account_id: Id | None = None
    number: Number = ""
    """A part of the number, digits only."""
    since: When | None = None
    until: When | None = None
    disposition: Annotated[str, StringConstraints(max_length=80)] = ""
    recorded: bool | None = None
    least_talk: Whole | None = None
    """Milliseconds talked at least."""
    sort: Literal["newest", "oldest", "longest"] = "newest"


class Calls(Listing, Chosen):
    """Which calls, in which order, page by page."""


class Exporting(Chosen):
    """Which calls go into the file: all of them, without pages."""


class Placing(Asked):
    """Call a number. Without an account the first line that can call out takes it."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=40)]
    account_id: Id | None = None
    caller_id: Annotated[str, StringConstraints(max_length=40)] = ""
    """Which of the account's numbers people see, in E.164; none: its first."""
    device: Tab = ""
    """The tab that carries the sound; not asked for when calls ring your own telephone."""


class Taking(Asked):
    """Take an offer; of a call, the tab that carries the sound."""

    device: Tab = ""


class Device(Asked):
    """The tab that carries the sound from now on."""

    device: Tab = ""


class Switch(Asked):
    """On or off."""

    on: bool


class HangingUp(Asked):
    """`leave`: let the others go on without you."""

    leave: bool = False


class Handing(Asked):
    """Whom a call goes to: one of these. `attended`: you speak with them first."""

    agent_id: Id | None = None
    queue_id: Id | None = None
    number: Number = ""
    attended: bool = False


class Listening(Asked):
    """How a supervisor takes part: monitor, whisper or barge."""

    mode: Literal["monitor", "whisper", "barge"] = "monitor"
    device: Tab = ""
    announce: bool = False
    """The contact is told. Where the account always tells them, they are told without it, too."""


class TakingOver(Asked):
    """The tab that carries the sound from now on. `announce`: as of a supervisor who listens."""

    device: Tab = ""
    announce: bool = False


class WritingDown(Asked):
    """What came of a call. `done`: and I am ready for the next. `more`: seconds that I need, once."""

    disposition_id: Id | None = None
    note: Annotated[str, StringConstraints(max_length=4_000)] | None = None
    done: bool = False
    more: Annotated[int, Field(ge=0, le=600)] = 0


class Measured(Asked):
    """How well the tab hears."""

    quality: Literal["good", "fair", "poor"]


class DeviceFailed(Asked):
    """The tab cannot carry the sound."""

    device: Tab
    reason: Annotated[str, StringConstraints(max_length=200)] = ""


class Said(Asked):
    """What this tab says to the browser of another leg so that they can talk: an offer, an answer."""

    to_leg: Id
    body: dict[str, Any]


class Told(Shown):
    """Something that was reported of a call, or a supervisor who listened."""

    at: Time
    name: str
    agent_id: int | None
    facts: dict[str, Any] | None


class Line(Shown):
    """An account that carries calls."""

    account_id: int
    name: str
    media: str
    """webrtc, sip or twilio: how a browser carries the sound."""
    number: str
    more_numbers: tuple[str, ...]
    """Other numbers by which a call may go out."""
    dials_numbers: bool
    records: bool
    listens_in: bool


class Phone(Shown):
    """What a tab needs to carry calls of an account."""

    account_id: int
    media: str
    facts: dict[str, Any]
    expires_at: Time | None


class MyPhone(Asked):
    """How calls reach me: in the browser, at my own telephone, or not at all."""

    call_device: Literal["browser", "phone", "off"]
    call_number: Number = ""


class RecordedPiece(Asked):
    """Which piece of which recording; the recording's name is the browser's own."""

    recording: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8,64}$")]
    seq: Annotated[int, Field(ge=1, le=999_999)]
    duration: Annotated[int, Field(ge=0, le=86_400_000)]
    """Milliseconds of the recording up to the end of this piece."""
    last: bool = False


class PhoneWish(Asked):
    """A tab asks for the softphone of a line."""

    account_id: Id
    device: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]
