"""What agents hold, from the rows of work.

Work leans on the staff (who is offered what), so the staff may not import it: the few columns it reads are
named here. `crm_core.work.model` is where they are made.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, column, func, or_, select, table

from crm_core.store.prepared import RowsOf
from crm_core.store.transaction import Tx
from crm_core.words.content import UNITS, Medium
from crm_core.words.errors import Invalid
from crm_core.words.values import WorkState

_work = table("work", column("agent_id"), column("medium"), column("state"))
_queue = table("queue", column("id"), column("archived_at"))
# "not done" is spelled as in the partial index of open work, so that it is used.
_HELD: Final = (
    _work.c.state != WorkState.DONE.value,
    or_(_work.c.state == WorkState.OFFERED.value, _work.c.state == WorkState.ASSIGNED.value),
)
_held = RowsOf(
    lambda _is_sqlite: (
        select(_work.c.medium, func.count().label("how_many"))
        .where(_work.c.agent_id == bindparam("id"), *_HELD)
        .group_by(_work.c.medium)
    )
)


def units_used(tx: Tx) -> dict[int, int]:
    """Per agent the capacity units taken by what they have or are offered; agents with nothing are left out."""
    counted = select(_work.c.agent_id, _work.c.medium, func.count().label("how_many"))
    rows = tx.all(counted.where(_work.c.agent_id.isnot(None), *_HELD).group_by(_work.c.agent_id, _work.c.medium))
    used: dict[int, int] = {}
    for held in rows:
        used[held.agent_id] = used.get(held.agent_id, 0) + UNITS[Medium(held.medium)] * held.how_many
    return used


def held_by(tx: Tx, agent_id: int) -> dict[Medium, int]:
    """How much of each medium an agent has or is offered; what they have nothing of is left out."""
    return {Medium(row["medium"]): row["how_many"] for row in _held.all(tx, {"id": agent_id})}


def must_be_queues(tx: Tx, queue_ids: Iterable[int]) -> list[int]:
    """The ids, each once and in order. Raises Invalid when one of them is no open queue."""
    wanted = sorted(set(queue_ids))
    if not wanted:
        return []
    rows = tx.all(select(_queue.c.id).where(_queue.c.id.in_(wanted), _queue.c.archived_at.is_(None)))
    if len(rows) != len(wanted):
        raise Invalid("There is no such queue.", why="no_such_queue")
    return wanted
