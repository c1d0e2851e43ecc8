"""By which of our numbers a call goes out, what it costs, and how often."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from channels.contract import Calling
from crm_core.calls import queries
from crm_core.words.calls import CostTold, LegAnswered
from crm_core.words.clock import DAY, HOUR, Moment
from crm_core.words.clock import SECOND as SECONDS
from crm_core.words.content import Medium
from crm_core.words.dialling import Charge, DialPlan, DialRefused
from crm_core.words.errors import Invalid
from crm_core.words.values import CallValue
from hub.desk.calls import acting, dialling, taking
from hub.desk.calls.dialling import Line
from hub.desk.calls.lines import Lines, costs_in, shown_as
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
    assert [(one.name, one.price, one.agent_id) for one in told] == [(str(placed.id), 1.25, scene.anna.agent_id)]
    assert await scene.db.read(queries.costs, town.source.account_id + 1, scene.clock() - DAY) == []


async def test_calls_without_a_price_count_by_their_minutes(scene: Scene) -> None:
    town = town_of(scene)

    async def minutes() -> list[int]:
        told = await scene.db.read(queries.costs, town.source.account_id, scene.clock() - DAY)
        assert all(one.price is None for one in told)
        return [one.minutes for one in told]

    placed: CallValue = await scene.db.write(dialling.place, scene.anna, town.line, ALICE, "tab-1")
    assert await minutes() == [1]
    await town.device_answers(await town.now(placed.id), scene.anna)
    talking = await town.report_by_id(await town.now(placed.id), LegAnswered(external_id="CA77"))
    scene.clock.advance(61 * SECONDS)
    assert await minutes() == [2]
    await town.hangs_up(talking)
    scene.clock.advance(HOUR)
    assert await minutes() == [2]
    unanswered: CallValue = await scene.db.write(dialling.place, scene.ben, town.line, ALICE, "tab-2")
    assert await minutes() == [2, 1]
    await scene.db.write(acting.hang_up, scene.ben, unanswered.id)
    assert await minutes() == [2, 0]


async def test_a_restart_forgets_neither_who_called_in_the_last_minute_nor_what_the_day_came_to(scene: Scene) -> None:
    town = town_of(scene)
    warned: list[int] = []

    class Accounts:
        async def warn(self, account_id: int, words: str) -> None:
            warned.append(account_id)

    def lines_after_a_restart() -> Lines:
        return Lines(Accounts(), lambda _: town.source, scene.clock, costs_in(scene.db))  # type: ignore[arg-type]

    def line(**limits: Any) -> Line:
        plan = DialPlan(countries=frozenset({"DE"}), **limits)
        return Line(source=town.source, calling=replace(LINE.calling, dial_plan=plan), number=FIRST, region="DE")

    lines = lines_after_a_restart()
    await lines.count(line(agent_minute=1), ALICE, scene.anna.agent_id)
    await scene.db.write(dialling.place, scene.anna, town.line, ALICE, "tab-1")
    scene.clock.advance(30 * SECONDS)
    for asked, limit in ((scene.anna, {"agent_minute": 1}), (scene.ben, {"account_minute": 1})):
        with pytest.raises(DialRefused, match="within a minute"):
            await lines_after_a_restart().count(line(**limit), ALICE, asked.agent_id)
    with pytest.raises(DialRefused, match="spent"):
        await lines_after_a_restart().count(line(day_cost=1.0, assumed_minute=1.0), ALICE, scene.ben.agent_id)
    assert warned
    scene.clock.advance(30 * SECONDS)
    await lines_after_a_restart().count(line(agent_minute=1, account_minute=1), ALICE, scene.anna.agent_id)


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

    async def costs(account_id: int, since: Moment) -> list[Charge]:
        return [
            Charge(name="1", at=NOW - HOUR, minutes=3, price=4.0),
            Charge(name="2", at=NOW - HOUR, minutes=3, price=6.0),
        ]

    lines = Lines(Accounts(), lambda _: LINE.source, lambda: NOW, costs)  # type: ignore[arg-type]
    plan = DialPlan(countries=frozenset({"DE"}), day_cost=10.0)
    line = replace(LINE, calling=replace(LINE.calling, dial_plan=plan))
    for _ in range(2):
        with pytest.raises(DialRefused):
            await lines.count(line, ALICE, 5)
    assert warned == [LINE.source.account_id]
