"""Lena telephones from the customers' page, and an agent answers on the console."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.flows.conftest import People
from tests.flows.desk_agent import OFFERED, DeskAgent
from tests.flows.everyday_customer import EverydayCustomer
from tests.flows.hub_process import HubProcess

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300)]

NUMBER = "+48 600 100 200"
SOUNDS = """
window.played = [];
const speak = speechSynthesis.speak.bind(speechSynthesis);
speechSynthesis.speak = (said) => { played.push(said.text); speak(said); };
window.AudioContext = class extends AudioContext { constructor() { super(); played.push("♪"); } };
"""
"""Notes what the page lets sound: words, and ♪ for the first tone."""


async def test_lena_calls_the_shop_and_an_agent_answers_holds_and_hangs_up(hub: HubProcess, people: People) -> None:
    anna, lena = await both(hub, people)
    phone = lena.device("Telephone")
    assert await lena.page.evaluate("played") == []
    await phone.get_by_role("button", name="Call", exact=True).click()
    await lena.sees("Telephone", "press 1")
    assert (await lena.page.evaluate("played"))[:2] == ["♪", "Welcome to Fern and Clay, plants and pots."]
    await phone.get_by_role("button", name="1", exact=True).click()
    await says(phone, "Waiting in line")
    await expect(phone).to_have_attribute("data-sound", "music")

    card = anna.page.get_by_role("region", name=NUMBER)
    await card.get_by_role("button", name=re.compile("^Answer")).click(timeout=OFFERED)
    await says(phone, "Talking with an agent")
    bar = anna.page.get_by_role("region", name=f"Call with {NUMBER}")
    await bar.get_by_role("button", name="Hold", exact=True).click()
    await says(phone, "On hold")
    await bar.get_by_role("button", name="Take off hold", exact=True).click()
    await says(phone, "Talking with an agent")
    await bar.get_by_role("button", name="Hang up", exact=True).click()
    await lena.sees("Telephone", "recorded")
    await expect(phone.get_by_role("button", name="Call", exact=True)).to_be_visible()


async def test_who_holds_a_message_learns_of_a_caller_and_is_rung_once_it_is_closed(
    hub: HubProcess, people: People
) -> None:
    anna, lena = await both(hub, people)
    await lena.text("SMS", "I shall call you.")
    await anna.accept(NUMBER)
    phone = lena.device("Telephone")
    await phone.get_by_role("button", name="Call", exact=True).click()
    await lena.sees("Telephone", "press 1")
    await phone.get_by_role("button", name="1", exact=True).click()
    notice = anna.page.get_by_role("status").filter(has_text="A caller waits")
    await expect(notice).to_contain_text("once the conversation you hold is closed", timeout=OFFERED)
    await anna.close("Solved")
    card = anna.page.get_by_role("region", name=NUMBER)
    await expect(card.get_by_role("button", name=re.compile("^Answer"))).to_be_visible(timeout=OFFERED)
    await expect(notice).to_have_count(0)


async def test_the_sound_can_be_turned_off_and_stays_off(hub: HubProcess, people: People) -> None:
    lena = await customer(hub, people)
    phone = lena.device("Telephone")
    await phone.get_by_role("button", name="Sound").click()
    await lena.page.reload()
    await expect(phone.get_by_role("button", name="Sound")).to_have_attribute("aria-pressed", "false")
    await phone.get_by_label("Number to call").fill("+1 500 555 0001")
    await phone.get_by_role("button", name="Call", exact=True).click()
    await lena.sees("Telephone", "not in service")
    assert await lena.page.evaluate("played.filter((one) => one !== '♪')") == []


async def both(hub: HubProcess, people: People) -> tuple[DeskAgent, EverydayCustomer]:
    """Anna is at work, Lena sits before her devices."""
    facts = hub.facts["agents"][0]
    anna = DeskAgent(await (await people.arrive("anna", width=1440, height=900)).new_page(), facts["name"])
    await anna.sign_in(facts["login_url"])
    await anna.become("Available")
    return anna, await customer(hub, people)


async def customer(hub: HubProcess, people: People) -> EverydayCustomer:
    """Lena, whose browser notes what sounds."""
    context = await people.arrive("lena", width=1440, height=900)
    await context.add_init_script(SOUNDS)
    lena = EverydayCustomer(await context.new_page(), hub.facts["customers_url"])
    await lena.enter()
    return lena


async def says(phone: Locator, words: str) -> None:
    """Wait until the telephone tells this state of the call."""
    await expect(phone.get_by_role("status")).to_have_text(words)
