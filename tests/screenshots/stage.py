"""Where the steps to a screen play: a page of somebody in a town."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal

from playwright.async_api import BrowserContext, Frame, Page, ViewportSize

from tests.flows.shop_visitor import CHAT
from tests.screenshots.town import Town

SIZES: Final = (
    ViewportSize(width=1440, height=900),
    ViewportSize(width=1024, height=768),
    ViewportSize(width=390, height=844),
)
PATIENCE: Final = 20_000
"""Milliseconds until something that should be on the screen is given up."""

SETTLED: Final = """() => {
  const busy = document.querySelector("[aria-busy=true], .skeleton");
  const ends = (one) => one.effect?.getTiming().iterations !== Infinity;
  const running = document.getAnimations().some((one) => one.playState === "running" && ends(one));
  return document.readyState === "complete" && !busy && !running;
}"""

_PAINTED: Final = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))"


@dataclass
class Stage:
    """A fresh tab in the browser of `who`."""

    town: Town
    page: Page
    who: str
    companions: list[BrowserContext] = field(default_factory=list)
    """Browsers of others that a step opened."""
    is_spent: bool = False
    """A step did something to the tab that cannot be undone."""

    @property
    def is_narrow(self) -> bool:
        """Whether the console shows one pane at a time."""
        size = self.page.viewport_size
        return size is not None and size["width"] <= 720

    async def settle(self) -> None:
        """Wait until nothing loads and nothing moves."""
        await self.page.wait_for_function(SETTLED, timeout=PATIENCE)
        await self.page.wait_for_timeout(60)

    async def light(self, light: Literal["light", "dark"]) -> None:
        """Let the page be seen in this light, and wait until it has been painted so."""
        await self.page.emulate_media(color_scheme=light)
        await self.page.evaluate(_PAINTED)
        await self.settle()

    async def send_companions_home(self) -> None:
        """Close the browsers of others, and let the next stage have theirs."""
        for companion in self.companions:
            await companion.close()
            self.town.companion.release()
        self.companions.clear()

    async def chat(self) -> Frame:
        """The widget's frame."""
        known = self.page.frame(url=CHAT)
        return known or await self.page.wait_for_event(
            "framenavigated", lambda frame: CHAT.search(frame.url) is not None
        )


async def open_stage(town: Town, who: str, context: BrowserContext) -> Stage:
    """A fresh tab in `context`, which is a browser of `who`."""
    page = await context.new_page()
    page.set_default_timeout(PATIENCE)
    return Stage(town, page, who)


_CLEAR: Final = """() => {
  location.hash = "#/snoozed";
  return !document.querySelector("dialog[open], :popover-open");
}"""


async def clear(stage: Stage) -> bool:
    """Put away what the steps opened, so that the tab can be used again. False when it cannot."""
    await stage.send_companions_home()
    if stage.is_spent or "/console/" not in stage.page.url or await stage.page.get_by_role("banner").count() == 0:
        return False
    await stage.page.context.set_offline(False)
    for _ in range(3):
        await stage.page.keyboard.press("Escape")
    await stage.page.wait_for_timeout(30)
    return bool(await stage.page.evaluate(_CLEAR))


async def leave(stage: Stage) -> None:
    """Close the tab and whatever the steps opened."""
    # What was typed and not sent would ask before it lets the page go.
    await stage.page.close(run_before_unload=False)
    await stage.page.context.set_offline(False)
    await stage.send_companions_home()
