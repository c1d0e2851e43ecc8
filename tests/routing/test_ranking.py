from __future__ import annotations

import random

from routing.ranking import Ranking, slots


def test_a_ranking_finds_the_best_of_any_set_through_thousands_of_moves() -> None:
    chance = random.Random(5)
    ranking = Ranking()
    ranks: dict[int, tuple[float, int, int]] = {}
    for step in range(6_000):
        slot = chance.randrange(400)
        if slot in ranks and chance.random() < 0.1:
            ranking.drop(slot)
            del ranks[slot]
        else:
            ranks[slot] = (chance.randrange(2), step if chance.random() < 0.8 else -step, slot)
            ranking.place(slot, ranks[slot])
        if step % 20 == 0:
            bits = chance.getrandbits(400) & chance.getrandbits(400)
            expected = sorted((slot for slot in ranks if bits >> slot & 1), key=ranks.__getitem__)
            assert list(ranking.in_order(bits)) == expected
            assert ranking.best(bits) == (expected[0] if expected else None)


def test_the_slots_of_a_set_come_lowest_first() -> None:
    assert list(slots(0b1000_0000_0110)) == [1, 2, 11]
