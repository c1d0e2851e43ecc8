"""Tables of conversations."""

from __future__ import annotations

from sqlalchemy import Index, UniqueConstraint, text
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
from crm_core.words.values import AuthorKind, ConversationStatus


class Conversation(Base):
    """One stretch of dealing with one contact, or with an identity that has none yet; open until it is closed.

    Counters and last words are kept in the transaction that changes them, never counted afterwards.
    """

    __tablename__ = "conversation"

    id: Mapped[Id]
    ws: Mapped[Ref]
    status: Mapped[Words] = mapped_column(default=ConversationStatus.OPEN)
    who: Mapped[Words] = mapped_column(default="")
    channel: Mapped[Words]
    account_id: Mapped[Ref]
    identity_id: Mapped[Ref]
    contact_id: Mapped[OptionalRef]
    case_id: Mapped[OptionalRef]
    thread: Mapped[Words]
    """Where the reply goes: the thread key of the last inbound entry."""
    queue_id: Mapped[OptionalRef]
    assignee_id: Mapped[OptionalRef]
    last_assignee_id: Mapped[OptionalRef]
    work_state: Mapped[OptionalWords]
    subject: Mapped[Words] = mapped_column(default="")
    preview: Mapped[Words] = mapped_column(default="")
    preview_author: Mapped[Words] = mapped_column(default=AuthorKind.CONTACT)
    priority: Mapped[Count]
    tags: Mapped[Json]
    opened_at: Mapped[At]
    last_activity_at: Mapped[At]
    last_entry_id: Mapped[Count]
    last_inbound_id: Mapped[Count]
    waiting_since: Mapped[OptionalAt]
    first_reply_at: Mapped[OptionalAt]
    snoozed_until: Mapped[OptionalAt]
    closed_at: Mapped[OptionalAt]
    disposition: Mapped[OptionalWords]
    contact_read_id: Mapped[Count]
    agent_read_id: Mapped[Count]
    entry_count: Mapped[Count]
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (
        # A person has one open conversation per identity, however many messages race to open it.
        Index(
            "uq_conversation_open_identity",
            "ws",
            "identity_id",
            unique=True,
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
        # The lists: newest activity first (read backwards), among those not closed.
        Index(
            "ix_conversation_inbox_queue",
            "queue_id",
            "last_activity_at",
            "id",
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
        Index(
            "ix_conversation_inbox_assignee",
            "assignee_id",
            "last_activity_at",
            "id",
            sqlite_where=text("status <> 'closed'"),
            postgresql_where=text("status <> 'closed'"),
        ),
        Index("ix_conversation_activity", "last_activity_at", "id"),
        Index("ix_conversation_identity", "identity_id", "id"),
        Index("ix_conversation_contact", "contact_id", "id"),
        Index(
            "ix_conversation_snoozed",
            "snoozed_until",
            sqlite_where=text("status = 'snoozed'"),
            postgresql_where=text("status = 'snoozed'"),
        ),
    )


class Entry(Base):
    """One line of the timeline. Append-only: only its delivery moves."""

    __tablename__ = "entry"

    id: Mapped[Id]
    ws: Mapped[Ref]
    conversation_id: Mapped[Ref]
    kind: Mapped[Words]
    direction: Mapped[Words]
    author_kind: Mapped[Words]
    author_id: Mapped[OptionalRef]
    author_name: Mapped[Words] = mapped_column(default="")
    account_id: Mapped[OptionalRef]
    channel: Mapped[Words] = mapped_column(default="")
    identity_id: Mapped[OptionalRef]
    at: Mapped[At]
    sent_at: Mapped[OptionalAt]
    """When the sender's side says it was sent; `at` is when we stored it."""
    text: Mapped[Words] = mapped_column(default="")
    files: Mapped[Json]
    """Whole FileValues as JSON, or null: an entry is shown without a join."""
    notice: Mapped[Json]
    details: Mapped[OptionalJson]
    """EntryDetails as JSON, or null; beside them the parts of an album (`hub.desk.albums`), which nobody is shown."""
    external_id: Mapped[OptionalWords]
    client_key: Mapped[OptionalWords]
    digest: Mapped[OptionalWords]
    """Of an inbound message's words: an id used again with other text is a conflict, not a repeat."""
    delivery: Mapped[OptionalWords]
    delivery_reason: Mapped[OptionalWords]
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (
        # A channel that delivers a message twice stores it once. NULLs (our own entries) never collide.
        UniqueConstraint("account_id", "external_id"),
        # A reply submitted twice is one entry.
        UniqueConstraint("conversation_id", "author_id", "client_key"),
        Index("ix_entry_timeline", "conversation_id", "id"),
    )


class Participant(Base):
    """Somebody besides the contact who was written to, or wrote, in a conversation: a mail with a valid reply
    token, or that refers to one of its messages, continues it only when its sender is the contact or stands here."""

    __tablename__ = "participant"

    conversation_id: Mapped[Id]
    identity_id: Mapped[Id]
    ws: Mapped[Ref]
    since: Mapped[At]

    __table_args__ = (Index(None, "identity_id"),)


class Draft(Base):
    """What an agent has typed and not sent, kept on the server: one per agent, conversation and kind."""

    __tablename__ = "draft"

    agent_id: Mapped[Id]
    conversation_id: Mapped[Id]
    kind: Mapped[str] = mapped_column(primary_key=True)
    ws: Mapped[Ref]
    text: Mapped[Words]
    files: Mapped[Json]
    extras: Mapped[OptionalJson]
    """What a reply is besides: `DraftExtras`."""
    updated_at: Mapped[At]


class Mention(Base):
    """An agent was named in a note."""

    __tablename__ = "mention"

    agent_id: Mapped[Id]
    entry_id: Mapped[Id]
    ws: Mapped[Ref]
    conversation_id: Mapped[Ref]

    __table_args__ = (Index(None, "agent_id", "conversation_id"),)


class Canned(Base):
    """A canned reply."""

    __tablename__ = "canned"

    id: Mapped[Id]
    ws: Mapped[Ref]
    shortcut: Mapped[Words]
    title: Mapped[Words]
    text: Mapped[Words]
    language: Mapped[Words] = mapped_column(default="")
    deleted_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)


class Disposition(Base):
    """A way a conversation ends."""

    __tablename__ = "disposition"

    id: Mapped[Id]
    ws: Mapped[Ref]
    name: Mapped[Words]
    position: Mapped[Count]
    deleted_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)
