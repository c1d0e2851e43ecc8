"""Sets of agents as bits, and a ranking that finds the best member of such a set without looking at the rest."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator

from routing.strategies import Rank

_FULL = 64
_SPARSE = 16


def slots(bits: int) -> Iterator[int]:
    """The positions of the set bits, lowest first."""
    while bits:
        low = bits & -bits
        yield low.bit_length() - 1
        bits ^= low


_Entry = tuple[Rank, int, int]


class _Block:
    """Neighbours in the ranking: their ranks in order, and the same agents as bits."""

    __slots__ = ("bits", "ranks")

    def __init__(self, ranks: list[_Entry]) -> None:
        self.ranks = ranks
        self.bits = 0
        for _, _, bit in ranks:
            self.bits |= bit


class Ranking:
    """Agents in rank order, cut into blocks of at most 64.

    With n agents a move costs O(log n + 64) and finding the best of a set O(n / 64) intersections of n-bit numbers, in
    practice two or three: a set of any size has a member in one of the first blocks.
    """

    def __init__(self) -> None:
        self._rank_of: dict[int, Rank] = {}
        self._blocks: list[_Block] = [_Block([])]
        self._starts: list[Rank] = [(float("-inf"), 0, 0)]

    def place(self, slot: int, rank: Rank) -> None:
        """Put the agent in this slot at this rank, from wherever it was."""
        before = self._rank_of.get(slot)
        if before == rank:
            return
        if before is not None:
            self.drop(slot)
        self._rank_of[slot] = rank
        index = bisect_right(self._starts, rank) - 1
        block = self._blocks[index]
        bit = 1 << slot
        insort(block.ranks, (rank, slot, bit))
        block.bits |= bit
        if len(block.ranks) > _FULL:
            self._split(index)

    def drop(self, slot: int) -> None:
        """Forget the agent in this slot. Raises KeyError for a slot that was never placed."""
        rank = self._rank_of.pop(slot)
        index = bisect_right(self._starts, rank) - 1
        block = self._blocks[index]
        _, _, bit = block.ranks.pop(bisect_left(block.ranks, (rank,)))
        block.bits ^= bit
        if len(block.ranks) < _SPARSE:
            self._merge(index)

    def _split(self, index: int) -> None:
        ranks = self._blocks[index].ranks
        half = len(ranks) // 2
        self._blocks[index : index + 1] = [_Block(ranks[:half]), _Block(ranks[half:])]
        self._starts.insert(index + 1, ranks[half][0])

    def _merge(self, index: int) -> None:
        """Join a sparse block with its successor if both fit well into one, an empty one always."""
        if index + 1 >= len(self._blocks):
            return
        block, following = self._blocks[index], self._blocks[index + 1]
        if not block.ranks or len(block.ranks) + len(following.ranks) <= _FULL // 2:
            block.ranks += following.ranks
            block.bits |= following.bits
            del self._blocks[index + 1], self._starts[index + 1]

    def best(self, bits: int) -> int | None:
        """The slot of the best-ranked agent among these, or None when the set holds nobody ranked."""
        for block in self._blocks:
            shared = bits & block.bits
            if shared:
                if not shared & (shared - 1):
                    return shared.bit_length() - 1
                for _, slot, bit in block.ranks:
                    if shared & bit:
                        return slot
        return None

    def in_order(self, bits: int) -> Iterator[int]:
        """The slots of these agents, best rank first. The ranking must not change meanwhile."""
        for block in self._blocks:
            shared = bits & block.bits
            if shared:
                yield from (slot for _, slot, bit in block.ranks if shared & bit)
