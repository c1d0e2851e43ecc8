"""A day on the phone: every call that was ever made at the provider is one record, right to the second."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from crm_core.words.values import CallOutcome
from tests.flows import call_lives as lives
from tests.flows.call_judge import Truth, faults
from tests.flows.call_town import CallTown, hire, open_call_town

pytestmark = [pytest.mark.long, pytest.mark.timeout(1_800)]

SHARES = {
    lives.answered: 24,
    lives.hidden: 2,
    lives.refreshed: 3,
    lives.gone_in_the_menu: 5,
    lives.gone_in_line: 6,
    lives.gone_while_it_rings: 5,
    lives.missed_by_one: 3,
    lives.voicemail: 6,
    lives.called_back: 5,
    lives.outbound: 6,
    lives.busy: 3,
    lives.no_answer: 3,
    lives.handed_on: 4,
    lives.asked_first: 5,
    lives.to_another_queue: 3,
}
"""How often each kind of call happens."""
AGENTS = 8
EVERY = 16
"""Seconds between two calls, more or less."""
TWICE = 3
"""Every so manieth stretch of the day the provider says everything twice."""


def kinds_of(most: int, town: CallTown) -> list[Any]:
    """Each kind at least once, and as often as its share says."""
    kinds = list(SHARES)
    kinds += town.rng.choices(kinds, weights=list(SHARES.values()), k=most - len(kinds))
    town.rng.shuffle(kinds)
    return kinds


async def the_day(town: CallTown, kinds: Sequence[Any]) -> None:
    """One call after the other begins, whatever became of those before."""
    town.is_day = True
    for number, kind in enumerate(kinds, 1):
        town.cloud.exchange.habits.twice = number // 10 % TWICE == 1
        town.live(kind(town, number))
        await town.rest(town.rng.randint(EVERY // 2, EVERY * 3 // 2))
    town.cloud.exchange.habits.twice = False
    town.is_day = False


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        pytest.param("sqlite", 60),
        pytest.param("sqlite", 500, marks=pytest.mark.slow),
        pytest.param("postgresql", 500, marks=[pytest.mark.postgresql, pytest.mark.slow]),
    ],
)
async def test_a_day_of_mixed_calls_ends_with_one_right_record_for_each(
    kind: str, most: int, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    limits = {"agent_minute": 1_000, "account_minute": 10_000}
    async with open_call_town(make_database(kind), tmp_path, seed=4, **limits) as town:
        for number in range(AGENTS):
            await hire(town, f"Agent {number}".replace(" ", ""), "Plants")
        await hire(town, "Zoe", "Repairs")
        kinds = kinds_of(most, town)
        beside = (lives.letters(town), lives.looks(town), lives.they_return(town))
        await town.run(lives.all_day(town, 9_999), the_day(town, kinds), *beside)
        await town.passes(900)
        await town.reconcile()
        await lives.recordings_are_there(town)
        found = await faults(town.house.db, Truth(calls=town.cloud.exchange.calls, forgot=town.forgot))
        assert found == [], "\n".join(found)
        outcomes = Counter(call.outcome for call in town.calls.values())
        assert len(town.calls) == most + 1 + kinds.count(lives.called_back)
        assert set(outcomes) >= {CallOutcome.ANSWERED, CallOutcome.ABANDONED, CallOutcome.VOICEMAIL}
