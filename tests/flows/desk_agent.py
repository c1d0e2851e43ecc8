"""An agent at the console, doing with it what a person can do."""

from __future__ import annotations

import re
from collections.abc import Sequence

from playwright.async_api import Locator, Page, expect

SOON = 60_000
"""Milliseconds: only a broken hub takes that long."""
OFFERED = 40_000
"""Milliseconds in which an offer is on the console at the latest: the one before may have to run out first."""


class DeskAgent:
    """One agent, one tab."""

    def __init__(self, page: Page, name: str) -> None:
        self.page = page
        self.name = name

    async def sign_in(self, link: str) -> None:
        """Use the one-time link and wait for the console."""
        await self.page.goto(link)
        await expect(self.page.get_by_role("navigation", name="Views")).to_be_visible()

    async def become(self, state: str) -> None:
        """Choose a state in the menu."""
        await self.state().click()
        await self.page.get_by_role("menuitemradio", name=state, exact=True).click()
        await self.is_in(state)

    def state(self) -> Locator:
        """The button that tells the state."""
        return self.page.get_by_role("banner").get_by_role("button", name=re.compile("^My state"))

    async def is_in(self, state: str) -> None:
        """Wait until the console tells this state."""
        await expect(self.state()).to_have_accessible_name(re.compile(state))

    def offer(self, who: str) -> Locator:
        """The card of the offer from `who`."""
        return self.page.get_by_role("region", name=who).filter(has=self.page.get_by_role("button", name="Accept"))

    async def is_rung(self, who: str, words: str) -> None:
        """Wait until the console rings for `who`, and see it everywhere it should show."""
        await expect(self.offer(who)).to_be_visible(timeout=OFFERED)
        await expect(self.offer(who)).to_contain_text(words)
        await expect(self.page).to_have_title(re.compile(re.escape(who)))

    async def is_not_rung(self) -> None:
        """No offer is on the console. Leads are accepted too; only an offer can be declined."""
        await expect(self.page.get_by_role("button", name="Decline", exact=True)).to_have_count(0)

    async def was_away(self) -> None:
        """The console says that an offer was missed."""
        await expect(self.page.get_by_role("alert").filter(has_text=re.compile("missed"))).to_be_visible()

    async def accept(self, who: str) -> None:
        """Take the offer; the conversation opens."""
        await self.offer(who).get_by_role("button", name=re.compile("^Accept")).click()
        await expect(self.page.get_by_role("heading", name=who, level=1)).to_be_visible()
        await self.is_not_rung()

    def timeline(self) -> Locator:
        """What was said, as the agent sees it."""
        return self.page.get_by_role("log", name="Timeline")

    def writer(self, kind: str = "Reply") -> Locator:
        """Where one writes."""
        return self.page.get_by_role("textbox", name=kind, exact=True)

    async def knows(self, who: str) -> None:
        """The contact panel is about `who`."""
        panel = self.page.get_by_role("complementary", name="Contact details")
        await expect(panel.get_by_text(who).first).to_be_visible()

    async def start_typing(self, words: str) -> None:
        """Type a reply without sending it."""
        await self.writer().press_sequentially(words, delay=30)

    async def sees_typing(self, who: str) -> None:
        """Wait until the console tells that `who` is typing."""
        await expect(self.page.get_by_text(f"{who} is typing…")).to_be_visible()

    async def has_read(self) -> None:
        """Wait until all that came to this agent counts as read: what is answered unread is asked about first."""
        await expect(self.page.get_by_role("img", name="Unread", exact=True)).to_have_count(0, timeout=SOON)

    async def reply(self, words: str) -> None:
        """Answer, whether or not there is a connection."""
        await self.page.get_by_role("group", name="What you write").get_by_role("button", name="Reply").click()
        await self.writer().fill(words)
        await self.page.get_by_role("button", name="Send", exact=True).click()
        await self.sees(words)

    async def note(self, words: str) -> None:
        """Write a note that only colleagues see."""
        await self.page.get_by_role("group", name="What you write").get_by_role("button", name="Note").click()
        await self.writer("Note").fill(words)
        await self.page.get_by_role("button", name="Add note").click()
        shown = self.timeline().get_by_role("article", name=re.compile("^Note by"))
        await expect(shown.get_by_text(words, exact=True)).to_be_visible()

    async def sees(self, words: str, *, within: float = SOON) -> None:
        """Wait, at most `within` milliseconds, until `words` are in the timeline."""
        await expect(self.timeline().get_by_text(words, exact=True)).to_be_visible(timeout=within)

    async def sees_once_each(self, words: Sequence[str]) -> None:
        """All of `words` are there, each exactly once, in this order."""
        for one in words:
            await expect(self.timeline().get_by_text(one, exact=True)).to_have_count(1)
        text = await self.timeline().inner_text()
        places = [text.index(one) for one in words]
        assert places == sorted(places), f"{self.name} sees them in another order: {text}"

    async def sees_read(self, words: str) -> None:
        """Wait for the read mark at the message with these words."""
        message = self.timeline().get_by_role("article").filter(has_text=words)
        await expect(message.get_by_role("img", name="Read", exact=True)).to_be_visible()

    async def sees_file(self, name: str) -> None:
        """Wait for a file in the timeline."""
        await expect(self.timeline().get_by_role("link", name=re.compile(re.escape(name)))).to_be_visible()

    async def close(self, disposition: str) -> None:
        """Close the conversation that is open, with what came of it."""
        await self.page.get_by_role("button", name="Close", exact=True).first.click()
        dialog = self.page.get_by_role("dialog", name="Close the conversation")
        await dialog.get_by_role("radio", name=disposition).check()
        await dialog.get_by_role("button", name="Close", exact=True).last.click()
        await expect(dialog).to_have_count(0)
