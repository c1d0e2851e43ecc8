"""What a channel is handed: messages to send, originals to read, webhooks to answer, and what it can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm_core.words.addresses import Address
from crm_core.words.clock import Moment
from crm_core.words.content import Content, ExternalId, FileRef, ThreadKey
from crm_core.words.values import EntryValue


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundMessage:
    """A message to send. `delivery` is the idempotency key, for providers that take one."""

    delivery: int
    entry: EntryValue
    """As the timeline shows it; never a note."""
    thread: ThreadKey
    """Empty when we write first."""
    to: Address
    to_name: str = ""
    content: Content
    conversation_id: int = 0
    in_reply_to: ExternalId | None = None
    references: tuple[ExternalId, ...] = ()
    """Ids of what was said before on this way, the oldest first."""
    language: str = ""
    """The contact's, when it is known."""
    automatic: bool = False
    """Written by the hub itself: it must say so where the channel can, so that no machine answers it."""
    tried_at: Moment | None = None
    """When it was taken in hand last, by whichever process."""
    sent: tuple[ExternalId, ...] = ()
    """Its parts that went before it stopped half way, the first one first: only the rest is sent, `Sent` names all."""


@dataclass(frozen=True, slots=True)
class Sent:
    external_ids: tuple[ExternalId, ...]
    """Several when one message went as parts."""
    left_out: Mapping[str, str] = field(default_factory=dict)
    """Who does not get it although others do: why, in words, by address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What an account can carry. The hub asks this, never the channel's name."""

    max_text: int | None = None
    """Characters of one message; none for no limit of the channel's own."""
    max_file_bytes: int = 0
    """0: carries no files."""
    max_files: int | None = None
    """Files of one message; none for no limit."""
    html: bool = False
    subject: bool = False
    copies: bool = False
    """Carries cc and bcc."""
    signature: str = ""
    """HTML that the account puts below what agents write."""
    segments: bool = False
    """Texts are cut and paid by SMS segments (GSM 03.38)."""
    buttons: int = 0
    """Buttons below a message at most."""
    window_hours: int | None = None
    """We may write freely only so long after their last message; then a template is needed. None: always."""
    templates: tuple[TemplateShape, ...] = ()
    receipts: bool = False
    typing: bool = False
    send_seconds: float = 45.0
    """How long one send, or one question after a send, may take before nobody knows whether it went."""
    sends_at_once: int = 32
    """Sends that may be on their way at a time."""
    keep_trying_hours: int = 24
    """How long a message is tried that the provider does not take now, before it fails."""
    dedupes_sends: bool = False
    """Sending the same delivery twice arrives once, so an Unclear send may be tried again."""
    can_start: bool = False
    """We may write first to an address that never wrote to us."""
    invitation: str = ""
    """An address by which somebody comes in whose token stands in the place of `{token}`; empty where there is none."""
    loses_visitors: bool = False
    """Its people are reached only while they look: what they did not receive goes by another way, if there is one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplateShape:
    """A text that the provider has approved. `{{name}}` marks a gap."""

    id: str
    name: str
    text: str
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A stored original, as `OriginalArrived` handed it in."""

    key: str
    body: bytes
    file: FileRef
    at: Moment
    facts: Mapping[str, str]


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
