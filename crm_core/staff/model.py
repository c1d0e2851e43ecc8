"""Tables of the staff."""

from __future__ import annotations

from sqlalchemy import Boolean, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Count, Id, Json, OptionalAt, OptionalWords, Ref, Words
from crm_core.words.values import Activity, Role


class Agent(Base):
    """A person of ours. Never deleted: what they wrote stays theirs; `disabled_at` locks them out."""

    __tablename__ = "agent"

    id: Mapped[Id]
    ws: Mapped[Ref]
    name: Mapped[Words]
    email: Mapped[Words]
    role: Mapped[Words] = mapped_column(default=Role.AGENT)
    password_hash: Mapped[OptionalWords]
    language: Mapped[Words] = mapped_column(default="en")
    skills: Mapped[Json]
    """{skill: level}, level 1 to 10."""
    units: Mapped[Ref] = mapped_column(default=100)
    """Capacity units; ROUTING.md section 8: a call takes 100, a chat 25, a mail 10."""
    disabled_at: Mapped[OptionalAt]
    created_at: Mapped[At]
    version: Mapped[Ref] = mapped_column(default=1)

    # What they do now. The ledger below has the past.
    activity: Mapped[Words] = mapped_column(default=Activity.OFFLINE)
    activity_reason: Mapped[Words] = mapped_column(default="")
    activity_since: Mapped[At]
    idle_since: Mapped[At]
    """Since when they had nothing; longest idle is offered first."""
    wrap_up_until: Mapped[OptionalAt]
    call_device: Mapped[OptionalWords]
    """How calls reach them: browser (also null), phone, off."""
    call_number: Mapped[OptionalWords]
    misses: Mapped[Count]
    """Offers run out in a row. ROUTING.md section 6: two take a messaging agent out of routing."""
    missed_offer: Mapped[bool] = mapped_column(Boolean, default=False)

    __table_args__ = (UniqueConstraint("ws", "email"),)


class QueueMember(Base):
    """An agent serves a queue."""

    __tablename__ = "queue_member"

    agent_id: Mapped[Id]
    queue_id: Mapped[Id]
    ws: Mapped[Ref]

    __table_args__ = (Index(None, "queue_id"),)


class ActivitySpan(Base):
    """The activity ledger: one row for each stretch of one activity. The open one has no end."""

    __tablename__ = "activity_span"

    id: Mapped[Id]
    ws: Mapped[Ref]
    agent_id: Mapped[Ref]
    activity: Mapped[Words]
    reason: Mapped[Words] = mapped_column(default="")
    since: Mapped[At]
    until: Mapped[OptionalAt]
    caused_by: Mapped[Words] = mapped_column(default="agent")
    """agent, supervisor, missed_offer, disconnect, sign_out."""

    __table_args__ = (
        Index(None, "agent_id", "since"),
        # An agent does one thing at a time.
        Index(
            "uq_activity_span_open",
            "agent_id",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )


class Session(Base):
    """A way in: a browser's session, an API token or a one-time link. Only the SHA-256 of its secret is here."""

    __tablename__ = "session"

    id: Mapped[Id]
    ws: Mapped[Ref]
    agent_id: Mapped[Ref]
    kind: Mapped[Words]
    """browser, token, link."""
    label: Mapped[Words] = mapped_column(default="")
    secret_hash: Mapped[Words]
    created_at: Mapped[At]
    expires_at: Mapped[OptionalAt]
    last_seen_at: Mapped[OptionalAt]
    used_at: Mapped[OptionalAt]
    revoked_at: Mapped[OptionalAt]

    __table_args__ = (UniqueConstraint("secret_hash"), Index(None, "agent_id"))
