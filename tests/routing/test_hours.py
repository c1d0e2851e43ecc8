"""Business hours, by the wall clock of their zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from routing.hours import Hours, closed_since, is_open, opens_at

DAY = ((time(9), time(18)),)
SHOP = Hours(ZoneInfo("Europe/Kyiv"), (*(DAY,) * 5, (), ()), frozenset({date(2026, 1, 7)}))
NIGHT = Hours(ZoneInfo("Europe/Warsaw"), (((time(22), time(6)),),) * 7)


def at(text: str) -> int:
    """A moment written in UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


def test_it_is_open_from_the_first_minute_to_before_the_last() -> None:
    assert not is_open(SHOP, at("2026-01-05T06:59:59"))
    assert is_open(SHOP, at("2026-01-05T07:00"))
    assert is_open(SHOP, at("2026-01-05T15:59:59"))
    assert not is_open(SHOP, at("2026-01-05T16:00"))


def test_a_closed_period_begins_when_the_last_span_ended() -> None:
    assert closed_since(SHOP, at("2026-01-05T10:00")) is None
    assert closed_since(SHOP, at("2026-01-05T20:00")) == at("2026-01-05T16:00")
    assert closed_since(SHOP, at("2026-01-11T12:00")) == at("2026-01-09T16:00")
    assert closed_since(SHOP, at("2026-01-07T12:00")) == at("2026-01-06T16:00")


def test_it_opens_on_the_next_day_that_is_no_holiday() -> None:
    assert opens_at(SHOP, at("2026-01-06T20:00")) == at("2026-01-08T07:00")
    assert opens_at(SHOP, at("2026-01-09T20:00")) == at("2026-01-12T07:00")
    assert opens_at(SHOP, at("2026-01-05T10:00")) == at("2026-01-05T10:00")


def test_summer_time_moves_the_hours_with_the_wall_clock() -> None:
    assert opens_at(SHOP, at("2026-03-27T20:00")) == at("2026-03-30T06:00")


def test_a_night_shift_belongs_to_the_evening_it_began() -> None:
    assert is_open(NIGHT, at("2026-01-05T22:30"))
    assert is_open(NIGHT, at("2026-01-06T04:59"))
    assert not is_open(NIGHT, at("2026-01-06T05:00"))


def test_what_never_opens_was_always_closed() -> None:
    never = Hours(ZoneInfo("UTC"), ((),) * 7)
    assert closed_since(never, at("2026-01-05T10:00")) == 0
    assert opens_at(never, at("2026-01-05T10:00")) is None


@given(st.integers(at("2020-01-01T00:00"), at("2035-01-01T00:00")))
def test_when_it_opens_it_is_open_and_was_closed_until_then(now: int) -> None:
    opens = opens_at(SHOP, now)
    assert opens is not None
    assert is_open(SHOP, opens)
    assert opens == now or not is_open(SHOP, opens - 1)
    since = closed_since(SHOP, now)
    assert (since is None) == is_open(SHOP, now)
    assert since is None or not is_open(SHOP, since)
