from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.channels.email.household import Household
from tests.peers.clock import VirtualClock
from tests.peers.dovecot import Dovecot


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """An IMAP server for the whole run; every test takes a user of its own."""
    server = Dovecot()
    yield server
    server.stop()


@pytest.fixture
async def house(clock: VirtualClock) -> AsyncIterator[Household]:
    """The hub's side of a mailbox."""
    async with aiohttp.ClientSession() as http:
        yield Household(clock, http)
