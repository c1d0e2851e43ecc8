"""Somebody has an agent's session and calls premium numbers by the thousand: none is called, and it is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from crm_core.accounts import queries as accounts
from crm_core.calls import queries as calls
from tests.flows.call_town import Refused, hire, open_call_town

pytestmark = [pytest.mark.long, pytest.mark.timeout(120)]

WANTED = (
    "+19005550123",
    "+881612345678",
    "+18765550123",
    "+449091234567",
    "+979123456789",
    "sip:x@evil.example",
    "911",
)
TRIES = 1_000
WRITTEN = {"note": "Done.", "done": True}


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def test_a_thousand_calls_a_minute_to_premium_numbers_are_refused_and_alarm_once(
    kind: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_call_town(make_database(kind), tmp_path) as town:
        mate = await hire(town, "Anna", "Plants")
        said: Counter[str] = Counter()
        with capture_logs() as logs:
            for number in range(TRIES):
                town.clock.advance(60)
                with pytest.raises(Refused) as refused:
                    await town.ask(mate, "POST", "calls", {"number": WANTED[number % len(WANTED)], "device": "tab1"})
                assert refused.value.status == 422
                said[refused.value.said["detail"]] += 1
        assert all(words.endswith(".") for words in said)
        assert "Premium numbers are not called from here." in said
        assert town.cloud.exchange.calls == []
        assert await town.house.db.read(calls.live) == []
        assert sum(one["log_level"] == "error" for one in logs) == 1
        shown = await town.house.db.read(accounts.account, town.account_id)
        assert shown.state == "open"
        assert "may not be called" in shown.problem


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
async def test_who_calls_too_many_numbers_a_minute_waits_and_may_then_call_again(
    kind: str, make_database: Callable[[str], str], tmp_path: Path
) -> None:
    async with open_call_town(make_database(kind), tmp_path, agent_minute=3) as town:
        mate = await hire(town, "Anna", "Plants")
        for number in range(3):
            made = await town.ask(mate, "POST", "calls", {"number": f"+1202457{number:04}", "device": mate.tab})
            await town.settle()
            await town.ask(mate, "POST", f"calls/{made['id']}/hang-up")
            await town.ask(
                mate, "POST", f"calls/{made['id']}/wrap-up", WRITTEN | {"disposition_id": town.dispositions[0]}
            )
            await town.settle()
        fourth = {"number": "+12024570009", "device": mate.tab}
        with pytest.raises(Refused, match="Wait a little"):
            await town.ask(mate, "POST", "calls", fourth)
        await town.passes(61)
        assert await town.ask(mate, "POST", "calls", fourth)
