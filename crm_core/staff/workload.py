"""What agents hold, from the rows of work.

Work leans on the staff (who is offered what), so the staff may not import it: the few columns it reads are
named here. `crm_core.work.model` is where they are made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import column, func, select, table

from crm_core.store.transaction import Tx
from crm_core.words.content import UNITS, Medium
from crm_core.words.errors import Invalid
from crm_core.words.values import WorkState

_work = table("work", column("agent_id"), column("medium"), column("state"))
_queue = table("queue", column("id"), column("archived_at"))
_HELD = (WorkState.OFFERED, WorkState.ASSIGNED)


def units_used(tx: Tx, agent_ids: Sequence[int] | None = None) -> dict[int, int]:
    """Per agent the capacity units taken by what they have or are offered; agents with nothing are left out."""
    mine = _work.c.agent_id.isnot(None) if agent_ids is None else _work.c.agent_id.in_(agent_ids)
    rows = tx.all(
        select(_work.c.agent_id, _work.c.medium, func.count().label("how_many"))
        # "not done" is spelled as in the partial index of open work, so that it is used.
        .where(mine, _work.c.state != WorkState.DONE.value, _work.c.state.in_([s.value for s in _HELD]))
        .group_by(_work.c.agent_id, _work.c.medium)
    )
    used: dict[int, int] = {}
    for held in rows:
        used[held.agent_id] = used.get(held.agent_id, 0) + UNITS[Medium(held.medium)] * held.how_many
    return used


def must_be_queues(tx: Tx, queue_ids: Iterable[int]) -> list[int]:
    """The ids, each once and in order. Raises Invalid when one of them is no open queue."""
    wanted = sorted(set(queue_ids))
    if not wanted:
        return []
    rows = tx.all(select(_queue.c.id).where(_queue.c.id.in_(wanted), _queue.c.archived_at.is_(None)))
    if len(rows) != len(wanted):
        raise Invalid("There is no such queue.")
    return wanted
