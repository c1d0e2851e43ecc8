"""What routing writes about an agent: busy, idle again, missed an offer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from crm_core.staff import queries
from crm_core.staff.model import Agent
from crm_core.store.prepared import ONE_MORE, ChangeOf
from crm_core.store.transaction import Fields, Tx
from crm_core.words.errors import NotFound
from crm_core.words.events import AgentChanged

_TABLE = Agent.__table__
_change = ChangeOf(_TABLE)  # type: ignore[arg-type]


def locked(tx: Tx, agent_id: int) -> Row[Any]:
    """An agent's row, held against other writers until the commit. Raises NotFound."""
    return queries.row(tx, agent_id, lock=True)


def name_of(tx: Tx, agent_id: int) -> str:
    """An agent's name, for a line of the timeline."""
    name: str | None = tx.scalar(select(Agent.name).where(Agent.id == agent_id))
    return name or ""


def touch(tx: Tx, agent_id: int, **values: Any) -> Fields:
    """Set columns of an agent and record them as they are now, with what they hold; the row. Raises NotFound."""
    fresh = _change.row(tx, agent_id, values)
    if fresh is None:
        raise NotFound
    tx.record(AgentChanged(agent=queries.value(tx, fresh)))
    return fresh


def busied(tx: Tx, agent_id: int) -> None:
    """An agent was given something or is done with it: their idle clock starts again."""
    touch(tx, agent_id, idle_since=tx.now)


def answered(tx: Tx, agent_id: int) -> None:
    """An agent took an offer: what they missed before is forgotten."""
    touch(tx, agent_id, idle_since=tx.now, misses=0, missed_offer=False)


def count_miss(tx: Tx, agent_id: int) -> int:
    """An agent let an offer run out; how many in a row that makes."""
    return int(touch(tx, agent_id, misses=ONE_MORE, missed_offer=True)["misses"])
