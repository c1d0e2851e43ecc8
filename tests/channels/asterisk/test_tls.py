"""An Asterisk on another machine is reached by TLS, with a certificate of the house's own authority."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest
from pydantic import ValidationError

from channels.asterisk.ari import Ari
from channels.asterisk.examine import examine_asterisk
from channels.asterisk.settings import AsteriskSettings
from channels.conformance import AnyPeer, Bench
from channels.contract import Account, Problem, TryLater
from crm_core.words.clock import system_clock
from tests.peers.asterisk import APP, PASSWORD, USER, Asterisk
from tests.peers.certificates import Authority, make_authority

STRANGER = make_authority("localhost")
"""Nobody's."""


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The house's own, which says who `localhost` is."""
    return make_authority("localhost")


@pytest.fixture(scope="module")
def encrypted(authority: Authority) -> Iterator[Asterisk]:
    """An Asterisk that answers by TLS."""
    server = Asterisk(authority)
    yield server
    server.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    """Requests as the hub makes them."""
    async with aiohttp.ClientSession() as session:
        yield session


def settings_for(asterisk: Asterisk, certificates: str, *, host: str = "localhost") -> AsteriskSettings:
    """The account of an Asterisk by TLS."""
    url = f"https://{host}:{asterisk.tls_port}"
    return AsteriskSettings(
        ari_url=url, user=USER, password=PASSWORD, app=APP, certificates=certificates  # type: ignore[arg-type]
    )  # fmt: skip


async def steps(http: aiohttp.ClientSession, settings: AsteriskSettings) -> dict[str, Problem | None]:
    """What *Check* finds."""
    found = await examine_asterisk(Account(7, "key", "A line", settings), Bench(system_clock).tools(http))
    return {one.step: one.problem for one in found}


async def test_requests_events_and_softphones_go_by_tls_when_the_authority_is_named(
    encrypted: Asterisk, authority: Authority, http: aiohttp.ClientSession
) -> None:
    settings = settings_for(encrypted, authority.authority_pem)
    ari = Ari(http, AnyPeer(), settings)
    async with asyncio.timeout(60):
        assert (await ari.ask("GET", "/asterisk/info")).done
        async with ari.events() as events:
            await ari.ask("POST", f"/events/user/hello?application={APP}")
            assert (await anext(events))["eventname"] == "hello"
        async with ari.softphone() as socket:
            assert socket.subprotocol == "sip"
    found = await steps(http, settings)
    assert [found[step] for step in ("server", "password", "softphones")] == [None, None, None]


@pytest.mark.parametrize("certificates", ["", STRANGER.authority_pem], ids=["none", "another one"])
async def test_a_certificate_of_an_unknown_authority_is_refused_in_clear_words(
    encrypted: Asterisk, http: aiohttp.ClientSession, certificates: str
) -> None:
    settings = settings_for(encrypted, certificates)
    assert await steps(http, settings) == {"server": Problem.TLS}
    ari = Ari(http, AnyPeer(), settings)
    with pytest.raises(TryLater, match="nobody here trusts its authority"):
        await ari.ask("GET", "/asterisk/info")
    for connection in (ari.events(), ari.softphone()):
        with pytest.raises(TryLater, match="nobody here trusts its authority"):
            async with connection:
                pass


async def test_a_certificate_of_another_name_is_refused(
    encrypted: Asterisk, authority: Authority, http: aiohttp.ClientSession
) -> None:
    settings = settings_for(encrypted, authority.authority_pem, host="127.0.0.1")
    assert await steps(http, settings) == {"server": Problem.TLS}


def test_what_is_no_certificate_is_refused_at_once(encrypted: Asterisk) -> None:
    with pytest.raises(ValidationError, match="no certificates in PEM"):
        settings_for(encrypted, "-----BEGIN NONSENSE-----")
