"""Calls: what a channel reports of them, what it can carry, and the phones it lends to agents."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from crm_core.words.addresses import Address
from crm_core.words.calls import ReportedSignal, Scene
from crm_core.words.clock import Moment
from crm_core.words.content import ExternalId, ThreadKey
from crm_core.words.dialling import DialPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class CallArrived:
    """Somebody calls. Delivering it again gives the same call's scene."""

    external_id: ExternalId
    """The provider's name for the caller's leg, unique within the account."""
    sender: Address | None
    """None: the number is hidden, or makes no sense."""
    called: str
    """Our number, or what the account is called."""
    at: Moment
    sender_name: str = ""
    """What the network calls them; anybody can write it."""
    sender_facts: Mapping[str, str] = field(default_factory=dict)
    thread: ThreadKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallReported:
    """Something happened in a call: of the contact's leg by the provider's name (`call`), or by our `call_id`.

    Signals of a call that nobody knows are dropped, so report `CallArrived` first where a caller's first word
    may have been lost.
    """

    signal: ReportedSignal
    key: str
    """Unique within the account for what happened: the same key again changes nothing."""
    at: Moment
    """When it happened, by the provider's word where it tells."""
    call: ExternalId | None = None
    call_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Calling:
    """What a channel's calls can do. The hub asks this, never the channel's name."""

    media: str
    """How a browser carries the sound: `webrtc` (straight to the contact's browser), `sip` or `twilio`."""
    number: str = ""
    """The caller id of calls that go out, in E.164."""
    more_numbers: tuple[str, ...] = ()
    """Other numbers of the account that a call may go out by instead."""
    dial_plan: DialPlan | None = None
    """What may be called; none: whatever the provider lets through."""
    dials_numbers: bool = False
    """Calls out, transfers to numbers, agents' own telephones."""
    speaks: bool = True
    """Says any text; without it only the prompts that have a recorded file or a sound of the provider's own."""
    sounds: frozenset[str] = frozenset()
    """Where it says no text: codes of prompts that it has a sound for, whatever the language."""

    def says(self, code: str) -> bool:
        """Whether words of this code reach the caller without a recorded file."""
        return self.speaks or code in self.sounds

    records: bool = True
    listens_in: bool = True
    """Supervisors can monitor, whisper and barge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneWanted:
    """An agent's console asks for a phone."""

    agent_id: int
    agent_name: str
    device: str
    """The tab."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhonePass:
    """What a softphone needs to sign in. Handed to one tab, never stored or logged."""

    media: str
    facts: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """As JSON: STUN and TURN servers; user and password of SIP; a token."""
    expires_at: Moment | None = None


class PhoneSocket(Protocol):
    """An agent's softphone, connected through the hub's own origin."""

    @property
    def agent_id(self) -> int: ...
    @property
    def is_signed_out(self) -> bool:
        """Whether the agent's session is over: the socket is closed, and the phone is taken away."""
        ...

    def __aiter__(self) -> AsyncIterator[str | bytes]: ...
    async def send(self, frame: str | bytes, /) -> None: ...
    async def close(self, code: int, reason: str = "", /) -> None: ...


class Calls(Protocol):
    """What the hub knows of an account's calls."""

    async def live(self) -> Sequence[Scene]:
        """Scenes of the calls that are not over, and of those whose end the provider may not know yet."""
        ...


class NoCalls:
    """Of an account that carries none."""

    async def live(self) -> Sequence[Scene]:
        """Nothing."""
        return ()
