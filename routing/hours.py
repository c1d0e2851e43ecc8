"""Business hours: when somebody works, in their own time zone, holidays taken out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from crm_core.words.clock import Moment

_MOST_DAYS: Final = 400
"""How far ahead an opening is looked for: a house that is closed for longer never opens."""

Span = tuple[time, time]


@dataclass(frozen=True, slots=True)
class Hours:
    """Spans of a week, Monday first, by the wall clock of a zone; a span that ends at midnight ends with 00:00."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...]
    holidays: frozenset[date] = frozenset()

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")


def is_open(hours: Hours, now: Moment) -> bool:
    """Whether somebody works at this moment."""
    return any(start <= now < end for start, end in _around(hours, now))


def closed_since(hours: Hours, now: Moment) -> Moment | None:
    """When the closed period began in which this moment lies; none while it is open, 0 when it was never open."""
    if is_open(hours, now):
        return None
    return max((end for _, end in _around(hours, now) if end <= now), default=0)


def opens_at(hours: Hours, now: Moment) -> Moment | None:
    """When it opens next; now, if it is open; none when it does not within a year."""
    if is_open(hours, now):
        return now
    return next((start for start, _ in _spans(hours, _day(hours, now), _MOST_DAYS) if start > now), None)


def _around(hours: Hours, now: Moment) -> Sequence[tuple[Moment, Moment]]:
    """Spans of the four weeks before, and of today."""
    return list(_spans(hours, _day(hours, now) - timedelta(days=28), 30))


def _spans(hours: Hours, first: date, days: int) -> Iterator[tuple[Moment, Moment]]:
    for offset in range(days):
        day = first + timedelta(days=offset)
        if day not in hours.holidays:
            for start, end in hours.week[day.weekday()]:
                following = day if end > start else day + timedelta(days=1)
                yield _moment(hours, day, start), _moment(hours, following, end)


def _day(hours: Hours, now: Moment) -> date:
    return datetime.fromtimestamp(now / 1000, UTC).astimezone(hours.zone).date()


def _moment(hours: Hours, day: date, at: time) -> Moment:
    # An hour that daylight saving leaves out is read as if it had not: 02:30 is then 03:30.
    return int(datetime.combine(day, at, hours.zone).timestamp() * 1000)
