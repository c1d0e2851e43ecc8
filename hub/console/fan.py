"""One frame to many sockets: written at once to those that were idle, gathered for those that were not.

The kernel's send is most of a delivery's cost (PERFORMANCE.md, fan-out), so a socket that got something
within the last few milliseconds gets what follows in one write at the end of the tick.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final

from hub.console.crowd import Console

TICK_SECONDS: Final = 0.004


class Fan:
    """Writes frames to consoles. `too_slow` is called for one whose network does not keep up."""

    def __init__(self, too_slow: Callable[[Console], None]) -> None:
        self._too_slow = too_slow
        self._tick = 0
        self._dirty: list[Console] = []
        self._timer: asyncio.TimerHandle | None = None

    def spread(self, consoles: Iterable[Console], frame: bytes) -> None:
        """Send a frame to every console that is live."""
        tick, dirty = self._tick, self._dirty
        slow: list[Console] = []
        for console in consoles:
            if not console.live:
                continue
            if console.tick == tick:
                if console.pending:
                    console.pending.append(frame)
                else:
                    console.pending = [frame]
                    dirty.append(console)
                continue
            console.tick = tick
            pipe = console.pipe
            pipe.write(frame)
            if pipe.get_write_buffer_size() > console.allowance:
                slow.append(console)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._end_tick)
        for console in slow:
            self._too_slow(console)

    def send(self, console: Console, frame: bytes) -> None:
        """Send one console a frame of its own, after what waits for it already."""
        if console.is_ended or console.pipe.is_closing():
            return
        pending, console.pending = console.pending, None
        self._write(console, b"".join((*pending, frame)) if pending else frame)

    def _end_tick(self) -> None:
        self._timer = None
        if not self._dirty:
            # Nobody was busy: whoever is written to next is written to at once.
            self._tick += 1
            return
        self._tick += 1
        dirty, self._dirty = self._dirty, []
        self._timer = asyncio.get_running_loop().call_later(TICK_SECONDS, self._end_tick)
        for console in dirty:
            pending, console.pending = console.pending, None
            if pending:
                console.tick = self._tick
                self._write(console, pending[0] if len(pending) == 1 else b"".join(pending))

    def _write(self, console: Console, data: bytes) -> None:
        console.pipe.write(data)
        if console.pipe.get_write_buffer_size() > console.allowance:
            self._too_slow(console)
