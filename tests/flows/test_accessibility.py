"""Every screen can be used by people who see little, hear the screen read, or have only a keyboard."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Final, Literal

import pytest
from playwright.async_api import Browser, Error, ViewportSize

from tests.flows.axe import Axe
from tests.peers.complaints import Complaints
from tests.screenshots.screens import SCREENS, Screen
from tests.screenshots.stage import Stage, clear, leave, open_stage
from tests.screenshots.town import Town
from tests.screenshots.visits import open_town

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(900)]

LIGHTS: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
SIZES: Final = (ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844))


@pytest.mark.parametrize("world", ["ordinary", "overfull"])
async def test_no_screen_has_a_serious_fault(
    world: str, tmp_path: Path, chromium: Browser, complaints: Complaints
) -> None:
    screens = [screen for screen in SCREENS if screen.world == world]
    async with open_town(world, tmp_path, chromium, complaints) as town:
        found = await asyncio.gather(*(examine_all(town, screens, size) for size in SIZES))
    faults = [fault for of_size in found for fault in of_size]
    assert not faults, "\n".join(faults)


async def examine_all(town: Town, screens: Sequence[Screen], size: ViewportSize) -> list[str]:
    """The faults of all screens at one size."""
    axe = Axe()
    faults = []
    for who, of_one in groupby(sorted(screens, key=lambda screen: screen.who), lambda screen: screen.who):
        context = await town.arrive(who, size, is_touch=size["width"] < 720)
        stage = await open_stage(town, who, context)
        for screen in of_one:
            name = f"{screen.name} at {size['width']}"
            try:
                for step in screen.steps:
                    await step(stage)
                faults += [f"{name}, {fault}" for fault in await examine(axe, stage)]
                is_clear = await clear(stage)
            except Error as error:
                faults.append(f"{name} could not be reached: {error.message}")
                is_clear = False
            if not is_clear:
                await leave(stage)
                stage = await open_stage(town, who, context)
        await context.close()
    return faults


async def examine(axe: Axe, stage: Stage) -> list[str]:
    """The faults of one screen in both lights, of the page and of the frames in it."""
    faults = []
    for light in LIGHTS:
        await stage.light(light)
        for frame in stage.page.frames:
            faults += [f"{light}: {fault}" for fault in await axe.examine(frame)]
    return faults
