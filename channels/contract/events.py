"""What a channel reports, and the way it hands it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from channels.contract.calls import CallArrived, CallReported
from crm_core.words.addresses import Address
from crm_core.words.calls import Scene
from crm_core.words.clock import Moment
from crm_core.words.content import Content, DeliveryStatus, ExternalId, FileRef, ReachState, ThreadKey
from crm_core.words.values import EntryValue


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
    known_as: ExternalId | None = None
    """The name by which answers refer to it, where that is another one: a Message-ID, which anybody may re-use."""
    in_reply_to: ExternalId | None = None
    """The message it answers, by the provider's id."""
    part_of: ExternalId | None = None
    """What it has in common with other messages of its sender in this thread that are one with it: an album's id.

    The first of them that comes makes the entry; the others join it, each by its own `external_id`, in any order.
    """
    part: int = 0
    """Its place among them; those of one place stand in the order in which they came."""
    references: tuple[ExternalId, ...] = ()
    """Messages it says it belongs to, the nearest first. Anybody can write these: they are a hint."""
    conversation_id: int | None = None
    """The conversation of a reply token that was genuine (`Tools.tokens`)."""
    invitation: str = ""
    """A deep link's token as it came; the hub knows whom it was made for."""
    proves: tuple[Address, ...] = ()
    """Addresses that the provider vouches are the sender's too: a contact they shared as their own."""
    mentions: tuple[Address, ...] = ()
    """Addresses that the text or a signature names as theirs. Nobody has checked them."""
    automatic: bool = False
    """Written by a machine (RFC 3834 and its like): never answered by one, and it wakes nobody."""
    unverified: bool = False
    """The sender's own system does not vouch for the address it came from."""
    reach: ReachState | None = None
    """What these very words ask for: OPTED_OUT for a STOP, OK for a START."""
    help: str | None = None
    """These very words ask what the texts are about and how to stop them (HELP): what is answered to that; empty
    where the provider has answered. It is nobody's work."""
    raw: FileRef | None = None
    """The original, kept, for whoever wants to see it."""
    client_key: str | None = None
    """The key the sender's own device gave, where the channel tells it back to that device."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEdited:
    """Somebody changed what they wrote. Unknown ids are no error: the message may never have reached us."""

    external_id: ExternalId
    content: Content
    """All of it as it is now: its files and layout replace those it had."""
    at: Moment
    unseen: MessageArrived | None = None
    """The message as if it came now, which it is for a hub that it never reached; its content is the event's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageWithdrawn:
    """Somebody took back what they wrote."""

    external_id: ExternalId
    at: Moment


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryReported:
    """A message of ours got somewhere, or did not."""

    external_id: ExternalId
    status: DeliveryStatus
    at: Moment
    reason: str | None = None
    """In words, for the agent."""
    delivery: int | None = None
    """`OutboundMessage.delivery`, where the provider gives it back: so a report proves that a doubtful send arrived."""
    conversation_id: int | None = None
    """The conversation of the reply token that a report bears which anybody can write: it must be the delivery's."""
    recipient: Address | None = None
    """Whom it is about, of several whom one message went to."""
    raw: FileRef | None = None
    """The bounce itself, kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachChanged:
    """Whether somebody may or can be written to changed: they said STOP, blocked the bot, their mailbox is gone."""

    address: Address
    state: ReachState
    at: Moment
    reason: str = ""
    delivery: int | None = None
    conversation_id: int | None = None
    """Of a report that anybody can write, as in `DeliveryReported`: it is believed of whom that message went to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalArrived:
    """Something came that has to be stored before anybody tries to understand it (`Reads`).

    Its bytes are kept already (`Tools.files`). `cursor` (name, place) moves in the transaction that stores
    the original, so that a crash neither loses nor repeats it. With `problem` it is not tried again: nobody
    can read it, and a person shall see it.
    """

    key: str
    """The source's own name for it, unique within the account."""
    body: FileRef
    at: Moment
    facts: Mapping[str, str] = field(default_factory=dict)
    """What the source said beside it: the envelope, the folder."""
    cursor: tuple[str, str] | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TypingSeen:
    """Somebody is typing. Never stored."""

    thread: ThreadKey
    sender: Address
    on: bool = True


ChannelEvent: TypeAlias = (
    MessageArrived
    | MessageEdited
    | MessageWithdrawn
    | DeliveryReported
    | ReachChanged
    | OriginalArrived
    | TypingSeen
    | CallArrived
    | CallReported
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What became of a delivered event."""

    entry: EntryValue | None = None
    """The entry it is (or was, when it was seen before); none for receipts and typing."""
    repeated: bool = False
    scene: Scene | None = None
    """Of a call: how it shall be now; none for a call that nobody knows."""


class Deliver(Protocol):
    async def __call__(self, event: ChannelEvent, /) -> Stored:
        """
        Hand one event to the hub; return when it is stored, never before.

        Acknowledge upstream only after this returns. Delivering the same event again is safe.
        Raises StoreUnavailable when it could not be stored: do not acknowledge.
        Raises Conflict when the external id was used before with other words.
        """
        ...
