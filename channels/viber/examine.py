"""Trying a bot's settings out. Nothing is changed by it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

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
from channels.viber.client import Api
from channels.viber.settings import ViberSettings


async def examine_viber(account: Account, tools: Tools) -> Sequence[Finding]:
    """Steps `server`, `token` and `webhook`; the first that fails ends it."""
    settings = account.settings
    assert isinstance(settings, ViberSettings), "the registry hands each channel its own settings"
    parts = urlsplit(settings.api_url)
    try:
        await tools.peers.addresses(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
        api = Api(tools.http, settings.auth_token.get_secret_value(), settings.api_url, answer=8)
        told = await api.post("get_account_info", {})
    except NoSuchHost:
        return [Finding(step="server", problem=Problem.NAME)]
    except Forbidden:
        return [Finding(step="server", problem=Problem.FORBIDDEN)]
    except AccountBroken:
        return [Finding(step="server"), Finding(step="token", problem=Problem.PASSWORD)]
    except TryLater:
        return [Finding(step="server", problem=Problem.UNREACHABLE)]
    except ChannelError:
        return [Finding(step="server", problem=Problem.PROTOCOL)]
    name = str(told.get("name", ""))[:80]
    return [
        Finding(step="server"),
        Finding(step="token", words=name),
        _webhook(account, settings, str(told.get("webhook") or "")),
    ]


def _webhook(account: Account, settings: ViberSettings, now_at: str) -> Finding:
    if not settings.calls(account.public_url):
        words = "Viber calls only https addresses; set the hub's public address."
        return Finding.told("webhook", Problem.MISSING, words, why="viber_https")
    if now_at and now_at != account.public_url:
        words = "Another address receives this bot's messages now; it will be replaced."
        return Finding.told("webhook", None, words, why="webhook_replaced")
    return Finding(step="webhook")
