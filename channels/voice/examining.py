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
            return [*found, Finding.of(NUMBER, Problem.DENIED, error)]
        if known is None:
            words = "The account has no number {number}."
            found.append(Finding.told(NUMBER, Problem.MISSING, words, why="no_number", number=number))
        else:
            found += [Finding(step=NUMBER), *_addresses(account, known)]
    if not settings.api_sid:
        words = "Without an API key agents talk on their own telephones, not in the browser."
        return [*found, Finding.told(BROWSER, None, words, why="own_telephones")]
    return [*found, Finding(step=BROWSER)]


def _addresses(account: Account, known: VoiceNumber) -> Sequence[Finding]:
    public = account.public_url.rstrip("/")
    wanted = (
        (WEBHOOK, known.url, public),
        (FALLBACK, known.fallback, f"{public}/fallback"),
        (STATUS, known.status, f"{public}/status"),
    )
    found = []
    for step, configured, right in wanted:
        at_home = configured.partition("#")[0].rstrip("/")
        # A fallback elsewhere is as good: it is there for when we are not.
        if at_home == right or (step == FALLBACK and at_home):
            found.append(Finding(step=step))
        else:
            found.append(_elsewhere(step, right))
    return found


def _elsewhere(step: str, url: str) -> Finding:
    if step == WEBHOOK:
        words = "Calls do not come here. Set {url} at Twilio."
        return Finding.told(step, Problem.MISSING, words, why="calls_elsewhere", url=url)
    if step == FALLBACK:
        words = "Set {url} as the fallback, on another host if there is one."
        return Finding.told(step, Problem.MISSING, words, why="no_fallback", url=url)
    words = "Set {url} for call status changes, so that ends are told at once."
    return Finding.told(step, Problem.MISSING, words, why="no_status", url=url)
