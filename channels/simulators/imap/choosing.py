"""Which mails a command means: sequence sets (RFC 3501, 9) and the criteria of a SEARCH (6.4.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Final

from channels.simulators.imap.folders import Kept
from channels.simulators.imap.words import Bad, Word, text
from crm_core.words.clock import as_datetime

_SET: Final = re.compile(r"(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?(?:,(?:\d{1,10}|\*)(?::(?:\d{1,10}|\*))?)*")
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FLAGS: Final = {
    "SEEN": r"\Seen",
    "DELETED": r"\Deleted",
    "FLAGGED": r"\Flagged",
    "ANSWERED": r"\Answered",
    "DRAFT": r"\Draft",
}
DEEPEST: Final = 50
"""Levels of criteria in criteria."""

Test = Callable[[int, Kept], bool]
"""Whether a mail is meant, by its number in the folder and by itself."""


def members(said: str, known: Sequence[int]) -> set[int]:
    """The `known` numbers (ascending) that a set such as `2,4:*` has; a star is the last one. Raises Bad."""
    if not _SET.fullmatch(said):
        raise Bad("This is no set of numbers.")
    last = known[-1] if known else 0
    found: set[int] = set()
    for part in said.split(","):
        ends = [last if end == "*" else int(end) for end in part.split(":")]
        found.update(number for number in known if min(ends) <= number <= max(ends))
    return found


def chosen(criteria: Sequence[Word], mails: Sequence[Kept]) -> list[tuple[int, Kept]]:
    """Those that meet all criteria, each with its number in the folder. Raises Bad."""
    rest = list(criteria)
    if rest and not isinstance(rest[0], list) and text(rest[0]).upper() == "CHARSET":
        rest = rest[2:]
    if not rest:
        raise Bad("A search needs criteria.")
    tests: list[Test] = []
    while rest:
        tests.append(_test(rest, mails, DEEPEST))
    return [(number, kept) for number, kept in enumerate(mails, 1) if all(test(number, kept) for test in tests)]


def _test(rest: list[Word], mails: Sequence[Kept], depth: int) -> Test:
    """The next criterion, taken from what is left of them; others stand in it so many levels deep at most."""
    if not depth:
        raise Bad("These criteria stand in each other too deep.")
    word = _next(rest)
    if isinstance(word, list):
        inner: list[Test] = []
        while word:
            inner.append(_test(word, mails, depth - 1))
        return lambda number, kept: all(test(number, kept) for test in inner)
    name = text(word).upper()
    match name:
        case "ALL":
            return lambda _number, _kept: True
        case "NOT":
            one = _test(rest, mails, depth - 1)
            return lambda number, kept: not one(number, kept)
        case "OR":
            this, that = _test(rest, mails, depth - 1), _test(rest, mails, depth - 1)
            return lambda number, kept: this(number, kept) or that(number, kept)
        case "UID":
            uids = members(text(_next(rest)), [kept.uid for kept in mails])
            return lambda _number, kept: kept.uid in uids
        case "SINCE" | "BEFORE" | "ON":
            return _by_day(name, _day(text(_next(rest))))
        case "LARGER":
            least = _count(text(_next(rest)))
            return lambda _number, kept: len(kept.raw) > least
        case "SMALLER":
            most = _count(text(_next(rest)))
            return lambda _number, kept: len(kept.raw) < most
    flag = _FLAGS.get(name.removeprefix("UN"))
    if flag is not None:
        wanted = not name.startswith("UN")
        return lambda _number, kept: (flag in kept.flags) is wanted
    numbers = members(name, range(1, len(mails) + 1))
    return lambda number, _kept: number in numbers


def _by_day(name: str, day: date) -> Test:
    match name:
        case "SINCE":
            return lambda _number, kept: as_datetime(kept.came_at).date() >= day
        case "BEFORE":
            return lambda _number, kept: as_datetime(kept.came_at).date() < day
    return lambda _number, kept: as_datetime(kept.came_at).date() == day


def _next(rest: list[Word]) -> Word:
    if not rest:
        raise Bad("A criterion is not whole.")
    return rest.pop(0)


def _count(said: str) -> int:
    if not said.isascii() or not said.isdecimal():
        raise Bad("This is no number.")
    return int(said)


def _day(said: str) -> date:
    try:
        day, month, year = said.split("-")
        return datetime(int(year), MONTHS.index(month.capitalize()) + 1, int(day), tzinfo=UTC).date()
    except ValueError as error:
        raise Bad("A day looks like 5-Jan-2026.") from error
