"""An agent has the console open twice: one call is one thing in both, and only one of them makes a sound."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import CALL, Api, bar, panel, they_hear_each_other, visitor_calls
from tests.flows.test_webcall_supervised import sign_in
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

ELSEWHERE = "The sound is in another window"


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


async def test_a_call_rings_in_one_tab_is_answered_in_the_other_moved_back_and_hung_up_from_either(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Api(hub)
    await api.give_time()
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    left = await sign_in(people, "agent", facts["name"], facts["login_url"])
    await left.become("Available")
    right = await another_tab(left)
    _, chat = await visitor_calls(hub, people, recorded=False)
    await both_show_it_and_one_rings(left, right)
    await right.page.get_by_role("button", name="Answer").first.click()
    await expect(bar(right)).to_contain_text("Talking", timeout=CALL)
    await expect(bar(left)).to_contain_text(ELSEWHERE)
    await expect(left.page.get_by_role("button", name="Answer")).to_have_count(0)
    await sounds.until_none_made(left.page)
    await they_hear_each_other(right.page, chat)
    await bar(left).get_by_role("button", name="Carry it here").click()
    await expect(bar(left)).to_contain_text("Talking", timeout=CALL)
    await expect(bar(right)).to_contain_text(ELSEWHERE)
    await they_hear_each_other(left.page, chat)
    await sounds.until_none_comes(right.page)
    await bar(right).get_by_role("button", name="Hang up").click()
    await expect(panel(chat)).to_contain_text("The call has ended", timeout=CALL)
    for tab in (left, right):
        await expect(bar(tab)).to_have_count(0, timeout=CALL)
    await sounds.until_none_comes(left.page)
    call = await api.until(outcome="answered", ended_by="agent")
    assert [leg["reason"] for leg in call["legs"] if leg["role"] == "agent"][:-1] == ["replaced"]


async def another_tab(first: DeskAgent) -> DeskAgent:
    """The same agent in the same browser, who has touched this tab too."""
    page = await first.page.context.new_page()
    await page.goto(first.page.url)
    second = DeskAgent(page, first.name)
    await second.is_in("Available")
    await page.keyboard.press("Shift")
    return second


async def both_show_it_and_one_rings(ringing: DeskAgent, silent: DeskAgent) -> None:
    """The card is in both tabs; the one that was touched first rings."""
    for tab in (ringing, silent):
        await expect(tab.page.get_by_role("button", name="Answer").first).to_be_visible(timeout=CALL)
    await sounds.until_made(ringing.page, tries=5)
    assert await sounds.made(silent.page) < sounds.LOUD / 10
