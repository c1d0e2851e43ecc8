"""Conversations, their entries, offers and why they went where they went."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from crm_core.conversations.queries import Sort, View
from crm_core.words.content import DeliveryStatus, Medium
from crm_core.words.values import (
    AuthorKind,
    ConversationStatus,
    Direction,
    EntryKind,
    OfferState,
    WorkState,
)
from hub.api.models.calls import CallLine
from hub.api.models.files import File
from hub.api.models.shapes import (
    Asked,
    Id,
    Limit,
    Listing,
    OptionalLine,
    Shown,
    Tag,
    Tags,
    Text,
    Time,
    When,
    Whole,
)


class Conversation(Shown):
    """One stretch of dealing with one contact."""

    id: int
    status: ConversationStatus
    who: str
    """The name to show: the contact's, else what the stranger calls themselves, else the address."""
    channel: str
    account_id: int
    identity_id: int
    contact_id: int | None
    case_id: int | None
    """The lead, deal or request it is about."""
    queue_id: int | None
    assignee_id: int | None
    work_state: WorkState | None
    subject: str
    preview: str
    preview_author: AuthorKind
    priority: int
    tags: list[str]
    opened_at: Time
    last_activity_at: Time
    last_entry_id: int
    last_inbound_id: int
    waiting_since: Time | None
    """Since when the contact waits for an answer; null when it is their turn."""
    first_reply_at: Time | None
    snoozed_until: Time | None
    closed_at: Time | None
    disposition: str | None
    contact_read_id: int
    """The newest entry the contact has read."""
    agent_read_id: int
    """The newest entry the assignee has read."""
    entry_count: int
    version: int


class Conversations(Listing):
    """Which conversations, in which order."""

    view: View = View.MINE
    queue_id: Id | None = None
    channel: Annotated[str, StringConstraints(max_length=40)] | None = None
    tag: Tag | None = None
    assignee_id: Id | None = None
    identity_id: Id | None = None
    contact_id: Id | None = None
    sort: Sort = Sort.NEWEST


class Counts(Shown):
    """How many conversations stand in each view, counted up to 1000 each."""

    mine: int
    queue: int
    unassigned: int
    mentions: int
    snoozed: int
    all: int


class Closing(Asked):
    """What came of a conversation."""

    disposition_id: Id | None = None


class Snoozing(Asked):
    """Until when a conversation is put away. It comes back earlier when the contact writes."""

    until: When


class Assigning(Asked):
    """Whom a conversation goes to: a person, or back to a queue."""

    agent_id: Id | None = None
    queue_id: Id | None = None


class ReadMark(Asked):
    """How far the assignee has read. It only moves forward."""

    entry_id: Id


class TagSet(Asked):
    """All tags of a conversation."""

    tags: Tags


class Author(Shown):
    """Who wrote: an agent, a contact's identity, or the system."""

    kind: AuthorKind
    id: int | None
    name: str


class Notice(Shown):
    """What happened, by code and facts."""

    code: str
    facts: dict[str, str | int | None]


class Person(Shown):
    """An address and a name."""

    value: str
    name: str


class Pressable(Shown):
    """A button below a message."""

    text: str
    url: str
    key: str


class Spot(Shown):
    """A place, in degrees (WGS 84)."""

    latitude: float
    longitude: float
    title: str


class Details(Shown):
    """What only some messages have."""

    subject: str
    folded: str
    """Quoted text and signature."""
    html_file_id: int | None
    raw_file_id: int | None
    to: list[Person]
    cc: list[Person]
    bcc: list[Person]
    answer_to: list[Person]
    """Where its writer says that answers go, if elsewhere."""
    buttons: list[Pressable]
    place: Spot | None
    template: str
    variables: dict[str, str]
    reply_to_id: int | None
    instead_of_id: int | None
    automatic: bool
    """Written by a machine."""
    problem: str
    """Why not all of it could be read, as a code."""
    edited_at: Time | None
    withdrawn_at: Time | None
    send_at: Time | None
    call: CallLine | None
    """Of an entry of the kind `call`: what came of it so far."""
    unverified: bool


class Entry(Shown):
    """One line of the timeline."""

    id: int
    conversation_id: int
    kind: EntryKind
    direction: Direction
    author: Author
    at: Time
    channel: str
    account_id: int | None
    text: str
    files: list[File]
    notice: Notice | None
    delivery: DeliveryStatus | None
    delivery_reason: str | None
    client_key: str | None
    identity_id: int | None
    """By which of their addresses the contact wrote, or was written to."""
    details: Details | None
    """What only some messages have."""
    version: int


class Entries(Asked):
    """Which part of a timeline: the newest, or those before or after an entry."""

    before: Id | None = None
    after: Id | None = None
    limit: Limit = 50


class Timeline(Shown):
    """Entries, oldest first."""

    items: list[Entry]


ClientKey = Annotated[str, StringConstraints(max_length=128)]
FileIds = Annotated[list[Id], Field(max_length=20)]


Address = Annotated[str, StringConstraints(min_length=3, max_length=254)]
Addresses = Annotated[list[Address], Field(max_length=50)]


class WayChoice(Asked):
    """An address of the contact and an account that reaches it, by their ids."""

    identity_id: Id
    account_id: Id


class TemplateChoice(Asked):
    """A text that the provider has approved, and what stands in its gaps."""

    id: Annotated[str, StringConstraints(min_length=1, max_length=120)]
    variables: Annotated[
        dict[Annotated[str, StringConstraints(max_length=60)], OptionalLine], Field(max_length=30)
    ] = {}


class NewButton(Asked):
    """A button below a message. `url` is opened; without one `key`, or the text, comes back when it is pressed."""

    text: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"\S")]
    key: Annotated[str, StringConstraints(max_length=64, pattern=r"^[ -~]*$")] = ""
    url: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://[!-~]+)?$")] = ""


class Reply(Asked):
    """A message to the contact. `client_key` makes it one message however often it is sent."""

    text: Text
    way: WayChoice | None = Field(None, description="By which way; none for that of their last words.")
    subject: OptionalLine | None = None
    html: Text | None = Field(None, description="The same, laid out; where the way carries it.")
    to: Addresses = Field(
        [], description="Instead of the contact's own address: where they want the answer, or who is forwarded to."
    )
    cc: Addresses = []
    bcc: Addresses = []
    template: TemplateChoice | None = None
    buttons: Annotated[list[NewButton], Field(max_length=20)] = Field(
        [], description="Below the message, as many as the way carries."
    )
    send_at: When | None = Field(None, description="Not before then.")
    reply_to_id: Id | None = Field(None, description="The entry it answers.")
    forward_of: Id | None = Field(None, description="An entry whose words and files are appended.")
    files: FileIds = []
    client_key: ClientKey = ""
    seen_entry_id: Whole | None = Field(
        None, description="The newest entry you saw. If the contact wrote since, the answer is 409 `moved_on`."
    )


class Note(Asked):
    """A note that only colleagues see."""

    text: Text
    files: FileIds = []
    client_key: ClientKey = ""
    mentions: Annotated[list[Id], Field(max_length=50)] = []


class Offer(Shown):
    """Work shown to one agent, until a deadline that only the server keeps."""

    id: int
    work_id: int
    conversation_id: int
    call_id: int | None
    """The call it is about; null for messages."""
    purpose: str
    """Of a call: talk, consult (a colleague asks for advice) or callback."""
    agent_id: int
    queue_id: int
    state: OfferState
    medium: Medium
    channel: str
    who: str
    preview: str
    waiting_since: Time
    made_at: Time
    expires_at: Time
    version: int


class Declining(Asked):
    """Why an offer is declined."""

    reason: OptionalLine = ""


class Routing(Shown):
    """Why a conversation went where it went or why it waits, and every offer made."""

    conversation_id: int
    queue_id: int | None
    work_state: WorkState | None
    decision: dict[str, Any] | None
    """The engine's explanation: who was chosen and why, and why each other was not; as of now for work that waits."""
    offers: list[Offer]
