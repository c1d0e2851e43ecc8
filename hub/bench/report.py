"""`hub bench`: runs the figures one after the other and says what came out, as a table or as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Any

import structlog
import uvloop

from crm_core.words.clock import as_text, system_clock
from hub.bench.machine import machine
from hub.bench.peers import PeerMissing
from hub.bench.plan import PLANS, Measured, Plan
from hub.config import load_settings
from hub.logs import configure

log = structlog.get_logger(__name__)


def bench(*, wanted: list[str], seconds: float, as_json: bool) -> int:
    """
    Measure the figures of these ids (none: all) and print them; `seconds` is for each side of each round. The first
    word of several ids stands for all of them, as `calls` does.

    Returns 0, also when a goal was missed, since a slow machine is no failure; 1 when something could not be
    measured, 2 for an id that no figure has. A figure whose peer is not installed is null and says why.
    """
    unknown = [name for name in wanted if not any(_is_one(plan, name) for plan in PLANS.values())]
    if unknown:
        sys.stderr.write(f"There is no figure {unknown[0]!r}. There are: {', '.join(PLANS)}.\n")
        return 2
    configure(load_settings({"HUB_LOG_LEVEL": "error", "HUB_DATA_DIR": os.environ.get("HUB_DATA_DIR", "./var")}))
    known = machine()
    if not as_json:
        _say(", ".join(f"{name} {value}" for name, value in known.items() if value is not None))
    figures: list[dict[str, Any]] = []
    failed = False
    for plan in PLANS.values():
        if wanted and not any(_is_one(plan, name) for name in wanted):
            continue
        found = measured(plan, seconds)
        failed = failed or any(figure.get("failed") for figure in found)
        figures += found
        if not as_json:
            _say(*lines(found))
    if as_json:
        document = {"machine": known, "at": as_text(system_clock()), "seconds": seconds, "figures": figures}
        _say(json.dumps(document, indent=2))
    else:
        _say(sentence(figures))
    return 1 if failed else 0


def _is_one(plan: Plan, name: str) -> bool:
    return plan.id == name or plan.id.startswith(f"{name}_")


def measured(plan: Plan, seconds: float) -> list[dict[str, Any]]:
    """One figure's parts as they stand in the JSON. What could not be measured has no numbers and says why."""
    sys.stderr.write(f"measuring {plan.id} …\n")
    sys.stderr.flush()
    began = perf_counter()
    try:
        found: Measured = uvloop.run(_run(plan, seconds))
    except PeerMissing as error:
        return [_figure(plan, part, None, str(error)) for part in plan.goals]
    except Exception as error:
        log.error("a figure could not be measured", figure=plan.id, exc_info=error)
        reason = f"It could not be measured: {type(error).__name__}: {error}"
        return [{**_figure(plan, part, None, reason), "failed": True} for part in plan.goals]
    took = round(perf_counter() - began, 1)
    shared = {name: value for name, value in found.items() if name not in plan.goals} if "" not in plan.goals else {}
    return [
        {**_figure(plan, part, {**(found[part] if part else found), **shared}), "took_seconds": took}
        for part in plan.goals
    ]


async def _run(plan: Plan, seconds: float) -> Measured:
    return await plan.measure(seconds)


def _figure(plan: Plan, part: str, found: Mapping[str, Any] | None, reason: str | None = None) -> dict[str, Any]:
    goal = plan.goals[part]
    ratio = None if found is None else float(found["ratio"])
    met = None if ratio is None else (ratio <= goal if plan.is_most else ratio >= goal)
    known = {"product", "limit", "ratio", "unit"}
    return {
        "id": plan.id,
        "part": part or None,
        "title": plan.title,
        "unit": plan.unit,
        "product": None if found is None else float(found["product"]),
        "limit": None if found is None else float(found["limit"]),
        "ratio": ratio,
        "goal": goal,
        "goal_is": "at most" if plan.is_most else "at least",
        "met": met,
        "reason": reason,
        "facts": {} if found is None else {name: value for name, value in found.items() if name not in known},
    }


def lines(figures: Sequence[Mapping[str, Any]]) -> list[str]:
    """Figures as lines of the table."""
    return [line for figure in figures for line in _line(figure)]


def _line(figure: Mapping[str, Any]) -> list[str]:
    name = f"{figure['id']}.{figure['part']}" if figure["part"] else figure["id"]
    if figure["ratio"] is None:
        return [f"{name:24} not measured: {figure['reason']}"]
    verdict = "met" if figure["met"] else "MISSED"
    numbers = f"{figure['product']:>12,.1f} {figure['limit']:>12,.1f} {figure['unit']:<13}"
    goal = f"ratio {figure['ratio']:8.2f}, {figure['goal_is']} {figure['goal']:g}: {verdict}"
    return [f"{name:24}{numbers}{goal}", f"{'':24}{figure['title']}"]


def sentence(figures: Sequence[Mapping[str, Any]]) -> str:
    """How many goals were met, and which were not."""
    missed = [figure["id"] for figure in figures if figure["met"] is False]
    unknown = [figure["id"] for figure in figures if figure["met"] is None]
    words = f"{sum(figure['met'] is True for figure in figures)} of {len(figures)} goals met."
    if missed:
        words += f" Missed: {', '.join(dict.fromkeys(missed))}."
    if unknown:
        words += f" Not measured: {', '.join(dict.fromkeys(unknown))}."
    return words


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
