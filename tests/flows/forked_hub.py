"""A hub that is killed often: the real `hub serve`, forked from a process that has imported it already."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from tests.flows.hub_process import ROOT
from tests.peers.children import PATIENCE, free_port


class ForkedHub:
    """Started and killed as often as a test likes; each time it is another process with the same data."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.port = free_port()
        self.url = f"http://localhost:{self.port}"
        self.pid = 0
        self._log = folder / "log"
        own = {"HUB_PORT": str(self.port), "HUB_DATA_DIR": str(folder / "var"), "PYTHONPATH": str(ROOT)}
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.flows.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=folder,
            env={**os.environ, **own, **environment},
            text=True,
            start_new_session=True,
        )

    def start(self) -> None:
        """Start it and return when it is ready for work. Raises RuntimeError with its log when it never is."""
        self.pid = int(self._order("start"))
        deadline = time.monotonic() + PATIENCE
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise RuntimeError(f"the hub did not come up:\n{self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(0.02)

    def kill(self) -> None:
        """kill -9."""
        os.kill(self.pid, signal.SIGKILL)
        assert self.wait() == -signal.SIGKILL

    def wait(self) -> int:
        """Wait for the end of a hub that was told to stop; its exit code."""
        self.pid = 0
        return os.waitstatus_to_exitcode(int(self._order("wait")))

    def stop(self) -> None:
        """SIGTERM, and wait until it has drained; the nursery ends too. Harmless when none runs."""
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)
            self.wait()
        self._nursery.communicate(timeout=PATIENCE)

    def _order(self, word: str) -> str:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(f"{word}\n")
        self._nursery.stdin.flush()
        return self._nursery.stdout.readline()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False
