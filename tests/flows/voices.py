"""Who hears whom in a call from the shop's page: one speaks at a time, and everybody's ears are measured."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from playwright.async_api import Frame, Locator

from tests.flows import sounds
from tests.flows.desk_agent import DeskAgent

Measured = Callable[[], Awaitable[None]]


@dataclass(frozen=True)
class Voice:
    """Somebody in a call. `buttons` is where Mute is; the other two wait until something, or nothing, is heard."""

    buttons: Locator
    hears: Measured
    hears_nothing: Measured

    async def says_nothing(self) -> None:
        """Mute."""
        await self.buttons.get_by_role("button", name="Mute", exact=True).click()

    async def speaks(self) -> None:
        """The microphone beeps again."""
        await self.buttons.get_by_role("button", name="Unmute", exact=True).click()


def at_the_console(agent: DeskAgent) -> Voice:
    """An agent, or a supervisor: the console mixes what comes."""
    page = agent.page
    return Voice(
        page.locator("section[data-call]"),
        lambda: sounds.until_made(page),
        lambda: sounds.until_none_made(page),
    )


def in_the_shop(chat: Frame) -> Voice:
    """The visitor: the widget plays what comes."""
    return Voice(
        chat.get_by_role("region", name="Call", exact=True),
        lambda: sounds.until_comes(chat),
        lambda: sounds.until_none_comes(chat),
    )


async def each_is_heard_by_all_others(voices: Sequence[Voice]) -> None:
    """One after another speaks alone; the others hear it, and nobody hears themselves."""
    for one in voices:
        await one.says_nothing()
    await asyncio.gather(*(one.hears_nothing() for one in voices))
    for speaker in voices:
        await speaker.speaks()
        await asyncio.gather(*(one.hears() for one in voices if one is not speaker))
        await speaker.hears_nothing()
        await speaker.says_nothing()
    for one in voices:
        await one.speaks()
