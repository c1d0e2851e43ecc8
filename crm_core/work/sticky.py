"""How long work waits for the agent who had the person last."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from crm_core.store.prepared import RowsOf, one_of
from crm_core.store.transaction import Tx
from crm_core.words.clock import SECOND, Moment
from crm_core.words.errors import NotFound
from crm_core.work.model import Queue

_waits = RowsOf(
    lambda is_sqlite: select(Queue.id, Queue.sticky_seconds).where(one_of(Queue.id, "queues", is_sqlite=is_sqlite))
)


def sticky_waits(tx: Tx, queue_ids: Iterable[int | None]) -> dict[int | None, Moment]:
    """Milliseconds that each of these queues waits for a preferred agent."""
    wanted = sorted({q for q in queue_ids if q is not None})
    if not wanted:
        return {}
    return {row["id"]: row["sticky_seconds"] * SECOND for row in _waits.all(tx, {"queues": wanted})}


def must_exist(tx: Tx, queue_id: int) -> None:
    """Raises NotFound for a queue that does not exist or is archived."""
    if tx.first(select(Queue.id).where(Queue.id == queue_id, Queue.ws == tx.ws, Queue.archived_at.is_(None))) is None:
        raise NotFound("There is no such queue.")
