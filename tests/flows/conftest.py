"""What a flow may ask for: a hub of its own, people in browsers, and pictures of what a failure looked like."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ViewportSize, expect

from tests.flows.hub_process import ROOT, HubProcess
from tests.peers.complaints import Complaints

# Only a broken hub takes that long; a machine with other work to do is slow, not broken.
expect.set_options(timeout=60_000)

FAILED = pytest.StashKey[bool]()
PICTURES = ROOT / "var" / "failures"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    """`hub demo`, ready for work."""
    process = HubProcess(tmp_path)
    process.start()
    yield process
    process.stop()


@pytest.fixture
def complaints() -> Iterator[Complaints]:
    """What the browsers complain about. A flow whose browsers complained has failed."""
    heard = Complaints()
    yield heard
    assert heard.heard == []


class People:
    """Browsers of people who know nothing of each other."""

    def __init__(self, browser: Browser, complaints: Complaints) -> None:
        self._browser = browser
        self._complaints = complaints
        self.known: dict[str, BrowserContext] = {}

    async def arrive(self, name: str, *, width: int = 1280, height: int = 800) -> BrowserContext:
        """A browser for `name`: no cookies, English, a window of this many pixels."""
        size = ViewportSize(width=width, height=height)
        context = await self._browser.new_context(viewport=size, locale="en-GB", timezone_id="Europe/Warsaw")
        self._complaints.follow(context, name)
        self.known[name] = context
        return context

    async def photograph(self, folder: Path) -> None:
        """A picture of every open tab into `folder`."""
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        for name, context in self.known.items():
            for number, page in enumerate(context.pages):
                await page.screenshot(path=folder / f"{name}-{number}.png")


@pytest.fixture
async def people(
    request: pytest.FixtureRequest, hub: HubProcess, complaints: Complaints, chromium: Browser
) -> AsyncIterator[People]:
    """Browsers, named after who uses them. When the flow fails, var/failures has pictures and the hub's log."""
    found = People(chromium, complaints)
    yield found
    if request.node.stash.get(FAILED, False):
        folder = PICTURES / re.sub(r"\W+", "-", request.node.name).strip("-")
        await found.photograph(folder)
        (folder / "hub.log").write_text(await asyncio.to_thread(hub.read_log), encoding="utf-8")
