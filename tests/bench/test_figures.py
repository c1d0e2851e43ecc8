"""Each figure is measured for a moment: that it can be, not how fast. Numbers are `hub bench`'s."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hub.bench.writes import Writes, replay
from tests.conftest import ROOT


@pytest.mark.long
@pytest.mark.parametrize(
    "figure",
    [
        "ingest_sqlite",
        pytest.param("ingest_pg", marks=pytest.mark.postgresql),
        "webhook",
        pytest.param("visible", marks=pytest.mark.slow),
        pytest.param("fanout", marks=pytest.mark.slow),
        "routing",
        pytest.param("console_memory", marks=pytest.mark.slow),
        "calls_sqlite",
        pytest.param("calls_pg", marks=pytest.mark.postgresql),
        "calls_offer",
        pytest.param("calls_held", marks=pytest.mark.slow),
    ],
)
def test_a_figure_has_a_product_and_a_limit(figure: str) -> None:
    argv = [sys.executable, "-m", "hub.cli", "bench", "--json", "--only", figure, "--seconds", "0.05"]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)["figures"]
    assert {f["id"] for f in figures} == {figure}
    for found in figures:
        assert found["product"] > 0
        assert found["limit"] > 0
        assert found["ratio"] > 0
        assert found["met"] in (True, False)


def test_what_was_written_is_written_again_row_by_row(tmp_path: Path) -> None:
    path = tmp_path / "again.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE said (id INTEGER PRIMARY KEY, words TEXT)")
        connection.execute("CREATE TABLE head (position INTEGER)")
        connection.execute("INSERT INTO head VALUES (0)")
        connection.commit()
    writes = Writes()
    writes.heard("SELECT 1", ())
    writes.heard("INSERT INTO said VALUES (?, ?)", [(i, f"words {i}") for i in range(120)])
    writes.heard("UPDATE head SET position = position + ? RETURNING position", (7,))
    assert writes.per_message(120) == {"insert said": 1, "update head": 0.008}
    assert replay(path, writes, 120, 60) > 0
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*), max(words) FROM said").fetchone() == (120, "words 99")
        assert connection.execute("SELECT position FROM head").fetchone() == (7,)
