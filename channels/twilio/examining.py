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
        return [*found, Finding(step=SENDER, words="Twilio does not list such senders, so it was not looked up.")]
    try:
        return [*found, *await _sender(account, api, sender)]
    except ChannelError as error:
        return [*found, Finding(step=SENDER, problem=Problem.DENIED, words=str(error))]


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
        return Finding(step=CREDENTIALS, problem=Problem.UNREACHABLE, words=str(error))
    if status != "active":
        return Finding(step=CREDENTIALS, problem=Problem.DENIED, words="The Twilio account is not active.")
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
            return [Finding(step=SENDER, problem=Problem.MISSING, words="There is no such messaging service.")]
        if service.defers_to_numbers:
            return [Finding(step=SENDER), Finding(step=WEBHOOK, words="Each number's own webhook counts.")]
        return [Finding(step=SENDER), _webhook(account, service.inbound_url)]
    number = await api.number(sender)
    if number is None:
        return [Finding(step=SENDER, problem=Problem.MISSING, words="The account has no such number.")]
    return [Finding(step=SENDER), _webhook(account, number.sms_url)]


def _webhook(account: Account, configured: str) -> Finding:
    """Whether messages come to us. A fragment may say how often Twilio tries again."""
    if configured.partition("#")[0].rstrip("/") == account.public_url.rstrip("/"):
        return Finding(step=WEBHOOK)
    return Finding(
        step=WEBHOOK, problem=Problem.MISSING, words=f"Messages do not come here. Set {account.public_url} at Twilio."
    )
