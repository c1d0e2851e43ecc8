"""A hub of its own for a flow: the real command in a process of its own, on a free port and a temporary folder."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.peers.children import Child, free_port

ROOT = Path(__file__).parents[2]


class HubProcess:
    """`hub demo` or `hub serve`, started, stopped and killed as often as a test likes; its data stay."""

    def __init__(self, folder: Path, *, command: str = "demo", environment: Mapping[str, str] | None = None) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.data_dir = folder / "var"
        self._folder = folder
        self._command = command
        self._environment = {
            "HUB_PORT": str(self.port),
            "HUB_DATA_DIR": str(self.data_dir),
            "HUB_DRAIN_SECONDS": "2",
            "PYTHONPATH": str(ROOT),
            **(environment or {}),
        }
        self._runs = 0
        self._child: Child | None = None

    @property
    def facts(self) -> dict[str, Any]:
        """What demo.json says."""
        found: dict[str, Any] = json.loads((self.data_dir / "demo.json").read_text(encoding="utf-8"))
        return found

    @property
    def pid(self) -> int:
        assert self._child is not None
        return self._child.pid

    def read_log(self) -> str:
        """What it has logged since it was started."""
        assert self._child is not None
        return self._child.log.read_text(encoding="utf-8", errors="replace") if self._child.log.exists() else ""

    def start(self) -> None:
        """Start it and return when it is ready for work, and demo.json is this run's."""
        self._runs += 1
        folder = self._folder / f"run{self._runs}"
        folder.mkdir()
        argv = [sys.executable, "-m", "hub.cli", self._command]
        self._child = Child(argv, folder=folder, environment=self._environment)
        self._child.wait_until(self._is_ready)

    def stop(self) -> None:
        """SIGTERM, and wait until it has drained."""
        assert self._child is not None
        self._child.stop()

    def kill(self) -> None:
        """kill -9."""
        assert self._child is not None
        self._child.kill()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                is_ready = answer.status == 200
        except (OSError, urllib.error.URLError):
            return False
        if not is_ready or self._command != "demo":
            return is_ready
        try:
            return bool(self.facts["pid"] == self.pid)
        except (OSError, ValueError, KeyError):
            return False
