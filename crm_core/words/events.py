"""What happened, as facts with whole new values; stored in the journal in the transaction that made them true."""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from crm_core.words.values import (
    AccountValue,
    AgentValue,
    CallValue,
    CannedValue,
    CaseValue,
    ContactValue,
    ConversationValue,
    DispositionValue,
    DraftValue,
    EntryKind,
    EntryValue,
    OfferValue,
    PipelineValue,
    QueueValue,
    WorkValue,
)


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag=True):
    """A fact of the past. The JSON form names its class under `type`."""


class EntryAdded(Event, frozen=True, kw_only=True):
    """Something was written or happened in a conversation; the conversation's row as it is now comes along."""

    entry: EntryValue
    conversation: ConversationValue


class EntryChanged(Event, frozen=True, kw_only=True):
    """An entry's delivery moved on."""

    entry: EntryValue
    conversation: ConversationValue


class ConversationChanged(Event, frozen=True, kw_only=True):
    """Status, owner, queue or marks of a conversation changed.

    `lost_agent_id` and `lost_queue_id` name who had it before and has not any more: they are told too.
    """

    conversation: ConversationValue
    lost_agent_id: int | None = None
    lost_queue_id: int | None = None


class WorkChanged(Event, frozen=True, kw_only=True):
    """Work entered a queue, was offered, assigned or done. For the engine; not shown."""

    work: WorkValue


class OfferChanged(Event, frozen=True, kw_only=True):
    """An offer was made to an agent, or ended."""

    offer: OfferValue


class AgentChanged(Event, frozen=True, kw_only=True):
    agent: AgentValue


class QueueChanged(Event, frozen=True, kw_only=True):
    queue: QueueValue


class ContactChanged(Event, frozen=True, kw_only=True):
    contact: ContactValue
    conversation_ids: list[int] = []
    """Conversations with this contact: the open ones, whose lists show the name, and closed ones that just became
    theirs."""


class DraftChanged(Event, frozen=True, kw_only=True):
    """An agent's own draft; `draft` is none when it was sent or thrown away."""

    agent_id: int
    conversation_id: int
    kind: EntryKind
    draft: DraftValue | None


class CannedChanged(Event, frozen=True, kw_only=True):
    canned: CannedValue


class DispositionChanged(Event, frozen=True, kw_only=True):
    disposition: DispositionValue


class CaseChanged(Event, frozen=True, kw_only=True):
    """A lead, deal or request was opened, moved, decided on or edited; who lost it is told that and no more."""

    case: CaseValue
    lost_agent_id: int | None = None
    lost_queue_id: int | None = None


class PipelineChanged(Event, frozen=True, kw_only=True):
    pipeline: PipelineValue


class AccountChanged(Event, frozen=True, kw_only=True):
    account: AccountValue


class CallChanged(Event, frozen=True, kw_only=True):
    """A call came, moved on or ended."""

    call: CallValue


class SignedOut(Event, frozen=True, kw_only=True):
    """Sessions of an agent ended: one (`session_id`), or all of them. Their sockets are closed."""

    agent_id: int
    session_id: int | None = None


AnyEvent: TypeAlias = (
    EntryAdded
    | EntryChanged
    | ConversationChanged
    | WorkChanged
    | OfferChanged
    | AgentChanged
    | QueueChanged
    | ContactChanged
    | DraftChanged
    | CannedChanged
    | DispositionChanged
    | CaseChanged
    | PipelineChanged
    | AccountChanged
    | CallChanged
    | SignedOut
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def encode(event: AnyEvent) -> bytes:
    """The event as JSON, exactly as the journal keeps it and the console receives it."""
    return _encoder.encode(event)


def decode(payload: bytes | str) -> AnyEvent:
    """The event back from its JSON. Raises msgspec.ValidationError for what is none."""
    return _decoder.decode(payload)
