"""Conversations and their entries."""

from __future__ import annotations

from crm_core.words.clock import Moment
from crm_core.words.content import DeliveryStatus
from crm_core.words.values.calls import CallOutcome, CallState, RecordingValue
from crm_core.words.values.marks import (
    AuthorKind,
    ConversationStatus,
    Direction,
    DraftMode,
    EntryKind,
    Value,
    WorkState,
)


class Author(Value, frozen=True, kw_only=True):
    kind: AuthorKind
    id: int | None = None
    """The agent's id, or the identity's; none for the system."""
    name: str = ""


class FileValue(Value, frozen=True, kw_only=True):
    id: int
    name: str
    type: str
    """Found from the bytes, never what the sender claimed."""
    size: int
    width: int | None = None
    height: int | None = None


class Notice(Value, frozen=True, kw_only=True):
    """A thin line of the timeline: what happened, by code and facts, so that each reader sees their language."""

    code: str
    facts: dict[str, str | int | None] = {}


class Named(Value, frozen=True, kw_only=True):
    """Somebody a message was addressed to: their address in one spelling, and their name."""

    value: str
    name: str = ""


class Pressable(Value, frozen=True, kw_only=True):
    """A button below a message."""

    text: str
    url: str = ""
    key: str = ""


class Spot(Value, frozen=True, kw_only=True):
    """A place that was sent, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    title: str = ""


class CallLine(Value, frozen=True, kw_only=True):
    """A call in the timeline: what came of it so far. Durations are int ms."""

    id: int
    direction: Direction
    state: CallState
    outcome: CallOutcome | None = None
    number: str = ""
    agent_id: int | None = None
    queue_id: int | None = None
    wait: int = 0
    talk: int = 0
    recordings: list[RecordingValue] = []
    disposition: str | None = None
    note: str = ""


class EntryDetails(Value, frozen=True, kw_only=True):
    """What only some messages have. None of it is needed to read the text."""

    subject: str = ""
    folded: str = ""
    """Quoted text and signature, shown when asked for."""
    html_file_id: int | None = None
    """The message as its writer laid it out: a file that is shown in a frame where nothing runs."""
    raw_file_id: int | None = None
    """The original as it came, to download."""
    to: list[Named] = []
    cc: list[Named] = []
    bcc: list[Named] = []
    answer_to: list[Named] = []
    """Where its writer says that answers go, if elsewhere (Reply-To)."""
    buttons: list[Pressable] = []
    place: Spot | None = None
    template: str = ""
    """The provider's id of the approved text as which it goes."""
    variables: dict[str, str] = {}
    """What stands in the template's gaps."""
    reply_to_id: int | None = None
    """The entry it answers."""
    instead_of_id: int | None = None
    """The entry that failed and went this way again."""
    automatic: bool = False
    """Written by a machine: an absence note, a greeting of ours, a newsletter."""
    problem: str = ""
    """Why not all of it could be read, as a code."""
    edited_at: Moment | None = None
    withdrawn_at: Moment | None = None
    """When its writer took it back; the text is gone then."""
    send_at: Moment | None = None
    """When an agent wants it sent."""
    call: CallLine | None = None
    unverified: bool = False
    """Its sender could not be checked: it claims an address that its mail system does not vouch for."""


class EntryValue(Value, frozen=True, kw_only=True):
    id: int
    conversation_id: int
    kind: EntryKind
    direction: Direction
    author: Author
    at: Moment
    channel: str
    """The kind of the channel account, such as `webchat`; empty for notes and notices."""
    account_id: int | None = None
    text: str = ""
    files: list[FileValue] = []
    notice: Notice | None = None
    delivery: DeliveryStatus | None = None
    delivery_reason: str | None = None
    client_key: str | None = None
    """The key the sender's own device gave, so that it knows its own message again."""
    identity_id: int | None = None
    """By which of their addresses the contact wrote, or was written to."""
    details: EntryDetails | None = None
    version: int = 1


class ConversationValue(Value, frozen=True, kw_only=True):
    id: int
    status: ConversationStatus
    who: str
    """The name to show: the contact's, else what the stranger calls themselves, else the address."""
    channel: str
    account_id: int
    identity_id: int
    contact_id: int | None = None
    case_id: int | None = None
    """The lead, deal or request it is about."""
    queue_id: int | None = None
    assignee_id: int | None = None
    work_state: WorkState | None = None
    subject: str = ""
    preview: str = ""
    preview_author: AuthorKind = AuthorKind.CONTACT
    priority: int = 0
    tags: list[str] = []
    opened_at: Moment
    last_activity_at: Moment
    last_entry_id: int
    last_inbound_id: int = 0
    waiting_since: Moment | None = None
    """Since when the contact waits for an answer; none when it is their turn."""
    first_reply_at: Moment | None = None
    snoozed_until: Moment | None = None
    closed_at: Moment | None = None
    disposition: str | None = None
    contact_read_id: int = 0
    """The newest entry the contact has read."""
    agent_read_id: int = 0
    """The newest entry the assignee has read."""
    entry_count: int = 0
    version: int = 1


class DraftExtras(Value, frozen=True, kw_only=True):
    """What a drafted reply is besides its text and files, as far as its agent got: nothing of it is checked yet."""

    identity_id: int | None = None
    """With `account_id`, the way that was chosen by hand; none follows the conversation."""
    account_id: int | None = None
    mode: DraftMode = DraftMode.REPLY
    about_id: int | None = None
    """The entry that is answered or forwarded."""
    quote: str = ""
    """Who wrote that entry and how it began, as it was shown."""
    subject: str | None = None
    """None follows the way."""
    to: list[str] = []
    cc: list[str] = []
    bcc: list[str] = []
    html: str = ""
    """The text as it was laid out; empty for plain text."""
    template: str = ""
    variables: dict[str, str] = {}
    buttons: list[Pressable] = []
    send_at: Moment | None = None


class DraftValue(Value, frozen=True, kw_only=True):
    conversation_id: int
    kind: EntryKind
    text: str
    files: list[FileValue] = []
    extras: DraftExtras | None = None
    """None for a note, and where whoever wrote it said nothing of them."""
    updated_at: Moment
