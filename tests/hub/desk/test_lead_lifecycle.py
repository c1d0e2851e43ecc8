"""Any order of decisions keeps the case what it is: one row, one pipeline, one step for each decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crm_core.cases import pipelines, queries
from crm_core.cases.rules import Becomes
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from crm_core.words.errors import HubError
from crm_core.words.events import CaseChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import CaseValue
from hub.desk import cases, qualifying
from hub.desk.qualifying import Qualification
from tests.hub.desk.prospects import Prospects, open_prospects
from tests.peers.clock import VirtualClock

Act = Callable[[Tx, Actor, CaseValue, int], Any]

ACTS: dict[str, Act] = {
    "accept": lambda tx, actor, case, other: cases.accept(tx, actor, case.id),
    "assign": lambda tx, actor, case, other: cases.assign(tx, actor, case.id, actor.agent_id),
    "give back": lambda tx, actor, case, other: cases.assign(tx, actor, case.id, 0),
    "deal": lambda tx, actor, case, other: qualifying.qualify(tx, actor, case.id, Qualification()),
    "request": lambda tx, actor, case, other: qualifying.qualify(
        tx, actor, case.id, Qualification(becomes=Becomes.REQUEST)
    ),
    "contact": lambda tx, actor, case, other: qualifying.qualify(
        tx, actor, case.id, Qualification(becomes=Becomes.CONTACT)
    ),
    "undo": lambda tx, actor, case, other: qualifying.undo(tx, actor, case.id),
    "disqualify": lambda tx, actor, case, other: cases.disqualify(tx, actor, case.id, "No"),
    "spam": lambda tx, actor, case, other: cases.spam(tx, actor, case.id),
    "duplicate": lambda tx, actor, case, other: cases.duplicate(tx, actor, case.id, other),
    "nurture": lambda tx, actor, case, other: cases.nurture(tx, actor, case.id, tx.now + DAY),
    "come back": lambda tx, actor, case, other: cases.come_back(tx, case.id),
    "reopen": lambda tx, actor, case, other: cases.reopen(tx, actor, case.id),
    "move": lambda tx, actor, case, other: cases.move(tx, actor, case.id, _next_stage(tx, case)),
}


def _next_stage(tx: Tx, case: CaseValue) -> int:
    ids = [stage.id for stage in pipelines.pipeline(tx, case.pipeline_id).stages]
    return ids[(ids.index(case.stage_id) + 1) % len(ids)]


async def _try(prospects: Prospects, act: Act, actor: Actor, case_id: int, other: int) -> None:
    before = await prospects.case(case_id)
    decided = len(await prospects.decisions(case_id))
    try:
        after = await prospects.db.write(act, actor, before, other)
    except HubError:
        assert await prospects.case(case_id) == before
        assert len(await prospects.decisions(case_id)) == decided
        return
    now = await prospects.case(case_id)
    steps = await prospects.db.read(queries.steps, prospects.sofia, case_id)
    assert len(steps) - decided == now.version - before.version <= 1
    assert after in (now, None)
    assert steps[-1].to_stage_id == now.stage_id
    _stays_itself(before, now)
    await _stands_in_its_pipeline(prospects, now)
    told = [e.case for e in await prospects.events() if isinstance(e, CaseChanged) and e.case.id == case_id]
    assert told[-1] == now


def _stays_itself(before: CaseValue, now: CaseValue) -> None:
    assert (now.id, now.number, now.created_at) == (before.id, before.number, before.created_at)
    assert (now.identity_id, now.source, now.first_words) == (before.identity_id, before.source, before.first_words)
    assert (now.closed_at is None) is now.category.is_open


async def _stands_in_its_pipeline(prospects: Prospects, case: CaseValue) -> None:
    pipeline = await prospects.db.read(pipelines.pipeline, case.pipeline_id)
    stage = next(s for s in pipeline.stages if s.id == case.stage_id)
    assert (pipeline.kind, stage.category) == (case.kind, case.category)


async def test_any_order_of_decisions_keeps_a_case_whole(db: Database, clock: VirtualClock) -> None:
    prospects = await open_prospects(db, clock)

    orders: list[list[str]] = []

    @settings(
        max_examples=25 if db.is_sqlite else 5,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(st.sampled_from(sorted(ACTS)), min_size=1, max_size=8))
    def drawn(order: list[str]) -> None:
        orders.append(order)

    drawn()
    orders += [["spam", "undo", "deal", "undo", "nurture", "come back", "contact", "reopen", "duplicate", "undo"]]
    succeeded = set()
    for order in orders:
        lead, other = await prospects.lead(), await prospects.lead()
        for name in order:
            clock.advance(DAY)
            version = (await prospects.case(lead.id)).version
            await _try(prospects, ACTS[name], prospects.anna, lead.id, other.id)
            if (await prospects.case(lead.id)).version != version:
                succeeded.add(name)
    assert succeeded == set(ACTS)
