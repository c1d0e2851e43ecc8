"""A call over SIP is handed on: the caller hears music while two agents speak in their browsers, then the second."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.flows import sounds
from tests.flows import test_phone_by_asterisk as by_asterisk
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.test_phone_by_asterisk import (
    CUSTOMER,
    SHOP,
    Exchange,
    both_are_heard,
    hears,
    the_recording_plays,
    until,
)
from tests.flows.test_webcall import CALL, agents_come, bar, whoever_is_rung_answers
from tests.peers.asterisk import Asterisk
from tests.peers.complaints import Complaints
from tests.peers.handset import Handset
from tests.peers.sipp import caller

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

running, asterisk, hub = by_asterisk.running, by_asterisk.asterisk, by_asterisk.hub
chromium, handset = by_asterisk.chromium, by_asterisk.handset


async def test_an_agent_asks_a_colleague_hands_the_caller_over_and_the_record_tells_of_it(
    hub: HubProcess, people: People, complaints: Complaints, asterisk: Asterisk, handset: Handset
) -> None:
    api = Exchange(hub)
    await api.connect(asterisk)
    anna, ben = await agents_come(hub, people)
    with caller(asterisk.sip_port, SHOP, number=CUSTOMER, sound_at=handset.port):
        first, second = await whoever_is_rung_answers(anna, ben)
        await both_are_heard(first.page, handset)
        await a_colleague_is_asked(first, second)
        await they_speak_alone(first, second, handset)
        await bar(first).get_by_role("button", name="Hand over").click()
        await expect(bar(first)).to_have_count(0, timeout=CALL)
        await both_are_heard(second.page, handset)
        await sounds.until_none_comes(first.page)
        await bar(second).get_by_role("button", name="Hang up").click()
        await until(lambda: not asterisk.ari("GET", "/channels"), "something is left at Asterisk")
    call = await api.until(outcome="answered")
    ids = {person["name"]: person["id"] for person in (await api.get("agents"))["items"]}
    [transfer] = call["transfers"]
    assert (transfer["kind"], transfer["result"]) == ("attended", "done")
    assert (transfer["by_agent_id"], transfer["to_agent_id"]) == (ids[first.name], ids[second.name])
    assert (call["agent_id"], call["ended_by"]) == (ids[second.name], "agent")
    await the_recording_plays(api, second.page)


async def a_colleague_is_asked(agent: DeskAgent, other: DeskAgent) -> None:
    """The agent speaks with a colleague first."""
    await bar(agent).get_by_role("button", name="Transfer").click()
    dialog = agent.page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=other.name).check()
    await dialog.get_by_role("button", name="Speak first").click()
    await other.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
    await expect(bar(agent).get_by_role("button", name="Hand over")).to_be_visible(timeout=CALL)


async def they_speak_alone(agent: DeskAgent, other: DeskAgent, handset: Handset) -> None:
    """The two hear each other and not the caller, who hears music and neither of them."""
    handset.talks = False
    await asyncio.gather(sounds.until_comes(agent.page), sounds.until_comes(other.page))
    handset.talks = True
    for one in (agent, other):
        await bar(one).get_by_role("button", name="Mute", exact=True).click()
    await asyncio.gather(sounds.until_none_comes(agent.page), sounds.until_none_comes(other.page))
    await hears(handset)
    for one in (agent, other):
        await bar(one).get_by_role("button", name="Unmute", exact=True).click()
