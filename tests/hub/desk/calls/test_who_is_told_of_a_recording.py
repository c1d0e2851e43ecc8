"""Whoever is recorded hears so first: who calls, who is called, and whoever an agent records by hand."""

from __future__ import annotations

import dataclasses

import pytest

from channels.contract import Calling
from crm_core.calls.rules.call import Call, leg
from crm_core.words.calls import LegAnswered
from crm_core.words.errors import Conflict
from crm_core.words.values import CallState, CallValue, RecordingState
from hub.desk.calls import acting, dialling
from hub.desk.manners import CallManner
from tests.hub.desk.calls.town import ALICE, Town, town_of
from tests.hub.desk.scene import Scene


async def called(town: Town) -> Call:
    """Anna calls Alice, who answers."""
    anna = town.scene.anna
    placed: CallValue = await town.db.write(dialling.place, anna, town.line, ALICE, "tab-1")
    call = await town.device_answers(await town.now(placed.id), anna)
    contact = leg(call, None)
    assert contact is not None
    call = await town.report_by_id(call, LegAnswered(leg_id=contact.id, external_id="CA9"))
    assert call.state is CallState.TALKING
    return call


def stands(call: Call) -> tuple[str, RecordingState]:
    """What is said to the contact, and whether they are recorded."""
    return "" if call.prompt is None else call.prompt.text, call.recording


async def test_who_is_called_is_told_before_they_are_recorded(scene: Scene) -> None:
    town = town_of(scene, CallManner(record=True))
    call = await called(town)
    assert stands(call) == ("This call is recorded.", RecordingState.OFF)
    assert stands(await town.plays(call)) == ("", RecordingState.ON)


async def test_where_nobody_is_to_be_told_the_recording_begins_with_the_first_word(scene: Scene) -> None:
    call = await called(town_of(scene, CallManner(record=True, recording_notice=False)))
    assert stands(call) == ("", RecordingState.ON)


async def test_who_calls_hears_it_before_anybody_answers_and_not_again(scene: Scene) -> None:
    town = town_of(scene, CallManner(record=True))
    await town.plays(await town.ring())
    assert stands(await town.take(scene.anna)) == ("", RecordingState.ON)


async def test_an_agent_who_begins_to_record_has_the_contact_told_first(scene: Scene) -> None:
    town = town_of(scene)
    await town.ring()
    call = await town.take(scene.anna)
    await scene.db.write(acting.record, scene.anna, call.id, on=True)
    call = await town.now(call.id)
    assert stands(call) == ("This call is recorded.", RecordingState.OFF)
    assert stands(await town.plays(call)) == ("", RecordingState.ON)
    for on, state in ((False, RecordingState.PAUSED), (True, RecordingState.ON)):
        await scene.db.write(acting.record, scene.anna, call.id, on=on)
        assert stands(await town.now(call.id)) == ("", state)


async def test_a_line_without_words_for_it_records_nobody_by_hand_either(scene: Scene) -> None:
    town = town_of(scene)
    silent = Calling(media="sip", speaks=False)
    town.source = dataclasses.replace(town.source, calling=silent)
    await town.ring()
    call = await town.take(scene.anna)
    with pytest.raises(Conflict, match="no words"):
        await scene.db.write(acting.record, scene.anna, call.id, on=True)
    told = dataclasses.replace(silent, sounds=frozenset({"recording"}))
    town.source = dataclasses.replace(town.source, calling=told)
    await town.hangs_up(call)
    await town.wraps_up(call, scene.sofia)
    await town.ring("+4930901821")
    call = await town.take(scene.ben, tab="tab-2")
    await scene.db.write(acting.record, scene.ben, call.id, on=True)
    assert (await town.now(call.id)).prompt is not None
