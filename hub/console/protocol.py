"""Frames of the console's socket, both ways. The console's TypeScript types are generated from this file.

The client says `hello` with a ticket; the server answers `ready`, then either the events the client missed
or a `snapshot`, and from there on every `event` its agent may know of. Writing goes by the API, never here.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal, TypeAlias

import msgspec

from crm_core.words.clock import Moment
from crm_core.words.events import AnyEvent
from crm_core.words.ids import LARGEST
from crm_core.words.values import (
    AccountValue,
    AgentValue,
    AuthorKind,
    CallValue,
    CannedValue,
    ContactValue,
    ConversationValue,
    DispositionValue,
    DraftValue,
    EntryKind,
    EntryValue,
    OfferValue,
    PipelineValue,
    QueueValue,
    Value,
)

PROTOCOL: Final = 1
"""Raised when an older console could misunderstand a frame; it then reloads itself."""
WATCHED_ENTRIES: Final = 50
"""The newest entries of a watched conversation that a snapshot holds and the reducer keeps."""
MOST_WATCHED: Final = 5
"""Conversations one console may watch at once."""

Reference = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]


class Watched(Value, frozen=True, kw_only=True):
    """A conversation on the screen."""

    conversation: ConversationValue
    entries: list[EntryValue]
    """The newest, oldest first."""
    contact: ContactValue | None


class Snapshot(Value, frozen=True, kw_only=True):
    """All that the console keeps live, as it stood at `position`.

    Only what events alone can keep true is here: figures such as counts of views, of waiting work and of units
    in use are asked for over the API, and stand at zero in `queues` and `agents`.
    """

    position: int
    me: AgentValue
    agents: list[AgentValue]
    queues: list[QueueValue]
    canned: list[CannedValue]
    dispositions: list[DispositionValue]
    pipelines: list[PipelineValue]
    """Those that are not archived, by id. Cases are no part of this: a console that shows some asks for them over the
    API and applies `CaseChanged` and `case_gone` to them itself."""
    accounts: list[AccountValue]
    """For those who configure; empty for everybody else."""
    mine: list[ConversationValue]
    """Assigned to me and not closed, by id."""
    offers: list[OfferValue]
    """Made to me and pending, by id."""
    calls: list[CallValue]
    """That I take part in, am asked into, or write down, by id."""
    drafts: list[DraftValue]
    """Mine, by conversation and kind."""
    watched: list[Watched]


class ServerFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower):
    """A frame from the server; its class in lower case stands under `type`."""


class Ready(ServerFrame, frozen=True, kw_only=True, tag="ready"):
    """The hello was good. When `resumed`, the missed events follow; else a snapshot."""

    protocol: int
    agent_id: int
    epoch: str
    rights: str
    """A name for the rights the agent has now; said again when resuming."""
    position: int
    at: Moment
    """The server's clock, against which deadlines are shown."""
    resumed: bool
    present: list[int]
    """The agents who are here, when resumed; a snapshot says it itself."""
    heartbeat_ms: int


class SnapshotTaken(ServerFrame, frozen=True, kw_only=True, tag="snapshot"):
    """Everything anew; replaces what the console had."""

    epoch: str
    rights: str
    at: Moment
    snapshot: Snapshot


class Happened(ServerFrame, frozen=True, kw_only=True, tag="event"):
    """Something happened. Positions grow; those in between were for others."""

    position: int
    at: Moment
    event: AnyEvent


class Gone(ServerFrame, frozen=True, kw_only=True, tag="gone"):
    """The agent may not read this conversation (any more), or there is none."""

    position: int
    conversation_id: int


class CaseGone(ServerFrame, frozen=True, kw_only=True, tag="case_gone"):
    """The agent may not read this case any more."""

    position: int
    case_id: int


class WatchedShown(ServerFrame, frozen=True, kw_only=True, tag="watched"):
    """The conversation asked for with `watch`, as it stood at `position`."""

    position: int
    watched: Watched


class TypingShown(ServerFrame, frozen=True, kw_only=True, tag="typing"):
    conversation_id: int
    by: AuthorKind
    agent_id: int | None
    on: bool
    kind: EntryKind


class ViewingShown(ServerFrame, frozen=True, kw_only=True, tag="viewing"):
    """The agents who have this conversation on their screen."""

    conversation_id: int
    agent_ids: list[int]


class PhoneHeard(ServerFrame, frozen=True, kw_only=True, tag="phone"):
    """What the browser of another leg of a call says to mine: an offer, an answer. Every tab hears it; the one that
    carries the call takes it."""

    call_id: int
    from_leg: int
    to_leg: int
    body: dict[str, object]


class PresenceShown(ServerFrame, frozen=True, kw_only=True, tag="presence"):
    """Who came, and who has been away for a minute."""

    came: list[int]
    left: list[int]


class Position(ServerFrame, frozen=True, kw_only=True, tag="position"):
    """The heartbeat: everything up to here was told. Answered with `alive`."""

    position: int
    at: Moment


class Resync(ServerFrame, frozen=True, kw_only=True, tag="resync"):
    """What the console has is not enough to go on from; a snapshot follows."""

    reason: ResyncReason


class Restarting(ServerFrame, frozen=True, kw_only=True, tag="restarting"):
    """The server is about to close this socket; come back after so many milliseconds."""

    after_ms: int


class Problem(ServerFrame, frozen=True, kw_only=True, tag="problem"):
    """The client's last frame was of no use. The code is all that is said."""

    code: ProblemCode


class ResyncReason(StrEnum):
    NEW = "new"
    """Nothing was said to resume from."""
    UNKNOWN_POSITION = "unknown_position"
    TOO_OLD = "too_old"
    OTHER_EPOCH = "other_epoch"
    RIGHTS = "rights"
    """The agent's role or queues changed."""


class ProblemCode(StrEnum):
    NOT_UNDERSTOOD = "not_understood"
    """The one answer to every unknown or wrong frame."""


class CloseCode:
    """Why the server closed the socket (RFC 6455 section 7.4; from 4000 on our own)."""

    GOING_AWAY: Final = 1001
    BINARY: Final = 1003
    NOT_JSON: Final = 1007
    POLICY: Final = 1008
    """A flood, a missing hello, or too many frames that made no sense."""
    TOO_LARGE: Final = 1009
    RESTART: Final = 1012
    TRY_AGAIN: Final = 1013
    """Too slow to follow, or the database is away. Come back and resume."""
    SIGNED_OUT: Final = 4401
    OLD_PROTOCOL: Final = 4409
    """Reload the page."""


class ClientFrame(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=str.lower, forbid_unknown_fields=True
):
    """A frame from a console."""


class Resume(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a console was when it lost the server."""

    position: int
    epoch: Annotated[str, msgspec.Meta(max_length=200)]
    rights: Annotated[str, msgspec.Meta(max_length=200)]


class Hello(ClientFrame, frozen=True, kw_only=True, tag="hello"):
    """The first frame, within thirty seconds."""

    ticket: Annotated[str, msgspec.Meta(max_length=200)]
    protocol: int
    resume: Resume | None = None
    watching: Annotated[list[Reference], msgspec.Meta(max_length=MOST_WATCHED)] = []


class Watch(ClientFrame, frozen=True, kw_only=True, tag="watch"):
    """This conversation is on the screen now, instead of any before; or none is."""

    conversation_id: Reference | None


class Type(ClientFrame, frozen=True, kw_only=True, tag="typing"):
    """The agent writes in a conversation they watch, or stopped."""

    conversation_id: Reference
    on: bool
    kind: Literal["message", "note"] = "message"


class Alive(ClientFrame, frozen=True, kw_only=True, tag="alive"):
    """The answer to `position`."""


FromServer: TypeAlias = (
    Ready
    | SnapshotTaken
    | Happened
    | Gone
    | CaseGone
    | WatchedShown
    | TypingShown
    | ViewingShown
    | PhoneHeard
    | PresenceShown
    | Position
    | Resync
    | Restarting
    | Problem
)
FromClient: TypeAlias = Hello | Watch | Type | Alive
