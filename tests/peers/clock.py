"""Time that passes only when a test says so."""

from __future__ import annotations

from crm_core.words.clock import Moment

MONDAY_MORNING: Moment = 1_767_603_600_000
"""2026-01-05 09:00 UTC."""


class VirtualClock:
    """A `Clock`: called (or asked `now()`) it tells milliseconds since 1970-01-01 UTC."""

    def __init__(self, start: Moment = MONDAY_MORNING) -> None:
        self._now = start

    def __call__(self) -> Moment:
        return self._now

    def now(self) -> Moment:
        return self._now

    def advance(self, milliseconds: Moment) -> Moment:
        """Let time pass; the new moment. Time never runs backwards."""
        if milliseconds < 0:
            raise ValueError("time never runs backwards")
        self._now += milliseconds
        return self._now
