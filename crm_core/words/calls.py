"""Words between calls and whoever carries them: signals tell what happened, a scene what shall be.

A scene is whole. A channel brings its provider to what the newest one says, whatever it did before, so that a
lost, late or repeated step is mended by the next look, and a restart needs to know nothing but the scene.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import msgspec

from crm_core.words.clock import Moment
from crm_core.words.values.calls import EndedBy, LegMode, LegRole, PromptValue, RecordingState
from crm_core.words.values.marks import Direction

# --- what happened, as a channel reports it -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRinging:
    leg_id: int
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegAnswered:
    """A leg is connected. `leg_id` is the scene's; none is the contact's own leg, also when it was away and is back."""

    leg_id: int | None = None
    external_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegLost:
    """A device went away without hanging up. None is the contact's own, where it may be back (a page loaded anew)."""

    leg_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegEnded:
    """A leg is over. For the contact's own leg (none) the call is over with it.

    `reason` is a code: hung_up, no_answer, busy, declined, failed.
    """

    leg_id: int | None = None
    reason: str = "hung_up"
    by: EndedBy | None = None
    detail: str = ""
    """In the provider's words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitPressed:
    """The contact pressed a key."""

    digit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptPlayed:
    """The prompt with this number is over, and nothing was pressed."""

    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStarted:
    external_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStored:
    """A recording's bytes are a file of ours now; `duration` in ms. `voicemail`: a message left by the contact."""

    external_id: str
    file_id: int
    duration: int
    voicemail: bool = False
    agent_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFailed:
    """Without a name: one that was wished and never began."""

    external_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityMeasured:
    """How well a leg hears: good, fair or poor."""

    leg_id: int
    quality: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CostTold:
    """What the provider asks for the call, such as `0.0085 USD`."""

    cost: str


ReportedSignal: TypeAlias = (
    LegRinging
    | LegAnswered
    | LegLost
    | LegEnded
    | DigitPressed
    | PromptPlayed
    | RecordingStarted
    | RecordingStored
    | RecordingFailed
    | QualityMeasured
    | CostTold
)

# --- what shall be ----------------------------------------------------------------------------------------------------


class Hears(StrEnum):
    """What a leg hears."""

    PROMPT = "prompt"
    MUSIC = "music"
    """Music of waiting or of being held."""
    ROOM = "room"
    """Everybody who is in the room, as `mode` says."""
    RECORDER = "recorder"
    """The prompt, a tone, and then silence while a message is recorded."""
    RINGING = "ringing"


class SceneLeg(msgspec.Struct, frozen=True, kw_only=True):
    """One leg as it shall be. A leg that is not in the scene shall be hung up."""

    id: int
    role: LegRole
    hears: Hears
    mode: LegMode = LegMode.TALK
    agent_id: int | None = None
    device: str = ""
    """Of an agent: the tab whose softphone carries the sound, or `phone`: then `address` is rung."""
    address: str = ""
    external_id: str = ""
    """The provider's name for it, as far as it is known; empty: it still has to be called."""
    connected: bool = False
    muted: bool = False
    until: Moment | None = None
    """Of one that still has to answer: when the hub stops waiting."""
    away_since: Moment | None = None
    """Of the contact: since when their device is known to be gone, perhaps to come back."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A call as it shall be at the provider. `over`: hang up whatever is left, and forget it."""

    call_id: int
    version: int
    direction: Direction
    external_id: str
    """The provider's name for the contact's leg; empty while an outbound call has none."""
    line: str = ""
    """Our number: the caller id of every number that is called out."""
    legs: tuple[SceneLeg, ...] = ()
    prompt: PromptValue | None = None
    """What the contact's leg plays first, if it hears PROMPT or RECORDER; in line, what interrupts the music."""
    music_file_id: int | None = None
    recording: RecordingState = RecordingState.OFF
    recording_id: str = ""
    """The provider's name of the recording that runs."""
    owes_recording: bool = False
    """A recording was wished of which the provider has not said that it began. Once the call is over, a channel that
    finds none reports RecordingFailed without a name, so that nobody waits for it."""
    most_voicemail: int = 120_000
    """Milliseconds a voicemail may last."""
    over: bool = False
    reason: str = ""
    """Why it is over: `busy` or `rejected` may be told to a caller who was never answered."""

    @property
    def customer(self) -> SceneLeg | None:
        """The contact's leg; none when the call is over."""
        return next((leg for leg in self.legs if leg.role is LegRole.CUSTOMER), None)
