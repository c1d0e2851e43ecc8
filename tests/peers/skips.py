"""In CI nothing is skipped quietly: a test that was never run proves nothing."""

from __future__ import annotations

import pytest


def refuse_skip(report: pytest.TestReport | pytest.CollectReport, readme: str) -> None:
    """Turn a skip into a failure, unless `readme` quotes its reason. Expected failures are no skips."""
    if not report.skipped or hasattr(report, "wasxfail") or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if reason not in readme:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI, and README.md does not name the reason: {reason}"
