"""The server itself: HTTP in, webhooks out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
from aiogram import methods
from aiohttp import web
from pydantic import ValidationError

from channels.simulators.telegram.answers import BotError, answer
from channels.simulators.telegram.bot import Bot, Json, Trouble, Waiting
from crm_core.words.clock import Clock

_METHODS: Final = {
    getattr(methods, name).__api_method__.lower(): getattr(methods, name)
    for name in methods.__all__
    if hasattr(getattr(methods, name), "__api_method__") and name != "TelegramMethod"
}
_WORDS: Final = frozenset(
    {"text", "caption", "title", "address", "url", "secret_token", "callback_query_id", "file_id"}
)
"""Fields that are text, whatever they look like; all others are JSON where they are no plain words."""
_UPDATES_AHEAD: Final = 100_000
"""Updates and messages are counted apart, and their ids should not be taken for each other."""
_MAX_BODY: Final = 60 * 1024 * 1024
_RETRIES: Final = (0.05, 0.1, 0.5, 1.0, 5.0)
"""Seconds before a webhook that failed is called again; the last is repeated."""


class BotServer:
    """A Bot API server in local mode, which is one that takes webhooks without TLS."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.bots: dict[str, Bot] = {}
        """By token."""
        self._calling: Callable[[Bot], object] | None = None
        self.released = asyncio.Event()
        """Set it to let answers go that are held back by `Trouble.SLOW`."""

    def bot(self, token: str, *, username: str = "shop_bot", first: int = 1) -> Bot:
        """A bot, as @BotFather makes it. `token` looks like `1000:secret`; ids are counted from `first`.

        A server that forgets, for a hub that remembers, has to begin elsewhere each time.
        """
        bot = self.bots[token] = Bot(
            token, username, self._clock, next_message=first, next_update=first + _UPDATES_AHEAD
        )
        if self._calling is not None:
            self._calling(bot)
        return bot

    def forget(self, bot: Bot) -> None:
        """Revoke a bot's token."""
        del self.bots[bot.token]

    @asynccontextmanager
    async def serving(self, *, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[str]:
        """Serve until the block ends; yields the address. Port 0 takes a free one."""
        app = web.Application(client_max_size=_MAX_BODY)
        app.router.add_route("*", "/bot{token}/{method}", self._asked)
        app.router.add_get("/file/bot{token}/{path:.*}", self._downloaded)
        runner = web.AppRunner(app, shutdown_timeout=0.1, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, host, port)
        await site.start()
        taken = runner.addresses[0][1]
        try:
            async with aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
                calling: list[asyncio.Task[None]] = []
                self._calling = lambda bot: calling.append(group.create_task(self._call(bot, http)))
                for bot in self.bots.values():
                    self._calling(bot)
                try:
                    yield f"http://{host}:{taken}"
                finally:
                    self._calling = None
                    self.released.set()
                    for task in calling:
                        task.cancel()
        finally:
            await runner.cleanup()

    async def _asked(self, request: web.Request) -> web.StreamResponse:
        bot = self.bots.get(request.match_info["token"])
        name = request.match_info["method"].lower()
        try:
            if bot is None:
                raise BotError(401, "Unauthorized")
            method, uploads = await self._read(bot, name, request)
            if isinstance(method, methods.GetUpdates):
                return _ok(await self._polled(bot, method))
            if name.startswith("send") and name != "sendchataction" and bot.troubles:
                return await self._in_trouble(bot, method, uploads, request)
            return _ok(answer(bot, method, uploads))
        except BotError as error:
            told: Json = {"ok": False, "error_code": error.status, "description": error.description}
            if error.parameters:
                told["parameters"] = error.parameters
            return web.json_response(told, status=error.status)

    async def _read(self, bot: Bot, name: str, request: web.Request) -> tuple[Any, dict[str, tuple[str, bytes]]]:
        """The request as one of aiogram's methods, and the files that came with it."""
        kind = _METHODS.get(name)
        if kind is None:
            raise BotError(404, "Not Found")
        fields: Json = {}
        uploads: dict[str, tuple[str, bytes]] = {}
        for key, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                uploads[key] = (value.filename, value.file.read())
            else:
                fields[key] = value if key in _WORDS else _loaded(str(value))
        bot.asked.append((kind.__api_method__, fields))
        attached = {key: f"attach://{key}" for key in uploads if key in kind.model_fields}
        try:
            return kind.model_validate({**fields, **attached}), uploads
        except ValidationError as error:
            raise BotError(400, f"Bad Request: {error.errors()[0]['loc']}") from error

    async def _in_trouble(
        self, bot: Bot, method: Any, uploads: dict[str, tuple[str, bytes]], request: web.Request
    ) -> web.StreamResponse:
        trouble = bot.troubles.popleft()
        match trouble:
            case Trouble.UNAUTHORISED:
                raise BotError(401, "Unauthorized")
            case Trouble.TOO_MANY:
                raise BotError(429, "Too Many Requests: retry after 3", retry_after=3)
            case Trouble.REFUSED:
                raise BotError(400, "Bad Request: chat not found")
            case Trouble.FORBIDDEN:
                raise BotError(403, "Forbidden: bot was blocked by the user")
            case Trouble.MOVED:
                words = "Bad Request: group chat was upgraded to a supergroup chat"
                raise BotError(400, words, migrate_to_chat_id=max(bot.people))
            case Trouble.FAILS_BEFORE:
                raise BotError(500, "Internal Server Error")
        done = _ok(answer(bot, method, uploads))
        if trouble is Trouble.FAILS_AFTER:
            raise BotError(500, "Internal Server Error")
        if trouble is Trouble.SLOW:
            await self.released.wait()
        elif trouble is Trouble.SILENT and request.transport is not None:
            request.transport.abort()
        return done

    async def _polled(self, bot: Bot, method: methods.GetUpdates) -> list[Json]:
        """Updates from an offset on; all before it are confirmed by that. Without any it waits for one."""
        if bot.webhook is not None:
            raise BotError(409, "Conflict: can't use getUpdates method while webhook is active")
        if bot.polls:
            raise BotError(409, "Conflict: terminated by other getUpdates request")
        offset = method.offset or 0
        if offset < 0:
            offset = max((w.id + 1 for w in bot.waiting()), default=0) + offset
        bot.confirm(offset)
        bot.polls += 1
        try:
            if not bot.waiting():
                bot.news.clear()
                async with asyncio.timeout(method.timeout or 0):
                    await bot.news.wait()
        except TimeoutError:
            return []
        finally:
            bot.polls -= 1
        return [waiting.body for waiting in bot.waiting()[: method.limit or 100]]

    async def _downloaded(self, request: web.Request) -> web.Response:
        bot = self.bots.get(request.match_info["token"])
        file = bot.files.get(request.match_info["path"].removeprefix("files/")) if bot else None
        if bot is None or file is None:
            return web.Response(status=404)
        return web.Response(status=502) if bot.files_away else web.Response(body=file.content)

    async def _call(self, bot: Bot, http: aiohttp.ClientSession) -> None:
        """Call the bot's webhook with each update in turn, again until it says 2xx."""
        tries = 0
        while True:
            waiting = bot.waiting()
            if bot.webhook is None or not waiting:
                bot.news.clear()
                await bot.news.wait()
                if bot.webhook is None:
                    # A poll is waiting for the same news.
                    await asyncio.sleep(0.01)
                continue
            if await _told(bot, waiting[0], http):
                bot.confirm(waiting[0].id + 1)
                tries = 0
            else:
                bot.last_error = self._clock()
                await asyncio.sleep(_RETRIES[min(tries, len(_RETRIES) - 1)])
                tries += 1


async def _told(bot: Bot, waiting: Waiting, http: aiohttp.ClientSession) -> bool:
    assert bot.webhook is not None
    headers = {"X-Telegram-Bot-Api-Secret-Token": bot.webhook.secret_token} if bot.webhook.secret_token else {}
    try:
        patience = aiohttp.ClientTimeout(total=60)
        async with http.post(bot.webhook.url, json=waiting.body, headers=headers, timeout=patience) as reply:
            return 200 <= reply.status < 300
    except (aiohttp.ClientError, TimeoutError):
        return False


def _loaded(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError:
        return value


def _ok(result: Any) -> web.Response:
    return web.json_response({"ok": True, "result": result})
