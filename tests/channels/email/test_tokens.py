from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web

from channels.contract import AccountBroken, Problem, Sends
from channels.email.channel import open_email
from channels.email.connecting import Trouble
from channels.email.settings import EmailSettings
from channels.email.tokens import AccessTokens
from crm_core.words.clock import HOUR
from tests.channels.email.household import HASTY, Household, outgoing
from tests.peers.clock import VirtualClock
from tests.peers.mail_server import MailServer


class SignIn:
    """A provider's sign-in; `answer` is what it says next."""

    def __init__(self) -> None:
        self.answer: tuple[int, Any] = (200, {"access_token": "good", "expires_in": 3600})
        self.forms: list[dict[str, str]] = []
        self.url = ""

    async def token(self, request: web.Request) -> web.Response:
        self.forms.append({name: str(value) for name, value in (await request.post()).items()})
        status, said = self.answer
        if isinstance(said, bytes):
            return web.Response(body=said, status=status)
        return web.json_response(said, status=status)


@pytest.fixture
async def provider() -> AsyncIterator[SignIn]:
    """A provider's sign-in on this machine."""
    sign_in = SignIn()
    app = web.Application()
    app.router.add_post("/token", sign_in.token)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    sign_in.url = f"http://127.0.0.1:{runner.addresses[0][1]}/token"
    yield sign_in
    await runner.cleanup()


def settings(provider: SignIn, **more: Any) -> dict[str, Any]:
    known = {
        "address": "support@hub.example",
        "incoming": "none",
        "auth": "xoauth2",
        "oauth_url": provider.url,
        "oauth_client_id": "me",
        "oauth_client_secret": "hush",
        "oauth_refresh_token": "refresh-1",
        "oauth_scope": "mail",
    }
    return {**known, **more}


def tokens(house: Household, provider: SignIn) -> AccessTokens:
    return AccessTokens(EmailSettings(**settings(provider)), house.tools, limit=5)


async def test_a_token_is_kept_until_it_runs_out(house: Household, provider: SignIn, clock: VirtualClock) -> None:
    kept = tokens(house, provider)
    assert [await kept.get(), await kept.get()] == ["good", "good"]
    assert provider.forms == [
        {
            "grant_type": "refresh_token",
            "refresh_token": "refresh-1",
            "client_id": "me",
            "client_secret": "hush",
            "scope": "mail",
        }
    ]
    clock.advance(HOUR)
    provider.answer = (200, {"access_token": "newer", "expires_in": 3600, "refresh_token": "refresh-2"})
    assert await kept.get() == "newer"
    kept.forget()
    await kept.get()
    assert [form["refresh_token"] for form in provider.forms] == ["refresh-1", "refresh-1", "refresh-2"]
    assert house.secrets.kept == {"oauth_refresh_token": "refresh-2"}


async def test_a_changed_refresh_token_is_kept_once_the_store_is_back(
    house: Household, provider: SignIn, clock: VirtualClock
) -> None:
    kept = tokens(house, provider)
    house.secrets.failing = True
    provider.answer = (200, {"access_token": "good", "expires_in": 3600, "refresh_token": "refresh-2"})
    assert await kept.get() == "good"
    clock.advance(HOUR)
    provider.answer = (200, {"access_token": "newer", "expires_in": 3600, "refresh_token": "refresh-3"})
    assert await kept.get() == "newer"
    assert house.secrets.kept == {}
    house.secrets.failing = False
    assert await kept.get() == "newer"
    assert house.secrets.kept == {"oauth_refresh_token": "refresh-3"}


@pytest.mark.parametrize(
    ("answer", "needs_a_person"),
    [
        ((400, {"error": "invalid_grant"}), True),
        ((401, {"error": "invalid_client"}), True),
        ((400, {"error": "temporarily_unavailable"}), False),
        ((503, b"<html>Sorry"), False),
        ((200, b"\xff\xfe"), False),
        ((200, {"access_token": 5}), False),
        ((200, {"access_token": "a\r\nb" * 3, "expires_in": "soon"}), False),
        ((200, []), False),
        ((302, b""), False),
    ],
)
async def test_a_provider_that_gives_no_token_is_told_apart(
    house: Household, provider: SignIn, answer: tuple[int, Any], needs_a_person: bool
) -> None:
    provider.answer = answer
    with pytest.raises(Trouble) as caught:
        await tokens(house, provider).get()
    assert caught.value.needs_a_person is needs_a_person
    assert caught.value.problem is (Problem.PASSWORD if needs_a_person else Problem.UNREACHABLE)


async def test_mail_is_sent_with_a_token(house: Household, provider: SignIn) -> None:
    server = MailServer()
    account = house.account(
        **settings(provider, smtp_host="127.0.0.1", smtp_port=await server.open(), smtp_security="none")
    )
    try:
        async with open_email(account, house.tools, patience=HASTY) as channel:
            assert isinstance(channel, Sends)
            await channel.send(outgoing())
            assert server.signed_in == ["support@hub.example"]
    finally:
        await server.close()


async def test_a_token_that_is_refused_once_is_fetched_anew_and_refused_twice_needs_a_person(
    house: Household, provider: SignIn
) -> None:
    server = MailServer()
    account = house.account(
        **settings(provider, smtp_host="127.0.0.1", smtp_port=await server.open(), smtp_security="none")
    )
    try:
        async with open_email(account, house.tools, patience=HASTY) as channel:
            assert isinstance(channel, Sends)
            await channel.send(outgoing())
            server.good_token = "changed"
            provider.answer = (200, {"access_token": "changed", "expires_in": 3600})
            await channel.send(outgoing(delivery=6))
            assert len(provider.forms) == 2
            server.good_token = "unknown to the provider"
            with pytest.raises(AccountBroken):
                await channel.send(outgoing(delivery=7))
    finally:
        await server.close()
    assert len(server.mails) == 2
