"""A stand-in for Viber's API, and callbacks in the shapes of its public documentation."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from channels.conformance import Bench, Recorder
from channels.contract import Account, OutboundMessage, Tools, WebhookRequest
from channels.viber.channel import Viber
from channels.viber.settings import ViberSettings
from crm_core.words.addresses import VIBER, Address
from crm_core.words.content import Content, FileRef, ThreadKey
from crm_core.words.values import FileValue
from tests.channels.standins import message as entry

NOW = 1_767_603_600_000
KEY = "445da6az1s345z78-dazcczb2542zv51a"
URL = "https://hub.example/in/pub-key"
JOHN = {"id": "01234567890A=", "name": "John McClane", "country": "UK", "language": "en", "api_version": 10}


def told(kind: str, **more: Any) -> dict[str, Any]:
    """A callback."""
    return {"event": kind, "timestamp": 1_457_764_197_627, "message_token": 4_912_661_846_655_238_145, **more}


def said(**message: Any) -> dict[str, Any]:
    """A message of John's."""
    return told("message", sender=JOHN, message=message, silent=False)


def request(body: Any, key: str | None = KEY) -> WebhookRequest:
    """A callback as Viber signs it."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["X-Viber-Content-Signature"] = hmac.new(key.encode(), raw, hashlib.sha256).hexdigest()
    return WebhookRequest(URL, headers, raw)


@dataclass
class Cloud:
    """Viber, as a bot sees it."""

    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    answers: deque[int | str | None] = field(default_factory=deque)
    """A status that the next request gets, `cut` for none at all, none for one that goes well."""
    files: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    webhook: str = ""
    was_asked: asyncio.Event = field(default_factory=asyncio.Event)
    _token: int = 5_741_311_803_571_721_000

    async def post(self, request: web.Request) -> web.Response:
        path, body = request.match_info["path"], await request.json()
        self.asked.append((path, body))
        self.was_asked.set()
        answer = self.answers.popleft() if self.answers else None
        if request.headers.get("X-Viber-Auth-Token") != KEY:
            answer = 2
        if answer == "cut":
            assert request.transport is not None
            request.transport.abort()
        elif isinstance(answer, str):
            return web.Response(status=int(answer), text="{}")
        elif answer:
            return web.json_response({"status": answer, "status_message": "badData"})
        if path == "set_webhook":
            self.webhook = body["url"]
        if path == "get_account_info":
            return web.json_response({"status": 0, "name": "Shop", "webhook": self.webhook})
        self._token += 1
        return web.json_response({"status": 0, "status_message": "ok", "message_token": self._token})

    async def file(self, request: web.Request) -> web.Response:
        status, content = self.files.get(request.match_info["name"], (404, b""))
        return web.Response(status=status, body=content)


@dataclass
class Scene:
    """The cloud, and the channel that is open against it."""

    cloud: Cloud
    channel: Viber
    bench: Bench
    url: str
    tools: Tools
    recorder: Recorder = field(default_factory=Recorder)


def outbound(text: str = "", *, files: tuple[FileValue, ...] = (), thread: str = "01=", **more: Any) -> OutboundMessage:
    """A message of ours to John."""
    return OutboundMessage(
        delivery=5,
        entry=entry(9, text, ours=True, files=list(files)),
        thread=ThreadKey(thread),
        to=more.pop("to", Address(VIBER, "01=", "pub-key")),
        content=Content(text=text, files=tuple(FileRef(file.id) for file in files), **more),
    )


@asynccontextmanager
async def scene(public_url: str = URL) -> AsyncIterator[Scene]:
    """A bot that is open."""
    cloud = Cloud()
    app = web.Application()
    app.router.add_post("/pa/{path}", cloud.post)
    app.router.add_get("/files/{name}", cloud.file)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    bench = Bench(lambda: NOW)
    settings = ViberSettings.model_validate({"auth_token": KEY, "sender_name": "Shop", "api_url": url})
    try:
        async with aiohttp.ClientSession() as http:
            tools = bench.tools(http)
            channel = Viber(Account(7, "pub-key", "Shop", settings, public_url), tools)
            yield Scene(cloud, channel, bench, url, tools)
    finally:
        await runner.cleanup()
