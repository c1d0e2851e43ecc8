"""A question with buttons: begun at one machine, sent from another, answered with a press."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.everyday_customer import EverydayCustomer
from tests.flows.hub_process import HubProcess

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300)]

LENA = "Lena Hoffmann"
ASKED = "Can you bring me an olive tree?"
QUESTION = "With pleasure. When are you at home?"
MORNING, EVENING, HOURS = "In the morning", "In the evening", "Opening hours"
PATH = "shop.example/hours"
ANSWERED = "Till then!"


async def test_buttons_are_drafted_here_sent_from_there_and_pressed(hub: HubProcess, people: People) -> None:
    anna, lena = await lena_asks(hub, people)
    await anna.start_typing(QUESTION)
    await adds(anna.page, MORNING)
    await adds(anna.page, EVENING)
    await adds(anna.page, HOURS, "nowhere")
    await expect(anna.page.get_by_text("“nowhere” is no address of a web page.")).to_be_visible()
    await expect(anna.page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    async with anna.page.expect_response(lambda answer: PATH in (answer.request.post_data or "")):
        await buttons(anna.page).get_by_role("textbox", name="Link of button 3").fill(PATH)

    there = await at_the_phone_of(anna, people)
    await expect(there.writer()).to_have_value(QUESTION)
    await has_drafted(there.page, [MORNING, EVENING, HOURS])
    await buttons(there.page).get_by_role("button", name="Remove button 2").click()
    await has_drafted(anna.page, [MORNING, HOURS])
    await there.page.get_by_role("button", name="Send", exact=True).click()
    await there.sees(QUESTION)

    await anna.sees(QUESTION)
    await expect(anna.writer()).to_have_value("")
    await expect(buttons(anna.page)).to_have_count(0)
    shown = anna.timeline().get_by_role("list", name="Buttons below the message").get_by_role("listitem")
    await expect(shown).to_have_text([MORNING, HOURS])
    await expect(shown.last).to_have_attribute("title", f"https://{PATH}")
    await lena.sees_once("Telegram", QUESTION)
    await lena.device("Telegram").get_by_role("button", name=MORNING).click()
    said = anna.timeline().get_by_role("article", name=f"Message from {LENA}")
    await expect(said.get_by_text(MORNING, exact=True)).to_be_visible()
    await anna.start_typing(ANSWERED)
    await anna.reply(ANSWERED)
    await lena.sees_once("Telegram", ANSWERED)


async def lena_asks(hub: HubProcess, people: People) -> tuple[DeskAgent, EverydayCustomer]:
    """Anna accepted what Lena wrote by Telegram."""
    facts = hub.facts["agents"][0]
    anna = DeskAgent(await (await people.arrive("anna", width=1440, height=900)).new_page(), facts["name"])
    await anna.sign_in(facts["login_url"])
    await anna.become("Available")
    lena = EverydayCustomer(await (await people.arrive("lena")).new_page(), hub.facts["customers_url"])
    await lena.enter()
    await lena.text("Telegram", ASKED)
    await anna.accept(LENA)
    return anna, lena


async def at_the_phone_of(anna: DeskAgent, people: People) -> DeskAgent:
    """The same agent at the same place, on another machine that knows nothing but who she is."""
    phone = await people.arrive("anna's phone", width=390, height=844)
    known = await anna.page.context.cookies()
    await phone.add_cookies([{**cookie} for cookie in known])  # type: ignore[typeddict-item]
    there = DeskAgent(await phone.new_page(), anna.name)
    await there.page.goto(anna.page.url)
    return there


def buttons(page: Page) -> Locator:
    """Where the buttons of a reply are written."""
    return page.get_by_role("region", name="Reply").get_by_role("group", name="Buttons below the message")


async def adds(page: Page, text: str, link: str = "") -> None:
    """One more button below the reply."""
    await page.get_by_role("button", name="Add a button", exact=True).click()
    await page.keyboard.type(text)
    if link:
        await page.keyboard.press("Tab")
        await page.keyboard.type(link)


async def has_drafted(page: Page, texts: list[str]) -> None:
    """These buttons are below the reply in the making."""
    rows = buttons(page).get_by_role("textbox", name=re.compile("^Text of button"))
    await expect(rows).to_have_count(len(texts))
    for row, text in zip(await rows.all(), texts, strict=True):
        await expect(row).to_have_value(text)
