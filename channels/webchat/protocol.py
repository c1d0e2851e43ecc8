"""The frames between a visitor's widget and the hub: JSON text, one object each, told apart by `type`.

`agent_ui/widget/protocol.ts` says the same in TypeScript; a test compares the two field by field.
Unknown types, unknown fields and wrong types are refused as a whole.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import Meta

from crm_core.words.clock import Moment

MAX_FRAME: Final = 256 * 1024
"""Bytes of a frame that is parsed: 20 000 characters fit even when every one is written as an escape."""
MAX_TEXT: Final = 20_000
"""Characters of one message."""
MAX_FILES: Final = 10
"""Files of one message."""
PAGE: Final = 50
"""Messages of one page of history."""
MAX_SIGNAL: Final = 64 * 1024
"""Bytes of a frame that one browser of a call says to another."""

EntryId: TypeAlias = Annotated[int, Meta(ge=1, le=2**53 - 1)]
ClientMessageId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{8,64}\Z")]
Secret: TypeAlias = Annotated[str, Meta(max_length=200)]


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What visitors say of themselves in a form, cut where it is too long. Claimed, never proof of anything."""

    name: str = ""
    email: str = ""
    phone: str = ""


class User(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who the host page says they are. `hash` is HMAC-SHA256 in hex over `id`, or over `id`, a line feed and
    `expires` (seconds since 1970) where that is given, with the account's identity secret."""

    id: str
    hash: Secret = ""
    expires: int | None = None
    name: str = ""
    email: str = ""


class ClientFrame(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What a widget sends."""


class Hello(ClientFrame, frozen=True, kw_only=True, tag="hello"):
    """The first frame of a socket. The token travels here and never in an address."""

    token: Secret | None = None
    user: User | None = None
    profile: Profile | None = None
    page: str = ""
    referrer: str = ""
    language: str = ""


class Send(ClientFrame, frozen=True, kw_only=True, tag="send"):
    """A message. Sent again with the same id it is the same message."""

    client_message_id: ClientMessageId
    text: str = ""
    files: Annotated[list[EntryId], Meta(max_length=MAX_FILES)] = []
    profile: Profile | None = None


class Typing(ClientFrame, frozen=True, kw_only=True, tag="typing"):
    on: bool


class Got(ClientFrame, frozen=True, kw_only=True, tag="got"):
    """The page has every message up to this one."""

    entry_id: EntryId


class Read(ClientFrame, frozen=True, kw_only=True, tag="read"):
    """The visitor saw every message up to this one."""

    entry_id: EntryId


class More(ClientFrame, frozen=True, kw_only=True, tag="more"):
    """Asks for the page of history before this message."""

    before: EntryId


class Alive(ClientFrame, frozen=True, kw_only=True, tag="alive"):
    """Is the line alive? A browser cannot see the server's pings."""


class Ring(ClientFrame, frozen=True, kw_only=True, tag="call"):
    """Call, or carry the call that there is in this page from now on.

    With the same key it is the same call. `consent`: they have read what is said of being recorded.
    """

    key: ClientMessageId
    consent: bool = False


class Leave(ClientFrame, frozen=True, kw_only=True, tag="leave"):
    """The page goes away: it is closed, or loaded anew and back at once."""


class HangUp(ClientFrame, frozen=True, kw_only=True, tag="hang_up"):
    """The visitor ends the call."""


class Digit(ClientFrame, frozen=True, kw_only=True, tag="digit"):
    """A key that the prompt with this number listens for."""

    seq: EntryId
    digit: Annotated[str, Meta(pattern=r"^[0-9*#]\Z")]


class Signal(ClientFrame, frozen=True, kw_only=True, tag="signal"):
    """Something for the browser of another leg of the call."""

    to_leg: EntryId
    body: dict[str, Any]


class Lost(ClientFrame, frozen=True, kw_only=True, tag="lost"):
    """The browser of this leg is heard no more, though nobody hung up."""

    leg_id: EntryId


class Played(ClientFrame, frozen=True, kw_only=True, tag="played"):
    """The recorded prompt with this number is over. `heard` is false where the page cannot play it."""

    seq: EntryId
    heard: bool


AnyClientFrame: TypeAlias = (
    Hello | Send | Typing | Got | Read | More | Alive | Ring | Leave | HangUp | Digit | Signal | Lost | Played
)


class ShownFile(msgspec.Struct, frozen=True, kw_only=True):
    id: int
    name: str
    type: str
    size: int
    url: str
    """Works for an hour; after that the history gives a new one."""
    width: int | None = None
    height: int | None = None


class ShownEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A message as its visitor sees it."""

    id: int
    mine: bool
    at: Moment
    name: str = ""
    """The agent's name; empty for the visitor's own."""
    text: str = ""
    files: list[ShownFile] = []
    client_message_id: str | None = None


class ShownConversation(msgspec.Struct, frozen=True, kw_only=True):
    open: bool
    waiting: bool
    """Nobody has taken it yet."""
    agent_read_id: int
    """The newest message that the agent has read."""


class ShownSound(msgspec.Struct, frozen=True, kw_only=True):
    """A file that the page plays: music again and again, a prompt once."""

    id: int
    """The same file is the same sound, whatever its link is now."""
    url: str
    """Works for an hour."""


class ShownPrompt(msgspec.Struct, frozen=True, kw_only=True):
    """What the machine says, as text, with keys as buttons."""

    seq: int
    text: str
    digits: str
    choices: dict[str, str]
    sound: ShownSound | None
    """The same words as somebody recorded them: the page plays it and says when it is over. None: they are read."""


class ShownCall(msgspec.Struct, frozen=True, kw_only=True):
    """The visitor's call as their page shows it."""

    id: int
    state: str
    """opening, waiting, connecting, talking, held, voicemail or over."""
    hears: str
    """prompt, music, room, recorder or nothing."""
    here: bool
    """This page carries the sound; another page of the visitor does otherwise."""
    leg: int
    """The visitor's own leg."""
    peer: int | None
    """The leg whose browser connects with the visitor's."""
    name: str
    """Who speaks with them."""
    prompt: ShownPrompt | None
    position: int | None
    wait: int | None
    """Estimated wait in ms."""
    since: Moment
    """When they began to speak, else when the call began."""
    recorded: bool
    music: ShownSound | None
    """None: the page makes its own."""
    most_voicemail: int
    """Milliseconds a message may last."""
    message: bool
    """A page of the visitor's has begun to record their message: no other page begins one more."""


class IceServer(msgspec.Struct, frozen=True, kw_only=True):
    """A STUN or TURN server, as browsers take it."""

    urls: list[str]
    username: str
    credential: str


class ServerFrame(msgspec.Struct, frozen=True, kw_only=True, tag_field="type"):
    """What the hub sends."""


class Welcome(ServerFrame, frozen=True, kw_only=True, tag="welcome"):
    """The answer to `hello`, and the whole state: what the widget showed before is replaced by it."""

    token: str | None
    """A new token to keep; none when the old one stays good."""
    visitor: str
    """Names whose history this is, so that a widget never shows one person what it kept of another. No secret."""
    name: str
    verified: bool
    entries: list[ShownEntry]
    has_more: bool
    conversation: ShownConversation | None
    queue_position: int | None
    available: bool
    call: ShownCall | None = None


class Entry(ServerFrame, frozen=True, kw_only=True, tag="entry"):
    entry: ShownEntry


class Ack(ServerFrame, frozen=True, kw_only=True, tag="ack"):
    """The message is stored. `entry` carries the id it is stored under."""

    client_message_id: str
    entry: ShownEntry


class History(ServerFrame, frozen=True, kw_only=True, tag="history"):
    entries: list[ShownEntry]
    has_more: bool


class Status(ServerFrame, frozen=True, kw_only=True, tag="status"):
    conversation: ShownConversation


class AgentTyping(ServerFrame, frozen=True, kw_only=True, tag="typing"):
    on: bool


class Queue(ServerFrame, frozen=True, kw_only=True, tag="queue"):
    position: int


class Available(ServerFrame, frozen=True, kw_only=True, tag="available"):
    """Somebody came, or the last one went."""

    on: bool


class Problem(ServerFrame, frozen=True, kw_only=True, tag="problem"):
    """Something was not taken. `code` is one of `parse.CODES`; nothing of the frame is repeated."""

    code: str
    client_message_id: str | None = None
    after_ms: int | None = None
    """When to try again; none: not as it is."""


class StillAlive(ServerFrame, frozen=True, kw_only=True, tag="alive"):
    pass


class CallShown(ServerFrame, frozen=True, kw_only=True, tag="call"):
    """The visitor's call as it is now; the servers are told to the page that carries it."""

    call: ShownCall
    ice: list[IceServer] | None = None
    relay_only: bool = False


class Signalled(ServerFrame, frozen=True, kw_only=True, tag="signal"):
    """What the browser of another leg says."""

    from_leg: int
    body: dict[str, Any]


AnyServerFrame: TypeAlias = (
    Welcome
    | Entry
    | Ack
    | History
    | Status
    | AgentTyping
    | Queue
    | Available
    | Problem
    | StillAlive
    | CallShown
    | Signalled
)

_encoder = msgspec.json.Encoder()


def encode(frame: AnyServerFrame) -> bytes:
    """The frame as it goes over the wire."""
    return _encoder.encode(frame)
