"""Jobs: what the machine has to do later, kept in the database so that a restart forgets nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, delete, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Count, Id, Json, OptionalAt, OptionalWords, Ref, Words
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment


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


@dataclass(frozen=True, slots=True)
class Claimed:
    """A job in hand, and how often it was tried, this time included."""

    id: int
    kind: str
    key: str
    payload: Mapping[str, Any]
    attempts: int


def schedule(tx: Tx, kind: str, key: str, payload: Mapping[str, Any], *, due_at: Moment) -> None:
    """Have a job done at a time. One with the same kind and key is moved there instead."""
    values = {
        "payload": dict(payload),
        "state": JobState.WAITING,
        "due_at": due_at,
        "attempts": 0,
        "lease_until": None,
        "lease_token": None,
        "error": None,
    }
    insert = sqlite.insert(Job) if tx.is_sqlite else postgresql.insert(Job)
    row = insert.values(id=tx.new_id(), ws=tx.ws, kind=kind, key=key, **values)
    tx.execute(row.on_conflict_do_update(index_elements=["ws", "kind", "key"], set_=values))


def cancel(tx: Tx, kind: str, key: str) -> None:
    """Do not do it after all."""
    tx.execute(delete(Job).where(Job.ws == tx.ws, Job.kind == kind, Job.key == key))


def is_scheduled(tx: Tx, kind: str, key: str) -> bool:
    """Whether such a job waits or runs."""
    return tx.first(select(Job.id).where(Job.ws == tx.ws, Job.kind == kind, Job.key == key)) is not None


def claim(tx: Tx, token: str, lease: Moment, most: int) -> list[Claimed]:
    """Take jobs that are due, or whose worker was lost, for `lease` milliseconds; at most `most`."""
    lost = (Job.state == JobState.RUNNING) & (Job.lease_until <= tx.now)
    due = (
        select(Job.id, Job.kind, Job.key, Job.payload, Job.attempts)
        .where(Job.ws == tx.ws, Job.due_at <= tx.now, or_(Job.state == JobState.WAITING, lost))
        .order_by(Job.due_at, Job.id)
        .limit(most)
    )
    rows = tx.all(due if tx.is_sqlite else due.with_for_update(skip_locked=True))
    if rows:
        tx.execute(
            update(Job)
            .where(Job.id.in_([r.id for r in rows]))
            .values(state=JobState.RUNNING, attempts=Job.attempts + 1, lease_until=tx.now + lease, lease_token=token)
        )
    return [Claimed(r.id, r.kind, r.key, r.payload, r.attempts + 1) for r in rows]


def finish(tx: Tx, job_id: int, token: str) -> bool:
    """The job is done. False when its lease was lost meanwhile."""
    return tx.changed(delete(Job).where(Job.id == job_id, Job.lease_token == token)) == 1


def retry(tx: Tx, job_id: int, token: str, *, after: Moment, error: str) -> None:
    """Try a job again after so many milliseconds."""
    _release(tx, job_id, token, state=JobState.WAITING, due_at=tx.now + after, error=error)


def fail(tx: Tx, job_id: int, token: str, error: str) -> None:
    """Give a job up; it stays, with the reason, for a person to see."""
    _release(tx, job_id, token, state=JobState.FAILED, error=error)


def _release(tx: Tx, job_id: int, token: str, **values: Any) -> None:
    tx.execute(
        update(Job)
        .where(Job.id == job_id, Job.lease_token == token)
        .values(lease_until=None, lease_token=None, **values)
    )
