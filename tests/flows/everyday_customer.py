"""A customer with a phone and a mailbox, as the demo's page shows them."""

from __future__ import annotations

import re

from playwright.async_api import Locator, Page, expect


class EverydayCustomer:
    """One person with all their devices on one page."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.address = address

    async def enter(self) -> None:
        """Sit down before the devices."""
        await self.page.goto(self.address)
        await expect(self.page.get_by_text("+48600100200")).to_be_visible()

    def device(self, name: str) -> Locator:
        """One of `SMS`, `SMS by a gateway`, `WhatsApp`, `Telegram`, `Viber`, `Mailbox`."""
        return self.page.get_by_role("region", name=name, exact=True)

    async def text(self, name: str, words: str) -> None:
        """Write on the phone."""
        device = self.device(name)
        await device.get_by_role("textbox").fill(words)
        await device.get_by_role("button", name="Send").click()
        await self.sees(name, words)

    async def share_number(self) -> None:
        """Share her own number with the bot."""
        await self.device("Telegram").get_by_role("button", name="Share my number").click()

    async def mail(self, subject: str, words: str) -> None:
        """Write a new mail."""
        device = self.device("Mailbox")
        await device.get_by_role("textbox", name="Subject").fill(subject)
        await device.get_by_role("textbox", name="Your mail").fill(words)
        await device.get_by_role("button", name="Send").click()
        await self.sees("Mailbox", words)

    async def answer_mail(self, subject: str, words: str) -> None:
        """Reply to the newest mail with this subject."""
        device = self.device("Mailbox")
        letter = device.get_by_role("listitem").filter(has_text=subject)
        await letter.get_by_role("button", name="Reply").last.click()
        await device.get_by_role("textbox", name="Your mail").fill(words)
        await device.get_by_role("button", name="Send").click()
        await self.sees("Mailbox", words)

    async def sees(self, name: str, words: str) -> None:
        """Wait until the words are on the device."""
        pattern = re.compile(re.escape(words))
        await expect(self.device(name).get_by_role("listitem").filter(has_text=pattern).last).to_be_visible()

    async def sees_once(self, name: str, words: str) -> None:
        """The words came exactly once, as a message of theirs."""
        pattern = re.compile(re.escape(words))
        theirs = self.device(name).locator("li:not(.mine)").filter(has_text=pattern)
        await expect(theirs).to_have_count(1)
