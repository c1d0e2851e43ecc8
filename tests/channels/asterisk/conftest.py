from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from crm_core.calls.rules.call import CallPlan
from tests.channels.asterisk.house import House, opened_house
from tests.peers.asterisk import Asterisk


@pytest.fixture(scope="session")
def asterisk() -> Iterator[Asterisk]:
    """An Asterisk for the whole run."""
    server = Asterisk()
    yield server
    server.stop()


@pytest.fixture
def plan() -> CallPlan:
    """How calls are answered; a test's module may say otherwise."""
    return CallPlan(queue_id=1)


@pytest.fixture
async def house(asterisk: Asterisk, plan: CallPlan) -> AsyncIterator[House]:
    """The channel at work at the real Asterisk, with a desk in memory."""
    async with opened_house(asterisk, plan) as opened:
        yield opened
