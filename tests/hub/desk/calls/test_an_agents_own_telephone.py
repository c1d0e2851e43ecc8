"""Calls ring an agent's own telephone where the line can, and else the tab in which they take them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.contract import Calling
from crm_core.calls.rules.call import leg_of
from crm_core.words.errors import Invalid
from crm_core.words.values import CallState, LegMode
from hub.desk.calls import acting, handing, phones, taking
from tests.hub.desk.calls.town import town_of
from tests.hub.desk.scene import Scene

BROWSERS = Calling(media="webrtc")
MINE = "+4930901899"


@pytest.mark.parametrize(
    ("calling", "device"),
    [(BROWSERS, ("tab-1", "")), (replace(BROWSERS, dials_numbers=True), ("phone", MINE))],
    ids=["between browsers", "by a line that calls numbers"],
)
async def test_a_call_comes_to_where_its_line_reaches_the_agent(
    scene: Scene, calling: Calling, device: tuple[str, str]
) -> None:
    town = town_of(scene)
    town.source = replace(town.source, calling=calling)
    await scene.db.write(phones.set_device, scene.anna, "phone", MINE)
    await town.ring()
    call = await town.take(scene.anna)
    mine = leg_of(call, scene.anna.agent_id)
    assert mine is not None
    assert (mine.device, mine.address) == device
    await scene.db.write(acting.rejoin, scene.anna, call.id, "tab-1")
    back = leg_of(await town.now(call.id), scene.anna.agent_id)
    assert back is not None
    assert (back.device, back.address) == device


async def test_without_a_tab_and_without_a_telephone_that_can_ring_nothing_is_taken(scene: Scene) -> None:
    town = town_of(scene)
    town.source = replace(town.source, calling=BROWSERS)
    for agent in (scene.anna, scene.sofia):
        await scene.db.write(phones.set_device, agent, "phone", MINE)
    call = await town.ring()
    offer = await town.offer(scene.anna)
    with pytest.raises(Invalid, match="rings no telephones"):
        await scene.db.write(taking.accept, scene.anna, offer.id, "", lambda _id: town.line)
    assert (await town.now(call.id)).state is CallState.QUEUED
    assert await town.offer(scene.anna) == offer
    await town.take(scene.anna)
    with pytest.raises(Invalid, match="rings no telephones"):
        await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.MONITOR, "", announce=False)
