"""Pipelines are there when first needed, and are changed without losing the cases in them."""

from __future__ import annotations

import pytest

from crm_core.cases import opening, pipelines, reasons
from crm_core.cases.opening import NewCase
from crm_core.cases.pipelines import NewPipeline, PipelineChange, StageWanted
from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.words.errors import Conflict, Denied, Invalid
from crm_core.words.events import PipelineChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import CaseKind, PipelineValue, Role, StageCategory

ADA = Actor(1, "Ada", Role.ADMINISTRATOR)
ANN = Actor(2, "Ann", Role.AGENT)
NEW, WON, LOST = (
    StageWanted(name=c.value.title(), category=c) for c in (StageCategory.NEW, StageCategory.WON, StageCategory.LOST)
)


async def leads(db: Database) -> PipelineValue:
    await db.write(pipelines.ensure)
    return await db.read(pipelines.default_of, CaseKind.LEAD)


def as_wanted(pipeline: PipelineValue) -> list[StageWanted]:
    return [StageWanted(id=s.id, name=s.name, category=s.category) for s in pipeline.stages]


async def test_the_first_case_finds_its_pipeline_and_the_second_the_same(db: Database) -> None:
    first, second = [(await db.write(opening.open_many, [NewCase(who=who)]))[0] for who in ("Ann", "Bea")]
    await db.write(pipelines.ensure)
    assert first.pipeline_id == second.pipeline_id
    assert (first.number, second.number) == (1, 2)
    there = await db.read(pipelines.pipelines)
    assert [(p.kind, p.name, p.is_default) for p in there] == [
        ("lead", "Leads", True),
        ("deal", "Deals", True),
        ("request", "Requests", True),
    ]
    assert [s.key for s in there[0].stages if s.key] == ["disqualified", "spam", "duplicate"]
    told = [c.event for c in await db.read(journal.after, 0, most=100)]
    assert [e.pipeline for e in told if isinstance(e, PipelineChanged)] == there
    assert len({r.name for r in await db.read(reasons.reasons)}) == 7


async def test_a_kind_without_a_pipeline_gets_one_from_who_configures(db: Database) -> None:
    with pytest.raises(Conflict):
        await db.write(opening.open_many, [NewCase(who="Ann", kind=CaseKind.JOB)])
    new = NewPipeline(kind=CaseKind.JOB, name="Works", stages=[NEW, WON], currency="eur")
    with pytest.raises(Denied):
        await db.write(pipelines.add, ANN, new)
    made = await db.write(pipelines.add, ADA, new)
    assert (made.is_default, made.currency) == (True, "EUR")
    job = (await db.write(opening.open_many, [NewCase(who="Ann", kind=CaseKind.JOB)]))[0]
    assert (job.pipeline_id, job.currency) == (made.id, "EUR")


async def test_another_pipeline_becomes_the_one_where_cases_begin(db: Database) -> None:
    old = await leads(db)
    new = await db.write(pipelines.add, ADA, NewPipeline(kind=CaseKind.LEAD, name="Wholesale", stages=[NEW, WON, LOST]))
    assert not new.is_default
    await db.write(pipelines.change, ADA, new.id, PipelineChange(version=1, is_default=True))
    assert (await db.read(pipelines.default_of, CaseKind.LEAD)).id == new.id
    before = await db.read(pipelines.pipeline, old.id)
    assert not before.is_default
    await db.write(pipelines.change, ADA, old.id, PipelineChange(version=before.version, archived=True))
    assert old.id not in {p.id for p in await db.read(pipelines.pipelines)}
    await db.write(pipelines.ensure)
    assert len([p for p in await db.read(pipelines.pipelines) if p.kind is CaseKind.LEAD]) == 1


async def test_a_stage_that_was_taken_out_comes_back_when_it_is_named_again(db: Database) -> None:
    before = await leads(db)
    less = [stage for stage in as_wanted(before) if stage.name != "Nurture"]
    without = await db.write(pipelines.change, ADA, before.id, PipelineChange(version=1, stages=less))
    assert "Nurture" not in [stage.name for stage in without.stages]
    undone = await db.write(pipelines.change, ADA, before.id, PipelineChange(version=2, stages=as_wanted(before)))
    assert undone.stages == before.stages
    deals = await db.read(pipelines.default_of, CaseKind.DEAL)
    with pytest.raises(Invalid):
        await db.write(pipelines.change, ADA, deals.id, PipelineChange(version=1, stages=as_wanted(before)))


async def test_stages_are_renamed_added_and_put_in_another_order(db: Database) -> None:
    pipeline = await leads(db)
    wanted = as_wanted(pipeline)
    renamed = StageWanted(id=wanted[1].id, name="Calling", category=wanted[1].category, colour="blue", probability=20)
    extra = StageWanted(name="Meeting", category=StageCategory.ACTIVE)
    order = [wanted[0], extra, renamed, *wanted[2:]]
    fresh = await db.write(pipelines.change, ADA, pipeline.id, PipelineChange(version=1, stages=order))
    assert [s.name for s in fresh.stages[:4]] == ["New", "Meeting", "Calling", "Nurture"]
    assert fresh.stages[2].id == pipeline.stages[1].id
    assert [s.key for s in fresh.stages if s.key] == ["disqualified", "spam", "duplicate"]


async def test_a_stage_where_cases_stand_stays(db: Database) -> None:
    pipeline = await leads(db)
    await db.write(opening.open_many, [NewCase(who="Ann")])
    another = StageWanted(name="Fresh", category=StageCategory.NEW)
    without = PipelineChange(version=1, stages=[another, *as_wanted(pipeline)[1:]])
    with pytest.raises(Conflict, match="New"):
        await db.write(pipelines.change, ADA, pipeline.id, without)
    working = as_wanted(pipeline)
    del working[1]
    fresh = await db.write(pipelines.change, ADA, pipeline.id, PipelineChange(version=1, stages=working))
    assert "Working" not in {s.name for s in fresh.stages}


async def test_what_makes_no_pipeline_is_refused(db: Database) -> None:
    pipeline = await leads(db)
    wanted = as_wanted(pipeline)
    other = StageWanted(id=wanted[0].id, name="New", category=StageCategory.ACTIVE)
    twice = [*wanted, wanted[0]]
    for stages in ([], wanted[:1], [other, *wanted], twice):
        with pytest.raises(Invalid):
            await db.write(pipelines.change, ADA, pipeline.id, PipelineChange(version=1, stages=stages))
    with pytest.raises(Conflict):
        await db.write(pipelines.change, ADA, pipeline.id, PipelineChange(version=5, name="Late"))
    for wish in (PipelineChange(version=1, archived=True), PipelineChange(version=1, is_default=False)):
        with pytest.raises(Conflict):
            await db.write(pipelines.change, ADA, pipeline.id, wish)
    assert await db.read(pipelines.pipeline, pipeline.id) == pipeline


async def test_reasons_are_changed_deleted_and_brought_back(db: Database) -> None:
    made = await db.write(reasons.add, ADA, "  Too  far ", 3)
    assert made.name == "Too far"
    await db.write(reasons.change, ADA, made.id, reasons.ReasonChange(version=1, deleted=True))
    assert await db.read(reasons.reasons) == []
    assert [r.deleted for r in await db.read(lambda tx: reasons.reasons(tx, with_deleted=True))] == [True]
    back = await db.write(reasons.change, ADA, made.id, reasons.ReasonChange(version=2, deleted=False, name="Far"))
    assert await db.read(reasons.reason_name, made.id) == back.name == "Far"
    with pytest.raises(Denied):
        await db.write(reasons.add, ANN, "Mine")
    with pytest.raises(Conflict):
        await db.write(reasons.change, ADA, made.id, reasons.ReasonChange(version=1, name="Late"))
