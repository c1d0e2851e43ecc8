"""A visitor who closes the page in a call, and one who does so in line, with the queue's music in their ear."""

from __future__ import annotations

import io
import math
import struct
import wave
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import CALL, Api, bar, panel, they_hear_each_other, visitor_calls
from tests.flows.test_webcall_supervised import sign_in
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

MUSIC = "queue-music.wav"


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


class Office(Api):
    """What an administrator sets, too."""

    async def play(self, sound: bytes) -> None:
        """Every queue plays this to whoever waits, also while nobody is at work."""
        form = aiohttp.FormData()
        form.add_field("file", sound, filename=MUSIC, content_type="audio/wav")
        async with (
            aiohttp.ClientSession(self._root, headers=self._headers, raise_for_status=True) as api,
            api.post("files", data=form) as answer,
        ):
            music = (await answer.json())["id"]
        for queue in (await self.get("queues"))["items"]:
            voice = {**queue["voice"], "music_file_id": music, "no_agents": "queue"}
            await self.patch(f"queues/{queue['id']}", {"version": queue["version"], "voice": voice})


def a_tune() -> bytes:
    """Two seconds of a tone: WAV, 16 bit, 8 kHz."""
    kept = io.BytesIO()
    with wave.open(kept, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8_000)
        out.writeframes(b"".join(struct.pack("<h", round(9_000 * math.sin(n / 4))) for n in range(16_000)))
    return kept.getvalue()


def contact(call: dict[str, Any]) -> dict[str, Any]:
    """The visitor's own part in a call."""
    found: dict[str, Any] = next(leg for leg in call["legs"] if leg["role"] == "customer")
    return found


async def test_who_closes_the_page_in_a_call_is_waited_for_and_has_gone_when_the_page_did(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Api(hub)
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    agent = await sign_in(people, "agent", facts["name"], facts["login_url"])
    await agent.become("Available")
    visitor, chat = await visitor_calls(hub, people, recorded=False)
    await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
    await they_hear_each_other(agent.page, chat)
    await bar(agent).get_by_role("button", name="Keypad").click()
    await expect(bar(agent)).to_contain_text("takes no keys")
    await expect(bar(agent).get_by_role("button", name="5", exact=True)).to_be_disabled()
    await visitor.page.close()
    await expect(bar(agent)).to_contain_text("connection is lost", timeout=CALL)
    left = contact(await api.call())["away_since"]
    assert left is not None
    await expect(bar(agent)).to_have_count(0, timeout=CALL)
    call = await api.until(outcome="answered")
    assert (call["ended_at"], call["ended_by"]) == (left, "contact")


async def test_who_waits_hears_the_music_of_the_queue_and_has_given_up_when_the_page_is_closed(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Office(hub)
    await api.play(a_tune())
    visitor, chat = await visitor_calls(hub, people, recorded=False)
    await expect(panel(chat)).to_contain_text("You are in line", timeout=CALL)
    await sounds.until_plays(chat, "/files/")
    await sounds.until_none_made(chat)
    await visitor.page.close()
    call = await api.until(outcome="abandoned")
    assert call["ended_by"] == "contact"
    assert contact(call)["ended_at"] == call["ended_at"]
