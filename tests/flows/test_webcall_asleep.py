"""An agent's laptop sleeps in the middle of a call from the shop's page: the caller stays, and is spoken with again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser, Frame, expect

from tests.flows import sounds
from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.test_webcall import CALL, Api, bar, panel, they_hear_each_other, visitor_calls
from tests.flows.test_webcall_supervised import sign_in
from tests.peers.browser import open_chromium
from tests.peers.complaints import Complaints
from tests.peers.laptop import Laptop, open_laptop

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(600)]

KEPT = 30_000
"""Milliseconds that a call is kept for an agent whose sound was lost."""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    """A Chromium with a microphone that beeps."""
    async with open_chromium(*sounds.FLAGS) as browser:
        yield browser


@pytest.fixture
async def laptop() -> AsyncIterator[Laptop]:
    """Another one, with its own processes."""
    async with open_laptop(*sounds.FLAGS) as opened:
        yield opened


async def test_a_caller_waits_with_music_while_an_agents_laptop_sleeps_and_goes_to_another_when_it_sleeps_on(
    hub: HubProcess, people: People, complaints: Complaints, laptop: Laptop
) -> None:
    api = Api(hub)
    anna_facts, ben_facts = [one for one in hub.facts["agents"] if one["role"] == "agent"][:2]
    anna = await sign_in(People(laptop.browser, complaints), "anna", anna_facts["name"], anna_facts["login_url"])
    ben = await sign_in(people, "ben", ben_facts["name"], ben_facts["login_url"])
    await anna.become("Available")
    _, chat = await visitor_calls(hub, people, recorded=False)
    await anna.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
    await they_hear_each_other(anna.page, chat)
    # Who wakes up after the call went on without her is told so when she asks for it.
    with complaints.server_away(), complaints.expecting("status of 410"):
        await she_nods_off(api, laptop, anna, chat)
        await she_sleeps_on(api, laptop, ben, chat)
        await expect(bar(anna)).to_have_count(0, timeout=CALL)
        await sounds.until_none_comes(anna.page)
    await panel(chat).get_by_role("button", name="Hang up").click()
    the_record_is_right(await api.until(outcome="answered", ended_by="contact"), [anna.name, anna.name, ben.name])


def the_record_is_right(call: dict[str, Any], names: list[str]) -> None:
    """One call from its first ring to its end; while she slept nobody spoke, and half a minute was kept for her."""
    legs = agents(call)
    assert [leg["name"] for leg in legs] == names
    assert [leg["reason"] for leg in legs[:2]] == ["replaced", "lost"]
    spent = call["ring"] + call["greet"] + call["wait"] + call["talk"] + call["hold"]
    assert spent == pytest.approx(lasted(call, "started_at"), abs=1)
    assert all(leg["talk"] > 2_000 for leg in legs)
    assert lasted(legs[1], "connected_at") - legs[1]["talk"] >= KEPT


def lasted(value: dict[str, Any], since: str) -> float:
    """Milliseconds until it ended."""
    begun, ended = (datetime.fromisoformat(value[name]) for name in (since, "ended_at"))
    return (ended - begun) / timedelta(milliseconds=1)


async def she_nods_off(api: Api, laptop: Laptop, anna: DeskAgent, chat: Frame) -> None:
    """The caller hears music until she is back, by herself and in the same call."""
    with laptop.asleep():
        await until(api, lambda call: agents(call)[-1]["state"] == "lost")
        await sounds.until_made(chat)
    await expect(bar(anna)).to_contain_text("Talking", timeout=CALL)
    await they_hear_each_other(anna.page, chat)
    assert (await api.call())["state"] == "talking"


async def she_sleeps_on(api: Api, laptop: Laptop, ben: DeskAgent, chat: Frame) -> None:
    """The caller stands in line again, at the old place, and speaks with whoever is there."""
    with laptop.asleep():
        await until(api, lambda call: agents(call)[-1]["state"] == "lost")
        # Whom nobody could answer would leave a message.
        await ben.become("Available")
        await until(api, lambda call: any(leg["reason"] == "lost" for leg in agents(call)))
        await ben.page.get_by_role("button", name="Answer").first.click(timeout=CALL)
        await they_hear_each_other(ben.page, chat)


def agents(call: dict[str, Any]) -> list[dict[str, Any]]:
    """The legs of agents, the newest last."""
    return [leg for leg in call["legs"] if leg["role"] == "agent"]


async def until(api: Api, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Wait until this is so of the newest call."""
    call: dict[str, Any] = {}
    for _ in range(240):
        call = await api.call()
        if holds(call):
            return call
        await asyncio.sleep(0.5)
    raise AssertionError(call)
