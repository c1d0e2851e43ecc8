"""How much one visitor may ask for. Pure: the time is given in."""

from __future__ import annotations

from crm_core.words.clock import Moment


class Bucket:
    """Lets `burst` things through at once, and one more every `every_ms`."""

    __slots__ = ("_burst", "_every", "_free_at")

    def __init__(self, burst: int, every_ms: int) -> None:
        self._burst = burst
        self._every = every_ms
        self._free_at: Moment = 0

    def wait(self, now: Moment) -> int:
        """Take one: 0 when it may go now, else the milliseconds until the next may (and nothing is taken)."""
        if self._free_at - now > self._burst * self._every:
            # Nobody can be so far ahead: the clock stepped back.
            self._free_at = now
        start = max(self._free_at, now)
        ahead = start - now - (self._burst - 1) * self._every
        if ahead > 0:
            return ahead
        self._free_at = start + self._every
        return 0
