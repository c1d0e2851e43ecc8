"""An agent says that they are back: what they let run out may be offered to them again at once."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy import select

from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from crm_core.words.events import WorkChanged
from crm_core.words.values import OfferState, WorkState
from crm_core.work.actions import cooling_of, one_open
from crm_core.work.model import Offer, WorkItem

LONGEST: Final = DAY
"""No queue spares an agent for longer (`cooldown_seconds`)."""


def forgive(tx: Tx, agent_id: int) -> None:
    """Waiting work that an agent let run out, and did not decline, is theirs to be offered again.

    They are spared what they missed because nobody was there, and a caller with nobody else to go to would wait for
    that to end, or leave a message, before the eyes of an agent who is free.
    """
    statement = (
        select(Offer.work_id, Offer.state)
        .join(WorkItem, WorkItem.id == Offer.work_id)
        .where(
            Offer.agent_id == agent_id,
            Offer.made_at > tx.now - LONGEST,
            Offer.state.in_((OfferState.TIMED_OUT, OfferState.DECLINED)),
            WorkItem.state == WorkState.QUEUED,
        )
        .order_by(Offer.id)
    )
    last = {row.work_id: row.state for row in tx.all(statement)}
    missed = [work_id for work_id, state in last.items() if state == OfferState.TIMED_OUT]
    for work_id in [one for one, spared in cooling_of(tx, missed).items() if agent_id in spared]:
        work = one_open(tx, work_id)
        assert work is not None, "it waits"
        others = {spared: until for spared, until in work.cooling.items() if spared != agent_id}
        tx.record(WorkChanged(work=msgspec.structs.replace(work, cooling=others)))
