"""How long somebody in line will wait: the formula of ROUTING.md section 12, at its edges."""

from __future__ import annotations

import pytest

from routing import estimate


@pytest.mark.parametrize(
    ("ahead", "idle", "handling", "staffed", "expected"),
    [
        (0, 0, 90_000, 1.0, 90_000),
        (4, 0, 90_000, 2.0, 225_000),
        (0, 1, 90_000, 1.0, 0),
        (2, 1, 60_000, 2.0, 60_000),
        (3, 0, 120_000, 0.5, 960_000),
    ],
)
def test_who_waits_behind_others_waits_for_each_of_them(
    ahead: int, idle: int, handling: int, staffed: float, expected: int
) -> None:
    assert estimate.wait(ahead, idle, handling, staffed) == expected


def test_where_nobody_works_there_is_no_number() -> None:
    assert estimate.wait(0, 0, 90_000, 0.0) is None
    assert estimate.minutes(None) is None


def test_an_agent_of_three_queues_gives_each_a_third() -> None:
    assert estimate.staffing([1, 3, 3, 3, 0]) == pytest.approx(2.0)


def test_few_samples_count_for_nothing_and_many_for_the_newest() -> None:
    assert estimate.handling_time([10_000] * 4, 90_000) == 90_000
    assert estimate.handling_time([60_000] * 5, 90_000) == 60_000
    risen = estimate.handling_time([60_000] * 20 + [180_000] * 20, 90_000)
    assert 150_000 < risen < 180_000


@pytest.mark.parametrize(("wait", "told"), [(0, None), (59_999, None), (60_000, 1), (60_001, 2), (240_000, 4)])
def test_minutes_are_whole_and_never_too_few(wait: int, told: int | None) -> None:
    assert estimate.minutes(wait) == told
