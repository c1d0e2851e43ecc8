"""Each rule against a deliberate breach and its innocent twin, so that a rule that sees nothing is found out."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from tests.house.house import House
from tests.house.rules import RULES

HEAD = "from __future__ import annotations\n"
LONG = "def f() -> int:\n    {doc}x = 0\n" + "    x += 1\n" * 44 + "    return x\n"
METHOD = "class A:\n    {}def f(tx): ...\n    def g(self):\n        self.db.write(self.f)"
NESTED = "class A:\n    {}def f(self): ...\n    def g(self):\n        {}def f(tx): ...\n        self.house.db.write(f)"
CHANNEL = {f"channels/fax/{name}": HEAD for name in ("parse.py", "render.py", "channel.py", "README.md")}


class Case(NamedTuple):
    """Files that break the rule named by `code` at the first line that `guilty` differs from `innocent`."""

    code: str
    path: str
    guilty: str
    innocent: str


CASES = [
    Case("syntax", "hub/a.py", "def f(:", "def f(): ..."),
    Case("clock", "hub/desk/a.py", "import time\nx = time.time()", "import time\nx = time.sleep"),
    Case("clock", "hub/desk/a.py", "from time import monotonic\nx = monotonic()", "from time import sleep\nsleep(1)"),
    Case("clock", "channels/a.py", "from datetime import datetime as d\nd.now()", "import datetime\nx = datetime.UTC"),
    Case("clock", "crm_core/a.py", "import datetime\nf = datetime.datetime.utcnow", "def now():\n    return now"),
    Case(
        "clock", "crm_core/a.py", "from sqlalchemy import func\nfunc.now()", "from sqlalchemy import func\nfunc.max()"
    ),
    Case("task", "hub/a.py", "import asyncio\nasyncio.create_task(f())", "group.create_task(f())"),
    Case("task", "hub/a.py", "from asyncio import ensure_future\nensure_future(f())", "ensure(f())"),
    Case("task", "hub/a.py", "import asyncio\nasyncio.get_running_loop().create_task(f())", "tasks.create_task(f())"),
    Case("commit", "crm_core/contacts/actions.py", "session.commit()", "tx.execute(1)"),
    Case("log", "hub/a.py", 'log.info(f"took {x}")', 'log.info("took a message", id=x)'),
    Case("log", "hub/a.py", 'self._log.error("took %s" % x)', 'self._log.error("could not take it")'),
    Case("log", "hub/a.py", 'logger.info("took {}".format(x))', 'report.info(f"took {x}")'),
    Case(
        "shell",
        "hub/a.py",
        "import subprocess\nsubprocess.run('ls', shell=True)",
        "subprocess.run(['ls'], shell=False)",
    ),
    Case("shell", "scripts/a.py", "from os import system\nsystem('ls')", "import os\nos.listdir('.')"),
    Case("patch", "tests/test_a.py", "from unittest.mock import Mock", "from unittest import TestCase"),
    Case("patch", "tests/test_a.py", "from unittest import mock", "import unittest"),
    Case("patch", "tests/test_a.py", "monkeypatch.setattr(a, 'b', 1)", "monkeypatch.setenv('A', 'b')"),
    Case("future", "hub/a.py", "def f():\n    return 1", HEAD + "def f():\n    return 1"),
    Case("coroutine", "hub/a.py", "async def f(tx): ...\ndb.write(f, 1)", "def f(tx): ...\ndb.write(f, 1)"),
    Case("coroutine", "hub/a.py", METHOD.format("async "), METHOD.format("")),
    Case("coroutine", "hub/a.py", NESTED.format("", "async "), NESTED.format("async ", "")),
    Case("file", "hub/a.py", "x = 1\n" * 401, "x = 1\n" * 300),
    Case("file", "agent_ui/console/a.svelte", "\n" * 401, "\n" * 300),
    Case("function", "hub/a.py", LONG.format(doc=""), LONG.format(doc='"""Long because a table is."""\n    ')),
    Case("parameters", "hub/a.py", "def f(a, b, c, d, e, g): ...", "def f(a, b, c, d, e, *, g): ..."),
    Case("parameters", "hub/a.py", "def f(self, deep: bool): ...", "def f(self, *, deep: bool): ..."),
    Case("name", "hub/string_utils.py", "", ""),
    Case("name", "agent_ui/shared/helpers.ts", "", ""),
    Case("name", "hub/a.py", "class CallManager: ...", "class Database: ..."),
    Case("name", "hub/a.py", "class ContactInfo: ...", "class Information: ..."),
    Case("registry", "hub/a.py", "from channels import fax", "from channels import registry"),
    Case("registry", "hub/a.py", "import channels.fax.parse", "from channels.contract import Manifest"),
    Case("registry", "hub/desk/a.py", "from channels.simulators.fax import Fax", "from channels.registry import x"),
    Case("words", "channels/a.py", "from crm_core.contacts import rules", "from crm_core.words import ids"),
    Case("words", "routing/a.py", "import crm_core.store.base", "import crm_core.words.ids"),
    Case("words", "routing/a.py", "from crm_core import store", "from crm_core import words"),
    Case("words", "crm_core/words/a.py", "from crm_core.store import base", "from crm_core.words import ids"),
    Case("home", "channels/fax/channel.py", "import aiogram", "import aiohttp"),
    Case("home", "hub/desk/a.py", "from twilio.rest import Client", "from twi import Client"),
    Case("init", "tests/hub/__init__.py", "", ""),
    Case("readme", "hub/desk/__init__.py", "x = 1", '"""What we do with it."""'),
    Case("place", "README.md", "see /wo" + "rk/main/README.md", "see ./wo" + "rk/main and network/main/"),
    Case("place", "README.md", "get it from registry.npm" + "js.org", "get it from the npm registry"),
    Case("place", "Makefile", "\tcd /ro" + "ot/x", "\tcd $(HOME)/root/x"),
    Case("lock", "requirements.lock", "--index-" + "url x", "aiohttp==3 \\\n    --hash=sha256:12"),
    Case(
        "lock",
        "agent_ui/package-lock.json",
        '{"packages": {"": {}, "node_modules/a": {"resolved": "https://x/a.tgz", "integrity": "sha512-1"}}}',
        '{"packages": {"": {}, "node_modules/a": {"integrity": "sha512-1"}}}',
    ),
    Case("unfinished", "hub/a.py", "x = 1  # TO" + "DO later", "x = 1  # later"),
    Case("unfinished", "agent_ui/a.ts", "// FIX" + "ME", "// fixed"),
]


def tree(root: Path, files: dict[str, str]) -> House:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return House(root)


@pytest.mark.parametrize("case", CASES, ids=[f"{case.code}-{number}" for number, case in enumerate(CASES)])
def test_a_deliberate_breach_is_found(tmp_path: Path, case: Case) -> None:
    readmes = {f"{floor}/README.md": "What lives here." for floor in ("hub", "channels", "crm_core", "agent_ui")}
    readmes |= {"channels/fax/__init__.py": '"""Letters."""', "channels/simulators/__init__.py": '"""Stand-ins."""'}
    guilty = tree(tmp_path, {**readmes, case.path: case.guilty})
    assert {breach.path for breach in guilty.breaches(case.code, RULES[case.code])} - {"."} == {case.path}
    if case.innocent == case.guilty == "":
        (tmp_path / case.path).unlink()
    innocent = tree(tmp_path, {} if case.innocent == case.guilty else {case.path: case.innocent})
    assert innocent.breaches(case.code, RULES[case.code]) == []


def test_a_coroutine_from_another_module_is_found(tmp_path: Path) -> None:
    files = {
        "crm_core/contacts/actions.py": "async def merge(tx): ...\ndef split(tx): ...",
        "hub/desk/a.py": "from crm_core.contacts import actions as a\ndb.write(a.merge, 1)\ndb.write(a.split, 1)",
        "hub/desk/b.py": "from crm_core.contacts.actions import merge as m\ndatabase.write(m)",
    }
    house = tree(tmp_path, files)
    found = [(breach.path, breach.line) for breach in house.breaches("coroutine", RULES["coroutine"])]
    assert found == [("hub/desk/a.py", 2), ("hub/desk/b.py", 2)]


@pytest.mark.parametrize("missing", [*CHANNEL, "channels/fax/__init__.py"])
def test_a_channel_that_lacks_a_piece_is_found(tmp_path: Path, missing: str) -> None:
    whole = {**CHANNEL, "channels/fax/__init__.py": "MANIFEST = Manifest()", "channels/simulators/fax.py": ""}
    assert tree(tmp_path / "whole", whole).breaches("channel", RULES["channel"]) == []
    lacking = {path: text for path, text in whole.items() if path != missing}
    found = tree(tmp_path / "lacking", lacking).breaches("channel", RULES["channel"])
    assert [breach.path for breach in found] == [missing]


def test_a_floor_without_a_readme_is_found(tmp_path: Path) -> None:
    found = tree(tmp_path, {"routing/engine.py": HEAD}).breaches("readme", RULES["readme"])
    assert [breach.path for breach in found] == ["routing/README.md"]


def test_an_excuse_names_its_rule_and_its_reason(tmp_path: Path) -> None:
    lines = [
        "import time",
        "a = time.time()  # house: clock because the operating system asks for it",
        "# house: clock because it is written above the line",
        "b = time.time()",
        "c = time.time()  # house: clock",
        "",
        "d = time.time()  # house: commit because that is another rule",
    ]
    house = tree(tmp_path, {"hub/a.py": "\n".join(lines)})
    assert [breach.line for breach in house.breaches("clock", RULES["clock"])] == [5, 7]


def test_most_files_are_short(tmp_path: Path) -> None:
    files = {f"hub/a{number}.py": "x = 1\n" * (350 if number < 2 else 10) for number in range(10)}
    (breach,) = tree(tmp_path, files).breaches("file", RULES["file"])
    assert "350" in breach.words
