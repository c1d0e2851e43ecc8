"""Keys that an agent presses on the console, as a telephone behind a real Asterisk hears them."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.flows import test_phone_by_asterisk as by_asterisk
from tests.flows.conftest import People
from tests.flows.hub_process import HubProcess
from tests.flows.test_phone_by_asterisk import CUSTOMER, SHOP, Exchange, both_are_heard, until
from tests.flows.test_webcall import CALL, bar
from tests.flows.test_webcall_supervised import sign_in
from tests.peers.asterisk import Asterisk
from tests.peers.complaints import Complaints
from tests.peers.handset import Handset
from tests.peers.sipp import caller

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

running, asterisk, hub = by_asterisk.running, by_asterisk.asterisk, by_asterisk.hub
chromium, handset = by_asterisk.chromium, by_asterisk.handset


async def test_keys_that_an_agent_presses_reach_the_other_telephone_in_their_order(
    hub: HubProcess, people: People, complaints: Complaints, asterisk: Asterisk, handset: Handset
) -> None:
    await Exchange(hub).connect(asterisk)
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    agent = await sign_in(people, "agent", facts["name"], facts["login_url"])
    await agent.become("Available")
    with caller(asterisk.sip_port, SHOP, number=CUSTOMER, sound_at=handset.port):
        await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
        await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
        await both_are_heard(agent.page, handset)
        await bar(agent).get_by_role("button", name="Keypad").click()
        keypad = bar(agent).get_by_role("group", name="Keypad")
        for key in "50#*9":
            before = len(handset.keys)
            await keypad.get_by_role("button", name=key, exact=True).click()
            await until(lambda before=before: len(handset.keys) > before, f"{key} never came: {handset.keys}")
        assert handset.keys == "50#*9"
        # Some are pressed faster than they are sent.
        for key in "123":
            await keypad.get_by_role("button", name=key, exact=True).click()
        await until(lambda: handset.keys == "50#*9123", f"not all came: {handset.keys}")
        await both_are_heard(agent.page, handset)
        await bar(agent).get_by_role("button", name="Hang up").click()
        await until(lambda: not asterisk.ari("GET", "/channels"), "something is left at Asterisk")
