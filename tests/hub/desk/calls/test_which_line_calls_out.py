"""By which of our numbers a call goes out, what it costs, and how often."""

from __future__ import annotations

import pytest

from channels.contract import Calling
from crm_core.words.content import Medium
from crm_core.words.errors import Invalid
from crm_core.words.values import CallValue
from hub.desk.calls import dialling
from hub.desk.calls.dialling import Line
from hub.desk.calls.lines import shown_as
from hub.desk.inbound import Source
from tests.hub.desk.calls.town import ALICE, town_of
from tests.hub.desk.scene import Scene

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
