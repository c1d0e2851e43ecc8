"""What came of a call is written by whoever has it; what is changed afterwards stays known as it was."""

from __future__ import annotations

import pytest

from crm_core.calls import queries
from crm_core.calls.rules.call import Call
from crm_core.calls.rules.signals import InvitationAnswered
from crm_core.words.errors import Denied, NotFound
from crm_core.words.permissions import Actor
from crm_core.words.values import CallState
from hub.desk.calls import acting, handing, moving
from hub.desk.calls.acting import Wrapping
from hub.desk.calls.handing import Onward
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene


async def writes(town: Town, agent: Actor, call: Call, note: str) -> str:
    """An agent writes a note; what stands there then."""
    return (await town.db.write(acting.wrap_up, agent, call.id, Wrapping(note=note))).note


async def anna_asks_ben(scene: Scene) -> tuple[Town, Call]:
    """Anna speaks with a caller and asks Ben into the call."""
    town = town_of(scene)
    await town.ring()
    call = await town.take(scene.anna)
    onward = Onward(agent_id=scene.ben.agent_id, attended=True)
    await scene.db.write(handing.transfer, scene.anna, call.id, onward, town.line)
    return town, await town.now(call.id)


async def test_who_was_only_asked_writes_nothing_down(scene: Scene) -> None:
    town, call = await anna_asks_ben(scene)
    with pytest.raises(Denied, match="not spoken"):
        await writes(town, scene.ben, call, "mine")
    assert await writes(town, scene.anna, call, "theirs") == "theirs"


async def test_who_handed_a_call_on_may_still_say_what_came_of_it_beside_who_has_it_now(scene: Scene) -> None:
    town, call = await anna_asks_ben(scene)
    yes = InvitationAnswered(agent_id=scene.ben.agent_id, yes=True, device="tab-2")
    await scene.db.write(moving.move, call.id, yes)
    call = await town.device_answers(await town.now(call.id), scene.ben)
    await scene.db.write(acting.complete, scene.anna, call.id)
    assert await writes(town, scene.anna, call, "while I write") == "while I write"
    call = await town.time_passes(call, 31_000)
    assert call.agent_id == scene.ben.agent_id
    assert await writes(town, scene.anna, call, "long after") == "long after"
    assert await writes(town, scene.ben, call, "Ben's") == "Ben's"


async def test_what_is_changed_after_the_end_stays_known_as_it_was(scene: Scene) -> None:
    town = town_of(scene)
    await town.ring()
    call = await town.hangs_up(await town.take(scene.anna))
    await writes(town, scene.anna, call, "Wants two.")
    call = await town.time_passes(call, 31_000)
    assert call.state is CallState.ENDED
    assert await writes(town, scene.anna, call, "Wants three.") == "Wants three."
    assert await writes(town, scene.sofia, call, "Wants four.") == "Wants four."
    with pytest.raises(NotFound):
        await writes(town, scene.ben, call, "mine")
    told = await scene.db.read(queries.history, scene.sofia, call.id)
    again = [(one.agent_id, (one.facts or {})["note"]) for one in told if one.name == "Rewritten"]
    assert again == [(scene.anna.agent_id, "Wants two."), (scene.sofia.agent_id, "Wants three.")]
