"""`Date` headers as they come: names of zones, two-digit years, comments, nonsense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_tz
from typing import Final

from channels.email.anatomy.encoded_words import unfolded
from crm_core.words.clock import Moment

_LONGEST: Final = 200
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def moment_of(text: str) -> Moment | None:
    """Milliseconds UTC of a date such as `Tue, 1 Jul 2003 10:52:37 +0200`; None for anything that is no date."""
    flat = _without_comments(unfolded(text[:_LONGEST])).rpartition(";")[2].strip()
    try:
        said = parsedate_tz(flat)
        if said is None:
            return None
        year, month, day, hour, minute, second = said[:6]
        local = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        moment = local - timedelta(seconds=said[9] or 0)
        return (moment - _EPOCH) // timedelta(milliseconds=1)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _without_comments(text: str) -> str:
    said: list[str] = []
    depth = 0
    for letter in text:
        if letter == "(":
            depth += 1
        elif letter == ")":
            depth = max(0, depth - 1)
        elif depth == 0:
            said.append(letter)
    return "".join(said)
