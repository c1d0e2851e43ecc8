"""The server itself: the REST API in, signed callbacks out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import aiohttp
from aiohttp import web

from channels.simulators.viber.bot import Bot, Refusal, Trouble
from channels.simulators.viber.people import Json
from crm_core.words.clock import Clock


class ViberServer:
    """Every bot of this machine's Viber."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.bots: dict[str, Bot] = {}
        """By token."""
        self._open: Callable[[Bot], object] | None = None

    def bot(self, token: str, *, name: str = "Shop") -> Bot:
        """A bot, as a contract with Viber makes one."""
        bot = self.bots[token] = Bot(token, name, self._clock)
        if self._open is not None:
            self._open(bot)
        return bot

    @asynccontextmanager
    async def serving(self, *, port: int = 0) -> AsyncIterator[str]:
        """Serve on this machine until the block ends; the origin, `http://127.0.0.1:…`."""
        app = web.Application()
        app.router.add_post("/pa/{method}", self._asked)
        app.router.add_get("/files/{token}/{key}", self._fetched)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", port).start()
            origin = f"http://127.0.0.1:{runner.addresses[0][1]}"
            async with asyncio.TaskGroup() as group:
                calling: list[asyncio.Task[None]] = []

                def opened(bot: Bot) -> None:
                    bot.origin = origin
                    calling.append(group.create_task(bot.caller.run()))

                for bot in self.bots.values():
                    opened(bot)
                self._open = opened
                try:
                    yield origin
                finally:
                    self._open = None
                    for task in calling:
                        task.cancel()
        finally:
            await runner.cleanup()

    async def _asked(self, request: web.Request) -> web.Response:
        """Whatever is wrong, the HTTP status is 200: Viber says it in `status`."""
        try:
            bot = self.bots.get(request.headers.get("X-Viber-Auth-Token", ""))
            if bot is None:
                raise Refusal(2, "invalidAuthToken")
            said = await _said(request)
            method = request.match_info["method"]
            bot.asked.append((method, said))
            return web.json_response({"status": 0, "status_message": "ok", **await _answer(bot, method, said, request)})
        except Refusal as refusal:
            return web.json_response({"status": refusal.status, "status_message": refusal.word})

    async def _fetched(self, request: web.Request) -> web.Response:
        bot = self.bots.get(request.match_info["token"])
        _, content = (bot.files if bot else {}).get(request.match_info["key"], ("", b""))
        return web.Response(body=content) if content else web.Response(status=404)


async def _said(request: web.Request) -> Json:
    try:
        said = await request.json()
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise Refusal(3, "badData")
    return said


async def _answer(bot: Bot, method: str, said: Json, request: web.Request) -> Json:
    match method:
        case "set_webhook":
            return await _pointed(bot, said)
        case "get_account_info":
            return bot.account()
        case "send_message":
            return _sent(bot, said, request)
    raise Refusal(3, "badData: method")


async def _pointed(bot: Bot, said: Json) -> Json:
    """Call the address before it is taken; an empty one takes the webhook away."""
    url = str(said.get("url", ""))
    if url:
        async with aiohttp.ClientSession() as http:
            status = await bot.caller.call(http, bot.callback(url, "webhook", {"message_token": 0}))
        if status != 200:
            raise Refusal(1, "invalidUrl")
    bot.point(url, frozenset(said["event_types"]) if "event_types" in said else None)
    return {"event_types": sorted(bot.wanted)}


def _sent(bot: Bot, said: Json, request: web.Request) -> Json:
    trouble = bot.troubles.popleft() if bot.troubles else None
    refused = {Trouble.UNAUTHORISED: 2, Trouble.TOO_MANY: 12, Trouble.REFUSED: 3}.get(trouble) if trouble else None
    if refused is not None:
        raise Refusal(refused, "told to")
    answer = {} if trouble is Trouble.CUT_BEFORE else bot.send(said)
    if trouble in (Trouble.CUT, Trouble.CUT_BEFORE) and request.transport is not None:
        request.transport.abort()
    if trouble is Trouble.FAILS_AFTER:
        raise web.HTTPInternalServerError
    return answer
