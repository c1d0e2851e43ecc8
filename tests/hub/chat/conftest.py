"""A whole hub on a free port, with a web chat, agents, and visitors who speak real WebSocket."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from crm_core.accounts import actions as accounts
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent, set_activity
from crm_core.words.errors import NotFound, NotOpenNow
from crm_core.words.permissions import Actor
from crm_core.words.values import Activity, Role
from crm_core.work.queues import NewQueue, add_queue
from hub.api.chat import CHAT
from hub.app import open_house
from hub.config import Settings
from hub.keys import House
from tests.peers.clock import VirtualClock

KEY = "shop-key"
SECRET = "a secret of the shop"


def user(name: str, secret: str = SECRET) -> dict[str, str]:
    """How a host page vouches for somebody."""
    return {"id": name, "hash": hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()}


class Visitor:
    """A browser with the chat open. Frames that were heard are kept in `frames`."""

    def __init__(self, line: ClientConnection) -> None:
        self.line = line
        self.frames: list[dict[str, Any]] = []
        self.token = ""

    async def hello(self, **known: Any) -> dict[str, Any]:
        await self.say({"type": "hello", **known})
        welcome = await self.hear("welcome")
        self.token = welcome["token"] or known.get("token") or ""
        return welcome

    async def say(self, frame: dict[str, Any] | str | bytes) -> None:
        await self.line.send(frame if isinstance(frame, str | bytes) else json.dumps(frame))

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of these kinds (none: of any)."""
        while True:
            frame = json.loads(await asyncio.wait_for(self.line.recv(), 10))
            self.frames.append(frame)
            if not kinds or frame["type"] in kinds:
                return dict(frame)

    async def gone(self) -> int | None:
        """The code with which the hub closed the line; what came before is in `frames`."""
        try:
            while True:
                await self.hear()
        except ConnectionClosed:
            return self.line.close_code

    async def send(self, key: str, text: str, **more: Any) -> dict[str, Any]:
        await self.say({"type": "send", "client_message_id": key, "text": text, **more})
        return await self.hear("ack", "problem")

    async def settled(self) -> None:
        """Everything said so far was taken."""
        await self.say({"type": "alive"})
        await self.hear("alive")


class Hub:
    """The hub as visitors and their tests reach it."""

    def __init__(self, house: House, url: str, http: aiohttp.ClientSession, stack: AsyncExitStack) -> None:
        self.house = house
        self.db = house.db
        self.url = url
        self.http = http
        self.queue_id = 0
        self.account_id = 0
        self.sockets: set[web.WebSocketResponse] = set()
        """Visitors' sockets that are open now."""
        self._stack = stack

    async def visitor(self, *, key: str = KEY, origin: str | None = None) -> Visitor:
        """A socket that has not said hello."""
        address = f"{self.url.replace('http', 'ws', 1)}/chat/{key}"
        line = await self._stack.enter_async_context(
            connect(address, origin=origin or self.url, max_size=None, proxy=None)  # type: ignore[arg-type]
        )
        return Visitor(line)

    async def knock(self, path: str, **headers: str) -> int:
        """The status of an upgrade that should be refused."""
        upgrade = {
            "Connection": "Upgrade",
            "Upgrade": "websocket",
            "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            **headers,
        }
        async with self.http.get(self.url + path, headers=upgrade) as answer:
            return answer.status

    async def upload(
        self, token: str, name: str, content: bytes, *, key: str = KEY, **headers: str
    ) -> tuple[int, dict[str, Any]]:
        """Send a file; the status and the answer."""
        known = {"Authorization": f"Bearer {token}", "X-File-Name": name, "Origin": self.url, **headers}
        async with self.http.post(f"{self.url}/chat/{key}/files", data=content, headers=known) as answer:
            return answer.status, await answer.json()

    async def agent(self, name: str) -> Actor:
        """An agent of the shop's queue, at work."""
        new = NewAgent(name=name, email=f"{name.lower()}@example.com", role=Role.AGENT, queues=[self.queue_id])
        added = await self.db.write(add_agent, None, new)
        self.house.presence.came(added.id)
        await self.db.write(set_activity, None, added.id, Activity.AVAILABLE)
        actor = await self.db.read(staff.actor_of, added.id)
        assert actor is not None
        return actor

    async def account(self, key: str, **settings: Any) -> int:
        """One more web chat; its id, once it is open."""
        new = accounts.NewAccount(
            kind="webchat",
            name=key,
            queue_id=self.queue_id,
            public_key=key,
            settings=settings,
            secrets={"identity_secret": SECRET},
        )
        added = await self.db.write(accounts.add, None, self.house.sealer, new)
        for _ in range(500):
            try:
                self.house.accounts.by_key(key)
                return added.id
            except (NotFound, NotOpenNow):
                await asyncio.sleep(0.01)
        raise AssertionError("the account did not open")


@pytest.fixture
async def hub(database_url: str, tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Hub]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(data_dir=tmp_path / "data", database_url=database_url, port=port)
    async with AsyncExitStack() as stack:
        house, app = await stack.enter_async_context(open_house(settings, clock=clock))
        runner = web.AppRunner(app, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        http = await stack.enter_async_context(aiohttp.ClientSession())
        known = Hub(house, f"http://localhost:{port}", http, stack)
        known.sockets = app[CHAT].sockets
        known.queue_id = (await house.db.write(add_queue, None, NewQueue(name="Shop"))).id
        known.account_id = await known.account(KEY, allowed_origins=["https://shop.example"])
        yield known


Enter = Callable[..., Any]


@pytest.fixture
def enter(hub: Hub) -> Enter:
    """`await enter(token=…, user=…)`: a visitor who said hello, with the answer as `.frames[0]`."""

    async def open_chat(*, key: str = KEY, **hello: Any) -> Visitor:
        visitor = await hub.visitor(key=key)
        await visitor.hello(**hello)
        return visitor

    return open_chat
