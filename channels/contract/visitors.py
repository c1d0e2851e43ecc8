"""Visitors: people on a web page, whose socket is ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from crm_core.words.addresses import Address
from crm_core.words.values import CallValue, ConversationValue, EntryValue


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
class PhoneSignal:
    """What one browser of a call says to another so that they can talk: an offer, an answer. Never stored."""

    call_id: int
    from_leg: int
    to_leg: int
    body: Mapping[str, Any]


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
    call: CallValue | None = None
    """Their call, as it is now."""
    signal: PhoneSignal | None = None
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
    call: CallValue | None = None
    """The call they are in."""


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
    async def relay(self, visit: Visit, signal: PhoneSignal, /) -> None:
        """Hand this to the browser of another leg of the visitor's own call; dropped when there is none."""
        ...

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
