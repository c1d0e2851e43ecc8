"""Who may read a call: the rule in words and the rule as SQL say the same of everybody."""

from __future__ import annotations

from dataclasses import replace

from crm_core.calls import queries
from crm_core.calls.queries import CallListing
from crm_core.words.events import CallChanged
from crm_core.words.permissions import Actor, audience, may_read_call
from crm_core.words.values import Role
from hub.desk.calls import handing
from hub.desk.calls.handing import Onward
from tests.hub.desk.calls.town import town_of
from tests.hub.desk.scene import Scene


async def test_the_list_and_the_rule_show_everybody_the_same_calls(scene: Scene) -> None:
    town = town_of(scene)
    first = await town.ring()
    await town.take(scene.anna)
    await scene.db.write(handing.transfer, scene.anna, first.id, Onward(agent_id=scene.ben.agent_id), town.line)
    second = await town.ring("+4930901821")
    known = [await scene.db.read(queries.get, scene.sofia, call.id) for call in (first, second)]
    nobody = Actor(agent_id=999, name="Nobody", role=Role.AGENT)
    elsewhere = [replace(agent, queues=frozenset()) for agent in (scene.anna, scene.ben)]
    for actor in (scene.anna, scene.ben, scene.sofia, nobody, *elsewhere):
        page = await scene.db.read(queries.page, actor, CallListing(sort="oldest"))
        by_rule = [call.id for call in known if may_read_call(actor, call)]
        told = [call.id for call in known if audience(CallChanged(call=call)).includes(actor)]
        assert [call.id for call in page.items] == by_rule == told
