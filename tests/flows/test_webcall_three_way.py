"""A caller from the shop's page, an agent and a colleague all speak with each other, until one of them leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Frame, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import (
    CALL,
    Api,
    agents_come,
    bar,
    panel,
    they_hear_each_other,
    visitor_calls,
    whoever_is_rung_answers,
)
from tests.flows.voices import at_the_console, each_is_heard_by_all_others, in_the_shop
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


async def test_three_hear_each_other_and_the_call_goes_on_when_one_leaves(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Api(hub)
    anna, ben = await agents_come(hub, people)
    _, chat = await visitor_calls(hub, people, recorded=False)
    first, second = await whoever_is_rung_answers(anna, ben)
    await a_colleague_joins(first, second)
    await expect(panel(chat)).to_contain_text("speaking with", timeout=CALL)
    await each_is_heard_by_all_others([in_the_shop(chat), at_the_console(first), at_the_console(second)])
    assert (await api.call())["three_way"]
    await one_leaves_and_the_other_hangs_up(first, second, chat)
    call = await api.until(outcome="answered")
    assert call["ended_by"] == "agent"
    assert [(one["kind"], one["result"]) for one in call["transfers"]] == [("attended", "done")]
    agents = [leg["name"] for leg in call["legs"] if leg["role"] == "agent" and leg["reason"] != "replaced"]
    assert agents == [first.name, second.name]


async def a_colleague_joins(agent: DeskAgent, other: DeskAgent) -> None:
    """Asked first, while the visitor waits; then all are together."""
    await bar(agent).get_by_role("button", name="Transfer").click()
    dialog = agent.page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=other.name).check()
    await dialog.get_by_role("button", name="Speak first").click()
    await other.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
    await bar(agent).get_by_role("button", name="All together").click(timeout=CALL)
    for one in (agent, other):
        await expect(bar(one)).to_contain_text("Everybody hears everybody", timeout=CALL)


async def one_leaves_and_the_other_hangs_up(agent: DeskAgent, other: DeskAgent, chat: Frame) -> None:
    """The visitor speaks on with the colleague, whose browser mixes now, until the colleague hangs up."""
    await bar(agent).get_by_role("button", name="Leave").click()
    await expect(bar(agent)).to_have_count(0, timeout=CALL)
    await they_hear_each_other(other.page, chat)
    await expect(bar(other)).to_contain_text("Talking", timeout=CALL)
    await bar(other).get_by_role("button", name="Hang up").click()
    await expect(panel(chat)).to_contain_text("The call has ended", timeout=CALL)
