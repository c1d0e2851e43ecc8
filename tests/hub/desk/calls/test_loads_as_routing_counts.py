"""What supervisors see of agents' loads is what routing counts, also of those who only advise or listen."""

from __future__ import annotations

from crm_core.words.values import LegMode
from crm_core.work import actions as work
from crm_core.work.loads import Load, loads
from hub.desk.calls import acting, handing
from hub.desk.calls.handing import Onward
from tests.hub.desk.calls.town import town_of
from tests.hub.desk.scene import Scene


async def test_whoever_listens_or_advises_holds_a_call_and_the_view_says_how(scene: Scene) -> None:
    town = town_of(scene)
    anna, ben, sofia = scene.anna.agent_id, scene.ben.agent_id, scene.sofia.agent_id
    await town.ring()
    call = await town.take(scene.anna)
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.WHISPER, "tab-3", announce=False)
    to_ben = Onward(agent_id=ben, attended=True)
    await scene.db.write(handing.transfer, scene.anna, call.id, to_ben, town.line)
    assert await scene.db.read(loads) == {anna: Load(100, LegMode.TALK), sofia: Load(100, LegMode.WHISPER)}
    await scene.db.write(acting.answer, scene.ben, call.id, "tab-2")
    seen = await scene.db.read(loads)
    assert seen == {
        anna: Load(100, LegMode.TALK),
        ben: Load(100, LegMode.CONSULT),
        sofia: Load(100, LegMode.WHISPER),
    }
    for agent_id, load in seen.items():
        assert await scene.db.read(work.units_held, agent_id) == load.units
        assert await scene.db.read(loads, [agent_id]) == {agent_id: load}
    await scene.db.write(acting.cancel_transfer, scene.anna, call.id)
    await town.hangs_up(await town.now(call.id))
    assert await scene.db.read(loads) == {}
