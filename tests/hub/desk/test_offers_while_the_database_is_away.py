"""A database that is away for a moment costs a try, never a place in line or a deadline."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from crm_core.words.errors import StoreUnavailable
from crm_core.words.values import OfferState
from crm_core.work import actions as work
from tests.hub.desk.scene import Scene, open_scene
from tests.peers.absent_database import AbsentDatabase
from tests.peers.clock import VirtualClock


@pytest.fixture
async def absent(database_url: str, clock: VirtualClock) -> AsyncIterator[AbsentDatabase]:
    database = await AbsentDatabase.open(database_url, clock=clock)
    assert isinstance(database, AbsentDatabase)
    yield database
    await database.close()


@pytest.fixture
async def scene(absent: AbsentDatabase, clock: VirtualClock) -> Scene:
    return await open_scene(absent, clock)


async def _nothing_can_be_written(scene: Scene, absent: AbsentDatabase) -> None:
    absent.is_away = True
    for _ in range(2):
        with pytest.raises(StoreUnavailable):
            await scene.assigner.step()
    absent.is_away = False


async def test_work_that_could_not_be_offered_is_offered_when_the_database_is_back(
    scene: Scene, absent: AbsentDatabase
) -> None:
    waiting = [await scene.heard(who, "hello") for who in ("v1", "v2", "v3")]
    await _nothing_can_be_written(scene, absent)
    offered = await scene.offers()
    assert [o.conversation_id for o in offered] == [e.conversation_id for e in waiting]


async def test_an_offer_that_ran_out_meanwhile_goes_to_the_next_agent(scene: Scene, absent: AbsentDatabase) -> None:
    await scene.heard("v1", "hello")
    [first] = await scene.offers()
    scene.clock.advance(30_001)
    await _nothing_can_be_written(scene, absent)
    [second] = await scene.offers()
    assert (first.agent_id, second.agent_id) == (scene.anna.agent_id, scene.ben.agent_id)
    assert (await scene.db.read(work.offer_row, first.id)).state == OfferState.TIMED_OUT


async def test_a_place_in_line_can_be_asked_for_while_the_offer_is_being_written(
    scene: Scene, absent: AbsentDatabase
) -> None:
    entry = await scene.heard("v1", "hello")
    assert scene.assigner.position(entry.conversation_id) == 1
    absent.is_away = True
    with pytest.raises(StoreUnavailable):
        await scene.assigner.step()
    assert scene.assigner.position(entry.conversation_id) is None
