"""A Chromium that can be put to sleep, as a laptop is whose lid is closed: no packet is sent and no timer runs."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path

from playwright.async_api import Browser

from tests.peers.browser import open_chromium


class Laptop:
    """A running browser, of which a test may ask nothing while it sleeps."""

    def __init__(self, browser: Browser, mark: str) -> None:
        self.browser = browser
        self._mark = mark.encode()

    @contextmanager
    def asleep(self) -> Iterator[None]:
        """Stop all its processes until it is left."""
        processes = self._processes()
        _tell(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            _tell(processes, signal.SIGCONT)

    def _processes(self) -> list[int]:
        """Its own process, by the mark in its command, and those below it."""
        parents = {int(place.name): place for place in Path("/proc").iterdir() if place.name.isdigit()}
        found = [pid for pid, place in parents.items() if self._mark in _read(place / "cmdline")]
        assert found, "the browser of a laptop is there"
        children: dict[int, list[int]] = {}
        for pid, place in parents.items():
            after_name = _read(place / "stat").rpartition(b")")[2].split()
            if after_name:
                children.setdefault(int(after_name[1]), []).append(pid)
        for pid in found:
            found += [child for child in children.get(pid, []) if child not in found]
        return found


@asynccontextmanager
async def open_laptop(*flags: str) -> AsyncIterator[Laptop]:
    """A browser with processes of its own."""
    mark = f"--laptop={secrets.token_hex(8)}"
    async with open_chromium(*flags, mark) as browser:
        yield Laptop(browser, mark)


def _tell(processes: list[int], what: signal.Signals) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, what)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
