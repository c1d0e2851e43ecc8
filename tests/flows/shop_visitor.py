"""The customer in the sample shop, doing with the widget what a person can do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from playwright.async_api import Frame, Locator, Page, expect

CHAT = re.compile(r"/widget/chat\.html")


SOON = 60_000
"""Milliseconds: only a broken hub takes that long."""


class ShopVisitor:
    """One person, one tab."""

    def __init__(self, page: Page, shop: str) -> None:
        self.page = page
        self.shop = shop

    async def enter(self) -> None:
        """Open the shop's page."""
        await self.page.goto(self.shop)

    async def open_chat(self) -> None:
        """Ask for the chat and wait until one can write."""
        await self.page.get_by_role("button", name="Ask a gardener").click()
        await expect((await self.chat()).get_by_role("heading", level=1)).to_be_visible()

    async def chat(self) -> Frame:
        """The widget's frame. It lies in a shadow tree of its own, which no selector of the page reaches into."""
        known = self.page.frame(url=CHAT)
        return known or await self.page.wait_for_event("framenavigated", predicate=_is_chat)

    async def introduce_herself(self, name: str, words: str) -> None:
        """Fill in the form before the first chat."""
        chat = await self.chat()
        await chat.get_by_role("textbox", name="Name").fill(name)
        await chat.get_by_role("textbox", name="Message").fill(words)
        await chat.get_by_role("button", name="Start chat").click()
        await self.sees(words)

    async def write(self, words: str) -> None:
        """Write and send, whether or not there is a connection."""
        chat = await self.chat()
        await chat.get_by_role("textbox", name="Write a message").fill(words)
        await chat.get_by_role("button", name="Send").click()
        await self.sees(words)

    async def start_typing(self, words: str) -> None:
        """Type without sending."""
        await (await self.chat()).get_by_role("textbox", name="Write a message").press_sequentially(words, delay=30)

    async def sees_typing(self) -> None:
        """Wait until the chat tells that an agent is typing."""
        await expect((await self.messages()).get_by_text("is typing")).to_be_visible()

    async def attach(self, file: Path) -> None:
        """Choose a file and send it."""
        chat = await self.chat()
        async with self.page.expect_file_chooser() as choosing:
            await chat.get_by_role("button", name="Attach a file").click()
        await (await choosing.value).set_files(file)
        await expect(chat.get_by_role("button", name=f"Remove {file.name}")).to_be_visible()
        await expect(chat.get_by_role("progressbar")).to_have_count(0)
        await chat.get_by_role("button", name="Send").click()
        await expect((await self.messages()).get_by_role("link", name=file.name)).to_be_visible()

    async def messages(self) -> Locator:
        """What was said, as the visitor sees it."""
        return (await self.chat()).get_by_role("log", name="Messages")

    async def sees(self, words: str, *, within: float = SOON) -> None:
        """Wait, at most `within` milliseconds, until `words` are there."""
        await expect((await self.messages()).get_by_text(words, exact=True)).to_be_visible(timeout=within)

    async def sees_once_each(self, words: Sequence[str]) -> None:
        """All of `words` are there, each exactly once, in this order."""
        messages = await self.messages()
        for one in words:
            await expect(messages.get_by_text(one, exact=True)).to_have_count(1)
        text = await messages.inner_text()
        places = [text.index(one) for one in words]
        assert places == sorted(places), f"The visitor sees them in another order: {text}"

    async def sees_nothing_of(self, words: str) -> None:
        """Nothing with these words is anywhere in the chat."""
        chat = await self.chat()
        assert words not in await chat.content()


def _is_chat(frame: Frame) -> bool:
    return CHAT.search(frame.url) is not None
