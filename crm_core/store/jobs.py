"""Jobs: what the machine has to do later, kept in the database so that a restart forgets nothing."""

from __future__ import annotations

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Count, Id, Json, OptionalAt, OptionalWords, Ref, Words


class JobState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    FAILED = "failed"


class Job(Base):
    """One thing to do at a time. `(kind, key)` is unique: scheduling it again moves it. A finished job is deleted."""

    __tablename__ = "job"

    id: Mapped[Id]
    ws: Mapped[Ref]
    kind: Mapped[Words]
    key: Mapped[Words]
    payload: Mapped[Json]
    state: Mapped[Words] = mapped_column(default=JobState.WAITING)
    due_at: Mapped[At]
    attempts: Mapped[Count]
    lease_until: Mapped[OptionalAt]
    lease_token: Mapped[OptionalWords]
    error: Mapped[OptionalWords]

    __table_args__ = (
        UniqueConstraint("ws", "kind", "key"),
        Index(
            "ix_job_due",
            "due_at",
            sqlite_where=text("state IN ('waiting', 'running')"),
            postgresql_where=text("state IN ('waiting', 'running')"),
        ),
    )
