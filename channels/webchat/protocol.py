"""The frames between a visitor's widget and the hub: JSON text, one object each, told apart by `type`.

`agent_ui/widget/protocol.ts` says the same in TypeScript; a test compares the two field by field.
Unknown types, unknown fields and wrong types are refused as a whole.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

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


AnyClientFrame: TypeAlias = Hello | Send | Typing | Got | Read | More | Alive


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


AnyServerFrame: TypeAlias = (
    Welcome | Entry | Ack | History | Status | AgentTyping | Queue | Available | Problem | StillAlive
)

_encoder = msgspec.json.Encoder()


def encode(frame: AnyServerFrame) -> bytes:
    """The frame as it goes over the wire."""
    return _encoder.encode(frame)
