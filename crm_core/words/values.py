"""Nouns as they are shown: whole values that events, snapshots, the API and the console share.

A value is complete and carries a `version`, so applying one twice, or an older one late, is harmless.
The console's TypeScript types are generated from this file.
"""

from __future__ import annotations

from enum import StrEnum

import msgspec

from crm_core.words.clock import Moment
from crm_core.words.content import DeliveryStatus, Medium


class Value(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """A whole value; equal when every field is."""


class Role(StrEnum):
    """What a person of ours may do. Each includes what the one before may."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Activity(StrEnum):
    """What an agent says they are doing. Only AVAILABLE receives offers."""

    AVAILABLE = "available"
    BUSY = "busy"
    BREAK = "break"
    TRAINING = "training"
    NOT_RESPONDING = "not_responding"
    OFFLINE = "offline"


class ConversationStatus(StrEnum):
    OPEN = "open"
    SNOOZED = "snoozed"
    CLOSED = "closed"


class WorkState(StrEnum):
    QUEUED = "queued"
    OFFERED = "offered"
    ASSIGNED = "assigned"
    DONE = "done"


class OfferState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TIMED_OUT = "timed_out"
    WITHDRAWN = "withdrawn"


class EntryKind(StrEnum):
    """A note is a kind of its own: what sends messages cannot even read one."""

    MESSAGE = "message"
    NOTE = "note"
    NOTICE = "notice"


class Direction(StrEnum):
    IN = "in"
    OUT = "out"
    INTERNAL = "internal"


class AuthorKind(StrEnum):
    CONTACT = "contact"
    AGENT = "agent"
    SYSTEM = "system"


class ContactKind(StrEnum):
    PERSON = "person"
    COMPANY = "company"


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


class IdentityValue(Value, frozen=True, kw_only=True):
    id: int
    scheme: str
    value: str
    display: str
    name: str = ""
    contact_id: int | None = None
    verified: bool = False
    is_primary: bool = False
    is_shared: bool = False
    """Several people use it (a reception, `info@`): it never says who somebody is."""
    label: str = ""
    last_seen: Moment | None = None
    facts: dict[str, str] = {}
    """What the channel knows of them: the page they are on, their browser, language."""


class ContactValue(Value, frozen=True, kw_only=True):
    id: int
    kind: ContactKind
    name: str
    company: str = ""
    title: str = ""
    language: str = ""
    timezone: str = ""
    owner_id: int | None = None
    note: str = ""
    tags: list[str] = []
    fields: dict[str, str] = {}
    identities: list[IdentityValue] = []
    """Of those that were merged into this one, too."""
    root_id: int | None = None
    """The contact it was merged into; none while it stands for itself."""
    created_at: Moment
    version: int = 1


class CaseKind(StrEnum):
    """What moves through a pipeline. A lead that is qualified becomes another kind; it stays the same case."""

    LEAD = "lead"
    DEAL = "deal"
    REQUEST = "request"
    JOB = "job"
    CUSTOM = "custom"


class StageCategory(StrEnum):
    """What a stage means, the same in every pipeline. A case's status is its stage's category."""

    NEW = "new"
    ACTIVE = "active"
    WAITING = "waiting"
    WON = "won"
    LOST = "lost"
    CANCELLED = "cancelled"

    @property
    def is_open(self) -> bool:
        return self in (StageCategory.NEW, StageCategory.ACTIVE, StageCategory.WAITING)


class StageValue(Value, frozen=True, kw_only=True):
    id: int
    pipeline_id: int
    name: str
    category: StageCategory
    key: str = ""
    """What the house itself moves cases here for: `disqualified`, `spam`, `duplicate`; empty for other stages."""
    position: int = 0
    colour: str = ""
    probability: int | None = None
    """Per cent."""
    max_age: Moment | None = None
    """Milliseconds after which a case in it counts as stuck."""


class PipelineValue(Value, frozen=True, kw_only=True):
    id: int
    kind: CaseKind
    name: str
    currency: str = ""
    is_default: bool = False
    """Where cases of its kind begin when nobody says otherwise."""
    stages: list[StageValue] = []
    """In order; those that were taken out are left out."""
    archived: bool = False
    version: int = 1


class CaseValue(Value, frozen=True, kw_only=True):
    id: int
    number: int
    """Counted from 1 in the workspace, as people say it."""
    kind: CaseKind
    title: str
    pipeline_id: int
    stage_id: int
    category: StageCategory
    stage_since: Moment
    contact_id: int | None = None
    identity_id: int | None = None
    conversation_id: int | None = None
    """The conversation it began in."""
    who: str = ""
    owner_id: int | None = None
    queue_id: int | None = None
    source: str = ""
    """The kind of channel it came by, or `form`, `manual`."""
    account_id: int | None = None
    first_words: str = ""
    reason: str = ""
    """Why it was lost, in the words chosen from the list."""
    is_spam: bool = False
    origin_id: int | None = None
    """The case it followed from, or is a duplicate of."""
    amount: int | None = None
    """In the smallest unit of the currency."""
    currency: str = ""
    nurture_until: Moment | None = None
    """Put away until then."""
    can_undo: bool = False
    """Whether the last decision can still be taken back."""
    tags: list[str] = []
    created_at: Moment
    closed_at: Moment | None = None
    version: int = 1


class OfferValue(Value, frozen=True, kw_only=True):
    id: int
    work_id: int
    conversation_id: int
    agent_id: int
    queue_id: int
    state: OfferState
    medium: Medium
    channel: str
    who: str
    preview: str
    waiting_since: Moment
    made_at: Moment
    expires_at: Moment
    version: int = 1


class AgentValue(Value, frozen=True, kw_only=True):
    """A colleague as everybody may see them."""

    id: int
    name: str
    role: Role
    activity: Activity
    reason: str = ""
    activity_since: Moment
    missed_offer: bool = False
    """They let an offer run out and have to say that they are back."""
    present: bool = False
    queues: list[int] = []
    skills: dict[str, int] = {}
    units_used: int = 0
    units_total: int = 100
    idle_since: Moment = 0
    """Since when nothing was given to them or taken from them; the longest idle is offered first."""
    wrap_up_until: Moment | None = None
    language: str = "en"
    disabled: bool = False
    version: int = 1


class QueueValue(Value, frozen=True, kw_only=True):
    id: int
    name: str
    waiting: int = 0
    longest_since: Moment | None = None
    chat_offer_seconds: int = 30
    mail_offer_seconds: int = 300
    sticky_seconds: int = 20
    cooldown_seconds: int = 60
    strategy: str = "longest_idle"
    skills: dict[str, int] = {}
    archived: bool = False
    version: int = 1


class CannedValue(Value, frozen=True, kw_only=True):
    """A canned reply. `{{contact.name}}`, `{{agent.name}}` are filled in by the console, as text."""

    id: int
    shortcut: str
    title: str
    text: str
    language: str = ""
    deleted: bool = False
    version: int = 1


class DispositionValue(Value, frozen=True, kw_only=True):
    id: int
    name: str
    position: int = 0
    deleted: bool = False
    version: int = 1


class DraftValue(Value, frozen=True, kw_only=True):
    conversation_id: int
    kind: EntryKind
    text: str
    files: list[FileValue] = []
    updated_at: Moment


class AccountValue(Value, frozen=True, kw_only=True):
    """A channel account without its secrets."""

    id: int
    kind: str
    name: str
    public_key: str
    queue_id: int | None = None
    settings: dict[str, object] = {}
    manner: dict[str, object] = {}
    """How it greets and when it is open; `hub.desk.manners` reads it."""
    state: str = "open"
    problem: str = ""
    disabled: bool = False
    version: int = 1


class WorkValue(Value, frozen=True, kw_only=True):
    """What waits for an agent, or is with one. Routing's own facts; agents see its conversation instead."""

    id: int
    conversation_id: int
    queue_id: int
    medium: Medium
    state: WorkState
    agent_id: int | None = None
    priority: int = 0
    skills: dict[str, int] = {}
    virtual_start: Moment
    preferred_agent_id: int | None = None
    preferred_until: Moment | None = None
    cooling: dict[int, Moment] = {}
    """Agents who declined or missed it, and until when they are not offered it again."""
    version: int = 1
