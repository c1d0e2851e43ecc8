"""Tables of channel accounts."""

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


class Account(Base):
    """A configured channel account."""

    __tablename__ = "account"

    id: Mapped[Id]
    ws: Mapped[Ref]
    kind: Mapped[Words]
    """The channel's folder name."""
    name: Mapped[Words]
    public_key: Mapped[Words]
    """Names the account in public addresses (`/in/{key}`, the widget's data-key). Random, no secret."""
    settings: Mapped[Json]
    sealed: Mapped[OptionalWords]
    """The secret settings, encrypted with the house key. Never leaves `accounts.sealing`."""
    queue_id: Mapped[OptionalRef]
    manner: Mapped[OptionalJson]
    """How it greets and answers when nobody works, by language, and its business hours; null for in silence, always."""
    state: Mapped[Words] = mapped_column(default="open")
    """open, broken (needs a person), waiting (tried again later)."""
    problem: Mapped[Words] = mapped_column(default="")
    created_at: Mapped[At]
    disabled_at: Mapped[OptionalAt]
    version: Mapped[Ref] = mapped_column(default=1)

    __table_args__ = (UniqueConstraint("public_key"),)


class Cursor(Base):
    """Where a listener left off: an IMAP UID, a Telegram offset. Moved in the transaction that stored the item."""

    __tablename__ = "cursor"

    account_id: Mapped[Id]
    name: Mapped[str] = mapped_column(primary_key=True)
    ws: Mapped[Ref]
    value: Mapped[Words]


class Unread(Base):
    """An original that was stored before anybody tried to understand it, and whether that was done since.

    Its bytes are a file. What nobody can read stays, quarantined, with a placeholder in the timeline.
    """

    __tablename__ = "unread"

    id: Mapped[Id]
    ws: Mapped[Ref]
    account_id: Mapped[Ref]
    key: Mapped[Words]
    """The source's own name for it: fetching it twice stores it once."""
    file_id: Mapped[Ref]
    facts: Mapped[Json]
    state: Mapped[Words] = mapped_column(default="waiting")
    """waiting, read, quarantined."""
    attempts: Mapped[Count]
    not_before: Mapped[At]
    problem: Mapped[Words] = mapped_column(default="")
    received_at: Mapped[At]

    __table_args__ = (
        UniqueConstraint("account_id", "key"),
        Index(
            "ix_unread_waiting",
            "account_id",
            "id",
            sqlite_where=text("state = 'waiting'"),
            postgresql_where=text("state = 'waiting'"),
        ),
    )
