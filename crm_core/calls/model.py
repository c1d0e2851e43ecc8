"""Tables of calls."""

from __future__ import annotations

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import (
    At,
    Base,
    Count,
    Id,
    Json,
    OptionalAt,
    OptionalJson,
    OptionalRef,
    OptionalWords,
    Ref,
    Words,
)


class CallRow(Base):
    """One call: the call record. `body` is the whole of it; the columns are what is searched and reported by."""

    __tablename__ = "call"

    id: Mapped[Id]
    ws: Mapped[Ref]
    conversation_id: Mapped[Ref]
    account_id: Mapped[Ref]
    channel: Mapped[Words]
    external_id: Mapped[OptionalWords]
    """The provider's name for the contact's leg; null while an outbound call has none."""
    direction: Mapped[Words]
    state: Mapped[Words]
    outcome: Mapped[OptionalWords]
    contact_id: Mapped[OptionalRef]
    identity_id: Mapped[Ref]
    queue_id: Mapped[OptionalRef]
    agent_id: Mapped[OptionalRef]
    who: Mapped[Words]
    number: Mapped[Words]
    line: Mapped[Words]
    started_at: Mapped[At]
    answered_at: Mapped[OptionalAt]
    ended_at: Mapped[OptionalAt]
    ring: Mapped[Count]
    wait: Mapped[Count]
    talk: Mapped[Count]
    hold: Mapped[Count]
    wrap_up: Mapped[Count]
    disposition: Mapped[OptionalWords]
    has_recording: Mapped[Count]
    deadline: Mapped[OptionalAt]
    """When time alone will change it."""
    arranged: Mapped[Count]
    """The version that its provider was brought to."""
    body: Mapped[Json]
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (
        # A call that is reported twice is one call.
        Index(
            "uq_call_external",
            "account_id",
            "external_id",
            unique=True,
            sqlite_where=text("external_id IS NOT NULL"),
            postgresql_where=text("external_id IS NOT NULL"),
        ),
        Index(
            "ix_call_live",
            "state",
            "id",
            sqlite_where=text("state <> 'ended'"),
            postgresql_where=text("state <> 'ended'"),
        ),
        Index(
            "ix_call_deadline",
            "deadline",
            sqlite_where=text("deadline IS NOT NULL"),
            postgresql_where=text("deadline IS NOT NULL"),
        ),
        # Calls whose provider does not know yet what they came to: the first thing to be done after a start.
        Index(
            "ix_call_unarranged",
            "id",
            sqlite_where=text("arranged < version"),
            postgresql_where=text("arranged < version"),
        ),
        Index("ix_call_started", "started_at", "id"),
        Index("ix_call_contact", "contact_id", "id"),
        Index("ix_call_conversation", "conversation_id", "id"),
    )


class CallPart(Base):
    """An agent takes, or took, part in a call: for rights, and for lists by agent."""

    __tablename__ = "call_part"

    call_id: Mapped[Id]
    agent_id: Mapped[Id]
    ws: Mapped[Ref]
    since: Mapped[At]
    role: Mapped[Words]

    __table_args__ = (Index("ix_call_part_agent", "agent_id", "call_id"),)


class CallSignal(Base):
    """What was reported of a call, in order. A key that comes again changes nothing."""

    __tablename__ = "call_signal"

    account_id: Mapped[Id]
    key: Mapped[str] = mapped_column(String, primary_key=True)
    ws: Mapped[Ref]
    call_id: Mapped[Ref]
    at: Mapped[At]
    name: Mapped[Words]
    facts: Mapped[OptionalJson]

    __table_args__ = (Index("ix_call_signal_call", "call_id", "at"),)


class Listening(Base):
    """A supervisor listened to a call, whispered, joined or took it over, or somebody played a recording. Kept."""

    __tablename__ = "listening"

    id: Mapped[Id]
    ws: Mapped[Ref]
    call_id: Mapped[Ref]
    agent_id: Mapped[Ref]
    mode: Mapped[Words]
    at: Mapped[At]

    __table_args__ = (Index("ix_listening_call", "call_id", "id"), Index("ix_listening_agent", "agent_id", "id"))
