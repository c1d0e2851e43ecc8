"""Visitors whom nobody can answer: they hear what the shop recorded, speak after the tone, and close the page."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Frame, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.hub_process import HubProcess
from tests.flows.shop_visitor import ShopVisitor
from tests.flows.test_webcall import CALL, panel, visitor_calls
from tests.flows.test_webcall_away import Office, a_tune
from tests.flows.test_webcall_supervised import sign_in
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

SAID = "Welcome to the garden."
_ENDED = "() => window.__sounds.filter((one) => one.src.includes('/files/') && one.ended).length"


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


class Studio(Office):
    """Where the shop's words are recorded."""

    async def record(self, *names: str) -> None:
        """Somebody speaks these words of the shop's line."""
        form = aiohttp.FormData()
        form.add_field("file", a_tune(), filename="words.wav", content_type="audio/wav")
        async with (
            aiohttp.ClientSession(self._root, headers=self._headers, raise_for_status=True) as api,
            api.post("files", data=form) as answer,
        ):
            file_id = (await answer.json())["id"]
        [shop] = [one for one in (await self.get("accounts"))["items"] if one["kind"] == "webchat"]
        calls = {name: {"en": SAID} for name in names} | {"recorded": {name: {"en": file_id} for name in names}}
        await self.put(f"accounts/{shop['id']}/manner", {"manner": {**(shop["manner"] or {}), "calls": calls}})

    async def until_begun(self) -> dict[str, Any]:
        """Wait until the hub has the beginning of a message; the call."""
        for _ in range(120):
            call = await self.call()
            if call["recordings"]:
                return call
            await asyncio.sleep(0.5)
        raise AssertionError("nothing of the message came")


async def speaks(hub: HubProcess, people: People) -> tuple[ShopVisitor, Frame]:
    """Somebody calls the shop, and speaks after the tone."""
    visitor, chat = await visitor_calls(hub, people, recorded=False)
    await expect(panel(chat)).to_contain_text("Recording. Speak now.", timeout=CALL)
    return visitor, chat


async def test_who_closes_the_page_in_the_middle_of_a_message_is_heard_by_an_agent(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Studio(hub)
    visitor, _ = await speaks(hub, people)
    call = await api.until_begun()
    assert call["state"] == "voicemail"
    await visitor.page.close()
    call = await api.until(outcome="voicemail")
    [message] = call["recordings"]
    assert (message["state"], message["is_voicemail"]) == ("stored", True)
    assert message["duration"] >= 1_000
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    agent = await sign_in(people, "agent", facts["name"], facts["login_url"])
    await agent.become("Available")
    await agent.page.get_by_role("button", name=re.compile("^Accept")).first.click(timeout=CALL)
    player = agent.timeline().locator("audio").first
    await expect(player).to_be_visible(timeout=CALL)
    await player.evaluate("(sound) => sound.play()")
    heard = await player.element_handle()
    await agent.page.wait_for_function("(sound) => sound.currentTime > 0.5 || sound.ended", arg=heard, timeout=CALL)


async def test_a_page_loaded_anew_leaves_what_was_said_before(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Studio(hub)
    visitor, _ = await speaks(hub, people)
    await api.until_begun()
    await visitor.page.reload()
    call = await api.until(outcome="voicemail")
    assert [(one["state"], one["is_voicemail"]) for one in call["recordings"]] == [("stored", True)]


async def test_what_the_shop_recorded_is_heard_to_its_end_before_the_call_goes_on(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Studio(hub)
    await api.record("greeting", "voicemail_greeting")
    _, chat = await visitor_calls(hub, people, recorded=False)
    await expect(panel(chat)).to_contain_text(SAID, timeout=CALL)
    await expect(panel(chat)).to_contain_text("Recording. Speak now.", timeout=CALL)
    assert await chat.evaluate(_ENDED) == 2
    await panel(chat).get_by_role("button", name="Hang up").click()
    await expect(panel(chat)).to_contain_text("The call has ended", timeout=CALL)
    await api.until(state="ended")
