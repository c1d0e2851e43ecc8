"""Pipelines with their stages, and the reasons for which cases are lost."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.cases import pipelines, reasons
from crm_core.cases.pipelines import StageWanted
from hub.api.call import Call
from hub.api.models import cases as models
from hub.api.models.cases import NewStage, Pipeline, Pipelines, Reason, Reasons
from hub.api.models.shapes import ListOf


async def listed(call: Call, query: Pipelines) -> ListOf[Pipeline]:
    """All pipelines with their stages."""
    found = await call.read(pipelines.pipelines, with_archived=query.archived)
    return ListOf[Pipeline](items=[Pipeline.model_validate(value) for value in found])


async def get(call: Call, pipeline_id: int) -> Pipeline:
    """One pipeline with its stages."""
    return Pipeline.model_validate(await call.read(pipelines.pipeline, pipeline_id))


async def add(call: Call, body: models.NewPipeline) -> Pipeline:
    """Add a pipeline. The first of its kind is where its cases begin."""
    new = pipelines.NewPipeline(kind=body.kind, name=body.name, currency=body.currency, stages=_wanted(body.stages))
    return await call.write(Pipeline.model_validate, pipelines.add, call.actor, new)


async def change(call: Call, pipeline_id: int, body: models.PipelineChange) -> Pipeline:
    """Change a pipeline and its stages. A stage where open cases stand stays."""
    wanted = pipelines.PipelineChange(
        **body.model_dump(exclude={"stages"}), stages=None if body.stages is None else _wanted(body.stages)
    )
    return await call.write(Pipeline.model_validate, pipelines.change, call.actor, pipeline_id, wanted)


async def case_reasons(call: Call, query: Reasons) -> ListOf[Reason]:
    """All reasons for which cases are lost, in the order they are offered."""
    found = await call.read(reasons.reasons, with_deleted=query.deleted)
    return ListOf[Reason](items=[Reason.model_validate(value) for value in found])


async def add_reason(call: Call, body: models.NewReason) -> Reason:
    """Add a reason."""
    return await call.write(Reason.model_validate, reasons.add, call.actor, body.name, body.position)


async def change_reason(call: Call, reason_id: int, body: models.ReasonChange) -> Reason:
    """Change a reason, delete it or bring it back; cases keep the words they were lost with."""
    wanted = reasons.ReasonChange(**body.model_dump())
    return await call.write(Reason.model_validate, reasons.change, call.actor, reason_id, wanted)


def _wanted(stages: Sequence[NewStage]) -> list[StageWanted]:
    return [StageWanted(**stage.model_dump()) for stage in stages]
