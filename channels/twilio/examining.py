"""Whether an account's settings work, step by step, without changing anything at Twilio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
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
)
from channels.twilio.client import TwilioApi
from channels.twilio.settings import TwilioCredentials, TwilioSettings, is_service

CREDENTIALS: Final = "credentials"
SENDER: Final = "sender"
WEBHOOK: Final = "webhook"


async def examine(
    account: Account, settings: TwilioSettings, tools: Tools, sender: str, *, listed: bool = True
) -> Sequence[Finding]:
    """The steps `credentials`, `sender`, `webhook`; the first that fails is the last.

    `listed`: the sender is a number or service that Twilio's lists name; a name is in none of them.
    """
    api = TwilioApi(tools.http, settings)
    found = [await signing_in(settings, tools, api)]
    if found[0].problem is not None:
        return found
    if not listed:
        words = "Twilio does not list such senders, so it was not looked up."
        return [*found, Finding.told(SENDER, None, words, why="not_listed")]
    try:
        return [*found, *await _sender(account, api, sender)]
    except ChannelError as error:
        return [*found, Finding.of(SENDER, Problem.DENIED, error)]


async def signing_in(settings: TwilioCredentials, tools: Tools, api: TwilioApi) -> Finding:
    """The step `credentials`: whether the API is reached and lets us in."""
    place = await _place(settings, tools)
    if place is not None:
        return place
    try:
        status = await api.status()
    except AccountBroken:
        return Finding(step=CREDENTIALS, problem=Problem.PASSWORD)
    except ChannelError as error:
        return Finding.of(CREDENTIALS, Problem.UNREACHABLE, error)
    if status != "active":
        return Finding.told(CREDENTIALS, Problem.DENIED, "The Twilio account is not active.", why="not_active")
    return Finding(step=CREDENTIALS)


async def _place(settings: TwilioCredentials, tools: Tools) -> Finding | None:
    parts = urlsplit(settings.api_origin)
    try:
        await tools.peers.addresses(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))
    except NoSuchHost:
        return Finding(step=CREDENTIALS, problem=Problem.NAME)
    except Forbidden:
        return Finding(step=CREDENTIALS, problem=Problem.FORBIDDEN)
    return None


async def _sender(account: Account, api: TwilioApi, sender: str) -> Sequence[Finding]:
    if is_service(sender):
        service = await api.service(sender)
        if service is None:
            none = "There is no such messaging service."
            return [Finding.told(SENDER, Problem.MISSING, none, why="no_service")]
        if service.defers_to_numbers:
            each = "Each number's own webhook counts."
            return [Finding(step=SENDER), Finding.told(WEBHOOK, None, each, why="numbers_webhook")]
        return [Finding(step=SENDER), _webhook(account, service.inbound_url)]
    number = await api.number(sender)
    if number is None:
        return [Finding.told(SENDER, Problem.MISSING, "The account has no such number.", why="no_such_number")]
    return [Finding(step=SENDER), _webhook(account, number.sms_url)]


def _webhook(account: Account, configured: str) -> Finding:
    """Whether messages come to us. A fragment may say how often Twilio tries again."""
    if configured.partition("#")[0].rstrip("/") == account.public_url.rstrip("/"):
        return Finding(step=WEBHOOK)
    words = "Messages do not come here. Set {url} at Twilio."
    return Finding.told(WEBHOOK, Problem.MISSING, words, why="messages_elsewhere", url=account.public_url)
