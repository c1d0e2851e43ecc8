"""A call over SIP: from a telephone by a real Asterisk to an agent's console, with sound both ways all along."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Browser, Page, expect

from tests.channels.asterisk.house import loudness
from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import CALL, Api, bar
from tests.flows.test_webcall_supervised import listens, sign_in
from tests.peers.asterisk import APP, PASSWORD, USER, Asterisk
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints
from tests.peers.handset import Handset
from tests.peers.sipp import caller, telephone

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

SHOP, CUSTOMER = "+380445556677", "+380441234567"
QUIET = 60
"""Below this root mean square there is nothing to hear (16 bit)."""


@pytest.fixture(scope="module")
def running() -> Iterator[Asterisk]:
    """An Asterisk for these flows."""
    server = Asterisk()
    yield server
    server.stop()


@pytest.fixture
def asterisk(running: Asterisk) -> Asterisk:
    """The Asterisk, with no call of the flow before: this flow's hub would offer its agent that one first."""
    for _ in range(60):
        left = running.ari("GET", "/channels")
        if not left:
            return running
        for channel in left:
            running.ari("DELETE", f"/channels/{channel['id']}")
        time.sleep(0.5)
    raise AssertionError("a call of the flow before is left at Asterisk")


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[HubProcess]:
    """A hub that may speak with an exchange on this machine."""
    process = HubProcess(tmp_path, environment={"HUB_PRIVATE_PEERS": "127.0.0.0/8"})
    process.start()
    yield process
    process.stop()


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


@pytest.fixture
def handset() -> Iterator[Handset]:
    """At the ear of whoever calls."""
    with closing(Handset()) as held:
        yield held


class Exchange(Api):
    """What the administrator does and sees."""

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        async with (
            aiohttp.ClientSession(self._root, headers=self._headers, raise_for_status=True) as api,
            api.post(path, json=body) as answer,
        ):
            return await answer.json()

    async def connect(self, asterisk: Asterisk) -> int:
        """Add the Asterisk as an account that greets and records, in the hub's own voice; its id when calls come in."""
        queue = (await self.get("queues"))["items"][0]["id"]
        server = {"ari_url": asterisk.url, "user": USER, "password": PASSWORD, "app": APP}
        settings = {**server, "own_extensions": ["291"]}
        new = {"kind": "asterisk", "name": "Exchange", "queue_id": queue, "settings": settings}
        account: int = (await self.post("accounts", new))["id"]
        calls = {"greeting": {"en": "Hello. This is the exchange."}, "record": True}
        await self.put(f"accounts/{account}/manner", {"manner": {"calls": calls}})
        await self.give_time()
        await until(lambda: APP in asterisk.cli("ari show apps"), "the hub never heard the exchange")
        return account


async def test_a_caller_by_sip_is_answered_on_the_console_and_heard_through_hold_and_a_refresh(
    hub: HubProcess, people: People, complaints: Complaints, asterisk: Asterisk, handset: Handset
) -> None:
    api = Exchange(hub)
    await api.connect(asterisk)
    facts = {person["role"]: person for person in hub.facts["agents"]}
    agent = await sign_in(people, "agent", facts["agent"]["name"], facts["agent"]["login_url"])
    await agent.become("Available")
    with caller(asterisk.sip_port, SHOP, number=CUSTOMER, name="Olena", sound_at=handset.port):
        await hears(handset)
        await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
        await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
        await both_are_heard(agent.page, handset)
        await on_hold_there_is_music(agent, handset)
        await the_agent_refreshes(agent, handset, api)
        await asyncio.sleep(3)
        await bar(agent).get_by_role("button", name="Hang up").click()
        await until(lambda: not asterisk.ari("GET", "/channels"), "something is left at Asterisk")
    call = await api.until(outcome="answered")
    assert (call["number"], call["ended_by"]) == (CUSTOMER, "agent")
    assert call["hold"] > 1_000
    await the_recording_plays(api, agent.page)


async def until(holds: Callable[[], Any], words: str) -> None:
    """Return once it holds; it may take its time, for it is asked in a thread."""
    for _ in range(120):
        if await asyncio.to_thread(holds):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(words)


async def hears(handset: Handset) -> None:
    """Something is to be heard at the telephone."""
    await until(lambda: handset.loudness() > QUIET, "nothing comes to the telephone")


async def hears_nothing(handset: Handset) -> None:
    """For three seconds nothing is to be heard at the telephone."""
    found: list[float] = []
    for _ in range(10):
        found = []
        for _ in range(6):
            await asyncio.sleep(0.5)
            found.append(handset.loudness())
        if max(found) <= QUIET:
            return
    raise AssertionError(f"something still comes to the telephone: {found}")


async def both_are_heard(page: Page, handset: Handset) -> None:
    """The telephone's tone comes to the console, and the console's beeps to the telephone."""
    await sounds.until_comes(page)
    await hears(handset)


async def on_hold_there_is_music(agent: DeskAgent, handset: Handset) -> None:
    """The caller hears music, the agent nobody; then they go on."""
    await bar(agent).get_by_role("button", name="Mute").click()
    await hears_nothing(handset)
    await bar(agent).get_by_role("button", name="Hold").click()
    await sounds.until_none_comes(agent.page)
    await hears(handset)
    await bar(agent).get_by_role("button", name="Take off hold").click()
    await hears_nothing(handset)
    await bar(agent).get_by_role("button", name="Unmute").click()
    await both_are_heard(agent.page, handset)


async def the_agent_refreshes(agent: DeskAgent, handset: Handset, api: Exchange) -> None:
    """The console is loaded anew, and it is the same call."""
    before = await api.call()
    await agent.page.reload()
    await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
    await both_are_heard(agent.page, handset)
    after = await api.call()
    assert (after["id"], after["state"]) == (before["id"], "talking")


async def the_recording_plays(api: Exchange, page: Page) -> None:
    """The sound that Asterisk recorded is kept here, and the console can play it."""
    call: dict[str, Any] = {}
    for _ in range(120):
        call = await api.call()
        if call["recordings"] and all(one["state"] == "stored" for one in call["recordings"]):
            break
        await asyncio.sleep(0.5)
    assert [one["state"] for one in call["recordings"]] == ["stored"] * len(call["recordings"]), call["recordings"]
    for one in call["recordings"]:
        path = f"calls/{call['id']}/recordings/{one['id']}"
        seconds = await page.evaluate(_PLAYED, f"/api/v1/{path}")
        assert seconds == pytest.approx(one["duration"] / 1_000, abs=1.5), one
        assert loudness(await api.sound(path)) > QUIET


_PLAYED = """
async (link) => {
  const sound = new Audio(link);
  await sound.play();
  await new Promise((resolve, reject) => {
    sound.ontimeupdate = () => sound.currentTime > 0.5 && resolve();
    sound.onerror = reject;
  });
  sound.pause();
  return sound.duration;
}
"""


async def test_a_supervisor_listens_and_whispers_to_an_agent_who_talks_by_sip(
    hub: HubProcess, people: People, complaints: Complaints, asterisk: Asterisk, handset: Handset
) -> None:
    api = Exchange(hub)
    await api.connect(asterisk)
    facts = {person["role"]: person for person in hub.facts["agents"]}
    agent = await sign_in(people, "agent", facts["agent"]["name"], facts["agent"]["login_url"])
    boss = facts["administrator"]
    supervisor = await sign_in(people, "supervisor", boss["name"], boss["login_url"])
    await agent.become("Available")
    with caller(asterisk.sip_port, SHOP, number=CUSTOMER, sound_at=handset.port):
        await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
        await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
        await both_are_heard(agent.page, handset)
        await bar(agent).get_by_role("button", name="Mute").click()
        await hears_nothing(handset)
        call_id = (await api.call())["id"]
        await listens(supervisor, call_id, "Listen")
        await sounds.until_comes(supervisor.page)
        handset.talks = False
        await sounds.until_none_comes(agent.page)
        await listens(supervisor, call_id, "Whisper")
        await sounds.until_comes(agent.page)
        await hears_nothing(handset)
        handset.talks = True
        await sounds.until_comes(supervisor.page)
        await listens(supervisor, call_id, "Join")
        await hears(handset)


async def test_an_agents_own_telephone_rings_and_the_console_may_be_left(
    hub: HubProcess, people: People, complaints: Complaints, asterisk: Asterisk, handset: Handset
) -> None:
    api = Exchange(hub)
    await api.connect(asterisk)
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    agent = await sign_in(people, "agent", facts["name"], facts["login_url"])
    with closing(Handset()) as held, telephone(ring=1_000, sound_at=held.port) as desk:
        await asyncio.to_thread(asterisk.make_telephone, "291", desk.port)
        assert await agent.page.evaluate(_RING, "291") == 200
        await agent.become("Available")
        with caller(asterisk.sip_port, SHOP, number=CUSTOMER, sound_at=handset.port):
            await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
            await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
            for heard, other in ((handset, held), (held, handset)):
                other.talks = False
                await hears_nothing(heard)
                other.talks = True
                await hears(heard)
            before = held.count
            await agent.page.reload()
            await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
            await until(lambda: held.count > before + 100, "the telephone heard no more")
            await bar(agent).get_by_role("button", name="Hang up").click()
            await until(lambda: not asterisk.ari("GET", "/channels"), "something is left at Asterisk")
    call = await api.until(outcome="answered")
    assert [leg["device"] for leg in call["legs"] if leg["role"] == "agent"] == ["phone"]


_RING = """
async (call_number) => {
  const headers = { "Content-Type": "application/json", "X-Hub-Request": "1" };
  const body = JSON.stringify({ call_device: "phone", call_number });
  return (await fetch("/api/v1/me/phone", { method: "PUT", headers, body })).status;
}
"""


async def test_a_call_goes_on_while_the_hub_is_restarted_and_the_softphone_takes_the_next_one(
    hub: HubProcess, people: People, complaints: Complaints, asterisk: Asterisk, handset: Handset
) -> None:
    api = Exchange(hub)
    await api.connect(asterisk)
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    agent = await sign_in(people, "agent", facts["name"], facts["login_url"])
    await agent.become("Available")
    with caller(asterisk.sip_port, SHOP, number=CUSTOMER, sound_at=handset.port):
        await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
        await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
        await both_are_heard(agent.page, handset)
        with complaints.server_away():
            await asyncio.to_thread(hub.kill)
            await both_are_heard(agent.page, handset)
            await asyncio.to_thread(hub.start)
            await until(lambda: APP in asterisk.cli("ari show apps"), "the hub never heard the exchange again")
            await both_are_heard(agent.page, handset)
            # Longer than a softphone may be without its socket.
            await asyncio.sleep(10)
            await both_are_heard(agent.page, handset)
            await bar(agent).get_by_role("button", name="Hang up").click()
    await expect(bar(agent)).to_have_count(0)
    after = agent.page.locator("section[data-wrap-up]")
    await after.get_by_role("combobox").select_option(label="Solved")
    await after.get_by_role("button", name="Done", exact=True).click()
    await expect(after).to_have_count(0)
    with caller(asterisk.sip_port, SHOP, number="+380441234568", sound_at=handset.port):
        await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
        await expect(bar(agent)).to_contain_text("Talking", timeout=CALL)
        await both_are_heard(agent.page, handset)
