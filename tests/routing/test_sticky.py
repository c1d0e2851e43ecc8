from __future__ import annotations

from typing import Any

import pytest

from crm_core.words.content import Medium
from routing.explanation import Because
from routing.model import Capacity


def test_the_preferred_agent_gets_it_though_another_has_been_idle_longer(house: Any) -> None:
    house.agent(1)
    house.agent(2)
    house.work(11, preferred=2, preferred_until=120_000)
    assert house.decide(11).explanation.chosen_because is Because.PREFERRED
    assert house.reasons(11) == {2: "chosen", 1: "held_for_preferred"}
    assert house.offers() == [(11, 2)]


@pytest.mark.parametrize("busy", [{"used": {Medium.CALL: 1}}, {"wrap_up_until": 500_000}])
def test_it_waits_for_a_preferred_agent_who_is_merely_busy_and_then_goes_to_anyone(
    house: Any, busy: dict[str, Any]
) -> None:
    house.agent(1)
    house.agent(2, **busy)
    house.work(11, preferred=2, preferred_until=120_000)
    assert house.offers() == []
    assert house.engine.next_wake(house.now) == 120_000
    house.now = 120_000
    assert house.offers() == [(11, 1)]


@pytest.mark.parametrize(
    "absent",
    [
        {"activity_routable": False},
        {"present": False},
        {"queues": frozenset({2})},
        {"barred": frozenset({1})},
        {"muted": frozenset({Medium.CHAT})},
        {"capacity": Capacity(most={Medium.CHAT: 0})},
    ],
)
def test_a_preferred_agent_who_is_not_at_work_is_skipped_at_once(house: Any, absent: dict[str, Any]) -> None:
    house.agent(1)
    house.agent(2, **absent)
    house.work(11, preferred=2, preferred_until=120_000)
    assert house.offers() == [(11, 1)]


def test_a_preferred_agent_who_declined_is_skipped_at_once(house: Any) -> None:
    house.agent(1)
    house.agent(2)
    house.work(11, preferred=2, preferred_until=120_000, cooling={2: 160_000})
    assert house.offers() == [(11, 1)]


def test_held_work_is_released_when_the_preferred_agent_leaves(house: Any) -> None:
    house.agent(1)
    house.agent(2, used={Medium.CALL: 1})
    house.work(11, preferred=2, preferred_until=120_000)
    assert house.offers() == []
    house.agent(2, used={Medium.CALL: 1}, present=False)
    assert house.offers() == [(11, 1)]


def test_held_work_is_released_when_the_preferred_agent_is_removed(house: Any) -> None:
    house.agent(1)
    house.agent(2, used={Medium.CALL: 1})
    house.work(11, preferred=2, preferred_until=120_000)
    assert house.offers() == []
    house.engine.remove_agent(2)
    assert house.offers() == [(11, 1)]


def test_without_a_wait_the_preferred_agent_wins_only_when_free_now(house: Any) -> None:
    house.agent(1)
    house.agent(2)
    house.work(11, preferred=2)
    house.work(12, preferred=2, medium=Medium.CALL)
    assert house.offers() == [(11, 2), (12, 1)]


def test_others_go_on_with_later_work_while_one_item_is_held(house: Any) -> None:
    house.agent(1)
    house.agent(2, used={Medium.CALL: 1})
    house.work(11, preferred=2, preferred_until=120_000)
    house.work(12)
    assert house.offers() == [(12, 1)]
