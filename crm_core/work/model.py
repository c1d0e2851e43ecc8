"""Tables of queues, work and offers."""

from __future__ import annotations

from sqlalchemy import Index, text
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
from crm_core.words.values import OfferState, WorkState


class Queue(Base):
    """Where work waits. `waiting` is kept in the transaction that changes it."""

    __tablename__ = "queue"

    id: Mapped[Id]
    ws: Mapped[Ref]
    name: Mapped[Words]
    strategy: Mapped[Words] = mapped_column(default="longest_idle")
    chat_offer_seconds: Mapped[Ref] = mapped_column(default=30)
    mail_offer_seconds: Mapped[Ref] = mapped_column(default=300)
    sticky_seconds: Mapped[Ref] = mapped_column(default=20)
    cooldown_seconds: Mapped[Ref] = mapped_column(default=60)
    """How long an agent who declined or missed work is not offered the same again."""
    skills: Mapped[Json]
    """{skill: least level} that work in this queue asks for."""
    voice: Mapped[OptionalJson]
    """How it deals with calls: QueueVoice as JSON; null for the defaults."""
    archived_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)


class WorkItem(Base):
    """A conversation that needs an agent. `virtual_start` is its place in line and is never reset by a requeue."""

    __tablename__ = "work"

    id: Mapped[Id]
    ws: Mapped[Ref]
    conversation_id: Mapped[Ref]
    call_id: Mapped[OptionalRef]
    """The call that needs an agent; none for messages."""
    purpose: Mapped[OptionalWords]
    """Of a call: talk, consult or callback."""
    queue_id: Mapped[Ref]
    medium: Mapped[Words]
    state: Mapped[Words] = mapped_column(default=WorkState.QUEUED)
    agent_id: Mapped[OptionalRef]
    """Whom it is offered to, or who has it."""
    priority: Mapped[Count]
    skills: Mapped[Json]
    enqueued_at: Mapped[At]
    virtual_start: Mapped[At]
    preferred_agent_id: Mapped[OptionalRef]
    preferred_until: Mapped[OptionalAt]
    done_at: Mapped[OptionalAt]
    trace: Mapped[Json]
    """Why it went where it went: the engine's explanation of its last decision."""
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (
        # One open work item per conversation for its messages, and one for each thing a call needs.
        Index(
            "uq_work_open_conversation",
            "conversation_id",
            unique=True,
            sqlite_where=text("state <> 'done' AND call_id IS NULL"),
            postgresql_where=text("state <> 'done' AND call_id IS NULL"),
        ),
        Index(
            "uq_work_open_call",
            "call_id",
            "purpose",
            unique=True,
            sqlite_where=text("state <> 'done' AND call_id IS NOT NULL"),
            postgresql_where=text("state <> 'done' AND call_id IS NOT NULL"),
        ),
        Index(
            "ix_work_open",
            "queue_id",
            "state",
            "virtual_start",
            sqlite_where=text("state <> 'done'"),
            postgresql_where=text("state <> 'done'"),
        ),
        Index(
            "ix_work_agent",
            "agent_id",
            sqlite_where=text("state <> 'done'"),
            postgresql_where=text("state <> 'done'"),
        ),
    )


class Offer(Base):
    """Work shown to one agent until a deadline that only the server keeps."""

    __tablename__ = "offer"

    id: Mapped[Id]
    ws: Mapped[Ref]
    work_id: Mapped[Ref]
    conversation_id: Mapped[Ref]
    call_id: Mapped[OptionalRef]
    purpose: Mapped[OptionalWords]
    queue_id: Mapped[Ref]
    agent_id: Mapped[Ref]
    medium: Mapped[Words]
    state: Mapped[Words] = mapped_column(default=OfferState.PENDING)
    made_at: Mapped[At]
    expires_at: Mapped[At]
    ended_at: Mapped[OptionalAt]
    reason: Mapped[Words] = mapped_column(default="")
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (
        # Work is offered to one agent at a time.
        Index(
            "uq_offer_pending_work",
            "work_id",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index(
            "ix_offer_pending",
            "expires_at",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_offer_work", "work_id", "id"),
        Index("ix_offer_agent", "agent_id", "made_at"),
    )
