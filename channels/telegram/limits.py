"""How fast Telegram lets a bot write. Pure: the time is given in.

Telegram's FAQ for bots: one message a second in a chat, 20 a minute in a group, 30 a second in all.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from crm_core.words.clock import MINUTE, SECOND, Moment

_MOST_CHATS: Final = 10_000


class Lane:
    """Lets `burst` messages through at once, and one more every `every` milliseconds."""

    __slots__ = ("_burst", "_every", "_free_at")

    def __init__(self, burst: int, every: Moment) -> None:
        self._burst = burst
        self._every = every
        self._free_at: Moment = 0

    def wait(self, now: Moment, messages: int) -> Moment:
        """Milliseconds until so many messages may begin to go; nothing is taken."""
        messages = min(messages, self._burst)
        return max(0, self._free_at - now - (self._burst - messages) * self._every)

    def take(self, now: Moment, messages: int) -> None:
        """Note that so many go as soon as they may."""
        self._free_at = max(self._free_at, now) + messages * self._every


class Limits:
    """Telegram's limits of one bot: what goes at once and what follows stay below them in every window of time."""

    def __init__(self) -> None:
        self._all = Lane(10, SECOND // 20)
        self._chats: OrderedDict[int, tuple[Lane, ...]] = OrderedDict()

    def wait(self, chat: int, now: Moment, messages: int = 1) -> Moment:
        """Milliseconds that this chat's next `messages` have to wait; nothing is taken."""
        return max(lane.wait(now, messages) for lane in self._lanes(chat))

    def take(self, chat: int, now: Moment, messages: int = 1) -> None:
        """They go to this chat as soon as they may."""
        for lane in self._lanes(chat):
            lane.take(now, messages)

    def _lanes(self, chat: int) -> tuple[Lane, ...]:
        """The lanes a chat's messages pass; ids of groups and channels are negative."""
        lanes = self._chats.get(chat)
        if lanes is None:
            own = Lane(1, SECOND)
            lanes = (self._all, own, Lane(5, MINUTE // 15)) if chat < 0 else (self._all, own)
            self._chats[chat] = lanes
            if len(self._chats) > _MOST_CHATS:
                self._chats.popitem(last=False)
        self._chats.move_to_end(chat)
        return lanes
