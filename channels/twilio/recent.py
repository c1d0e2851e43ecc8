"""A memory of what was seen lately, of bounded size. Forgetting costs a repetition, never a message."""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

K = TypeVar("K")
V = TypeVar("V")


class Recent(Generic[K, V]):
    """Keeps the values of the `most` keys that were put in last."""

    __slots__ = ("_kept", "_most")

    def __init__(self, most: int) -> None:
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._most = most

    def put(self, key: K, value: V) -> None:
        self._kept.pop(key, None)
        self._kept[key] = value
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def get(self, key: K) -> V | None:
        return self._kept.get(key)

    def __contains__(self, key: K) -> bool:
        return key in self._kept

    def items(self) -> list[tuple[K, V]]:
        """The oldest first."""
        return list(self._kept.items())
