"""What a call leaves behind, and what it must not: work for those who can be answered, and no numbers of cards."""

from __future__ import annotations

from channels.contract import CallArrived
from crm_core.calls import queries
from crm_core.conversations import queries as conversations
from crm_core.words.addresses import EXTERNAL, Address
from crm_core.words.calls import DigitPressed
from crm_core.words.content import ExternalId
from crm_core.words.values import CallOutcome, ConversationStatus, WorkState
from hub.desk.calls import arriving
from hub.desk.manners import CallManner, MenuKey
from tests.hub.desk.calls.town import town_of
from tests.hub.desk.scene import Scene


async def test_a_visitor_whose_call_was_missed_can_be_written_to(scene: Scene) -> None:
    town = town_of(scene)
    event = CallArrived(
        external_id=ExternalId("W1"), sender=Address(EXTERNAL, "visitor-1"), called="Shop", at=town.clock()
    )
    call = await town.hangs_up(await scene.db.write(arriving.take, town.source, event))
    assert (call.number, call.outcome) == ("", CallOutcome.ABANDONED)
    row = await scene.db.read(conversations.get, scene.sofia, call.conversation_id)
    assert (row.status, row.work_state) == (ConversationStatus.OPEN, WorkState.QUEUED)


async def test_keys_that_are_pressed_while_people_speak_are_noted_nowhere(scene: Scene) -> None:
    menu = CallManner(menu_prompt={"en": "For sales press 1."}, menu=[MenuKey(digit="1", label="Sales")])
    town = town_of(scene, menu)
    call = await town.presses(await town.plays(await town.ring()), "1")
    assert call.chosen == ["1"]
    call = await town.take(scene.anna)
    for digit in "4111":
        before = call
        call = await town.report(call, DigitPressed(digit=digit), key=f"talk:{before.id}:{digit}")
    told = await scene.db.read(queries.history, scene.sofia, call.id)
    assert [one.facts for one in told if one.name == "DigitPressed"] == [{"digit": "1"}]
