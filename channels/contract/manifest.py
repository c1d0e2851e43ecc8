"""What a channel's folder exports, and what it is given when an account is opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

import aiohttp
from pydantic import BaseModel

from channels.contract.abilities import Channel
from channels.contract.calls import Calls, NoCalls
from channels.contract.speech import NoSpeech, Speech
from crm_core.words.clock import Clock, Moment
from crm_core.words.content import FileRef, Medium
from crm_core.words.errors import HubError


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`MANIFEST` in the folder's `__init__.py`; the folder's name is the channel's kind."""

    title: str
    medium: Medium
    settings: type[BaseModel]
    """Fields of type SecretStr are sealed and write-only."""
    open: Callable[[Account, Tools], AbstractAsyncContextManager[Channel]]
    reaches: frozenset[str] = frozenset()
    """Schemes of the addresses it can write to, such as `tel`."""
    examine: Callable[[Account, Tools], Awaitable[Sequence[Finding]]] | None = None
    """Try the settings out without changing anything: what works, and what is wrong, step by step."""
    identity: Callable[[Any], Mapping[str, str]] | None = None
    """What tells apart, by names of settings (an instance of the class above), whose messages an account brings.

    Where a value differs it is another mailbox or bot: its numbers and places would mean other messages.
    """
    explain: Callable[[bytes], Mapping[str, Any]] | None = None
    """What one stored payload says, as JSON, for `hub parse`; never raises for a genuine one."""


class Problem(StrEnum):
    """What can be wrong with an account's settings; the console has words for each."""

    NAME = "name"
    """No such host."""
    FORBIDDEN = "forbidden"
    """An address or port that this hub does not connect to."""
    UNREACHABLE = "unreachable"
    """Nobody answers there: switched off, or a firewall in between."""
    TLS = "tls"
    """The certificate is not valid for this name, or there is no encryption."""
    PROTOCOL = "protocol"
    """Something answers that speaks another language."""
    PASSWORD = "password"  # noqa: S105
    """The name or the password, token or secret is wrong."""
    DENIED = "denied"
    """Signed in, but not allowed to do this."""
    MISSING = "missing"
    """Something the settings name is not there: a folder, a number."""
    LIMITED = "limited"
    """The provider asks for patience."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One step of examining an account. `step` is a code such as `imap` or `webhook`; no `problem`: it works."""

    step: str
    problem: Problem | None = None
    words: str = ""
    """More for the person, in English: at most a line, never what the other side said word for word."""
    why: str = ""
    """The words as a code, by which the console says them in its own languages; none for a name or a version."""
    facts: Mapping[str, str | int] = field(default_factory=dict)
    """What the words name."""

    @classmethod
    def told(cls, step: str, problem: Problem | None, sentence: str, /, *, why: str, **facts: str | int) -> Finding:
        """With a sentence in which `{name}` is the fact of that name."""
        return cls(step=step, problem=problem, words=sentence.format_map(facts), why=why, facts=facts)

    @classmethod
    def of(cls, step: str, problem: Problem, error: HubError) -> Finding:
        """With what an error says."""
        return cls(step=step, problem=problem, words=str(error), why=error.why, facts=error.named)


@dataclass(frozen=True, slots=True)
class Account:
    """The account a channel is opened for. `settings` is an instance of the manifest's class."""

    id: int
    public_key: str
    name: str
    settings: BaseModel
    public_url: str = ""
    """Where providers reach this account's webhooks, `https://hub.example/in/{key}`; a path may follow it."""
    region: str = ""
    """The house's country (ISO 3166 alpha-2), in which numbers without a country code are read; empty for none."""
    created_at: Moment | None = None
    """When it was added, for channels whose provider keeps what came since."""


@dataclass(frozen=True, slots=True)
class Tools:
    """All that a channel may touch of the world outside its provider."""

    http: aiohttp.ClientSession
    """Connects only where `peers` allows."""
    cursors: Cursors
    now: Clock
    files: Files
    tokens: Tokens
    peers: Peers
    secrets: Secrets
    calls: Calls = field(default_factory=NoCalls)
    speech: Speech = field(default_factory=NoSpeech)


class Files(Protocol):
    """Files' bytes, received and sent."""

    async def keep(self, name: str, content: bytes | AsyncIterator[bytes], /, *, is_recording: bool = False) -> FileRef:
        """Store bytes; durable when it returns. The type is found from them. Unused for a day, they are swept.

        A recording of a call may be larger than what people send: it is as long as they talked.
        Raises TooLarge, StoreFull, StoreUnavailable.
        """
        ...

    async def read(self, file: FileRef, /) -> Kept:
        """A stored file. Raises NotFound when its bytes are gone."""
        ...

    def link(self, file: FileRef, /) -> str:
        """An address at which a provider can fetch the file for a day."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A stored file with its bytes; `type` was found from them."""

    name: str
    type: str
    content: bytes = field(repr=False)


class Tokens(Protocol):
    """Reply tokens: unguessable, 128 bits of HMAC over account and conversation, lower-case base 32."""

    def make(self, conversation_id: int, /) -> str: ...
    def read(self, token: str, /) -> int | None:
        """The conversation of a genuine token of this account; none for any other text."""
        ...


class Secrets(Protocol):
    """The account's own secret settings, sealed in the database."""

    async def keep(self, name: str, value: str, /, *, instead_of: str) -> None:
        """Replace a secret that the provider has changed by itself; the account stays open.

        Does nothing when it is no longer `instead_of`: a person has set another one since. Raises StoreUnavailable.
        """
        ...


class Peers(Protocol):
    """Where this hub may connect to: no private network unless its settings say so."""

    async def addresses(self, host: str, port: int, /) -> Sequence[str]:
        """The network addresses to connect to. Connect to one of these, never to the name again (rebinding).

        Raises Forbidden for addresses that are not allowed, NoSuchHost for a name that does not resolve.
        """
        ...


class NoSuchHost(HubError):
    """A name that nobody knows."""

    code, status = "no_such_host", 422


class Forbidden(HubError):
    """An address of a private network, which this hub does not connect to."""

    code, status = "forbidden_peer", 422


class Cursors(Protocol):
    """Where a listener left off: an IMAP UID, a Telegram offset."""

    async def get(self, name: str, /) -> str | None: ...
    async def set(self, name: str, value: str, /) -> None: ...
