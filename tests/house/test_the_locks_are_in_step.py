"""What pyproject.toml asks for is what the lock files hold."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent.parent
LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*])?==([^\s;]+)", re.MULTILINE)
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
GROUPS = PROJECT["dependency-groups"]


def locked(name: str) -> dict[str, str]:
    return dict(LOCKED.findall((ROOT / name).read_text(encoding="utf-8")))


def unmet(wanted: list[str], lock: dict[str, str]) -> list[str]:
    """The requirements that a lock does not fulfil."""
    parsed = [(text, Requirement(text)) for text in wanted]
    names = {name.replace("_", "-").lower(): version for name, version in lock.items()}
    return [
        text
        for text, need in parsed
        if (version := names.get(need.name.lower())) is None or not need.specifier.contains(version, prereleases=True)
    ]


@pytest.mark.parametrize(
    ("file", "wanted"),
    [
        ("requirements.lock", PROJECT["project"]["dependencies"]),
        ("requirements-dev.lock", [*PROJECT["project"]["dependencies"], *GROUPS["dev"]]),
        *((f"requirements-{group}.lock", GROUPS[group]) for group in ("build", "uv", "node")),
    ],
)
def test_the_lock_fulfils_pyproject(file: str, wanted: list[str]) -> None:
    assert unmet(wanted, locked(file)) == [], f"{file} is behind pyproject.toml: run `make lock`"


def test_the_tests_run_with_the_servers_versions() -> None:
    server, tests = locked("requirements.lock"), locked("requirements-dev.lock")
    assert {name: tests.get(name) for name in server} == server


def test_a_requirement_that_no_lock_fulfils_is_found() -> None:
    lock = {"aiohttp": "3.14.5", "Babel": "2.1"}
    assert unmet(["aiohttp>=3.14", "redis", "babel>=2.17"], lock) == ["redis", "babel>=2.17"]
