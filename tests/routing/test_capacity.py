from __future__ import annotations

from typing import Any

import pytest

from crm_core.words.content import Medium
from routing.eligibility import lack
from routing.explanation import Reason
from routing.model import Capacity

CALL, CHAT, MAIL = Medium.CALL, Medium.CHAT, Medium.MAIL


@pytest.mark.parametrize(
    ("capacity", "used", "medium", "expected"),
    [
        (Capacity(), {}, CALL, None),
        (Capacity(), {CHAT: 3}, CHAT, None),
        (Capacity(), {CHAT: 4}, CHAT, Reason.NO_UNITS),
        (Capacity(), {CHAT: 3, MAIL: 2}, MAIL, Reason.NO_UNITS),
        (Capacity(), {MAIL: 1}, CALL, Reason.NO_UNITS),
        (Capacity(), {CALL: 1}, MAIL, Reason.NO_UNITS),
        (Capacity(most={CHAT: 2}), {CHAT: 2}, CHAT, Reason.MEDIUM_FULL),
        (Capacity(most={CHAT: 0}), {}, CHAT, Reason.MEDIUM_FULL),
        (Capacity(alongside={CHAT: frozenset({CHAT})}), {CHAT: 1}, MAIL, Reason.NOT_ALONGSIDE),
        (Capacity(alongside={CHAT: frozenset({CHAT})}), {CHAT: 1}, CHAT, None),
        (Capacity(alongside={CHAT: frozenset()}), {MAIL: 1}, CHAT, None),
        (Capacity(total=50), {}, CALL, None),
        (Capacity(weight={CALL: 40}), {CHAT: 2}, CALL, None),
        (Capacity(), {CHAT: 6}, CHAT, Reason.NO_UNITS),
    ],
)
def test_one_more_item_fits_or_not(
    capacity: Capacity, used: dict[Medium, int], medium: Medium, expected: Reason | None
) -> None:
    assert lack(capacity, used, medium) is expected


@pytest.mark.parametrize("wrong", [{"total": 0}, {"weight": {CHAT: 0}}])
def test_a_capacity_without_units_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="units"):
        Capacity(**wrong)


def test_an_agent_is_filled_up_and_no_further(house: Any) -> None:
    house.agent(1)
    for work_id in range(11, 17):
        house.work(work_id)
    assert [work for work, _ in house.offers()] == [11, 12, 13, 14]


def test_a_waiting_call_keeps_an_agent_with_chats_from_more_chats_until_it_is_taken(house: Any) -> None:
    house.agent(1, used={CHAT: 2})
    house.work(11, medium=CALL)
    house.work(12)
    assert house.offers() == []
    assert house.reasons(12) == {1: "reserved_for_earlier"}
    house.agent(1, used={CHAT: 1})
    assert house.offers() == []
    house.agent(1, used={})
    assert house.offers() == [(11, 1)]


def test_a_call_keeps_nobody_from_work_that_is_before_it(house: Any) -> None:
    house.agent(1, used={CHAT: 2})
    house.work(11)
    house.work(12, medium=CALL)
    house.work(13, medium=MAIL)
    assert house.offers() == [(11, 1)]


def test_a_call_keeps_only_those_who_could_take_it(house: Any) -> None:
    house.agent(1, used={CHAT: 1})
    house.agent(2, used={CHAT: 1}, skills={"french": 1})
    house.agent(3, used={CHAT: 1}, skills={"french": 1}, muted=frozenset({CALL}))
    house.work(11, medium=CALL, skills={"french": 1})
    house.work(12, excluded=frozenset({3}))
    house.work(13)
    assert house.offers() == [(12, 1), (13, 3)]


def test_agents_get_chats_again_when_the_caller_hangs_up(house: Any) -> None:
    house.agent(1, used={CHAT: 1})
    house.work(11, medium=CALL)
    house.work(12)
    assert house.offers() == []
    house.engine.remove_work(11)
    assert house.offers() == [(12, 1)]


def test_agents_get_chats_again_when_somebody_else_takes_the_call(house: Any) -> None:
    house.agent(1, used={CHAT: 1})
    house.agent(2, used={CALL: 1})
    house.work(11, medium=CALL)
    house.work(12)
    assert house.offers() == []
    house.agent(2, used={})
    assert house.offers() == [(11, 2), (12, 1)]


def test_agents_get_chats_again_when_the_call_turns_out_to_be_for_somebody_who_came_back(house: Any) -> None:
    house.agent(1, used={CHAT: 1})
    house.agent(2, used={CALL: 1}, present=False)
    house.work(11, medium=CALL, preferred=2, preferred_until=150_000)
    house.work(12)
    assert house.offers() == []
    house.agent(2, used={CALL: 1})
    assert house.offers() == [(12, 1)]
    house.agent(1, used={CHAT: 1})
    house.work(13)
    house.now = 150_000
    assert house.offers() == []
    assert house.reasons(13)[1] == "reserved_for_earlier"
