"""`python -m tests.screenshots [part of a name …]`: every screen as a picture, in every size, light and dark."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Browser, Error, ViewportSize

from tests.flows.hub_process import ROOT
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints
from tests.screenshots.album import write_album
from tests.screenshots.screens import SCREENS, Screen
from tests.screenshots.stage import SIZES, Stage, clear, leave, open_stage
from tests.screenshots.town import Town
from tests.screenshots.visits import open_town

FOLDER: Final = ROOT / "var" / "screenshots"
LIGHTS: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")


@dataclass
class Studio:
    """Takes pictures into a folder, and keeps what went wrong."""

    folder: Path
    wanted: int
    pictures: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    async def shoot(self, town: Town, screens: Sequence[Screen], size: ViewportSize) -> None:
        """All of `screens` at one size, one after the other, those of one person in one tab."""
        for who, found in groupby(sorted(screens, key=lambda screen: screen.who), lambda screen: screen.who):
            context = await town.arrive(who, size, is_touch=size["width"] < 720)
            stage = await open_stage(town, who, context)
            for screen in found:
                if not await self._take(stage, screen):
                    await leave(stage)
                    stage = await open_stage(town, who, context)
            await context.close()

    async def _take(self, stage: Stage, screen: Screen) -> bool:
        """The pictures of one screen. False when the tab cannot be used for the next one."""
        size, complaints = stage.page.viewport_size, stage.town.complaints
        assert size is not None
        shape = f"{size['width']}x{size['height']}"
        heard = len(complaints.heard)
        is_clear = False
        try:
            for step in screen.steps:
                await step(stage)
            for light in LIGHTS:
                await stage.light(light)
                picture = self.folder / f"{screen.name}.{shape}.{light}.png"
                await stage.page.screenshot(path=picture, animations="disabled", caret="initial")
                self.pictures.append(picture)
            is_clear = await clear(stage)
        except Error as error:
            self._failed(f"{screen.name} at {shape}: {error.message.splitlines()[0]}")
            await stage.page.screenshot(path=self.folder / f"failed-{screen.name}.{shape}.png")
        for words in complaints.heard[heard:]:
            self._failed(f"{screen.name} at {shape} or one beside it: {words}")
        print(f"\r{len(self.pictures)} of {self.wanted} pictures", end="", flush=True)
        return is_clear

    def _failed(self, words: str) -> None:
        self.failures.append(words)
        print(f"\r{words}", flush=True)


async def shoot_world(studio: Studio, world: str, screens: Sequence[Screen], browser: Browser) -> None:
    """The pictures of one world, all sizes side by side."""
    complaints = Complaints()
    with tempfile.TemporaryDirectory(prefix="screens-") as folder:
        async with open_town(world, Path(folder), browser, complaints) as town, asyncio.TaskGroup() as group:
            for size in SIZES:
                group.create_task(studio.shoot(town, screens, size))


async def main(parts: Sequence[str]) -> int:
    """Take the pictures; 1 when a screen could not be reached or a browser complained."""
    began = time.monotonic()
    screens = [screen for screen in SCREENS if not parts or any(part in screen.name for part in parts)]
    if not screens:
        print(f"No screen has {' or '.join(parts)} in its name.")
        return 1
    if not parts:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True, exist_ok=True)
    studio = Studio(FOLDER, wanted=len(screens) * len(SIZES) * len(LIGHTS))
    async with open_chromium() as browser:
        for world in ("ordinary", "overfull"):
            of_world = [screen for screen in screens if screen.world == world]
            if of_world:
                print(f"\rOpening the {world} shop", flush=True)
                await shoot_world(studio, world, of_world, browser)
    album = write_album(FOLDER, sorted(FOLDER.glob("*.png")), studio.failures)
    print(f"\r{len(studio.pictures)} pictures in {time.monotonic() - began:.0f} s: {album}")
    print(f"{len(studio.failures)} failures" if studio.failures else "Every screen was taken, no browser complained.")
    return 1 if studio.failures else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(sys.argv[1:])))
