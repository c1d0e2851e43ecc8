"""The main job from end to end: a visitor of a web page is answered by an agent, whatever happens on the way."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from PIL import Image

from tests.flows.conftest import People
from tests.flows.desk_agent import DeskAgent
from tests.flows.hub_process import HubProcess
from tests.flows.shop_visitor import ShopVisitor
from tests.peers.complaints import Complaints

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

CLARA = "Clara Winter"
HELLO = "Hello, my fern has brown tips. What can I do?"
ANSWER = "Hello Clara! Brown tips mean dry air."
SECRET = "She bought it in May, order 4711. Be generous."
PICTURE_TEXT = "brown-tips.png"
WHILE_DOWN_VISITOR = "I spray it twice a day already."
WHILE_DOWN_AGENT = "Put it beside the shower for a week."
THANKS = "That helped, thank you!"
AGAIN = "Me again. It has a new leaf, is that normal?"

BACK = 60_000
"""Milliseconds until both sides have found the hub again: they try twice as late each time, to spare it."""


async def test_a_visitor_is_answered_through_a_missed_offer_reloads_and_a_restart(
    hub: HubProcess, people: People, complaints: Complaints, tmp_path: Path
) -> None:
    await make_offers_short(hub)
    anna, ben = await agents_come(hub, people)
    visitor = await visitor_comes(hub, people)
    await offer_passes_on_when_nobody_takes_it(visitor, anna, ben)
    await they_talk(visitor, ben)
    await both_reload(visitor, ben)
    await visitor_sends_a_picture(visitor, ben, tmp_path)
    await the_hub_restarts_while_both_write(hub, complaints, visitor, ben)
    await ben.close("Solved")
    await anna.become("Available")
    await visitor_comes_back_to_the_same_history_and_the_same_agent(people, visitor, anna, ben)


async def make_offers_short(hub: HubProcess) -> None:
    """Nobody should have to wait half a minute for an agent who is not at the desk."""
    token = next(agent["api_token"] for agent in hub.facts["agents"] if agent["role"] == "administrator")
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(f"{hub.url}/api/v1/", headers=headers, raise_for_status=True) as api:
        queues: list[dict[str, Any]] = (await (await api.get("queues")).json())["items"]
        for queue in queues:
            change = {"version": queue["version"], "chat_offer_seconds": 5}
            async with api.patch(f"queues/{queue['id']}", json=change) as answer:
                assert (await answer.json())["chat_offer_seconds"] == 5


async def agents_come(hub: HubProcess, people: People) -> tuple[DeskAgent, DeskAgent]:
    """Anna becomes available first: she will have been idle for longest."""
    found = []
    for name, facts in zip(("Anna", "Ben"), hub.facts["agents"], strict=False):
        context = await people.arrive(name.lower(), width=1440, height=900)
        agent = DeskAgent(await context.new_page(), facts["name"])
        await agent.sign_in(facts["login_url"])
        await agent.become("Available")
        found.append(agent)
    anna, ben = found
    return anna, ben


async def visitor_comes(hub: HubProcess, people: People) -> ShopVisitor:
    """A stranger opens the shop and the chat, and writes."""
    visitor = ShopVisitor(await (await people.arrive("visitor")).new_page(), hub.facts["widget_url"])
    await visitor.enter()
    await visitor.open_chat()
    await visitor.introduce_herself(CLARA, HELLO)
    return visitor


async def offer_passes_on_when_nobody_takes_it(visitor: ShopVisitor, anna: DeskAgent, ben: DeskAgent) -> None:
    """Anna is rung and does nothing; Ben is rung next, and Anna is marked."""
    await anna.is_rung(CLARA, HELLO)
    await ben.is_not_rung()
    await ben.is_rung(CLARA, HELLO)
    await anna.is_not_rung()
    await anna.was_away()
    await ben.accept(CLARA)
    await ben.sees(HELLO)
    await ben.knows(CLARA)
    await visitor.sees(HELLO)


async def they_talk(visitor: ShopVisitor, ben: DeskAgent) -> None:
    """Typing is seen on both sides, the answer arrives and is read, the note stays in the house."""
    await ben.start_typing("Hello Clara! Brown tips mean dr")
    await visitor.sees_typing()
    await ben.reply(ANSWER)
    await visitor.sees(ANSWER)
    await ben.sees_read(ANSWER)
    await visitor.start_typing("It stands")
    await ben.sees_typing(CLARA)
    await ben.note(SECRET)


async def both_reload(visitor: ShopVisitor, ben: DeskAgent) -> None:
    """A reload shows what was there before, once."""
    await ben.page.reload()
    await ben.sees_once_each([HELLO, ANSWER, SECRET])
    await visitor.page.reload()
    await visitor.open_chat()
    await visitor.sees_once_each([HELLO, ANSWER])
    await visitor.sees_nothing_of(SECRET)


async def visitor_sends_a_picture(visitor: ShopVisitor, ben: DeskAgent, folder: Path) -> None:
    """A picture from the visitor's disk is in the agent's timeline."""
    picture = folder / PICTURE_TEXT
    Image.new("RGB", (320, 240), "#8a6b3c").save(picture)
    await visitor.attach(picture)
    await ben.sees_file(PICTURE_TEXT)


async def the_hub_restarts_while_both_write(
    hub: HubProcess, complaints: Complaints, visitor: ShopVisitor, ben: DeskAgent
) -> None:
    """What is written while the hub is away arrives when it is back: once, with no reload.

    One side at a time: an answer that crosses a question is asked about, which is another story.
    """
    with complaints.server_away():
        await asyncio.to_thread(hub.stop)
        await ben.reply(WHILE_DOWN_AGENT)
        await asyncio.to_thread(hub.start)
        await visitor.sees(WHILE_DOWN_AGENT, within=BACK)
        await asyncio.to_thread(hub.stop)
        await visitor.write(WHILE_DOWN_VISITOR)
        await asyncio.to_thread(hub.start)
        await ben.sees(WHILE_DOWN_VISITOR, within=BACK)
    await visitor.write(THANKS)
    await ben.sees(THANKS)
    for words in (WHILE_DOWN_AGENT, WHILE_DOWN_VISITOR, THANKS):
        await ben.sees_once_each([HELLO, ANSWER, words])
        await visitor.sees_once_each([HELLO, ANSWER, words])


async def visitor_comes_back_to_the_same_history_and_the_same_agent(
    people: People, visitor: ShopVisitor, anna: DeskAgent, ben: DeskAgent
) -> None:
    """The tab was closed. A new one shows what was said; Ben, who knows her, is rung, though Anna has waited longer."""
    await visitor.page.close()
    returned = ShopVisitor(await people.known["visitor"].new_page(), visitor.shop)
    await returned.enter()
    await returned.open_chat()
    await returned.sees_once_each([HELLO, ANSWER, THANKS])
    await returned.sees_nothing_of(SECRET)
    await returned.write(AGAIN)
    await ben.is_rung(CLARA, AGAIN)
    await anna.is_not_rung()
    await ben.accept(CLARA)
    await ben.sees(AGAIN)
