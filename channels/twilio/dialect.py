"""Where SMS and WhatsApp differ, as one value that their folders fill in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from channels.contract import Capabilities, MessageArrived, OutboundMessage
from channels.twilio.forms import Form
from crm_core.words.clock import Moment
from crm_core.words.content import FileRef


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What a message came with besides its form."""

    files: tuple[FileRef, ...] = ()
    problem: str | None = None
    """`media_missing` when a file could not be fetched."""
    at: Moment


Outgoing = Mapping[str, str | Sequence[str]]
"""Parameters of a new message by the names that Twilio's API gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How one kind of message is read and written. All of it is pure."""

    capabilities: Capabilities
    max_file_bytes: int
    """Of one file that comes in; larger ones are shown as missing."""
    sender: str
    """As `From` takes it, or a messaging service."""
    arrived: Callable[[Form, Came], MessageArrived]
    """Raises NotUnderstood."""
    outgoing: Callable[[OutboundMessage, Sequence[str]], Outgoing]
    """The parameters but for the receipts' address; the second argument is the files' addresses. Raises Refused."""
    texts: Callable[[OutboundMessage], Sequence[str]]
    """What Twilio's list may show as the body of this message; none when that cannot be told."""
    help: str | None = None
    """What is answered to HELP, `{name}` for the account's; none where people know no such word."""
