"""Requests to a Bot API server, through the hub's own HTTP client, and what their failures mean.

aiogram knows the methods and the errors. Its own session would open connections past the hub's guard, and it takes
an answer with a new kind of field for a failure: of an answer that says ok, nothing is doubted here.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetFile, TelegramMethod

from channels.contract import AccountBroken, ChannelError, Refused, TryLater, Unclear
from crm_core.words.content import ReachState

CONNECT: Final = 10.0
"""Seconds in which a connection stands, or nothing was sent."""
ANSWER: Final = 60.0
"""Seconds for one request and its answer."""
_CHUNK: Final = 65_536
_REFUSALS: Final = (
    ("bot was blocked by the user", "They blocked the bot."),
    ("user is deactivated", "This Telegram account was deleted."),
    ("bot was kicked", "The bot was removed from this group."),
    ("can't initiate conversation", "They have not written to the bot yet, so it cannot write to them."),
    ("bot can't send messages to bots", "This is another bot; bots do not write to each other."),
    ("chat not found", "Telegram knows no such chat, or they never wrote to this bot."),
    ("message is too long", "The message is longer than Telegram takes."),
    ("not enough rights", "The bot may not write in this group."),
    ("have no rights to send", "The bot may not write in this group."),
    ("topic_closed", "This topic of the group is closed."),
    ("business_peer", "The business account does not let the bot write in this chat any more."),
    ("button_url_invalid", "A button leads to an address that Telegram does not take."),
    ("file is too big", "The file is larger than Telegram takes."),
)


_GONE: Final = ("bot was blocked by the user", "user is deactivated", "bot was kicked")
"""Refusals that will stand for every message to them."""


class Elsewhere(TryLater):
    """Another program asks Telegram for this bot's messages. Only one can: switch the other off."""


class Moved(ChannelError):
    """The group became a supergroup with another id; nothing was sent."""

    def __init__(self, chat: int) -> None:
        super().__init__()
        self.chat = chat


class Odd(Refused):
    """Telegram does not take this picture's shape."""


class NoFile(ChannelError):
    """Telegram does not hand this file out, now or later. `too_large`: it never does for files of this size."""

    def __init__(self, *, too_large: bool) -> None:
        super().__init__()
        self.too_large = too_large


class _HubSession(AiohttpSession):
    """aiogram's session over the hub's connections, which it neither opens nor closes."""

    def __init__(self, http: aiohttp.ClientSession, server: str) -> None:
        super().__init__(api=TelegramAPIServer.from_base(server))
        self._http = http

    async def create_session(self) -> aiohttp.ClientSession:
        return self._http

    async def close(self) -> None:
        """Nothing of ours is open."""


class Api:
    """One bot's requests."""

    def __init__(self, http: aiohttp.ClientSession, token: str, server: str, *, answer: float = ANSWER) -> None:
        self._http = http
        self._answer = answer
        self._session = _HubSession(http, server)
        self._bot = Bot(token, session=self._session)

    async def ask(self, method: TelegramMethod[Any], *, within: float | None = None) -> Any:
        """The result as JSON, of a request that changes nothing or may be repeated.

        Raises AccountBroken, TryLater (also when nobody knows what became of it), Refused, Elsewhere.
        """
        try:
            return await self._exchange(method, within)
        except Unclear as error:
            raise TryLater("Telegram did not answer.", after_ms=5_000) from error

    async def send(self, method: TelegramMethod[Any]) -> Any:
        """The result as JSON, of a request that must not be repeated blindly.

        Raises AccountBroken, TryLater (nothing was sent), Refused, Odd, Moved, Unclear.
        """
        return await self._exchange(method, None)

    async def fetch(self, file_id: str) -> AsyncIterator[bytes]:
        """A file's bytes. Raises NoFile, TryLater, AccountBroken."""
        try:
            path = (await self.ask(GetFile(file_id=file_id))).get("file_path")
        except Refused as error:
            raise NoFile(too_large="too big" in str(error.facts.get("said", "")).lower()) from error
        if not path:
            raise NoFile(too_large=True)
        url = self._session.api.file_url(self._bot.token, path)
        try:
            async with self._http.get(url, timeout=self._patience(None), allow_redirects=False) as reply:
                if reply.status != 200:
                    raise NoFile(too_large=False) if reply.status < 500 else TryLater("Telegram's files are away.")
                async for chunk in reply.content.iter_chunked(_CHUNK):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TryLater("A file could not be fetched from Telegram.") from error

    async def _exchange(self, method: TelegramMethod[Any], within: float | None) -> Any:
        url = self._session.api.api_url(token=self._bot.token, method=method.__api_method__)
        try:
            form = self._session.build_form_data(self._bot, method)
            async with self._http.post(url, data=form, timeout=self._patience(within), allow_redirects=False) as reply:
                status, text = reply.status, await reply.text(errors="replace")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise TryLater("Telegram cannot be reached.", after_ms=5_000) from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unclear("Telegram did not answer. The message may have been sent.") from error
        done, result = _result(status, text)
        if done:
            return result
        try:
            self._session.check_response(self._bot, method, status, text)
        except (TelegramAPIError, ClientDecodeError) as error:
            raise _failure(error) from error
        raise Unclear("Telegram answered with something else than an answer.")

    def _patience(self, within: float | None) -> aiohttp.ClientTimeout:
        return aiohttp.ClientTimeout(total=within or self._answer, connect=CONNECT)


def _result(status: int, text: str) -> tuple[bool, Any]:
    if status != 200:
        return False, None
    try:
        answer = json.loads(text)
    except ValueError:
        return False, None
    is_done = isinstance(answer, dict) and answer.get("ok") is True
    return is_done, answer.get("result") if is_done else None


def _failure(error: TelegramAPIError | ClientDecodeError) -> ChannelError:
    """What an error means for us (`channels.contract.failures`)."""
    said = getattr(error, "message", "") or ""
    match error:
        case TelegramRetryAfter():
            return TryLater("Telegram asks for patience.", after_ms=error.retry_after * 1000)
        case TelegramMigrateToChat():
            return Moved(error.migrate_to_chat_id)
        case TelegramUnauthorizedError() | TelegramNotFound():
            return AccountBroken("Telegram does not know this bot token. Make a new one with @BotFather.")
        case TelegramConflictError():
            return Elsewhere(after_ms=30_000)
        case TelegramEntityTooLarge():
            return Refused("The file is larger than Telegram takes.")
        case TelegramForbiddenError() | TelegramBadRequest():
            return _refusal(said)
        case _:
            return Unclear("Telegram failed while it took the message. It may have been sent.")


def _refusal(said: str) -> Refused:
    lower = said.lower()
    if "photo_invalid_dimensions" in lower or "image_process_failed" in lower or "photo_save_file_invalid" in lower:
        return Odd(said=said)
    words = next((words for sign, words in _REFUSALS if sign in lower), "")
    reach = ReachState.BLOCKED if any(sign in lower for sign in _GONE) else None
    return Refused(words or f"Telegram refused the message: {said[:200]}", reach=reach, said=said)
