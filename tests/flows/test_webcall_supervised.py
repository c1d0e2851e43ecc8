"""A supervisor in a call from the shop's page: listening, whispering and joining, each heard by whom it shall."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Frame, Locator, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import CALL, Api, bar, panel, they_hear_each_other, visitor_calls
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

LISTENS = {
    "Listen": "nobody hears you",
    "Whisper": "whisper to the agent",
    "Join": "Everybody hears you",
}
"""What a supervisor presses, and what the console says then."""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


async def test_a_supervisor_is_heard_by_nobody_then_by_the_agent_then_by_everybody(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Api(hub)
    await api.give_time()
    facts = {person["role"]: person for person in hub.facts["agents"]}
    agent = await sign_in(people, "agent", facts["agent"]["name"], facts["agent"]["login_url"])
    boss = facts["administrator"]
    supervisor = await sign_in(people, "supervisor", boss["name"], boss["login_url"])
    await agent.become("Available")
    _, chat = await visitor_calls(hub, people, recorded=False)
    await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
    await they_hear_each_other(agent.page, chat)
    await everybody_else_is_silent(agent, chat)
    call_id = (await api.call())["id"]
    await listens(supervisor, call_id, "Listen")
    await sounds.until_none_made(agent.page)
    await sounds.until_none_comes(chat)
    await listens(supervisor, call_id, "Whisper")
    await sounds.until_made(agent.page)
    await sounds.until_none_comes(chat)
    await listens(supervisor, call_id, "Join")
    await sounds.until_comes(chat)
    await chat.get_by_role("button", name="Unmute").click()
    await sounds.until_made(supervisor.page)


async def sign_in(people: People, who: str, name: str, link: str) -> DeskAgent:
    """Somebody at a console whose sound is measured."""
    context = await people.arrive(who, width=1440, height=900)
    await sounds.listen_to(context)
    person = DeskAgent(await context.new_page(), name)
    await person.sign_in(link)
    return person


async def everybody_else_is_silent(agent: DeskAgent, chat: Frame) -> None:
    """The agent and the visitor mute themselves, so that only the supervisor can be heard."""
    await bar(agent).get_by_role("button", name="Mute").click()
    await panel(chat).get_by_role("button", name="Mute").click()
    await sounds.until_none_comes(chat)
    await sounds.until_none_made(agent.page)


async def watches(supervisor: DeskAgent, call_id: int) -> Locator:
    """The supervisor looks at the calls that go on; this one is among them."""
    await supervisor.page.evaluate("location.hash = '#/calls/live'")
    row = supervisor.page.locator(f"[data-live='{call_id}']")
    await expect(row).to_be_visible(timeout=CALL)
    return row


async def listens(supervisor: DeskAgent, call_id: int, how: str) -> None:
    """The supervisor takes part in this way, and is connected."""
    row = await watches(supervisor, call_id)
    await row.get_by_role("button", name=how, exact=True).click(timeout=CALL)
    await expect(bar(supervisor)).to_contain_text(LISTENS[how], timeout=CALL)
    await expect(row.get_by_role("button", name=how, exact=True)).to_have_attribute("aria-pressed", "true")


async def decides(supervisor: DeskAgent, call_id: int, what: str) -> None:
    """The supervisor takes the call over, or ends it, having been asked once more."""
    row = await watches(supervisor, call_id)
    await row.get_by_role("button", name=what, exact=True).click(timeout=CALL)
    await supervisor.page.get_by_role("dialog").get_by_role("button", name=what, exact=True).click()
