"""What a message says and how it travels, in words every channel shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, NewType

ExternalId = NewType("ExternalId", str)
"""A provider's name for a message or call. Made and compared by its channel, opaque to everybody else."""

ThreadKey = NewType("ThreadKey", str)
"""A provider's name for the place a reply goes to. Made and read only by the channel that made it."""


class Medium(StrEnum):
    """All that routing ever learns of a channel."""

    CALL = "call"
    CHAT = "chat"
    MAIL = "mail"


UNITS: Final[Mapping[Medium, int]] = {Medium.CALL: 100, Medium.CHAT: 25, Medium.MAIL: 10}
"""What one item takes of an agent's units (ROUTING.md section 8)."""


class DeliveryStatus(StrEnum):
    """How far an outbound message got. It only moves forward (`outranks`)."""

    QUEUED = "queued"
    SENDING = "sending"
    UNCONFIRMED = "unconfirmed"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"
    """Taken back by an agent before it left."""
    DELIVERED = "delivered"
    READ = "read"

    def outranks(self, other: DeliveryStatus) -> bool:
        """Whether a receipt with this status changes one that stands at `other`."""
        return _RANK[self] > _RANK[other]


_RANK = {
    DeliveryStatus.QUEUED: 0,
    DeliveryStatus.SENDING: 1,
    DeliveryStatus.UNCONFIRMED: 2,
    DeliveryStatus.SENT: 3,
    DeliveryStatus.FAILED: 4,
    DeliveryStatus.CANCELLED: 5,
    DeliveryStatus.DELIVERED: 6,
    DeliveryStatus.READ: 7,
}


class ReachState(StrEnum):
    """Whether an identity can be written to by an account."""

    OK = "ok"
    OPTED_OUT = "opted_out"
    BLOCKED = "blocked"
    BOUNCED = "bounced"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A stored file, by the id the hub gave it."""

    id: int


@dataclass(frozen=True, slots=True)
class Recipient:
    """Somebody a message is addressed to besides the one it is for: `value` in its one spelling, and their name."""

    value: str
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """Something to press below a message: `key` comes back when it is pressed, or `url` is opened."""

    text: str
    key: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A spot on the earth, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text that the provider has approved, by the provider's id, and what stands in its gaps."""

    id: str
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message's words and files. Text is plain; HTML, where there is any, says the same.

    `folded` is what of the text only repeats or signs: shown when asked for. HTML of strangers was made
    harmless by the channel; pictures inside it are named `hub-file:<id>`, by the ids of `files`.
    """

    text: str = ""
    folded: str = ""
    html: str | None = None
    subject: str | None = None
    files: tuple[FileRef, ...] = field(default=())
    to: tuple[Recipient, ...] = ()
    cc: tuple[Recipient, ...] = ()
    bcc: tuple[Recipient, ...] = ()
    buttons: tuple[Button, ...] = ()
    place: Place | None = None
    template: Template | None = None
    problem: str | None = None
    """Why not all of it could be read, as a code; the message is shown all the same, its original beside it."""

    @property
    def is_empty(self) -> bool:
        return not (
            self.text.strip()
            or self.files
            or self.html
            or self.subject
            or self.folded.strip()
            or self.place
            or self.template
            or self.problem
        )
