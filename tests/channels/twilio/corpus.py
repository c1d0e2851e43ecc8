"""The corpus of signed requests, where this machine has one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

_BESIDE = "../shared/corpora/twilio"


def corpus(name: str) -> list[dict[str, Any]]:
    """The records of one of its files. Skips the test where there is none."""
    for folder in Path(__file__).resolve().parents:
        path = folder / _BESIDE / name
        if path.exists():
            found: list[dict[str, Any]] = json.loads(path.read_text("utf-8"))
            return found
    pytest.skip("The corpora are not beside this checkout")
