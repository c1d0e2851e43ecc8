from __future__ import annotations

import aiohttp
import pytest
from aiohttp import web

from channels.conformance import Bench
from channels.contract import Account, Problem
from channels.simulators.telegram import BotServer
from channels.telegram.examine import examine_telegram, webhook_finding
from channels.telegram.settings import OFFICIAL, TelegramSettings
from tests.channels.telegram.telling import NOW, SECRET, TOKEN, URL


async def found(account_url: str = URL, *, server: BotServer | None = None, **settings: str) -> dict[str, object]:
    """The findings by step: the problem, or the words where there is none."""
    server = server or made()
    async with server.serving() as url, aiohttp.ClientSession() as http:
        values = {"bot_token": TOKEN, "webhook_secret": SECRET, "api_url": url, **settings}
        account = Account(7, "k", "n", TelegramSettings.model_validate(values), account_url)
        findings = await examine_telegram(account, Bench(lambda: NOW).tools(http))
        return {finding.step: finding.problem or finding.words for finding in findings}


def made() -> BotServer:
    server = BotServer(lambda: NOW)
    server.bot(TOKEN, username="shop_bot")
    return server


async def test_good_settings_tell_the_bots_name() -> None:
    assert await found() == {"server": "", "token": "@shop_bot", "webhook": ""}
    assert await found("", mode="polling") == {"server": "", "token": "@shop_bot", "webhook": ""}


async def test_a_wrong_token_is_the_password() -> None:
    assert await found(bot_token="1000:another-secret") == {"token": Problem.PASSWORD}


async def test_nobody_there_and_no_such_host_are_told_apart() -> None:
    assert await found(api_url="http://127.0.0.1:9") == {"server": Problem.UNREACHABLE}
    assert await found(api_url="http://no-such-host.invalid") == {"server": Problem.NAME}


@pytest.mark.parametrize(
    ("url", "server", "problem"),
    [
        ("", OFFICIAL, Problem.MISSING),
        ("", "http://bots.example", Problem.MISSING),
        ("http://hub.example/in/k", OFFICIAL, Problem.MISSING),
        ("http://hub.example/in/k", "http://bots.example", None),
        ("https://hub.example/in/k", OFFICIAL, None),
    ],
)
def test_telegram_calls_only_a_public_https_address(url: str, server: str, problem: Problem | None) -> None:
    settings = TelegramSettings.model_validate({"bot_token": TOKEN, "webhook_secret": SECRET, "api_url": server})
    assert webhook_finding({"url": ""}, Account(7, "k", "n", settings, url), settings, NOW).problem is problem


async def test_a_webhook_of_another_system_is_said_before_it_is_taken_over() -> None:
    server = made()
    async with server.serving() as url, aiohttp.ClientSession() as http:
        await http.post(f"{url}/bot{TOKEN}/setWebhook", data={"url": "https://other.example/"})
    assert "replaced" in str((await found(server=server))["webhook"])
    assert "removed" in str((await found(server=server, mode="polling"))["webhook"])


async def test_a_webhook_that_failed_lately_is_news() -> None:
    server = made()
    async with server.serving() as url, aiohttp.ClientSession() as http:
        await http.post(f"{url}/bot{TOKEN}/setWebhook", data={"url": URL})
    bot = server.bots[TOKEN]
    bot.last_error = NOW - 1_000
    assert (await found(server=server))["webhook"] is Problem.UNREACHABLE
    bot.last_error = NOW - 86_400_000
    assert (await found(server=server))["webhook"] == ""


async def test_something_that_is_no_bot_api_speaks_another_language() -> None:
    app = web.Application()
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        seen = await found(api_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    finally:
        await runner.cleanup()
    assert seen == {"server": Problem.PROTOCOL}
