"""Pipelines and their stages: made at first use, changed by those who configure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, exists, insert, literal, select, update

from crm_core.cases import reasons, rules
from crm_core.cases.defaults import PIPELINES, DefaultPipeline
from crm_core.cases.model import Case, Pipeline, Stage
from crm_core.store.counters import next_number
from crm_core.store.prepared import RowsOf, one_of
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.errors import Conflict, Invalid, NotFound
from crm_core.words.events import PipelineChanged
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import one_line
from crm_core.words.values import CaseKind, PipelineValue, StageCategory, StageValue

PIPELINE = Pipeline.__table__
STAGE = Stage.__table__
_default = RowsOf(
    lambda _is_sqlite: (
        select(*PIPELINE.c)
        .where(Pipeline.ws == bindparam("ws"), Pipeline.kind == bindparam("kind"), Pipeline.is_default)
        .limit(1)
    )
)
_stages = RowsOf(
    lambda is_sqlite: (
        select(*STAGE.c)
        .where(one_of(Stage.pipeline_id, "pipelines", is_sqlite=is_sqlite), Stage.archived_at.is_(None))
        .order_by(Stage.position, Stage.id)
    )
)
_OPEN: Final = [category for category in StageCategory if category.is_open]


@dataclass(frozen=True, slots=True, kw_only=True)
class StageWanted:
    """A stage as it is to be. With an `id` it is one that is there; its category stays what it is."""

    name: str
    category: StageCategory
    id: int | None = None
    colour: str = ""
    probability: int | None = None
    max_age: Moment | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPipeline:
    """A pipeline to add, its stages in order."""

    kind: CaseKind
    name: str
    stages: Sequence[StageWanted]
    currency: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineChange:
    """What to change; what is None stays. `stages` are all of them in their new order.

    One that is missing is taken out; one that was taken out comes back when it is named again.
    """

    version: int
    name: str | None = None
    currency: str | None = None
    is_default: bool | None = None
    archived: bool | None = None
    stages: Sequence[StageWanted] | None = None


def pipelines(tx: Tx, *, with_archived: bool = False) -> list[PipelineValue]:
    """Every pipeline with its stages, the oldest first."""
    statement = select(*PIPELINE.c).where(Pipeline.ws == tx.ws).order_by(Pipeline.id)
    rows = tx.all(statement if with_archived else statement.where(Pipeline.archived_at.is_(None)))
    return _values(tx, rows)


def pipeline(tx: Tx, pipeline_id: int) -> PipelineValue:
    """One pipeline with its stages. Raises NotFound."""
    return _values(tx, [_row(tx, pipeline_id)])[0]


def default_of(tx: Tx, kind: CaseKind) -> PipelineValue:
    """The pipeline where cases of a kind begin. Raises Conflict for a kind that has none."""
    found = _default_row(tx, kind)
    if found is None:
        ensure(tx)
        found = _default_row(tx, kind)
    if found is None:
        raise Conflict("There is no pipeline for this kind of case. Add one in the settings.", why="no_pipeline")
    return _values(tx, [found])[0]


def ensure(tx: Tx) -> None:
    """Make the pipelines and reasons that a workspace begins with, where they are not there yet. Harmless twice."""
    if not _missing(tx):
        return
    # Counting locks the counter's row: where several processes write, one of them makes the pipelines.
    first = next_number(tx, "default pipelines") == 1
    for kind in _missing(tx):
        _make_default(tx, kind, PIPELINES[kind])
    if first:
        reasons.add_defaults(tx)


def add(tx: Tx, actor: Actor | None, new: NewPipeline) -> PipelineValue:
    """Add a pipeline; the first of its kind is the default. Raises Denied, Invalid."""
    _must_configure(actor)
    ensure(tx)
    rules.must_be_whole(new.kind, [stage.category for stage in new.stages])
    pipeline_id = tx.new_id()
    tx.execute(
        insert(Pipeline).values(
            id=pipeline_id,
            ws=tx.ws,
            kind=new.kind,
            name=_checked_name(new.name),
            currency=rules.checked_currency(new.currency),
            is_default=_default_row(tx, new.kind) is None,
            version=1,
        )
    )
    for position, stage in enumerate(new.stages):
        _add_stage(tx, pipeline_id, position, stage)
    return _recorded(tx, pipeline_id)


def change(tx: Tx, actor: Actor | None, pipeline_id: int, wanted: PipelineChange) -> PipelineValue:
    """Change a pipeline, its stages included.

    Raises Denied, NotFound, Invalid, and Conflict when somebody else changed it since `version`, or when cases
    stand where they could not stay.
    """
    _must_configure(actor)
    known = _row(tx, pipeline_id, lock=True)
    if known.version != wanted.version:
        raise Conflict(version=known.version)
    values: dict[str, Any] = {}
    if wanted.name is not None:
        values["name"] = _checked_name(wanted.name)
    if wanted.currency is not None:
        values["currency"] = rules.checked_currency(wanted.currency)
    if wanted.archived is not None:
        values["archived_at"] = _archived(tx, known, is_archived=wanted.archived)
    if wanted.is_default is not None:
        values["is_default"] = _defaulted(tx, known, values, is_default=wanted.is_default)
    if wanted.stages is not None:
        _set_stages(tx, known, wanted.stages)
    tx.execute(update(Pipeline).where(Pipeline.id == known.id).values(version=Pipeline.version + 1, **values))
    return _recorded(tx, pipeline_id)


def _archived(tx: Tx, known: Row[Any], *, is_archived: bool) -> Moment | None:
    if not is_archived:
        return None
    if known.is_default:
        raise Conflict("New cases begin in this pipeline. Let them begin in another one first.", why="pipeline_default")
    if _has_cases(tx, Case.pipeline_id == known.id):
        raise Conflict("There are open cases in this pipeline.", why="pipeline_used")
    return tx.now


def _defaulted(tx: Tx, known: Row[Any], values: dict[str, Any], *, is_default: bool) -> bool:
    if not is_default:
        if known.is_default:
            raise Conflict(
                "New cases begin in this pipeline. Let them begin in another one first.", why="pipeline_default"
            )
        return False
    if values.get("archived_at", known.archived_at) is not None:
        raise Conflict("The pipeline is archived.", why="pipeline_archived")
    before = _default_row(tx, CaseKind(known.kind))
    if before is not None and before.id != known.id:
        tx.execute(
            update(Pipeline).where(Pipeline.id == before.id).values(is_default=False, version=Pipeline.version + 1)
        )
        _recorded(tx, before.id)
    return True


def _set_stages(tx: Tx, known: Row[Any], wanted: Sequence[StageWanted]) -> None:
    rules.must_be_whole(CaseKind(known.kind), [stage.category for stage in wanted])
    there = {stage.id: stage for stage in pipeline(tx, known.id).stages}
    kept = [stage.id for stage in wanted if stage.id is not None]
    # One that was taken out may be named again: it comes back as it was.
    of_it = there | _taken_out(tx, known.id)
    if not set(kept) <= set(of_it) or len(set(kept)) != len(kept):
        raise Invalid("One of these stages is not of this pipeline, or stands here twice.", why="stage_twice")
    for gone in set(there) - set(kept):
        if _has_cases(tx, Case.stage_id == gone):
            raise Conflict("There are open cases in the stage {name}.", why="stage_used", name=there[gone].name)
        tx.execute(update(Stage).where(Stage.id == gone).values(archived_at=tx.now))
    for position, stage in enumerate(wanted):
        if stage.id is None:
            _add_stage(tx, known.id, position, stage)
            continue
        if stage.category is not of_it[stage.id].category:
            raise Invalid("The category of a stage stays. Add a new stage instead.", why="category_stays")
        values = {"position": position, "archived_at": None, **_checked_stage(stage)}
        tx.execute(update(Stage).where(Stage.id == stage.id).values(values))


def _taken_out(tx: Tx, pipeline_id: int) -> dict[int, StageValue]:
    statement = select(*STAGE.c).where(Stage.pipeline_id == pipeline_id, Stage.archived_at.is_not(None))
    return {found.id: _stage_value(found) for found in tx.all(statement)}


def _add_stage(tx: Tx, pipeline_id: int, position: int, stage: StageWanted, key: str = "") -> None:
    tx.execute(
        insert(Stage).values(
            id=tx.new_id(),
            ws=tx.ws,
            pipeline_id=pipeline_id,
            position=position,
            category=stage.category,
            key=key,
            **_checked_stage(stage),
        )
    )


def _make_default(tx: Tx, kind: CaseKind, new: DefaultPipeline) -> None:
    pipeline_id = tx.new_id()
    tx.execute(insert(Pipeline).values(id=pipeline_id, ws=tx.ws, kind=kind, name=new.name, is_default=True, version=1))
    for position, stage in enumerate(new.stages):
        _add_stage(tx, pipeline_id, position, StageWanted(name=stage.name, category=stage.category), stage.key)
    _recorded(tx, pipeline_id)


def _missing(tx: Tx) -> list[CaseKind]:
    there = {r.kind for r in tx.all(select(Pipeline.kind).where(Pipeline.ws == tx.ws, Pipeline.is_default))}
    return [kind for kind in PIPELINES if kind not in there]


def _default_row(tx: Tx, kind: CaseKind) -> Row[Any] | None:
    return _default.first(tx, {"ws": tx.ws, "kind": kind})


def _has_cases(tx: Tx, where: Any) -> bool:
    return tx.first(select(literal(1)).where(exists().where(where, Case.category.in_(_OPEN)))) is not None


def _row(tx: Tx, pipeline_id: int, *, lock: bool = False) -> Row[Any]:
    statement = select(*PIPELINE.c).where(Pipeline.id == pipeline_id, Pipeline.ws == tx.ws)
    found = tx.first(statement.with_for_update() if lock and not tx.is_sqlite else statement)
    if found is None:
        raise NotFound
    return found


def _values(tx: Tx, rows: Sequence[Row[Any]]) -> list[PipelineValue]:
    ids = [r.id for r in rows]
    stages: dict[int, list[StageValue]] = {}
    for found in _stages.rows(tx, {"pipelines": ids}) if ids else ():
        stages.setdefault(found.pipeline_id, []).append(_stage_value(found))
    return [
        PipelineValue(
            id=r.id,
            kind=CaseKind(r.kind),
            name=r.name,
            currency=r.currency,
            is_default=bool(r.is_default),
            stages=stages.get(r.id, []),
            archived=r.archived_at is not None,
            version=r.version,
        )
        for r in rows
    ]


def _stage_value(found: Row[Any]) -> StageValue:
    return StageValue(
        id=found.id,
        pipeline_id=found.pipeline_id,
        name=found.name,
        category=StageCategory(found.category),
        key=found.key,
        position=found.position,
        colour=found.colour,
        probability=found.probability,
        max_age=found.max_age,
    )


def _recorded(tx: Tx, pipeline_id: int) -> PipelineValue:
    value = pipeline(tx, pipeline_id)
    tx.record(PipelineChanged(pipeline=value))
    return value


def _checked_stage(stage: StageWanted) -> dict[str, Any]:
    if stage.probability is not None and not 0 <= stage.probability <= 100:
        raise Invalid("A probability is 0 to 100 per cent.", why="probability")
    return {
        "name": _checked_name(stage.name),
        "colour": one_line(stage.colour, most=20),
        "probability": stage.probability,
        "max_age": stage.max_age,
    }


def _checked_name(name: str) -> str:
    shown = one_line(name, most=60)
    if not shown:
        raise Invalid("Pipelines and stages need names.", why="needs_name")
    return shown


def _must_configure(actor: Actor | None) -> None:
    if actor is not None:
        actor.must(Permission.CONFIGURE)
