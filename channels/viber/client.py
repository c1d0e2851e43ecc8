"""Requests to Viber's API, and what its answers mean.

Viber answers 200 and says in `status` what went wrong (its REST API, chapter "Error codes").
"""

from __future__ import annotations

from typing import Any, Final

import aiohttp

from channels.contract import AccountBroken, ChannelError, Refused, TryLater, Unclear
from crm_core.words.content import ReachState

_PATIENCE: Final = 30.0
_BROKEN: Final = {
    2: "Viber does not know this key. Copy it again from the bot's settings.",
    7: "Viber has blocked this bot.",
    8: "Viber has no such bot.",
    9: "Viber has suspended this bot.",
    15: "Viber does not allow this bot to use its API.",
    23: "The bot's free messages are used up.",
    24: "The bot's balance is used up.",
}
_REFUSED: Final = {
    5: "They are not on Viber any more.",
    6: "They left the bot, so it cannot write to them.",
    11: "Their device cannot show this.",
    13: "Their Viber is too old for this.",
    14: "Their Viber is too old for this.",
    21: "Viber does not deliver this to their country.",
}


_REACH: Final = {5: ReachState.BLOCKED, 6: ReachState.OPTED_OUT}


class Api:
    """One bot's requests."""

    def __init__(self, http: aiohttp.ClientSession, key: str, server: str, *, answer: float = _PATIENCE) -> None:
        self._http = http
        self._key = key
        self._server = server
        self._patience = aiohttp.ClientTimeout(total=answer, connect=10)

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer. Raises AccountBroken, TryLater (nothing happened), Refused, Unclear."""
        headers = {"X-Viber-Auth-Token": self._key}
        url = f"{self._server}/pa/{path}"
        try:
            async with self._http.post(
                url, json=body, headers=headers, timeout=self._patience, allow_redirects=False
            ) as reply:
                status, answer = reply.status, await reply.json(content_type=None)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TryLater("Viber cannot be reached.", after_ms=5_000) from error
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise Unclear("Viber did not answer. The message may have been sent.") from error
        if status == 429:
            raise TryLater("Viber asks for patience.", after_ms=10_000)
        code = answer.get("status") if isinstance(answer, dict) else None
        if status >= 500 or not isinstance(code, int):
            raise Unclear("Viber failed while it took the message. It may have been sent.")
        if code != 0:
            raise _failure(code, str(answer.get("status_message", "")))
        return dict(answer)


def _failure(code: int, said: str) -> ChannelError:
    if code == 12:
        return TryLater("Viber asks for patience.", after_ms=10_000)
    if code == 10:
        return TryLater("Viber does not know yet where this hub is.", after_ms=10_000)
    if code in _BROKEN:
        return AccountBroken(_BROKEN[code])
    return Refused(_REFUSED.get(code) or f"Viber refused it: {said[:200]}", reach=_REACH.get(code))
