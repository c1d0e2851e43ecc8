from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from hub.bench.peers import PeerMissing, find_binaries
from hub.bench.plan import PLANS, Measured, Plan
from hub.bench.report import lines, measured, sentence
from tests.conftest import ROOT

FIGURE_KEYS = {"id", "part", "title", "unit", "product", "limit", "ratio", "goal", "goal_is", "met", "reason", "facts"}
MACHINE_KEYS = {"cpu", "cores", "memory_mib", "kernel", "python", "sqlite", "postgresql"}


def hub_bench(*words: str) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, "-m", "hub.cli", "bench", *words]
    return subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)


def plan(answer: Measured | Exception, *, goals: Sequence[str] = ("",), is_most: bool = False) -> Plan:
    async def measure(_seconds: float) -> Measured:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Plan(
        id="tea", title="cups / pots", unit="cups/s", goals=dict.fromkeys(goals, 2.0), measure=measure, is_most=is_most
    )


def test_the_command_prints_one_json_document() -> None:
    done = hub_bench("--json", "--only", "routing", "--seconds", "0.05")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    assert document["machine"].keys() == MACHINE_KEYS
    assert document["at"].endswith("Z")
    assert [(f["id"], f["part"]) for f in document["figures"]] == [
        ("routing", "work_arrives"),
        ("routing", "slot_freed"),
    ]
    for figure in document["figures"]:
        assert figure.keys() >= FIGURE_KEYS
        assert figure["ratio"] > 0
        assert figure["facts"]["equal"] is True


def test_an_unknown_figure_is_named_with_those_there_are() -> None:
    done = hub_bench("--only", "rooting")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "There is no figure 'rooting'." in done.stderr
    assert all(name in done.stderr for name in PLANS)


def test_the_figures_have_the_goals_of_the_plan() -> None:
    assert {name: dict(p.goals) for name, p in PLANS.items()} == {
        "ingest_sqlite": {"": 0.5},
        "ingest_pg": {"": 2},
        "webhook": {"": 0.35},
        "visible": {"": 5},
        "fanout": {"": 1},
        "routing": {"work_arrives": 20, "slot_freed": 100},
        "console_memory": {"": 1.5},
        "calls_sqlite": {"": 0.35},
        "calls_pg": {"": 0.35},
        "calls_offer": {"": 5},
        "calls_held": {"": 1},
    }


def test_a_goal_is_the_least_or_the_most_of_a_ratio() -> None:
    found = {"product": 30.0, "limit": 10.0, "ratio": 3.0, "seen": 7}
    (least,) = measured(plan(found), 1)
    (most,) = measured(plan(found, is_most=True), 1)
    assert (least["met"], least["goal_is"], least["facts"]) == (True, "at least", {"seen": 7})
    assert (most["met"], most["goal_is"]) == (False, "at most")
    assert "MISSED" in lines([most])[0]
    assert sentence([least, most]) == "1 of 2 goals met. Missed: tea."


def test_a_missing_peer_leaves_the_figure_empty_and_says_so() -> None:
    (figure,) = measured(plan(PeerMissing("There is no kettle here.")), 1)
    assert (figure["product"], figure["ratio"], figure["met"]) == (None, None, None)
    assert figure["reason"] == "There is no kettle here."
    assert not figure.get("failed")
    assert lines([figure]) == [f"{'tea':24} not measured: There is no kettle here."]


def test_a_figure_that_breaks_is_a_failure_of_every_part() -> None:
    figures = measured(plan(RuntimeError("the pot broke"), goals=("green", "black")), 1)
    assert [(f["part"], f["failed"]) for f in figures] == [("green", True), ("black", True)]
    assert "the pot broke" in figures[0]["reason"]


def test_the_parts_of_a_figure_share_what_was_seen() -> None:
    part = {"product": 3.0, "limit": 1.0, "ratio": 3.0}
    figures = measured(
        plan({"green": part, "black": {**part, "ratio": 1.0}, "equal": True}, goals=("green", "black")), 1
    )
    assert [(f["part"], f["met"], f["facts"]) for f in figures] == [
        ("green", True, {"equal": True}),
        ("black", False, {"equal": True}),
    ]


def test_a_machine_without_postgresql_has_no_binaries(tmp_path: Any) -> None:
    empty = find_binaries([str(tmp_path)])
    assert empty is None or (empty / "initdb").exists()
