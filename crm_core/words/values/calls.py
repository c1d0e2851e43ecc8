"""Calls, their legs and their recordings. Moments are int ms UTC, durations int ms."""

from __future__ import annotations

from enum import StrEnum

from crm_core.words.clock import Moment
from crm_core.words.values.marks import Direction, Value


class CallState(StrEnum):
    """Where a call stands. Only forwards from WRAP_UP; nothing follows ENDED."""

    RINGING = "ringing"
    """In: reported, nothing decided yet. Out: the contact's device rings."""
    GREETING = "greeting"
    """A prompt or a menu plays."""
    QUEUED = "queued"
    OFFERED = "offered"
    """An agent is asked; the caller hears what they heard in line."""
    CONNECTING = "connecting"
    """An agent said yes; their device is being connected."""
    TALKING = "talking"
    HELD = "held"
    VOICEMAIL = "voicemail"
    """The caller leaves a message."""
    WRAP_UP = "wrap_up"
    """The contact is gone; an agent still writes down what it was about."""
    ENDED = "ended"


class CallOutcome(StrEnum):
    """What came of a call: exactly one, once the contact's side is over."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    """The caller hung up while they waited."""
    MISSED = "missed"
    """Nobody could take it: closed, nobody there, or waited too long."""
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"
    """The caller asked to be called back and keeps the place in line."""
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    CANCELLED = "cancelled"
    """The agent gave up before the contact answered."""
    FAILED = "failed"


class LegRole(StrEnum):
    CUSTOMER = "customer"
    """The contact's side."""
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    THIRD = "third"
    """A number outside that was called in."""


class LegState(StrEnum):
    INVITED = "invited"
    """An agent is asked on their console; no device is called yet."""
    DIALLING = "dialling"
    RINGING = "ringing"
    CONNECTED = "connected"
    LOST = "lost"
    """The device went away without hanging up: a refresh, a sleeping laptop. It may come back."""
    ENDED = "ended"


class LegMode(StrEnum):
    """How a leg takes part."""

    TALK = "talk"
    CONSULT = "consult"
    """Asked by the agent while the contact is held; becomes TALK when the call is handed over or made three-way."""
    MONITOR = "monitor"
    """Hears everybody, is heard by nobody."""
    WHISPER = "whisper"
    """Hears everybody, is heard by the agent."""
    BARGE = "barge"
    """Is heard by everybody."""


class EndedBy(StrEnum):
    CONTACT = "contact"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    SYSTEM = "system"
    NOBODY = "nobody"
    """A connection broke."""


class RecordingState(StrEnum):
    OFF = "off"
    ON = "on"
    PAUSED = "paused"


class KeptState(StrEnum):
    """What became of a recording."""

    RUNNING = "running"
    AWAITED = "awaited"
    """Over, and on its way from the provider."""
    STORED = "stored"
    MISSING = "missing"
    """It never arrived."""


class RecordingValue(Value, frozen=True, kw_only=True):
    """One stretch of recording."""

    id: int
    state: KeptState
    since: Moment
    external_id: str = ""
    file_id: int | None = None
    duration: int | None = None
    is_voicemail: bool = False
    agent_id: int | None = None
    """Who recorded it, where the agent's device does."""


class LegValue(Value, frozen=True, kw_only=True):
    """Somebody who takes part, or is asked to."""

    id: int
    role: LegRole
    state: LegState
    mode: LegMode = LegMode.TALK
    agent_id: int | None = None
    address: str = ""
    """The number, in E.164 where it is one; empty for devices of ours."""
    name: str = ""
    device: str = ""
    """Of an agent: the browser tab that carries the sound, or `phone` for their own telephone."""
    external_id: str = ""
    muted: bool = False
    away_since: Moment | None = None
    """Of the contact: since when their device is gone, perhaps to come back (a page that is loaded anew)."""
    asked_by: int | None = None
    """The agent who called them in."""
    made_at: Moment
    since: Moment
    """When it came into this state."""
    connected_at: Moment | None = None
    ended_at: Moment | None = None
    until: Moment | None = None
    """When the hub stops waiting for them: a device that does not answer, an agent who does not say yes."""
    ended_by: EndedBy | None = None
    reason: str = ""
    """Why it ended, as a code: hung_up, no_answer, busy, declined, failed, replaced, moved."""
    talk: int = 0
    """Milliseconds connected in all."""
    wrap_up_until: Moment | None = None
    """Of an agent who is done: until when they write down what it was about."""
    wrap_up: int = 0
    quality: str = ""
    """good, fair or poor, as their device measured it last."""


class PromptValue(Value, frozen=True, kw_only=True):
    """Something said to the contact by the machine."""

    seq: int
    """Grows within a call: a device plays each once."""
    code: str
    """greeting, closed, recording, menu, position, callback, voicemail, goodbye, wait, listening."""
    text: str = ""
    """What is said, in the call's language."""
    language: str = "en"
    digits: str = ""
    """Keys that are listened for, such as `12*`; empty: none."""
    choices: dict[str, str] = {}
    """What the keys mean, in words, for a device that shows it."""
    file_id: int | None = None
    """A recorded prompt instead of a synthetic voice."""
    position: int | None = None
    wait: int | None = None
    """Estimated wait in ms."""


class TransferKind(StrEnum):
    BLIND = "blind"
    ATTENDED = "attended"


class TransferValue(Value, frozen=True, kw_only=True):
    """A transfer under way, or one of the past."""

    kind: TransferKind
    by_agent_id: int
    at: Moment
    leg_id: int | None = None
    to_agent_id: int | None = None
    to_queue_id: int | None = None
    to_number: str = ""
    result: str = ""
    """Empty while it is under way; done, cancelled, failed."""


class CallValue(Value, frozen=True, kw_only=True):
    """A call as the console shows it, and the call record once it is over."""

    id: int
    conversation_id: int
    entry_id: int = 0
    """Its line in the timeline."""
    account_id: int
    channel: str
    direction: Direction
    state: CallState
    outcome: CallOutcome | None = None
    who: str = ""
    number: str = ""
    """The contact's number in E.164, else how the channel knows them; empty when it is hidden."""
    line: str = ""
    """Our number, or the name of the account."""
    contact_id: int | None = None
    identity_id: int
    queue_id: int | None = None
    agent_id: int | None = None
    """Whose call it is now, or was last."""
    legs: list[LegValue] = []
    recording: RecordingState = RecordingState.OFF
    recordings: list[RecordingValue] = []
    transfers: list[TransferValue] = []
    prompt: PromptValue | None = None
    """What the contact hears said now."""
    three_way: bool = False
    announces: bool = False
    """The contact is always told when a supervisor joins, whether the supervisor asks for it or not."""
    started_at: Moment
    since: Moment
    """When it came into this state."""
    queued_at: Moment | None = None
    """Its place in line; kept through transfers and callbacks."""
    answered_at: Moment | None = None
    ended_at: Moment | None = None
    """When the contact's side was over."""
    ring: int = 0
    greet: int = 0
    wait: int = 0
    talk: int = 0
    hold: int = 0
    wrap_up: int = 0
    position: int | None = None
    estimate: int | None = None
    """Estimated wait in ms as last told."""
    ended_by: EndedBy | None = None
    reason: str = ""
    """Why it went wrong, as a code or in the provider's words."""
    disposition: str | None = None
    note: str = ""
    wrap_up_mode: str = "optional"
    """none, optional, mandatory, timeout (the default of a queue), forced."""
    callback_of: int | None = None
    """The call that asked for this one."""
    chosen: list[str] = []
    """Keys pressed in menus."""
    cost: str = ""
    """As the provider tells it, such as `0.0085 USD`."""
    external_id: str = ""
    version: int = 1
