"""A channel: one open account, and what it can do. An ability is a protocol of one or two methods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from channels.contract.calls import Calling, PhonePass, PhoneSocket, PhoneWanted
from channels.contract.events import ChannelEvent, Deliver
from channels.contract.messages import Capabilities, Original, OutboundMessage, Sent, WebhookReply, WebhookRequest
from channels.contract.visitors import Doorway, VisitorDesk, VisitorSocket
from crm_core.words.calls import Scene
from crm_core.words.content import ThreadKey


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
class Recalls(Protocol):
    async def recall(self, message: OutboundMessage, /) -> Sent | None:
        """Whether a send of which nobody knows reached the provider: as what, or None when it surely did not.

        Asked again at once, its answer was the name of another message of ours, which only the hub knows after a
        restart: give the next one that it may be.

        Raises TryLater when it cannot be asked now, Unclear when it can never be told.
        """
        ...


@runtime_checkable
class Listens(Protocol):
    async def listen(self, deliver: Deliver, /) -> None:
        """Report events until cancelled; returning counts as a failure and it is called again after a pause.

        Raise TryLater when the other side is away, AccountBroken when a person is needed.
        """
        ...


@runtime_checkable
class Reads(Protocol):
    async def read(self, original: Original, /) -> Sequence[ChannelEvent]:
        """What an original says, as events in their order; reading it again gives the same.

        Raises NotUnderstood when nobody will ever read it, anything else when it may be tried again.
        """
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
class CarriesCalls(Protocol):
    @property
    def calling(self) -> Calling: ...

    async def arrange(self, scene: Scene, deliver: Deliver, /) -> None:
        """Bring the provider's side to what the scene says; return when the provider has taken it.

        The newest scene of a call is always whole: compare with what stands there and do what is missing. The same
        scene twice changes nothing. A leg that cannot be called is reported as `LegEnded`, not raised. Raises TryLater
        (the newest scene is tried again), and Refused or AccountBroken: a contact who is being called is let go then,
        any other call stays, its agent is told, and the newest scene is tried again.
        """
        ...

    async def lend(self, wanted: PhoneWanted, /) -> PhonePass:
        """Make, or renew, the softphone of an agent's tab. Raises TryLater."""
        ...

    async def connect(self, phone: PhoneSocket, /) -> None:
        """Serve the socket of a softphone until it closes. Raises Refused where softphones need none of ours."""
        ...


@runtime_checkable
class ShowsTyping(Protocol):
    async def show_typing(self, thread: ThreadKey, /, *, on: bool) -> None:
        """Tell the other side that an agent types. Losing it is no failure."""
        ...
