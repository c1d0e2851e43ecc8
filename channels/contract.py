"""What a channel is. A new channel is one folder beside this file; nothing else changes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias, runtime_checkable

import aiohttp
from pydantic import BaseModel

from crm_core.words.addresses import Address
from crm_core.words.clock import Clock, Moment
from crm_core.words.content import Content, DeliveryStatus, ExternalId, Medium, ThreadKey
from crm_core.words.errors import HubError
from crm_core.words.values import ConversationValue, EntryValue

# --- what a channel reports ---------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageArrived:
    """Somebody wrote."""

    external_id: ExternalId
    """Unique within the account: delivering it twice stores it once."""
    thread: ThreadKey
    sender: Address
    content: Content
    sent_at: Moment
    sender_name: str = ""
    sender_facts: Mapping[str, str] = field(default_factory=dict)
    """What the channel knows of the sender: page, browser, language."""
    in_reply_to: ExternalId | None = None
    client_key: str | None = None
    """The key the sender's own device gave, where the channel tells it back to that device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReported:
    """A message of ours got somewhere, or did not."""

    external_id: ExternalId
    status: DeliveryStatus
    at: Moment
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingSeen:
    """Somebody is typing. Never stored."""

    thread: ThreadKey
    sender: Address
    on: bool = True


ChannelEvent: TypeAlias = MessageArrived | DeliveryReported | TypingSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a delivered event."""

    entry: EntryValue | None = None
    """The entry it is (or was, when it was seen before); none for receipts and typing."""
    repeated: bool = False


class Deliver(Protocol):
    async def __call__(self, event: ChannelEvent, /) -> Stored:
        """
        Hand one event to the hub; return when it is stored, never before.

        Acknowledge upstream only after this returns. Delivering the same event again is safe.
        Raises StoreUnavailable when it could not be stored: do not acknowledge.
        Raises Conflict when the external id was used before with other words.
        """
        ...


# --- what a channel is asked --------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message to send. `delivery` is the idempotency key, for providers that take one."""

    delivery: int
    entry: EntryValue
    """As the timeline shows it; never a note."""
    thread: ThreadKey
    to: Address
    content: Content
    in_reply_to: ExternalId | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    external_ids: tuple[ExternalId, ...]
    """Several when one message went as parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an account can carry. The hub asks this, never the channel's name."""

    max_text: int | None = None
    """Characters of one message; none for no limit of the channel's own."""
    max_file_bytes: int = 0
    """0: carries no files."""
    html: bool = False
    subject: bool = False
    receipts: bool = False
    typing: bool = False
    dedupes_sends: bool = False
    """Sending the same delivery twice arrives once, so an Unclear send may be tried again."""
    can_start: bool = False
    """We may write first to an address that never wrote to us."""


class Channel(Protocol):
    """One open account. What else it can do is the protocols it also satisfies."""

    @property
    def capabilities(self) -> Capabilities: ...


@runtime_checkable
class Sends(Protocol):
    async def send(self, message: OutboundMessage, /) -> Sent:
        """Send, and return once the provider has it. No transaction is open. Fails in one of the six ways below."""
        ...


@runtime_checkable
class Listens(Protocol):
    async def listen(self, deliver: Deliver, /) -> None:
        """Report events until cancelled. Raise TryLater or AccountBroken to stop."""
        ...


@runtime_checkable
class TakesWebhooks(Protocol):
    async def receive(self, request: WebhookRequest, deliver: Deliver, /) -> WebhookReply:
        """Check that it is genuine first (NotGenuine), deliver what it says, then answer."""
        ...


@runtime_checkable
class TakesVisitors(Protocol):
    @property
    def doorway(self) -> Doorway:
        """Who may show this chat, and what a widget has to know before it opens."""
        ...

    async def attend(self, visitor: VisitorSocket, desk: VisitorDesk, deliver: Deliver, /) -> None:
        """Serve one visitor's socket until it closes. Never raises for what the visitor sent."""
        ...


@runtime_checkable
class ShowsTyping(Protocol):
    async def show_typing(self, thread: ThreadKey, /, *, on: bool) -> None:
        """Tell the other side that an agent types. Losing it is no failure."""
        ...


# --- visitors: people on a web page, whose socket is ours ------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Doorway:
    """What the hub's door checks and tells before a visitor comes in. Holds no secret."""

    origins: frozenset[str] = frozenset()
    """Origins (`https://shop.example`) whose pages may show the chat; the hub's own origin always may."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the widget needs to draw itself, as JSON."""
    max_file_bytes: int = 0
    """0: visitors send no files."""
    file_types: frozenset[str] = frozenset()
    """Types (found from the bytes) that are taken, such as `image/png` or `image/*`; empty for all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visitor as the hub knows them. `token` is given once, when the visitor is new."""

    visitor_id: int
    identity_id: int
    address: Address
    token: str | None = None
    name: str = ""
    verified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorNews:
    """Something a visitor is told. Positions grow; an entry may come twice and is the same then.

    Only messages come as entries: notes and notices never leave the desk.
    """

    position: int
    """In the journal; 0 for what is told and never stored (typing, the place in the queue)."""
    entry: EntryValue | None = None
    conversation: ConversationValue | None = None
    queue_position: int | None = None
    """1 is next. Stays as it was when none; a conversation that is no longer waiting has no place."""
    typing: bool | None = None
    available: bool | None = None
    """Whether somebody could answer now; none when that did not change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitorHistory:
    """The newest messages of a visitor, oldest first; notes and internal notices are never among them."""

    position: int
    """The journal's position of this state: news up to it is already in here."""
    entries: Sequence[EntryValue]
    conversation: ConversationValue | None
    """The newest one, open or closed."""
    queue_position: int | None
    has_more: bool


class VisitorDesk(Protocol):
    """What the hub does for visitors of this account."""

    async def welcome(
        self, token: str | None, /, *, proven: Address | None, name: str, facts: Mapping[str, str]
    ) -> Visit:
        """The visitor of a token, or a new one.

        `proven` (checked by the channel) makes or joins the identity that the host page vouches for. A token
        of another identity, or of a vouched-for one that is not vouched for now, is dead afterwards: a new
        visitor with a new token is returned, and whoever follows the old one is told nothing more.
        """
        ...

    async def known(self, token: str, /) -> Visit | None:
        """The visitor of a living token."""
        ...

    async def history(self, visit: Visit, /, *, before: int | None, most: int) -> VisitorHistory: ...

    def follow(self, visit: Visit, /) -> AbstractAsyncContextManager[AsyncIterator[VisitorNews]]:
        """News of this visitor's conversations from now on; ends when the token is dead or the reader too slow.

        Follow first, then read the history: no gap.
        """
        ...

    async def has_received(self, visit: Visit, entry_id: int, /) -> None:
        """Their page shows every message of ours up to this one. Ids of others' entries do nothing."""
        ...

    async def has_read(self, visit: Visit, entry_id: int, /) -> None:
        """They looked at every message of ours up to this one. Ids of others' entries do nothing."""
        ...

    async def typing(self, visit: Visit, /, *, on: bool) -> None: ...
    def file_url(self, visit: Visit, file_id: int, /) -> str:
        """A link to a file's bytes that works for an hour, on the origin that has no cookies."""
        ...

    async def anyone_available(self) -> bool:
        """Whether somebody of the account's queue can be offered work now."""
        ...


class VisitorSocket(Protocol):
    """One visitor's WebSocket, behind its door."""

    @property
    def remote(self) -> str:
        """The visitor's network address, for limits only."""
        ...

    @property
    def browser(self) -> str:
        """What their browser calls itself."""
        ...

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...
    async def send(self, frame: bytes, /) -> None: ...
    async def close(self, code: int, reason: str = "", /) -> None: ...


# --- what a channel folder exports --------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`MANIFEST` in the folder's `__init__.py`; the folder's name is the channel's kind."""

    title: str
    medium: Medium
    settings: type[BaseModel]
    """Fields of type SecretStr are sealed and write-only."""
    open: Callable[[Account, Tools], AbstractAsyncContextManager[Channel]]


@dataclass(frozen=True, slots=True)
class Account:
    """The account a channel is opened for. `settings` is an instance of the manifest's class."""

    id: int
    public_key: str
    name: str
    settings: BaseModel


@dataclass(frozen=True, slots=True)
class Tools:
    """All that a channel may touch of the world outside its provider."""

    http: aiohttp.ClientSession
    cursors: Cursors
    now: Clock


class Cursors(Protocol):
    """Where a listener left off: an IMAP UID, a Telegram offset."""

    async def get(self, name: str, /) -> str | None: ...
    async def set(self, name: str, value: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    url: str
    """As the provider signed it."""
    headers: Mapping[str, str]
    body: bytes
    path: str = ""
    """What follows /in/{account}."""


@dataclass(frozen=True, slots=True)
class WebhookReply:
    body: str = ""
    status: int = 200
    content_type: str = "text/plain"


# --- how a channel fails ------------------------------------------------------


class ChannelError(HubError):
    """A channel could not do what it was asked."""


class TryLater(ChannelError):
    """Nothing was sent; the same call may work later."""

    def __init__(self, sentence: str | None = None, /, *, after_ms: int | None = None, **facts: Any) -> None:
        super().__init__(sentence, **facts)
        self.after_ms = after_ms


class Refused(ChannelError):
    """The provider will never take this message."""


class Unclear(ChannelError):
    """The message may or may not have gone out. It is not sent again blindly."""


class AccountBroken(ChannelError):
    """The account needs a person: a revoked token, a wrong password, a closed number."""


class NotGenuine(ChannelError):
    """A webhook whose signature is missing or wrong."""

    code, status = "not_genuine", 403


class NotUnderstood(ChannelError):
    """A genuine payload of an unknown shape. It is kept for a person to read."""

    code, status = "not_understood", 200
