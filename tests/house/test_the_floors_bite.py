"""The import contracts of pyproject.toml against deliberate breaches in a small house of the same shape."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
ROOMS = (
    *(f"crm_core/{room}" for room in ("words/clock.py", "store/database.py", "contacts/model.py", "contacts/rules.py")),
    *(f"channels/{room}" for room in ("contract/events.py", "registry.py", "webchat/parse.py", "email/channel.py")),
    *(f"hub/{room}" for room in ("cli.py", "app.py", "api/routes.py", "console/gateway.py", "console/reducer.py")),
    *(
        f"hub/{room}"
        for room in ("desk/inbound.py", "machinery/jobs.py", "bus/local.py", "config.py", "bench/ingest.py")
    ),
    "routing/engine.py",
)
BREACHES = [
    ("crm_core/words/clock.py", "import hub.config", "hub stands on channels and routing"),
    ("routing/engine.py", "import channels.contract", "hub stands on channels and routing"),
    ("crm_core/store/database.py", "import crm_core.contacts.model", "crm_core: migrations, nouns, store"),
    ("crm_core/fridge.py", "", "crm_core: migrations, nouns, store"),
    ("channels/email/channel.py", "import channels.webchat.parse", "channels: registry, channels that are strangers"),
    ("channels/fax/channel.py", "", "channels: registry, channels that are strangers"),
    ("hub/desk/inbound.py", "import hub.api.routes", "hub: cli, demo, serving, app, doors"),
    ("hub/api/routes.py", "import hub.console.gateway", "hub: cli, demo, serving, app, doors"),
    ("hub/app.py", "import hub.bench.ingest", "hub: cli, demo, serving, app, doors"),
    ("hub/attic.py", "", "hub: cli, demo, serving, app, doors"),
    ("routing/engine.py", "import random", "Plain words, rules, routing"),
    ("crm_core/contacts/rules.py", "import crm_core.store.database", "Plain words, rules, routing"),
    ("channels/webchat/parse.py", "import asyncio", "Plain words, rules, routing"),
    ("hub/console/reducer.py", "import time", "Plain words, rules, routing"),
    ("hub/desk/inbound.py", "import aiogram", "Providers' libraries stay"),
    ("hub/desk/inbound.py", "import sqlalchemy", "SQL lives in crm_core"),
    ("channels/email/channel.py", "import sqlite3", "SQL lives in crm_core"),
    ("hub/machinery/jobs.py", "import aiohttp.web", "never see an HTTP request"),
    ("hub/bus/local.py", "import hub.bus.relay\nX = 1", "No cycles among siblings"),
]
HARMLESS = {
    "hub/api/routes.py": "import aiohttp\nimport hub.desk.inbound",
    "hub/bench/ingest.py": "import sqlite3\nimport psycopg",
    "hub/desk/inbound.py": "import asyncio\nimport routing.engine\nimport crm_core.contacts.model",
    "channels/webchat/parse.py": "import channels.contract\nimport crm_core.words.clock",
    "channels/contract/events.py": "import aiohttp",
    "crm_core/words/clock.py": "import time",
    "crm_core/store/database.py": "import sqlalchemy\nimport threading",
    "hub/bus/relay.py": "import hub.bus.local",
}


def build(root: Path, files: dict[str, str]) -> None:
    """A house with all its floors and rooms, and these texts in some of them."""
    for path in (*ROOMS, *files):
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        for folder in (file.parent, *file.parent.parents):
            if folder == root:
                break
            (folder / "__init__.py").touch()
        file.write_text(files.get(path, ""), encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", root / "pyproject.toml")


def lint(root: Path) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "lint-imports"
    return subprocess.run([program, "--no-cache"], cwd=root, capture_output=True, text=True, check=False)


def test_a_house_in_order_keeps_every_contract(tmp_path: Path) -> None:
    build(tmp_path, HARMLESS)
    linted = lint(tmp_path)
    assert linted.returncode == 0, linted.stdout


@pytest.mark.parametrize(("path", "text", "contract"), BREACHES, ids=[f"{path}-{text}" for path, text, _ in BREACHES])
def test_a_deliberate_breach_breaks_its_contract(tmp_path: Path, path: str, text: str, contract: str) -> None:
    build(tmp_path, {**HARMLESS, path: text})
    linted = lint(tmp_path)
    broken = [line for line in linted.stdout.splitlines() if line.strip().endswith("BROKEN") or " BROKEN " in line]
    assert linted.returncode == 1
    assert any(contract in line for line in broken), linted.stdout
