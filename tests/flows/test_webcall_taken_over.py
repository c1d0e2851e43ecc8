"""A supervisor takes over a call from the shop's page, is heard instead of the agent, and ends it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import CALL, Api, bar, panel, they_hear_each_other, visitor_calls
from tests.flows.test_webcall_supervised import decides, sign_in
from tests.flows.voices import at_the_console, each_is_heard_by_all_others, in_the_shop
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


async def test_a_supervisor_takes_a_call_over_speaks_with_the_caller_and_ends_it(
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
    call_id = (await api.call())["id"]
    await decides(supervisor, call_id, "Take over")
    await expect(bar(agent)).to_have_count(0, timeout=CALL)
    after = agent.page.locator("section[data-wrap-up]")
    await expect(after).to_contain_text(f"{supervisor.name} has taken over", timeout=CALL)
    await expect(bar(supervisor)).to_contain_text("Talking", timeout=CALL)
    await expect(panel(chat)).to_contain_text("speaking with", timeout=CALL)
    await each_is_heard_by_all_others([in_the_shop(chat), at_the_console(supervisor)])
    await sounds.until_none_comes(agent.page)
    await decides(supervisor, call_id, "End")
    await expect(panel(chat)).to_contain_text("The call has ended", timeout=CALL)
    call = await api.until(outcome="answered")
    assert (call["id"], call["ended_by"]) == (call_id, "supervisor")
    legs = [(leg["name"], leg["reason"]) for leg in call["legs"] if leg["role"] == "agent"]
    assert legs[0] == (agent.name, "taken_over")
    assert legs[-1][0] == supervisor.name
