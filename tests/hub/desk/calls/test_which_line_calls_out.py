"""By which of our numbers a call goes out, what it costs, and how often."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from channels.contract import Calling
from crm_core.calls import queries
from crm_core.words.calls import CostTold
from crm_core.words.clock import DAY, Moment
from crm_core.words.content import Medium
from crm_core.words.dialling import DialPlan, DialRefused
from crm_core.words.errors import Invalid
from crm_core.words.values import CallValue
from hub.desk.calls import dialling, taking
from hub.desk.calls.dialling import Line
from hub.desk.calls.lines import Lines, shown_as
from hub.desk.inbound import Source
from tests.hub.desk.calls.town import ALICE, town_of
from tests.hub.desk.scene import Scene

NOW: Final = 1_763_000_000_000
FIRST, SECOND = "+493012345", "+493012346"
LINE = Line(
    source=Source(9, "voice", Medium.CALL, 1),
    calling=Calling(media="twilio", number=FIRST, more_numbers=(SECOND,), dials_numbers=True),
    number=FIRST,
)


def test_a_line_is_shown_by_any_number_of_its_own_and_by_no_other() -> None:
    assert [shown_as(LINE, number).number for number in (FIRST, SECOND)] == [FIRST, SECOND]
    with pytest.raises(Invalid, match="does not belong"):
        shown_as(LINE, "+493099999")


async def test_whoever_is_called_sees_the_number_that_was_chosen(scene: Scene) -> None:
    town = town_of(scene)
    line = Line(source=town.source, calling=LINE.calling, number=FIRST, region="DE")
    placed: CallValue = await scene.db.write(dialling.place, scene.anna, shown_as(line, SECOND), ALICE, "tab-1")
    assert (await town.now(placed.id)).line == SECOND


async def test_what_calls_cost_is_known_to_whoever_counts_them(scene: Scene) -> None:
    town = town_of(scene)
    placed: CallValue = await scene.db.write(dialling.place, scene.anna, town.line, ALICE, "tab-1")
    await town.report_by_id(await town.now(placed.id), CostTold(cost="1.25 USD"))
    ringing = await town.ring("+4930901821")
    await town.report(ringing, CostTold(cost="9 USD"))
    told = await scene.db.read(queries.costs, town.source.account_id, scene.clock() - DAY)
    assert [(name, cost) for name, _, cost in told] == [(str(placed.id), 1.25)]
    assert await scene.db.read(queries.costs, town.source.account_id + 1, scene.clock() - DAY) == []


async def test_calling_back_is_calling_out_and_other_offers_are_not(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.plays(await town.ring())
    offer = await town.offer()
    assert await scene.db.read(taking.to_be_called, scene.anna, offer.id) is None
    call = await town.presses(call, "*")
    await town.plays(call)
    back = await town.offer(scene.anna)
    assert await scene.db.read(taking.to_be_called, scene.anna, back.id) == (town.source.account_id, ALICE)
    assert await scene.db.read(taking.to_be_called, scene.ben, back.id) is None


async def test_an_account_that_spent_too_much_calls_nobody_and_its_administrator_is_told() -> None:
    warned: list[int] = []

    class Accounts:
        async def warn(self, account_id: int, words: str) -> None:
            warned.append(account_id)

    async def costs(account_id: int, since: Moment) -> list[tuple[str, Moment, float]]:
        return [("1", NOW - 1, 4.0), ("2", NOW - 2, 6.0)]

    lines = Lines(Accounts(), lambda _: LINE.source, lambda: NOW, costs)  # type: ignore[arg-type]
    plan = DialPlan(countries=frozenset({"DE"}), day_cost=10.0)
    line = replace(LINE, calling=replace(LINE.calling, dial_plan=plan))
    for _ in range(2):
        with pytest.raises(DialRefused):
            await lines.count(line, ALICE, 5)
    assert warned == [LINE.source.account_id]
