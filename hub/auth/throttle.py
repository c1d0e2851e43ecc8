"""Rate limits: a bucket of tries for each key, filled again as time passes. In memory and bounded."""

from __future__ import annotations

import ipaddress
from collections import OrderedDict
from typing import Final

from crm_core.words.clock import SECOND, Clock, Moment
from crm_core.words.errors import TooMany

_KEYS: Final = 50_000


class Throttle:
    """`most` tries at once, one more every `every` milliseconds, for each key."""

    def __init__(self, clock: Clock, *, most: int, every: Moment) -> None:
        self._clock = clock
        self._most = most
        self._every = every
        self._spent: OrderedDict[str, tuple[float, Moment]] = OrderedDict()

    def take(self, key: str) -> None:
        """Use one try. Raises TooMany, with the seconds to wait in `facts["retry_after"]`, when none is left."""
        spent = self._spent_now(key)
        if spent + 1 > self._most:
            wait = (spent + 1 - self._most) * self._every
            raise TooMany(retry_after=max(1, -int(-wait // SECOND)))
        self._remember(key, spent + 1)

    def give_back(self, key: str) -> None:
        """The try was a good one and does not count."""
        self._remember(key, max(0.0, self._spent_now(key) - 1))

    def _spent_now(self, key: str) -> float:
        spent, at = self._spent.get(key, (0.0, 0))
        return max(0.0, spent - max(0, self._clock() - at) / self._every)

    def _remember(self, key: str, spent: float) -> None:
        self._spent[key] = (spent, self._clock())
        self._spent.move_to_end(key)
        while len(self._spent) > _KEYS:
            self._spent.popitem(last=False)


def peer_key(address: str) -> str:
    """The key of a network peer: an IPv4 address, or the /64 of an IPv6 one, which is what one customer has."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
