"""Real servers as child processes of the test run: started from a temporary folder, ended by their own pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

import pytest

IN_CI = os.environ.get("CI") == "true"
PATIENCE = 180.0
"""Seconds a peer may take to answer for the first time. Only a broken one takes them."""


def unavailable(reason: str) -> NoReturn:
    """Skip for want of a peer. In CI a peer must be there, so that is a failure."""
    if IN_CI:
        pytest.fail(f"{reason}; CI skips nothing", pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Child:
    """A server process, its folder and its log. As root it may run as another user, given by `user`."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        folder: Path | None = None,
        user: str | None = None,
        environment: Mapping[str, str] | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
    ) -> None:
        self.folder = folder or Path(tempfile.mkdtemp(prefix="peer-"))
        self.log = self.folder / "log"
        self._stop_signal = stop_signal
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [str(word) for word in argv],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                env=None if environment is None else {**os.environ, **environment},
                start_new_session=True,
                user=user,
                group=user,
                extra_groups=None if user is None else [],
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until(self, is_ready: Callable[[], bool]) -> None:
        """Return when the server answers. Raises RuntimeError with its log when it ended or never answers."""
        deadline = time.monotonic() + PATIENCE
        while not is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = self.log.read_text(errors="replace")[-2000:]
                self.stop()
                raise RuntimeError(f"{self._process.args!r} did not come up:\n{words}")
            time.sleep(0.02)

    def kill(self) -> None:
        """End the process at once, as a crash would, and keep its folder."""
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End the process in order and remove its folder."""
        if self._process.poll() is None:
            self._process.send_signal(self._stop_signal)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
