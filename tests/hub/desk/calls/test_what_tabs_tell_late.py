"""What the tabs of a call tell by themselves may cross with its end on the way: nobody made a mistake."""

from __future__ import annotations

import pytest

from crm_core.words.errors import NotFound
from hub.desk.calls import acting, phones
from tests.hub.desk.calls.town import town_of
from tests.hub.desk.scene import Scene


async def test_what_is_told_of_a_part_that_is_over_changes_nothing_and_is_no_mistake(scene: Scene) -> None:
    town = town_of(scene)
    await town.ring()
    call = await town.take(scene.anna)
    contact, own = call.legs
    ends = await town.db.read(phones.legs_of, scene.anna, call.id, contact.id)
    assert ends is not None
    assert (ends.own.id, ends.other.id) == (own.id, contact.id)
    over = await town.hangs_up(call)
    assert await town.db.read(phones.legs_of, scene.anna, call.id, contact.id) is None
    told = await town.db.write(phones.connected, scene.anna, call.id, own.device)
    assert (told.version, told.state) == (over.version, over.state)
    told = await town.db.write(acting.measured, scene.anna, call.id, "poor")
    assert (told.version, told.legs[1].quality) == (over.version, over.legs[1].quality)


async def test_who_never_was_in_a_call_learns_nothing_of_it(scene: Scene) -> None:
    town = town_of(scene)
    await town.ring()
    call = await town.take(scene.anna)
    contact, own = call.legs
    with pytest.raises(NotFound):
        await town.db.read(phones.legs_of, scene.ben, call.id, contact.id)
    with pytest.raises(NotFound):
        await town.db.read(phones.legs_of, scene.anna, call.id, own.id)
    with pytest.raises(NotFound):
        await town.db.write(phones.connected, scene.ben, call.id, own.device)
    with pytest.raises(NotFound):
        await town.db.write(acting.measured, scene.ben, call.id, "good")
