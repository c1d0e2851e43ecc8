"""Others who call the shop before Lena does, so that there is a line to have a place in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

from channels.simulators.twilio import Caller, TwilioCloud
from crm_core.words.clock import SECOND, Moment

PEOPLE: Final = (("+48600100301", "Tomasz Wilk"), ("+48600100302", "Ingrid Berg"))
TALK: Final[Moment] = 20 * SECOND
"""How long they talk with an agent."""
PATIENCE: Final[Moment] = 180 * SECOND
"""How long they wait for one."""
_GLANCE: Final = 0.2
"""Seconds between two looks at how far they are."""


@dataclass(slots=True)
class Other:
    """One of them."""

    caller: Caller
    since: Moment
    is_in_line: bool = False
    talks_since: Moment | None = None


class Crowd:
    """They choose sales, wait, talk a little, and hang up; from machines that record they hang up at once."""

    def __init__(self, cloud: TwilioCloud, called: str) -> None:
        self.others: list[Other] = []
        self._cloud = cloud
        self._called = called

    def call(self) -> int:
        """Let everybody call who does not already; how many do."""
        busy = {one.caller.call.caller for one in self.others}
        for number, name in PEOPLE:
            if number not in busy:
                self.others.append(Other(self._cloud.caller(number, self._called, name=name), self._cloud.now()))
        return len(self.others)

    async def run(self) -> None:
        """Let them do what they do, until cancelled."""
        while True:
            for one in self.others:
                await self._next(one)
            self.others = [one for one in self.others if not one.caller.is_over]
            await asyncio.sleep(_GLANCE)

    async def _next(self, one: Other) -> None:
        caller, now = one.caller, self._cloud.now()
        room = caller.call.room
        if room is not None and one.talks_since is None and room.audible(caller.sid):
            one.talks_since = now
        if not one.is_in_line and any("1" in words for words in caller.heard):
            one.is_in_line = True
            await caller.press("1")
        over = one.since + PATIENCE if one.talks_since is None else one.talks_since + TALK
        if now >= over or "beep" in caller.heard:
            await caller.hang_up()
