"""A message on its way to Telegram: within the limits, part after part, and never a part twice."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from channels.contract import ChannelError, Refused, TryLater, Unclear
from channels.telegram.client import Api, Moved, Odd
from channels.telegram.limits import Limits
from channels.telegram.render import Request, Where, as_documents, count
from crm_core.words.clock import Clock, Moment
from crm_core.words.content import ExternalId

FIRST_WAIT: Final[Moment] = 5_000
"""Milliseconds that a message waits here for its turn; beyond that it is tried later."""
PATIENCE: Final[Moment] = 120_000
"""Milliseconds after which no further part of a message begins; the rest is tried later."""

Sleep = Callable[[float], Awaitable[None]]


class Sender:
    """Sends requests of one bot."""

    def __init__(self, api: Api, now: Clock, sleep: Sleep) -> None:
        self._api = api
        self._now = now
        self._sleep = sleep
        self._limits = Limits()

    async def send(
        self, place: Where, requests: Sequence[Request], before: Sequence[ExternalId] = ()
    ) -> tuple[ExternalId, ...]:
        """The names of what was sent, with those of the parts that went `before`, which are not sent again.

        Raises as `Api.send` while nothing is sent; once something was, TryLater when the rest surely was not, else
        Unclear.
        """
        sent, until = [*before], self._now() + PATIENCE
        for number, request in _rest(requests, len(before)):
            has_begun = len(sent) > len(before)
            try:
                sent += await self._part(place, request, until if has_begun else None)
            except ChannelError as error:
                if not has_begun:
                    raise
                if isinstance(error, TryLater):
                    raise TryLater(str(error), after_ms=error.after_ms, sent=sent) from error
                said = f"Only the first {number} of {len(requests)} parts surely reached Telegram. {error}"
                raise Unclear(said, sent=sent) from error
        return tuple(sent)

    async def _part(self, place: Where, request: Request, until: Moment | None) -> list[ExternalId]:
        """Send one part; of a message that has begun, wait for it `until` then at most."""
        await self._turn(place.chat, count(request), until)
        try:
            return await self._asked(place, request)
        except TryLater as error:
            pause = error.after_ms or 1_000
            if until is None or self._now() + pause > until:
                raise
            # Of this part nothing was sent, and the message has begun: finish it.
            await self._sleep(pause / 1000)
            return await self._asked(place, request)

    async def _asked(self, place: Where, request: Request) -> list[ExternalId]:
        try:
            result = await self._api.send(request)
        except Odd:
            plain = as_documents(request)
            if plain is None:
                raise
            result = await self._api.send(plain)
        except Moved as moved:
            try:
                result = await self._api.send(request.model_copy(update={"chat_id": moved.chat}))
            except Moved as error:
                raise Refused("The group has moved.") from error
        return _names(place, result)

    async def _turn(self, chat: int, messages: int, until: Moment | None) -> None:
        """Wait until the limits let it go. Raises TryLater when that would take too long."""
        now = self._now()
        wait = self._limits.wait(chat, now, messages)
        if now + wait > (now + FIRST_WAIT if until is None else until):
            raise TryLater("Telegram takes only so many messages a minute.", after_ms=wait)
        self._limits.take(chat, now, messages)
        if wait:
            await self._sleep(wait / 1000)


def _rest(requests: Sequence[Request], messages: int) -> list[tuple[int, Request]]:
    """The requests after those that became so many messages, each with how many stand before it."""
    rest: list[tuple[int, Request]] = []
    for number, request in enumerate(requests):
        if messages <= 0:
            rest.append((number, request))
        messages -= count(request)
    return rest


def _names(place: Where, result: Any) -> list[ExternalId]:
    """The external ids of the messages in an answer. Raises Unclear when there are none."""
    found = []
    for message in result if isinstance(result, list) else [result]:
        message_id = message.get("message_id") if isinstance(message, dict) else None
        if isinstance(message_id, int):
            found.append(ExternalId(f"{_chat(place, message)}:{message_id}"))
    if not found:
        raise Unclear("Telegram took the message and did not say as what.")
    return found


def _chat(place: Where, message: dict[str, Any]) -> str:
    """The chat as it is called now: a group may have moved."""
    chat = message.get("chat")
    moved = chat.get("id") if isinstance(chat, dict) else None
    if not isinstance(moved, int):
        return place.name
    return f"{moved}@{place.connection}" if place.connection else str(moved)
