"""What people and the hub do with a call. What providers report is in `crm_core.words.calls`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from crm_core.words.calls import ReportedSignal
from crm_core.words.values.calls import EndedBy, LegMode, LegRole


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """An inbound call came and has its plan."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """An agent calls a number: their device is connected first. `leg_id` is for their leg."""

    agent_id: int
    leg_id: int
    device: str
    address: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTo:
    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferOver:
    """The offer ended without a yes: the call waits on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedBy:
    """An agent took the call; `device` is connected now. `address`: their own telephone, if that is the device."""

    agent_id: int
    leg_id: int
    device: str
    address: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejoined:
    """The device of somebody who takes part is another one now, or the same one anew. `leg_id` is for the new leg."""

    agent_id: int
    leg_id: int
    device: str
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NobodyThere:
    """Nobody of the queue is at work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionKnown:
    """The place in line (1 is next) and the estimated wait in ms, to be told to the caller."""

    position: int
    estimate: int | None
    prompt_text: str
    offer: str = ""
    """Words that offer a callback, where they belong to this announcement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    agent_id: int
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Muted:
    agent_id: int
    on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingWished:
    agent_id: int
    on: bool
    """Off while it records: paused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWished:
    """Hand the call on. Exactly one target; `leg_id` is for the new leg, if one is made."""

    agent_id: int
    leg_id: int
    attended: bool
    to_agent_id: int | None = None
    to_queue_id: int | None = None
    to_number: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultAccepted:
    """An agent of the queue that was asked for advice takes part. `leg_id` is for their leg."""

    agent_id: int
    leg_id: int
    device: str
    address: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferDone:
    """The agent who asks for advice leaves the call to the other."""

    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCancelled:
    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreeWay:
    """Everybody talks with everybody."""

    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationAnswered:
    """An agent who was invited says yes, with a device, or no."""

    agent_id: int
    yes: bool
    device: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """A supervisor listens, whispers or joins; a second time changes how.

    `announce`: the contact is told that they are there, once, and once more when they are heard.
    """

    agent_id: int
    leg_id: int
    mode: LegMode
    device: str
    address: str = ""
    name: str = ""
    announce: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOver:
    """A supervisor makes the call theirs; the agent is out of it. `announce`: the contact is told so."""

    agent_id: int
    leg_id: int
    device: str
    address: str = ""
    name: str = ""
    announce: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HungUp:
    """Somebody of ours ends their part. The owner's ends the call, unless others stay in it (`leave`)."""

    agent_id: int
    leave: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedUp:
    """An agent wrote down what it was about. `done`: and is ready. `more`: asks for so many ms more, once."""

    agent_id: int
    disposition: str | None = None
    note: str | None = None
    done: bool = False
    more: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentGone:
    """An agent is offline: by their own word, or their consoles have been closed for a minute.

    A device that carries their sound goes on until whoever carries it says otherwise, unless they were `locked_out`.
    """

    agent_id: int
    locked_out: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePassed:
    """A deadline of the call may be over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Troubled:
    """The provider does not take the call as it shall be, in its words; none: it does now. The call goes on."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """The provider says that it has no such call (any more), or a supervisor ends what hangs."""

    reason: str = "lost"
    by: EndedBy = EndedBy.NOBODY


HouseSignal: TypeAlias = (
    Begun
    | Placed
    | OfferedTo
    | OfferOver
    | AcceptedBy
    | Rejoined
    | NobodyThere
    | PositionKnown
    | Held
    | Muted
    | RecordingWished
    | TransferWished
    | ConsultAccepted
    | TransferDone
    | TransferCancelled
    | ThreeWay
    | InvitationAnswered
    | Joined
    | TakenOver
    | HungUp
    | WrappedUp
    | AgentGone
    | TimePassed
    | Troubled
    | Cleared
)
Signal: TypeAlias = ReportedSignal | HouseSignal

# --- what follows for the rest of the house, in the same transaction ------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """The call waits in a queue, since `at`; `ended_offer`: whoever was asked is asked no more."""

    queue_id: int
    at: int
    again: bool = False
    """It was with an agent before and goes ahead of new calls of its age."""
    preferred_agent_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftQueue:
    """Nobody has to be found any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """The call is this agent's from now on."""

    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultQueued:
    """Somebody of a queue is asked for advice."""

    queue_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsultOver:
    """Nobody is asked for advice any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkEased:
    """Waiting work changes: more urgent, or without the skills it asked for."""

    priority: int = 0
    widen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """An agent's device did not answer, or stayed away: they are out of routing until they come back."""

    agent_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapping:
    """An agent is out of the call and writes it down until `until`; none: they are free now."""

    agent_id: int
    until: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The contact speaks with somebody for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """The contact's side is over; the call has its outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VoicemailLeft:
    file_id: int
    duration: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackWanted:
    """The place in line is kept for calling back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenedIn:
    """A supervisor listens, whispers or joins: written down."""

    agent_id: int
    mode: LegMode
    role: LegRole = LegRole.SUPERVISOR


Fact: TypeAlias = (
    Queued
    | LeftQueue
    | Owned
    | ConsultQueued
    | ConsultOver
    | WorkEased
    | Unanswered
    | Wrapping
    | Answered
    | Over
    | VoicemailLeft
    | CallbackWanted
    | ListenedIn
)
