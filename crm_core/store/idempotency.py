"""Answers kept by idempotency key, so that a write repeated over a bad connection happens once."""

from __future__ import annotations

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Id, Ref, Words


class KeptAnswer(Base):
    """What a write answered. The same key with another request is refused, not answered."""

    __tablename__ = "kept_answer"

    agent_id: Mapped[Id]
    key: Mapped[str] = mapped_column(primary_key=True)
    ws: Mapped[Ref]
    request_hash: Mapped[Words]
    status: Mapped[Ref]
    body: Mapped[Words]
    at: Mapped[At]

    __table_args__ = (Index(None, "at"),)
