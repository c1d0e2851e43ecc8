"""An agent who is only asked about a letter is asked for a caller instead: letters can wait, callers hang up."""

from __future__ import annotations

from crm_core.words.content import Medium
from crm_core.words.values import Activity
from hub.desk.calls import taking
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene

OTHER = "+4930901821"


async def a_letter_is_offered(scene: Scene) -> Town:
    """Somebody called in vain; Anna, who is alone, is asked to see to it."""
    town = town_of(scene)
    await scene.activity(scene.ben, Activity.OFFLINE)
    await scene.activity(scene.sofia, Activity.OFFLINE)
    await town.hangs_up(await town.ring())
    assert (await town.offer(scene.anna)).medium is Medium.MAIL
    return town


async def test_a_caller_is_offered_to_whoever_is_only_asked_about_a_letter(scene: Scene) -> None:
    town = await a_letter_is_offered(scene)
    call = await town.ring(OTHER)
    offer = await town.offer()
    assert (offer.call_id, offer.agent_id) == (call.id, scene.anna.agent_id)


async def test_the_letter_is_offered_again_after_the_call(scene: Scene) -> None:
    town = await a_letter_is_offered(scene)
    await town.ring(OTHER)
    call = await town.take(scene.anna)
    assert await scene.offers() == []
    await town.hangs_up(call)
    town.clock.advance(31_000)
    await town.time_passes(call, 0)
    assert (await town.offer(scene.anna)).medium is Medium.MAIL


async def test_who_answers_letters_already_is_left_alone(scene: Scene) -> None:
    town = await a_letter_is_offered(scene)
    letter = await town.offer(scene.anna)
    await scene.db.write(taking.accept, scene.anna, letter.id, "tab-1", lambda _id: town.line)
    await town.ring(OTHER)
    assert await scene.offers() == []


async def test_somebody_who_is_free_is_asked_rather_than_who_is_asked_about_a_letter(scene: Scene) -> None:
    town = await a_letter_is_offered(scene)
    await scene.activity(scene.ben, Activity.AVAILABLE)
    call = await town.ring(OTHER)
    offers = {offer.agent_id: offer.call_id for offer in await scene.offers()}
    assert offers == {scene.anna.agent_id: None, scene.ben.agent_id: call.id}


async def test_who_calls_again_waits_since_this_call_and_not_since_the_one_that_was_missed(scene: Scene) -> None:
    town = await a_letter_is_offered(scene)
    missed_at = (await town.offer(scene.anna)).waiting_since
    town.clock.advance(60_000)
    call = await town.ring()
    offer = await town.offer()
    assert (offer.call_id, offer.waiting_since) == (call.id, call.queued_at)
    assert offer.waiting_since > missed_at
