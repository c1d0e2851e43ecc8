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
    DeliveryStatus.DELIVERED: 5,
    DeliveryStatus.READ: 6,
}


@dataclass(frozen=True, slots=True)
class FileRef:
    """A stored file, by the id the hub gave it."""

    id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One message's words and files. Text is plain; HTML, where there is any, says the same."""

    text: str = ""
    html: str | None = None
    subject: str | None = None
    files: tuple[FileRef, ...] = field(default=())

    @property
    def is_empty(self) -> bool:
        return not self.text.strip() and not self.files
