from __future__ import annotations

from typing import Any

import pytest

from crm_core.words.content import Medium
from routing.model import Capacity

CASES = [
    ("not_routable", {"activity_routable": False}, {}),
    ("not_present", {"present": False}, {}),
    ("not_permitted", {"barred": frozenset({1})}, {}),
    ("muted", {"muted": frozenset({Medium.CHAT})}, {}),
    ("skill_too_low", {"skills": {"french": 2}}, {"skills": {"french": 3}}),
    ("skill_too_low", {}, {"skills": {"french": 1}}),
    ("no_units", {"used": {Medium.CALL: 1}}, {}),
    ("no_units", {"used": {Medium.CHAT: 4}}, {}),
    ("medium_full", {"used": {Medium.CHAT: 1}, "capacity": Capacity(most={Medium.CHAT: 1})}, {}),
    (
        "not_alongside",
        {"used": {Medium.MAIL: 1}, "capacity": Capacity(alongside={Medium.MAIL: frozenset({Medium.MAIL})})},
        {},
    ),
    ("wrapping_up", {"wrap_up_until": 100_001}, {}),
    ("cooling_down", {}, {"cooling": {1: 100_001}}),
    ("excluded", {}, {"excluded": frozenset({1})}),
]


@pytest.mark.parametrize(("reason", "agent", "work"), CASES)
def test_each_rule_keeps_an_agent_from_the_work_and_says_so(
    house: Any, reason: str, agent: dict[str, Any], work: dict[str, Any]
) -> None:
    house.agent(1, **agent)
    house.work(11, **work)
    assert house.reasons(11) == {1: reason}
    assert house.engine.for_agent(1, house.now) is None
    assert house.offers() == []


@pytest.mark.parametrize(("reason", "agent", "work"), CASES)
def test_the_work_is_offered_once_the_reason_is_gone(
    house: Any, reason: str, agent: dict[str, Any], work: dict[str, Any]
) -> None:
    house.agent(1, **agent)
    house.work(11, **work)
    assert (house.reasons(11), house.offers()) == ({1: reason}, [])
    house.agent(1, skills={"french": 5})
    house.work(11, skills=work.get("skills", {}))
    assert house.offers() == [(11, 1)]


def test_the_reason_named_is_the_first_of_several_in_the_order_of_the_checks(house: Any) -> None:
    found = []
    facts: dict[str, Any] = {
        "activity_routable": False,
        "present": False,
        "barred": frozenset({1}),
        "muted": frozenset({Medium.CHAT}),
        "skills": {},
        "used": {Medium.CALL: 1},
        "wrap_up_until": 200_000,
    }
    house.work(11, skills={"french": 1}, cooling={1: 200_000}, excluded=frozenset({1}))
    cured = {"activity_routable": True, "present": True, "skills": {"french": 1}, "wrap_up_until": None}
    for name in list(facts):
        house.agent(1, **facts)
        found.append(house.reasons(11)[1])
        facts[name] = cured.get(name, type(facts[name])())
    house.agent(1, **facts)
    found.append(house.reasons(11)[1])
    house.work(11, excluded=frozenset({1}))
    found.append(house.reasons(11)[1])
    assert found == [
        "not_routable",
        "not_present",
        "not_permitted",
        "muted",
        "skill_too_low",
        "no_units",
        "wrapping_up",
        "cooling_down",
        "excluded",
    ]


def test_agents_outside_the_queue_are_counted_and_not_named(house: Any) -> None:
    house.agent(1, queues=frozenset({2}))
    house.work(11)
    explanation = house.decide(11).explanation
    assert (explanation.considered, explanation.verdicts) == (0, ())
    assert {reason.value: count for reason, count in explanation.others.items()} == {"not_in_queue": 1}


def test_a_required_level_of_zero_asks_for_nothing(house: Any) -> None:
    house.agent(1)
    house.work(11, skills={"french": 0})
    assert house.offers() == [(11, 1)]


def test_work_offered_already_comes_back_when_the_cooldown_ends_and_the_engine_says_when(house: Any) -> None:
    house.agent(1)
    house.work(11, cooling={1: 130_000})
    assert house.offers() == []
    assert house.engine.next_wake(house.now) == 130_000
    house.now = 129_999
    assert house.offers() == []
    house.now = 130_000
    assert house.offers() == [(11, 1)]
    assert house.engine.next_wake(house.now) is None


def test_somebody_else_gets_it_during_the_cooldown(house: Any) -> None:
    house.agent(1)
    house.agent(2)
    house.work(11, cooling={1: 130_000})
    assert house.offers() == [(11, 2)]


def test_an_agent_gets_work_the_moment_the_wrap_up_ends(house: Any) -> None:
    house.agent(1, wrap_up_until=130_000)
    house.work(11)
    assert house.offers() == []
    house.now = house.engine.next_wake(house.now)
    assert house.now == 130_000
    assert house.offers() == [(11, 1)]


def test_a_wrap_up_that_is_extended_counts_from_its_new_end(house: Any) -> None:
    house.agent(1, wrap_up_until=130_000)
    house.agent(1, wrap_up_until=150_000)
    house.work(11)
    assert house.engine.next_wake(house.now) == 150_000
    house.now = 130_000
    assert house.offers() == []


def test_a_clock_that_goes_back_counts_as_standing_still(house: Any) -> None:
    house.agent(1, wrap_up_until=130_000)
    house.engine.assign(130_000)
    house.work(11)
    house.now = 90_000
    assert house.offers() == [(11, 1)]


def test_an_agent_who_was_removed_gets_nothing_and_another_may_sit_in_the_same_seat(house: Any) -> None:
    house.agent(1, skills={"french": 3})
    house.engine.remove_agent(1)
    house.agent(2)
    house.work(11, skills={"french": 1})
    house.work(12)
    assert house.offers() == [(12, 2)]
    assert house.reasons(11) == {2: "skill_too_low"}
