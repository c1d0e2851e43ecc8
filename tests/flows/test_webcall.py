"""A call from the shop's page to an agent's console: sound both ways, hold, transfer, refreshes, and the recording."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Frame, Page, expect

from tests.flows import sounds
from tests.flows.axe import Axe
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.shop_visitor import ShopVisitor
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

CALL = 60_000
"""Milliseconds until a call is at an agent, or connected again: browsers look for a way only so often."""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


class Api:
    """What the administrator sees of calls."""

    def __init__(self, hub: HubProcess) -> None:
        token = next(agent["api_token"] for agent in hub.facts["agents"] if agent["role"] == "administrator")
        self._root = f"{hub.url}/api/v1/"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Any:
        async with (
            aiohttp.ClientSession(self._root, headers=self._headers, raise_for_status=True) as api,
            api.get(path) as answer,
        ):
            return await answer.json()

    async def sound(self, path: str) -> bytes:
        """The bytes that a link of the API leads to."""
        async with (
            aiohttp.ClientSession(self._root, headers=self._headers, raise_for_status=True) as api,
            api.get(path) as answer,
        ):
            return await answer.read()

    async def put(self, path: str, body: dict[str, Any]) -> Any:
        async with (
            aiohttp.ClientSession(self._root, headers=self._headers, raise_for_status=True) as api,
            api.put(path, json=body) as answer,
        ):
            return await answer.json()

    async def patch(self, path: str, body: dict[str, Any]) -> Any:
        async with (
            aiohttp.ClientSession(self._root, headers=self._headers, raise_for_status=True) as api,
            api.patch(path, json=body) as answer,
        ):
            return await answer.json()

    async def give_time(self) -> None:
        """Nobody is in haste: a busy machine may take its time until an offer is taken, and after a call."""
        for queue in (await self.get("queues"))["items"]:
            voice = {**queue["voice"], "offer_seconds": 120, "wrap_up_seconds": 600}
            await self.patch(f"queues/{queue['id']}", {"version": queue["version"], "voice": voice})

    async def call(self) -> dict[str, Any]:
        """The newest call."""
        found: list[dict[str, Any]] = (await self.get("calls"))["items"]
        return found[0]

    async def until(self, **wanted: Any) -> dict[str, Any]:
        """Wait until the newest call is so."""
        call: dict[str, Any] = {}
        for _ in range(120):
            call = await self.call()
            if all(call[name] == value for name, value in wanted.items()):
                return call
            await asyncio.sleep(0.5)
        raise AssertionError(f"the call never became {wanted}: {call}")


async def test_a_visitor_calls_and_is_heard_through_hold_refreshes_and_a_transfer(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Api(hub)
    await record_calls(api)
    anna, ben = await agents_come(hub, people)
    visitor, chat = await visitor_calls(hub, people)
    first, second = await whoever_is_rung_answers(anna, ben)
    await they_hear_each_other(first.page, chat)
    await on_hold_there_is_music(first, chat)
    chat = await the_visitor_refreshes(visitor, first)
    await the_agent_refreshes(first, chat, api)
    await the_call_is_handed_on(first, second, chat)
    await the_visitor_hangs_up(chat)
    await the_record_is_right(api)
    await the_recording_plays(api, second.page)


async def record_calls(api: Api) -> None:
    """The shop records its calls, and says so."""
    [shop] = [one for one in (await api.get("accounts"))["items"] if one["kind"] == "webchat"]
    manner = {**(shop["manner"] or {}), "calls": {"record": True}}
    await api.put(f"accounts/{shop['id']}/manner", {"manner": manner})


async def agents_come(hub: HubProcess, people: People) -> tuple[DeskAgent, DeskAgent]:
    """Two agents who can be called."""
    await Api(hub).give_time()
    found = []
    for name, facts in zip(("anna", "ben"), hub.facts["agents"], strict=False):
        context = await people.arrive(name, width=1440, height=900)
        await sounds.listen_to(context)
        agent = DeskAgent(await context.new_page(), facts["name"])
        await agent.sign_in(facts["login_url"])
        await agent.become("Available")
        found.append(agent)
    anna, ben = found
    return anna, ben


async def visitor_calls(hub: HubProcess, people: People, *, recorded: bool = True) -> tuple[ShopVisitor, Frame]:
    """Somebody opens the shop and calls from its page."""
    context = await people.arrive("visitor")
    await sounds.listen_to(context)
    visitor = ShopVisitor(await context.new_page(), hub.facts["widget_url"])
    await visitor.enter()
    await visitor.open_chat()
    chat = await visitor.chat()
    await chat.get_by_role("button", name="Call us").click()
    await chat.get_by_role("button", name="Call now").click()
    if recorded:
        await expect(panel(chat)).to_contain_text("This call is recorded.")
    return visitor, chat


def panel(chat: Frame) -> Any:
    """Where the widget shows the call."""
    return chat.get_by_role("region", name="Call", exact=True)


async def whoever_is_rung_answers(anna: DeskAgent, ben: DeskAgent) -> tuple[DeskAgent, DeskAgent]:
    """One of the two is offered the call, and answers; the other does not ring on."""
    for _ in range(120):
        for rung, other in ((anna, ben), (ben, anna)):
            answer = rung.page.get_by_role("button", name="Answer")
            if await answer.count():
                await answer.first.click()
                await expect(bar(rung)).to_contain_text("Talking", timeout=CALL)
                await expect(other.page.get_by_role("button", name="Answer")).to_have_count(0)
                return rung, other
        await asyncio.sleep(0.5)
    raise AssertionError("nobody was offered the call")


def bar(agent: DeskAgent) -> Any:
    """The agent's softphone."""
    return agent.page.locator("section[data-call]")


async def they_hear_each_other(agent: Page, chat: Frame) -> None:
    """The other's microphone is heard by both: the console mixes what comes, the widget plays it as it comes."""
    await expect(panel(chat)).to_contain_text("speaking with", timeout=CALL)
    await sounds.until_made(agent)
    await sounds.until_comes(chat)


async def on_hold_there_is_music(agent: DeskAgent, chat: Frame) -> None:
    """The visitor hears music and no agent, the agent hears nobody; then they go on."""
    await bar(agent).get_by_role("button", name="Hold").click()
    await expect(panel(chat)).to_contain_text("One moment")
    await sounds.until_none_comes(chat)
    await sounds.until_made(chat)
    await sounds.until_none_made(agent.page)
    await bar(agent).get_by_role("button", name="Take off hold").click()
    await they_hear_each_other(agent.page, chat)


async def the_visitor_refreshes(visitor: ShopVisitor, agent: DeskAgent) -> Frame:
    """The visitor's page is loaded anew, and the call goes on."""
    await visitor.page.reload()
    chat = await visitor.chat()
    await they_hear_each_other(agent.page, chat)
    return chat


async def the_agent_refreshes(agent: DeskAgent, chat: Frame, api: Api) -> None:
    """The agent's console is loaded anew, and it is the same call."""
    before = await api.call()
    await agent.page.reload()
    await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
    await they_hear_each_other(agent.page, chat)
    after = await api.call()
    assert (after["id"], after["state"]) == (before["id"], "talking")


async def the_call_is_handed_on(agent: DeskAgent, other: DeskAgent, chat: Frame) -> None:
    """A colleague is asked first, and has the call then."""
    await bar(agent).get_by_role("button", name="Transfer").click()
    dialog = agent.page.get_by_role("dialog")
    await dialog.get_by_role("radio", name=other.name).check()
    await dialog.get_by_role("button", name="Speak first").click()
    await other.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
    complete = bar(agent).get_by_role("button", name="Hand over")
    await expect(complete).to_be_visible(timeout=CALL)
    await sounds.until_made(other.page)
    await sounds.until_none_comes(chat)
    await complete.click()
    await expect(bar(agent)).to_have_count(0)
    await they_hear_each_other(other.page, chat)


async def the_visitor_hangs_up(chat: Frame) -> None:
    """The visitor is done."""
    # Some of the talk is to be in the last stretch of the recording.
    await asyncio.sleep(3)
    await panel(chat).get_by_role("button", name="Hang up").click()
    await expect(panel(chat)).to_contain_text("The call has ended")


async def the_record_is_right(api: Api) -> None:
    """One call, answered, handed on, with times."""
    call = await api.until(outcome="answered")
    assert len((await api.get("calls"))["items"]) == 1
    assert call["ended_by"] == "contact"
    assert call["talk"] > 5_000
    assert call["hold"] > 1_000
    assert [(one["kind"], one["result"]) for one in call["transfers"]] == [("attended", "done")]


async def the_recording_plays(api: Api, page: Page) -> None:
    """Every stretch is a file that can be decoded, as long as it says, with sound in it; both agents' are there."""
    stretches: list[dict[str, Any]] = []
    for _ in range(120):
        stretches = (await api.call())["recordings"]
        if stretches and all(one["state"] == "stored" for one in stretches):
            break
        await asyncio.sleep(0.5)
    assert [one["state"] for one in stretches] == ["stored"] * len(stretches), stretches
    call = await api.call()
    assert len({one["agent_id"] for one in stretches}) == 2
    for one in stretches:
        sound = await api.sound(f"calls/{call['id']}/recordings/{one['id']}")
        seconds, loudest = await page.evaluate(_DECODED, list(sound))
        assert seconds == pytest.approx(one["duration"] / 1_000, abs=2.5), one
        assert loudest > 0.01, one


_DECODED = """
async (bytes) => {
  const context = new OfflineAudioContext(1, 48000, 48000);
  const sound = await context.decodeAudioData(new Uint8Array(bytes).buffer);
  let loudest = 0;
  for (const sample of sound.getChannelData(0)) loudest = Math.max(loudest, Math.abs(sample));
  return [sound.duration, loudest];
}
"""


async def test_a_caller_whom_nobody_can_answer_leaves_a_message(
    hub: HubProcess, people: People, complaints: Complaints
) -> None:
    api = Api(hub)
    context = await people.arrive("visitor")
    visitor = ShopVisitor(await context.new_page(), hub.facts["widget_url"])
    await visitor.enter()
    await visitor.open_chat()
    chat = await visitor.chat()
    await chat.get_by_role("button", name="Call us").click()
    assert await Axe().examine(chat) == []
    await chat.get_by_role("button", name="Call now").click()
    await expect(panel(chat)).to_contain_text("Recording. Speak now.", timeout=CALL)
    assert await Axe().examine(chat) == []
    await asyncio.sleep(3)
    await panel(chat).get_by_role("button", name="Send message").click()
    await expect(panel(chat)).to_contain_text("The call has ended")
    call = await api.until(outcome="voicemail")
    [message] = call["recordings"]
    assert message["is_voicemail"]
    page = await context.new_page()
    await page.goto(hub.facts["widget_url"])
    sound = await api.sound(f"calls/{call['id']}/recordings/{message['id']}")
    seconds, loudest = await page.evaluate(_DECODED, list(sound))
    assert seconds == pytest.approx(message["duration"] / 1_000, abs=1.5)
    assert loudest > sounds.LOUD
