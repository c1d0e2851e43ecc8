"""Trying a bot's settings out: is the token good, and will messages come in? Nothing is changed by it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp
from aiogram.methods import GetMe, GetWebhookInfo

from channels.contract import (
    Account,
    AccountBroken,
    ChannelError,
    Finding,
    Forbidden,
    NoSuchHost,
    Problem,
    Tools,
    TryLater,
)
from channels.telegram.client import Api
from channels.telegram.settings import OFFICIAL, TelegramSettings
from crm_core.words.clock import Moment

_PATIENCE: Final = 8.0
_RECENT: Final = 3_600_000
"""Milliseconds for which a failed webhook is news."""


async def examine_telegram(account: Account, tools: Tools) -> Sequence[Finding]:
    """Steps `server`, `token` and `webhook`; the first that fails ends it."""
    settings = account.settings
    assert isinstance(settings, TelegramSettings), "the registry hands each channel its own settings"
    parts = urlsplit(settings.api_url)
    problem = await _reachable(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80), tools)
    if problem is not None:
        return [Finding(step="server", problem=problem)]
    api = Api(tools.http, settings.bot_token.get_secret_value(), settings.api_url, answer=_PATIENCE)
    try:
        me = await api.ask(GetMe())
    except ChannelError as error:
        return [_failed(error)]
    name = me.get("username", "") if isinstance(me, dict) else ""
    findings = [Finding(step="server"), Finding(step="token", words=f"@{name}" if name else "")]
    try:
        findings.append(webhook_finding(await api.ask(GetWebhookInfo()), account, settings, tools.now()))
    except ChannelError as error:
        findings.append(_failed(error))
    return findings


async def _reachable(host: str, port: int, tools: Tools) -> Problem | None:
    try:
        await tools.peers.addresses(host, port)
    except NoSuchHost:
        return Problem.NAME
    except Forbidden:
        return Problem.FORBIDDEN
    return None


def _failed(error: ChannelError) -> Finding:
    if isinstance(error, AccountBroken):
        return Finding(step="token", problem=Problem.PASSWORD)
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, aiohttp.ClientSSLError):
            return Finding(step="server", problem=Problem.TLS)
        if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
            return Finding(step="server", problem=Problem.UNREACHABLE)
        cause = cause.__cause__
    if isinstance(error, TryLater) and error.after_ms and "patience" in str(error):
        return Finding(step="server", problem=Problem.LIMITED)
    return Finding(step="server", problem=Problem.PROTOCOL)


def webhook_finding(told: Any, account: Account, settings: TelegramSettings, now: Moment) -> Finding:
    """Whether messages will come in the way the settings say; taking a webhook over is said before it is done.

    `told` is the answer of getWebhookInfo. A Bot API server of one's own calls plain http addresses too.
    """
    found = told if isinstance(told, dict) else {}
    url = found.get("url") or ""
    if settings.mode == "polling":
        if not url:
            return Finding(step="webhook")
        return Finding.told("webhook", None, "Another system's webhook will be removed.", why="webhook_removed")
    reached = ("https://",) if settings.api_url == OFFICIAL else ("https://", "http://")
    if not account.public_url.startswith(reached):
        words = "Telegram calls only https addresses; set the hub's public address, or choose polling."
        return Finding.told("webhook", Problem.MISSING, words, why="telegram_https")
    if url and url != account.public_url:
        words = "Another address receives this bot's messages now; it will be replaced."
        return Finding.told("webhook", None, words, why="webhook_replaced")
    failed_at = found.get("last_error_date")
    if url and isinstance(failed_at, int) and now - failed_at * 1000 < _RECENT:
        waiting = found.get("pending_update_count")
        words = "Telegram lately failed to reach this hub; {n} updates wait."
        n = waiting if isinstance(waiting, int) else 0
        return Finding.told("webhook", Problem.UNREACHABLE, words, why="telegram_failed", n=n)
    return Finding(step="webhook")
