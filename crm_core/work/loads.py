"""What agents hold as routing counts it: their work, and a call that they only advise in or listen to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from crm_core.calls import queries as calls
from crm_core.calls.rules.call import living, on_the_phone
from crm_core.store.transaction import Tx
from crm_core.words.content import UNITS, Medium
from crm_core.words.values import LegMode, WorkState
from crm_core.work.model import WorkItem


@dataclass(frozen=True, slots=True)
class Load:
    """Capacity units taken, and how somebody takes part in a call now; none: they are in none."""

    units: int = 0
    on_phone: LegMode | None = None


def loads(tx: Tx, agent_ids: Sequence[int] | None = None) -> dict[int, Load]:
    """The load of these agents, or of all; who holds nothing is left out."""
    held, phoning = _held(tx, agent_ids), _phoning(tx, agent_ids)
    return {agent_id: _load(held.get(agent_id, {}), phoning.get(agent_id)) for agent_id in held.keys() | phoning.keys()}


def _load(held: dict[Medium, int], mode: LegMode | None) -> Load:
    # A call of their own is counted by its work already.
    more = UNITS[Medium.CALL] if mode is not None and Medium.CALL not in held else 0
    return Load(sum(UNITS[medium] * count for medium, count in held.items()) + more, mode)


def _held(tx: Tx, agent_ids: Sequence[int] | None) -> dict[int, dict[Medium, int]]:
    mine = WorkItem.agent_id.is_not(None) if agent_ids is None else WorkItem.agent_id.in_(agent_ids)
    rows = tx.all(
        select(WorkItem.agent_id, WorkItem.medium, func.count().label("how_many"))
        # "not done" is spelled as in the partial index of open work, so that it is used.
        .where(
            mine,
            WorkItem.state != WorkState.DONE,
            WorkItem.state.in_((WorkState.OFFERED, WorkState.ASSIGNED)),
        )
        .group_by(WorkItem.agent_id, WorkItem.medium)
    )
    held: dict[int, dict[Medium, int]] = {}
    for row in rows:
        held.setdefault(row.agent_id, {})[Medium(row.medium)] = row.how_many
    return held


def _phoning(tx: Tx, agent_ids: Sequence[int] | None) -> dict[int, LegMode]:
    found = calls.live(tx) if agent_ids is None else [call for one in agent_ids for call in calls.phoning(tx, one)]
    modes: dict[int, LegMode] = {}
    for call in found:
        there = on_the_phone(call) if agent_ids is None else on_the_phone(call) & set(agent_ids)
        modes |= {leg.agent_id: leg.mode for leg in living(call) if leg.agent_id in there and leg.agent_id is not None}
    return modes
