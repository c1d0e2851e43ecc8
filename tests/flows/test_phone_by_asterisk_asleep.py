"""An agent's laptop sleeps in the middle of a call over SIP: the caller stays at Asterisk, and is heard again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import expect

from tests.flows import sounds
from tests.flows import test_phone_by_asterisk as by_asterisk
from tests.flows.conftest import People
from tests.flows.hub_process import HubProcess
from tests.flows.test_phone_by_asterisk import CUSTOMER, SHOP, Exchange, both_are_heard, hears, until
from tests.flows.test_webcall import CALL, bar
from tests.flows.test_webcall_asleep import agents
from tests.flows.test_webcall_asleep import until as until_call
from tests.flows.test_webcall_supervised import sign_in
from tests.peers.asterisk import Asterisk
from tests.peers.complaints import Complaints
from tests.peers.handset import Handset
from tests.peers.laptop import Laptop, open_laptop
from tests.peers.sipp import caller

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

running, asterisk, hub, handset = by_asterisk.running, by_asterisk.asterisk, by_asterisk.hub, by_asterisk.handset


@pytest.fixture
async def laptop() -> AsyncIterator[Laptop]:
    """A Chromium with a microphone that beeps, with its own processes."""
    async with open_laptop(*sounds.FLAGS) as opened:
        yield opened


async def test_a_caller_hears_music_while_an_agents_laptop_sleeps_and_the_agent_when_it_wakes(
    hub: HubProcess, complaints: Complaints, asterisk: Asterisk, handset: Handset, laptop: Laptop
) -> None:
    api = Exchange(hub)
    await api.connect(asterisk)
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    agent = await sign_in(People(laptop.browser, complaints), "agent", facts["name"], facts["login_url"])
    await agent.become("Available")
    with caller(asterisk.sip_port, SHOP, number=CUSTOMER, sound_at=handset.port), complaints.server_away():
        await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
        await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
        await both_are_heard(agent.page, handset)
        with laptop.asleep():
            # Asterisk lets go of whoever has sent no sound for half a minute.
            await until_call(api, lambda call: agents(call)[-1]["state"] == "lost")
            await hears(handset)
        await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
        await both_are_heard(agent.page, handset)
        await asyncio.sleep(2)
        await bar(agent).get_by_role("button", name="Hang up").click()
        await until(lambda: not asterisk.ari("GET", "/channels"), "something is left at Asterisk")
    call = await api.until(outcome="answered", ended_by="agent")
    assert [leg["reason"] for leg in agents(call)] == ["replaced", "hung_up"]
