"""Who was named in a note."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, select

from crm_core.conversations.model import Mention
from crm_core.staff.model import Agent
from crm_core.store.transaction import Tx
from crm_core.words.errors import NotFound


def mention(tx: Tx, conversation_id: int, entry_id: int, agent_ids: Sequence[int]) -> None:
    """Name agents in a note. Raises NotFound when one does not exist."""
    named = sorted(set(agent_ids))
    if not named:
        return
    known = tx.all(select(Agent.id).where(Agent.id.in_(named), Agent.ws == tx.ws))
    if len(known) != len(named):
        raise NotFound("One of the people mentioned does not exist.", why="mention_unknown")
    rows = [{"agent_id": a, "entry_id": entry_id, "ws": tx.ws, "conversation_id": conversation_id} for a in named]
    tx.execute(insert(Mention), rows)
