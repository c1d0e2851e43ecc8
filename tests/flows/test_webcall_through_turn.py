"""A call from the shop's page where all sound goes by a TURN server: a strict network, or nobody's address is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, Frame, Page, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import CALL, Api, bar, panel, they_hear_each_other, visitor_calls
from tests.flows.test_webcall_supervised import sign_in
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints
from tests.peers.coturn import TurnServer

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(400)]

_WAYS = """
async () => {
  const ways = [];
  for (const one of window.__connections ?? []) {
    if (one.connectionState !== "connected") continue;
    const stats = await one.getStats();
    stats.forEach((s) => {
      if (s.type !== "transport" || !s.selectedCandidatePairId) return;
      const pair = stats.get(s.selectedCandidatePairId);
      ways.push([stats.get(pair.localCandidateId).candidateType, stats.get(pair.remoteCandidateId).candidateType]);
    });
  }
  return ways;
}
"""
"""How each living connection goes: the kinds of candidates on this side and on the other."""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


@pytest.fixture
def turn() -> Iterator[TurnServer]:
    """A TURN server on this machine."""
    server = TurnServer()
    yield server
    server.stop()


async def test_sound_goes_both_ways_through_a_turn_server_and_only_through_it(
    hub: HubProcess, people: People, complaints: Complaints, turn: TurnServer
) -> None:
    api = Api(hub)
    await relay(api, {"turn": [turn.url], "turn_secret": turn.secret, "relay_only": True})
    facts = next(person for person in hub.facts["agents"] if person["role"] == "agent")
    agent = await sign_in(people, "agent", facts["name"], facts["login_url"])
    await agent.become("Available")
    _, chat = await visitor_calls(hub, people, recorded=False)
    await agent.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
    await they_hear_each_other(agent.page, chat)
    assert await ways(agent.page) == [["relay", "relay"]]
    assert await ways(chat) == [["relay", "relay"]]
    await bar(agent).get_by_role("button", name="Hang up").click()
    await expect(panel(chat)).to_contain_text("The call has ended", timeout=CALL)


async def relay(api: Api, settings: dict[str, Any]) -> None:
    """The shop's chat names the server; the account is opened anew."""
    [shop] = [one for one in (await api.get("accounts"))["items"] if one["kind"] == "webchat"]
    await api.patch(f"accounts/{shop['id']}", {"version": shop["version"], "settings": shop["settings"] | settings})


async def ways(page: Page | Frame) -> list[list[str]]:
    """How the connections of a page go."""
    found: list[list[str]] = await page.evaluate(_WAYS)
    return found
