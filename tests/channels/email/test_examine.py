from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from channels.contract import Finding, Forbidden, NoSuchHost, Problem
from channels.email.examine import examine
from channels.email.patience import Patience
from tests.channels.email.household import HASTY, Household, imap_settings
from tests.peers.children import free_port
from tests.peers.dovecot import Dovecot
from tests.peers.lying_imap import LyingImap
from tests.peers.mail_server import Failing, MailServer


class World:
    """Peers as a guard sees them."""

    def __init__(self, addresses: Sequence[str] | Exception) -> None:
        self._addresses = addresses

    async def addresses(self, host: str, port: int, /) -> Sequence[str]:
        if isinstance(self._addresses, Exception):
            raise self._addresses
        return self._addresses


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    server = MailServer()
    yield server
    await server.close()


async def found(
    house: Household, settings: dict[str, Any], patience: Patience = HASTY, world: World | None = None
) -> dict[str, Problem | None]:
    """Problems by step."""
    tools = replace(house.tools, peers=world) if world else house.tools
    findings = await examine(house.account(**settings), tools, patience=patience)
    assert all(isinstance(finding, Finding) for finding in findings)
    assert all("\n" not in finding.words and len(finding.words) < 200 for finding in findings)
    return {finding.step: finding.problem for finding in findings}


async def test_settings_that_work_are_found_to_work(house: Household, dovecot: Dovecot, server: MailServer) -> None:
    settings = imap_settings(
        dovecot.new_user(), dovecot.port, smtp_host="127.0.0.1", smtp_port=await server.open(), smtp_security="none"
    )
    assert await found(house, settings) == {"imap": None, "folder": None, "smtp": None}
    assert not server.mails
    assert house.cursors.places == {}


@pytest.mark.parametrize(
    ("change", "step", "problem"),
    [
        ({"password": "wrong"}, "imap", Problem.PASSWORD),
        ({"folders": ["INBOX", "Nowhere"]}, "folder", Problem.MISSING),
        ({"after": "move", "move_to": "Nowhere"}, "folder", Problem.MISSING),
        ({"imap_security": "tls"}, "imap", Problem.TLS),
        ({"imap_security": "starttls"}, "imap", Problem.TLS),
        ({"imap_host": "no-such-host.invalid"}, "imap", Problem.NAME),
        ({"imap_port": 1}, "imap", Problem.UNREACHABLE),
    ],
)
async def test_what_is_wrong_with_a_mailbox_is_told_apart(
    house: Household, dovecot: Dovecot, change: dict[str, Any], step: str, problem: Problem
) -> None:
    told = await found(house, {**imap_settings(dovecot.new_user(), dovecot.port), **change})
    assert told[step] is problem


@pytest.mark.parametrize(
    ("failing", "change", "problem"),
    [
        (Failing.PASSWORD, {}, Problem.PASSWORD),
        (Failing.SIGN_IN_LATER, {}, Problem.LIMITED),
        (None, {"smtp_security": "starttls"}, Problem.TLS),
        (None, {"smtp_security": "tls"}, Problem.TLS),
        (None, {"smtp_port": 1}, Problem.UNREACHABLE),
    ],
)
async def test_what_is_wrong_with_sending_is_told_apart(
    house: Household, server: MailServer, failing: Failing | None, change: dict[str, Any], problem: Problem
) -> None:
    known = {"address": "support@hub.example", "incoming": "none", "password": "secret", "smtp_host": "127.0.0.1"}
    server.failing = failing
    settings = {**known, "smtp_port": await server.open(), "smtp_security": "none", **change}
    assert await found(house, settings) == {"smtp": problem}


async def test_it_is_no_port_scanner(house: Household) -> None:
    public = World(["192.0.2.1", "93.184.215.14"])
    assert await found(house, imap_settings("a@hub.example", 22), world=public) == {"imap": Problem.FORBIDDEN}
    inside = World(Forbidden())
    assert await found(house, imap_settings("a@hub.example", 993), world=inside) == {"imap": Problem.FORBIDDEN}
    assert await found(house, imap_settings("a@hub.example", 993), world=World(NoSuchHost())) == {"imap": Problem.NAME}


async def test_what_answers_and_is_no_mailbox_is_only_called_that(house: Household) -> None:
    stranger = LyingImap()
    stranger.greeting = b"SSH-2.0-secret-banner\r\n"
    try:
        findings = await examine(
            house.account(**imap_settings("a@hub.example", await stranger.open())), house.tools, patience=HASTY
        )
    finally:
        await stranger.close()
    assert [finding.problem for finding in findings] == [Problem.PROTOCOL]
    assert "banner" not in findings[0].words


async def test_whoever_says_nothing_is_unreachable_after_a_while(house: Household) -> None:
    silent = LyingImap()
    silent.greeting = None
    try:
        settings = imap_settings("a@hub.example", await silent.open())
        assert await found(house, settings, Patience(examine=0.3)) == {"imap": Problem.UNREACHABLE}
    finally:
        await silent.close()


async def test_a_port_for_our_own_door_is_free_or_taken(house: Household) -> None:
    settings = {"address": "a@hub.example", "incoming": "listener", "listener_port": free_port()}
    assert await found(house, settings) == {"listener": None}
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", settings["listener_port"])
    try:
        assert await found(house, settings) == {"listener": Problem.DENIED}
    finally:
        server.close()


async def test_a_provider_that_no_longer_accepts_the_sign_in_is_told_first(house: Household) -> None:
    settings = imap_settings(
        "a@hub.example",
        993,
        auth="xoauth2",
        oauth_url=f"http://127.0.0.1:{free_port()}/token",
        oauth_client_id="me",
        oauth_refresh_token="r",
    )
    assert await found(house, settings) == {"oauth": Problem.UNREACHABLE}
