"""Who may read a call: the rule in words and the rule as SQL say the same of everybody."""

from __future__ import annotations

from dataclasses import replace

from crm_core.calls import actions, queries
from crm_core.calls.queries import CallListing
from crm_core.store.transaction import Tx
from crm_core.words.events import CallChanged
from crm_core.words.permissions import Actor, audience, may_read_call
from crm_core.words.values import CallValue, Role
from hub.desk.calls import acting, dialling, handing
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


async def test_missed_are_calls_that_came_in_and_whom_we_did_not_reach_is_not_connected(scene: Scene) -> None:
    town = town_of(scene)
    missed = await town.hangs_up(await town.ring())
    placed: CallValue = await scene.db.write(dialling.place, scene.anna, town.line, "+4930901825", "tab-1")
    await scene.db.write(acting.hang_up, scene.anna, placed.id)

    async def listed(view: str) -> list[int]:
        return [one.id for one in (await scene.db.read(queries.page, scene.sofia, CallListing(view=view))).items]

    assert (await listed("missed"), await listed("failed")) == ([missed.id], [placed.id])


async def test_of_a_long_history_the_newest_is_shown_in_its_order(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.ring()
    begun = scene.clock()

    def noted(tx: Tx) -> None:
        for n in reversed(range(queries.MOST_TOLD + 10)):
            actions.first_time(tx, town.source.account_id, f"told:{n}", call.id, begun + n, f"n{n}", {})

    await scene.db.write(noted)
    told = await scene.db.read(queries.history, scene.sofia, call.id)
    assert [one.name for one in told] == [f"n{n}" for n in range(10, queries.MOST_TOLD + 10)]
