"""Whether an account's settings work, step by step, without changing anything at Twilio."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from channels.contract import Account, ChannelError, Finding, Problem, Tools
from channels.twilio.calls import CallsApi, VoiceNumber
from channels.twilio.examining import signing_in
from channels.voice.settings import VoiceSettings

NUMBER: Final = "number"
WEBHOOK: Final = "webhook"
FALLBACK: Final = "fallback"
STATUS: Final = "status"
BROWSER: Final = "browser"


async def examine(account: Account, settings: VoiceSettings, tools: Tools) -> Sequence[Finding]:
    """The steps `credentials`, then for each number `number`, `webhook`, `fallback`, `status`, and `browser`."""
    api = CallsApi(tools.http, settings)
    found = [await signing_in(settings, tools, api)]
    if found[0].problem is not None:
        return found
    for number in sorted(settings.numbers):
        try:
            known = await api.voice_number(number)
        except ChannelError as error:
            return [*found, Finding(step=NUMBER, problem=Problem.DENIED, words=str(error))]
        if known is None:
            found.append(Finding(step=NUMBER, problem=Problem.MISSING, words=f"The account has no number {number}."))
        else:
            found += [Finding(step=NUMBER), *_addresses(account, known)]
    if not settings.api_sid:
        words = "Without an API key agents talk on their own telephones, not in the browser."
        return [*found, Finding(step=BROWSER, words=words)]
    return [*found, Finding(step=BROWSER)]


def _addresses(account: Account, known: VoiceNumber) -> Sequence[Finding]:
    public = account.public_url.rstrip("/")
    wanted = (
        (WEBHOOK, known.url, public, "Calls do not come here. Set {} at Twilio."),
        (FALLBACK, known.fallback, f"{public}/fallback", "Set {} as the fallback, on another host if there is one."),
        (STATUS, known.status, f"{public}/status", "Set {} for call status changes, so that ends are told at once."),
    )
    found = []
    for step, configured, right, words in wanted:
        at_home = configured.partition("#")[0].rstrip("/")
        # A fallback elsewhere is as good: it is there for when we are not.
        if at_home == right or (step == FALLBACK and at_home):
            found.append(Finding(step=step))
        else:
            found.append(Finding(step=step, problem=Problem.MISSING, words=words.format(right)))
    return found
