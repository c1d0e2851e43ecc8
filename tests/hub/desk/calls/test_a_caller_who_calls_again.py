"""The same caller twice: what one call leaves behind belongs to both."""

from __future__ import annotations

from crm_core.conversations import queries as conversations
from crm_core.words.values import Activity, CallOutcome, CallState, ConversationStatus
from hub.desk.calls import acting
from hub.desk.calls.acting import Wrapping
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene


async def a_second_call_waits(scene: Scene) -> tuple[Town, int, int]:
    """Anna writes the first call down while the same caller waits again; the ids of both calls."""
    town = town_of(scene)
    await scene.activity(scene.ben, Activity.OFFLINE)
    await scene.activity(scene.sofia, Activity.OFFLINE)
    await town.ring()
    first = await town.hangs_up(await town.take(scene.anna))
    second = await town.ring()
    assert second.conversation_id == first.conversation_id
    await scene.db.write(acting.wrap_up, scene.anna, first.id, Wrapping(note="Will ring again."))
    first = await town.time_passes(first, 30_000)
    assert first.state is CallState.ENDED
    return town, first.id, second.id


async def test_a_conversation_stays_open_while_its_caller_waits_again(scene: Scene) -> None:
    town, first, _second = await a_second_call_waits(scene)
    row = await scene.db.read(conversations.get, scene.sofia, (await town.now(first)).conversation_id)
    assert row.status is ConversationStatus.OPEN


async def test_who_gives_up_waiting_a_second_time_is_a_missed_call(scene: Scene) -> None:
    town, _first, second = await a_second_call_waits(scene)
    call = await town.hangs_up(await town.now(second))
    assert call.outcome is CallOutcome.ABANDONED
    row = await scene.db.read(conversations.get, scene.sofia, call.conversation_id)
    assert (row.status, row.work_state is None) == (ConversationStatus.OPEN, False)
    assert row.waiting_since is not None


async def test_the_last_of_two_calls_closes_the_conversation(scene: Scene) -> None:
    town, _first, second = await a_second_call_waits(scene)
    call = await town.hangs_up(await town.take(scene.anna))
    call = await town.time_passes(call, 30_000)
    row = await scene.db.read(conversations.get, scene.sofia, call.conversation_id)
    assert (call.id, call.state) == (second, CallState.ENDED)
    assert (row.status, row.work_state) == (ConversationStatus.CLOSED, None)
