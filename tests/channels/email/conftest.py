from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from tests.channels.email.household import Household
from tests.peers.clock import VirtualClock
from tests.peers.dovecot import Dovecot
from tests.peers.imap_standin import ImapPeer, standin


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """An IMAP server for the whole run; every test takes a user of its own."""
    server = Dovecot()
    yield server
    server.stop()


@pytest.fixture(params=["dovecot", "stand-in"])
async def server(request: pytest.FixtureRequest) -> AsyncIterator[ImapPeer]:
    """Dovecot, and the demo's stand-in, which has to do the same."""
    if request.param == "dovecot":
        real: Dovecot = request.getfixturevalue("dovecot")
        yield real
    else:
        async with standin() as ours:
            yield ours


@pytest.fixture
async def house(clock: VirtualClock) -> AsyncIterator[Household]:
    """The hub's side of a mailbox."""
    async with aiohttp.ClientSession() as http:
        yield Household(clock, http)
