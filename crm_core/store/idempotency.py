"""Answers kept by idempotency key, so that a write repeated over a bad connection happens once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Index, delete, insert, select
from sqlalchemy.orm import Mapped, mapped_column

from crm_core.store.base import At, Base, Id, Ref, Words
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, Moment
from crm_core.words.errors import Invalid


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


KEPT_FOR: Final[Moment] = DAY


@dataclass(frozen=True, slots=True)
class Answer:
    """What a write was answered."""

    status: int
    body: str


def kept(tx: Tx, agent_id: int, key: str, request_hash: str) -> Answer | None:
    """The answer this key was given before; none for a new key. Raises Invalid when it came with another request."""
    row = tx.first(
        select(KeptAnswer.request_hash, KeptAnswer.status, KeptAnswer.body).where(
            KeptAnswer.agent_id == agent_id, KeptAnswer.key == key
        )
    )
    if row is None:
        return None
    if row.request_hash != request_hash:
        raise Invalid("This Idempotency-Key was used before with another request.")
    return Answer(row.status, row.body)


def keep(tx: Tx, agent_id: int, key: str, request_hash: str, answer: Answer) -> None:
    """Keep an answer with the effect it tells of. Raises when the key is taken: ask before."""
    tx.execute(
        insert(KeptAnswer).values(
            agent_id=agent_id,
            key=key,
            ws=tx.ws,
            request_hash=request_hash,
            status=answer.status,
            body=answer.body,
            at=tx.now,
        )
    )


def sweep(tx: Tx) -> None:
    """Forget answers after a day."""
    tx.execute(delete(KeptAnswer).where(KeptAnswer.at < tx.now - KEPT_FOR))
