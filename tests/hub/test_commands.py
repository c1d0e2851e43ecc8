"""The command line: every command is there, says what it is for, and costs only what it needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hub.cli import COMMANDS, app
from tests.conftest import ROOT


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_described_in_its_list_as_it_describes_itself(name: str) -> None:
    command = app[name]
    described = command.help or (command.default_command.__doc__ if command.default_command else None) or ""
    assert described.startswith(COMMANDS[name][1].rstrip("."))


@pytest.mark.parametrize(
    ("doing", "absent"),
    [
        ("import hub.cli", ["sqlalchemy", "aiohttp", "hub.bench", "hub.demo", "hub.serving"]),
        ("from hub.parsing import explained; explained('email', [])", ["aiogram", "sqlalchemy", "hub.app"]),
        ("import hub.commands.examining", ["aiogram", "hub.app", "hub.bench", "hub.demo"]),
        ("import hub.commands.measuring", ["aiogram", "hub.demo"]),
    ],
)
def test_a_command_imports_nothing_of_the_others(doing: str, absent: list[str]) -> None:
    told = f"import sys; {doing}; print(*[name for name in {absent!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
