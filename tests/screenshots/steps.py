"""What the steps to a screen are made of. Each is a function that makes a step."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Locator, Route, WebSocketRoute

from hub.demo.furnish import SHOP_KEY
from tests.screenshots.ordinary import NIGHT_KEY
from tests.screenshots.stage import Stage

Step = Callable[[Stage], Awaitable[None]]

TINY_PNG: Final = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d4944415478da63fcffff3f030005fe02fea7"
    "9a0c2b0000000049454e44ae426082"
)


def at(path: str) -> Step:
    """The console at a place such as `mine` or `settings/queues`."""

    async def step(stage: Stage) -> None:
        await stage.page.goto(f"{stage.town.url}/console/#/{path}")
        await stage.page.get_by_role("banner").wait_for()
        await stage.page.get_by_role("main").first.wait_for()
        await stage.settle()

    return step


def conversation(who: str, view: str = "all") -> Step:
    """The conversation with `who`, open beside the list `view`."""

    async def step(stage: Stage) -> None:
        await at(f"{view}/{stage.town.conversations[who]}")(stage)
        await stage.page.get_by_role("heading", name=who, level=1).wait_for()
        await stage.page.get_by_role("log", name="Timeline").get_by_role("article").last.wait_for()
        await stage.settle()

    return step


def contact_panel() -> Step:
    """The contact's details, which narrow windows show on demand."""

    async def step(stage: Stage) -> None:
        panel = stage.page.get_by_role("complementary", name="Contact details")
        if not await panel.is_visible():
            await button("Contact details")(stage)
        await panel.get_by_role("heading").first.wait_for()
        await stage.settle()

    return step


def page_at(path: str) -> Step:
    """Any other page of the hub."""

    async def step(stage: Stage) -> None:
        await stage.page.goto(f"{stage.town.url}{path}")
        await stage.settle()

    return step


def refused(path: str, status: int) -> Step:
    """A page that the hub refuses with this status, which Chromium tells in the console."""

    async def step(stage: Stage) -> None:
        with stage.town.complaints.expecting(f"status of {status}"):
            await page_at(path)(stage)

    return step


def button(name: str) -> Step:
    """Press the first button with this name that can be seen."""

    async def step(stage: Stage) -> None:
        await _seen(stage.page.get_by_role("button", name=name, exact=True)).click()
        await stage.settle()

    return step


def button_like(pattern: str) -> Step:
    """Press the first button whose name fits."""

    async def step(stage: Stage) -> None:
        await _seen(stage.page.get_by_role("button", name=re.compile(pattern))).click()
        await stage.settle()

    return step


def link(name: str) -> Step:
    """Follow the first link whose name holds these words."""

    async def step(stage: Stage) -> None:
        await _seen(stage.page.get_by_role("link", name=name)).click()
        await stage.settle()

    return step


def choose(name: str) -> Step:
    """Choose a line of the menu that is open."""

    async def step(stage: Stage) -> None:
        line = stage.page.get_by_role("menuitem", name=re.compile(f"^{re.escape(name)}"))
        await _seen(line.or_(stage.page.get_by_role("option", name=name))).click()
        await stage.settle()

    return step


def press(keys: str) -> Step:
    """Press a key or several at once, such as `Control+k`."""

    async def step(stage: Stage) -> None:
        await stage.page.keyboard.press(keys)
        await stage.settle()

    return step


def write(field: str, words: str) -> Step:
    """Write into the text field with this name."""

    async def step(stage: Stage) -> None:
        box = stage.page.get_by_role("textbox", name=field, exact=True).or_(
            stage.page.get_by_role("combobox", name=field, exact=True)
        )
        await _seen(box).fill(words)
        await stage.settle()

    return step


def key_in(words: str) -> Step:
    """Type where the cursor is."""

    async def step(stage: Stage) -> None:
        await stage.page.keyboard.type(words)
        await stage.page.wait_for_timeout(300)
        await stage.settle()

    return step


def sees(words: str) -> Step:
    """Wait until these words can be read."""

    async def step(stage: Stage) -> None:
        await _seen(stage.page.get_by_text(words)).wait_for()

    return step


def scroll_up() -> Step:
    """Read further up in the timeline."""

    async def step(stage: Stage) -> None:
        await stage.page.get_by_role("log", name="Timeline").evaluate("(log) => (log.scrollTop = 0)")
        await stage.page.wait_for_timeout(300)
        await stage.settle()

    return step


def attach(name: str) -> Step:
    """Attach a file to what is being written."""

    async def step(stage: Stage) -> None:
        async with stage.page.expect_file_chooser() as choosing:
            await button("Attach files")(stage)
        await (await choosing.value).set_files({"name": name, "mimeType": "image/png", "buffer": TINY_PNG})
        await stage.page.get_by_role("button", name=f"Remove {name}").first.wait_for()
        await stage.settle()

    return step


def line_cut() -> Step:
    """The connection is lost."""

    async def step(stage: Stage) -> None:
        lines: list[WebSocketRoute] = []

        def connect(line: WebSocketRoute) -> None:
            line.connect_to_server()
            lines.append(line)

        stage.is_spent = True
        await stage.page.route_web_socket(re.compile("/live"), connect)
        await stage.page.reload()
        await stage.page.get_by_role("log", name="Timeline").get_by_role("article").last.wait_for()
        with stage.town.complaints.server_away():
            await stage.page.context.set_offline(True)
            for line in lines:
                await line.close()
            await stage.page.get_by_text(re.compile("You are offline|Connection lost")).wait_for()

    return step


def shop(query: str = "") -> Step:
    """The sample shop."""

    async def step(stage: Stage) -> None:
        await stage.page.goto(f"{stage.town.url}/demo{query}")
        await stage.settle()

    return step


def chat(query: str = "?open") -> Step:
    """The sample shop with the chat open."""

    async def step(stage: Stage) -> None:
        await shop(query)(stage)
        frame = await stage.chat()
        await frame.get_by_role("heading", level=1).wait_for()
        await frame.locator("[role=log][aria-busy=false]").wait_for()
        await stage.page.wait_for_timeout(150)

    return step


def night_chat() -> Step:
    """The shop with the chat that nobody serves."""

    async def step(stage: Stage) -> None:
        async def other_key(route: Route) -> None:
            answer = await route.fetch()
            await route.fulfill(response=answer, body=(await answer.text()).replace(SHOP_KEY, NIGHT_KEY))

        await stage.page.route("**/demo/shop.js", other_key)
        await chat()(stage)

    return step


def in_chat(role: str, name: str, words: str | None = None) -> Step:
    """Press something in the chat, or write into it."""

    async def step(stage: Stage) -> None:
        frame = await stage.chat()
        if role == "textbox":
            await frame.get_by_role("textbox", name=name).fill(words or "")
        elif role == "button":
            await frame.get_by_role("button", name=name).click()
        await stage.page.wait_for_timeout(250)

    return step


def agent_types(who: str, contact: str) -> Step:
    """An agent is typing an answer to `contact`."""

    async def step(stage: Stage) -> None:
        await stage.town.companion.acquire()
        context = await stage.town.arrive(who)
        stage.companions.append(context)
        page = await context.new_page()
        await page.goto(f"{stage.town.url}/console/#/all/{stage.town.conversations[contact]}")
        seen = (await stage.chat()).get_by_text("is typing")
        # What is typed before the console has its line is seen by nobody, and people type on.
        for _ in range(20):
            await page.get_by_role("textbox", name="Reply", exact=True).press_sequentially("One moment ", delay=20)
            await stage.page.wait_for_timeout(500)
            if await seen.is_visible():
                return
        await seen.wait_for()

    return step


def _seen(locator: Locator) -> Locator:
    return locator.locator("visible=true").first
