"""`hub bench`."""

from __future__ import annotations

import sys

from hub.bench import report


def bench(*, json: bool = False, only: str = "", seconds: float = 2.0) -> None:
    """Measure the hub against limits of this machine, measured in the same run.

    Parameters
    ----------
    json
        Print one JSON document.
    only
        Figures to measure, separated by commas.
    seconds
        How long each side of a figure is measured, per round.
    """
    sys.exit(report.bench(wanted=[w for w in only.split(",") if w], seconds=seconds, as_json=json))
