"""The corpus of signed requests, where this machine has one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

_BESIDE = "../shared/corpora"


def corpus(name: str) -> list[dict[str, Any]]:
    """The records of one of its files about Twilio. Skips the test where there is none."""
    found: list[dict[str, Any]] = _read(f"twilio/{name}")
    return found


def strings(name: str) -> list[str]:
    """The naughty strings. Skips the test where there are none."""
    found: list[str] = _read(f"naughty-strings/{name}")
    return found


def _read(name: str) -> Any:
    for folder in Path(__file__).resolve().parents:
        path = folder / _BESIDE / name
        if path.exists():
            return json.loads(path.read_text("utf-8"))
    pytest.skip("The corpora are not beside this checkout")
