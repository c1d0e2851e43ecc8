"""One customer, five ways: Telegram, mail, SMS two ways and WhatsApp, answered on each from one timeline."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.everyday_customer import EverydayCustomer
from tests.flows.hub_process import HubProcess

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300)]

LENA = "Lena Hoffmann"
MAIL = "lena.hoffmann@home.example"
BY_TELEGRAM = "Hello! Do you have olive trees?"
TO_TELEGRAM = "We do, from 40 to 180 cm."
BY_MAIL = "Could you send me the price list, please?"
TO_MAIL = "With pleasure: the small ones are 35 euros."
AGAIN_BY_MAIL = "Thank you, I take a small one."
BY_HER_NUMBER = (
    ("SMS", "I stand before your door.", "I am coming, please give me a minute!"),
    ("SMS by a gateway", "At the back door, I mean.", "I see you!"),
    ("WhatsApp", "It stands on the balcony now!", "How it shines! Water it once a week, not more."),
)


async def test_a_customer_is_answered_wherever_she_writes_from_one_timeline(hub: HubProcess, people: People) -> None:
    anna = await agent_comes(hub, people)
    lena = EverydayCustomer(await (await people.arrive("lena")).new_page(), hub.facts["customers_url"])
    await lena.enter()

    await lena.text("Telegram", BY_TELEGRAM)
    await anna.is_rung(LENA, BY_TELEGRAM)
    await anna.accept(LENA)
    await anna.sees(BY_TELEGRAM)
    await answers(anna, TO_TELEGRAM)
    await lena.sees_once("Telegram", TO_TELEGRAM)

    await makes_her_a_contact_with_her_address(anna)
    await lena.mail("Price list", BY_MAIL)
    await anna.sees(BY_MAIL)
    await answers(anna, TO_MAIL)
    await lena.sees_once("Mailbox", TO_MAIL)
    await lena.answer_mail("Price list", AGAIN_BY_MAIL)
    await anna.sees(AGAIN_BY_MAIL)

    await lena.share_number()
    for device, asked, answered in BY_HER_NUMBER:
        await lena.text(device, asked)
        await anna.sees(asked)
        await answers(anna, answered)
        await lena.sees_once(device, answered)

    said = [
        BY_TELEGRAM,
        TO_TELEGRAM,
        BY_MAIL,
        TO_MAIL,
        AGAIN_BY_MAIL,
        *(words for _, *both in BY_HER_NUMBER for words in both),
    ]
    await anna.page.reload()
    await anna.sees_once_each(said)
    await expect(anna.page.get_by_role("heading", name=LENA, level=1)).to_be_visible()


async def answers(anna: DeskAgent, words: str) -> None:
    """Read, and type as people do: what was not on the screen for a moment was not read."""
    await anna.has_read()
    await anna.start_typing(words)
    await anna.reply(words)


async def agent_comes(hub: HubProcess, people: People) -> DeskAgent:
    """Anna signs in and takes work."""
    facts = hub.facts["agents"][0]
    context = await people.arrive("anna", width=1440, height=900)
    anna = DeskAgent(await context.new_page(), facts["name"])
    await anna.sign_in(facts["login_url"])
    await anna.become("Available")
    return anna


async def makes_her_a_contact_with_her_address(anna: DeskAgent) -> None:
    """A stranger becomes a contact, and gets the address that she told."""
    panel = anna.page.get_by_role("complementary", name="Contact details")
    await panel.get_by_role("button", name="Make a contact").click()
    await panel.get_by_role("button", name="Make", exact=True).click()
    await panel.get_by_role("button", name="Add an address").click()
    await panel.get_by_role("textbox", name="Number or address").fill(MAIL)
    await panel.get_by_role("button", name="Add", exact=True).click()
    await expect(panel.get_by_text(MAIL)).to_be_visible()
