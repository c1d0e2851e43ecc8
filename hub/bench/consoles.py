"""A hub's console side in a process of its own, for figures that count bytes and milliseconds.

`python -m hub.bench.consoles` serves the real door, gateway and bus over a fresh SQLite file, and beside it the
bare limits: a handler that only holds the socket, and one `os.write` per client. It prints its port and id.
"""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import uvloop
from aiohttp import web

from channels.contract import MessageArrived
from crm_core import migrations
from crm_core.staff import sessions
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.clock import system_clock
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.events import DispositionChanged, encode
from crm_core.words.values import AgentValue, DispositionValue
from crm_core.work.queues import NewQueue, add_queue
from hub.auth.tickets import Tickets
from hub.bench.wires import ORIGIN, PAYLOAD
from hub.bus.local import Bus
from hub.console.attending import Door
from hub.console.frames import framed
from hub.console.gateway import Gateway
from hub.console.origins import allowed_origins
from hub.desk.inbound import Source, take
from hub.machinery.presence import Presence

QUEUES: Final = 40
SERVED: Final = 2
"""Queues an agent serves."""


class Consoles:
    """The routes of the measured process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._clock = system_clock
        self._tickets = Tickets(system_clock)
        self._bus = Bus(db)
        self.gateway = Gateway(db, self._bus, Presence(system_clock), clock=system_clock)
        self._agents: list[AgentValue] = []
        self._session = 0
        self._queues: list[int] = []
        self._seated = 0
        self._bare: set[int] = set()
        self._position = 1_000_000_000
        self._received = 0

    async def open(self, agents: int) -> None:
        """Queues, and so many agents of whom each serves two."""
        await self._bus.start()
        await self.gateway.start()
        self._queues = [(await self._db.write(add_queue, None, NewQueue(name=f"Q{n}"))).id for n in range(QUEUES)]
        self._agents = list(await asyncio.gather(*(self._hire(number) for number in range(agents))))
        facts = [await self._db.write(sessions.open_session, agent.id, "browser") for agent in self._agents[:1]]
        self._session = facts[0][0].id

    async def _hire(self, number: int) -> AgentValue:
        served = [self._queues[(number * SERVED + extra) % QUEUES] for extra in range(SERVED)]
        return await self._db.write(
            add_agent, None, NewAgent(name=f"Agent {number}", email=f"a{number}@example.com", queues=served)
        )

    def app(self) -> web.Application:
        """The measured doors and their limits."""
        app = web.Application()
        door = Door(self.gateway, self._tickets, origins=allowed_origins(ORIGIN, ()))
        app.router.add_get("/live", door.attend)
        app.router.add_get("/bare", self._hold)
        app.router.add_get("/ticket", self._ticket)
        app.router.add_get("/drive", self._drive)
        app.router.add_post("/in", self._in)
        return app

    async def _ticket(self, _request: web.Request) -> web.Response:
        agent = self._agents[self._seated % len(self._agents)]
        self._seated += 1
        return web.Response(text=self._tickets.make(agent.id, self._session, from_browser=True))

    async def _hold(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        number = ws.get_extra_info("socket").fileno()
        self._bare.add(number)
        try:
            async for _ in ws:
                pass
        finally:
            self._bare.discard(number)
        return ws

    async def _drive(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(compress=False)
        await ws.prepare(request)
        async for message in ws:
            if message.data == "product":
                self._spread()
            else:
                self._write_each()
        return ws

    def _spread(self) -> None:
        self._position += 1
        event = DispositionChanged(disposition=DispositionValue(id=1, name=PAYLOAD))
        self.gateway.live.publish([Committed(self._position, 1_000_000_000_000, event, encode(event))])

    def _write_each(self) -> None:
        self._position += 1
        event = DispositionChanged(disposition=DispositionValue(id=1, name=PAYLOAD))
        head = b'{"type":"event","position":%d,"at":1000000000000,"event":' % self._position
        frame = framed(head + encode(event) + b"}")
        for number in self._bare:
            os.write(number, frame)

    async def _in(self, request: web.Request) -> web.Response:
        text = await request.text()
        self._received += 1
        source = Source(
            account_id=1, kind="webchat", medium=Medium.CHAT, queue_id=self._queues[self._received % QUEUES]
        )
        event = MessageArrived(
            external_id=ExternalId(f"m{self._received}"),
            # One conversation a queue, opened by its first message.
            sender=Address(VISITOR, f"v{self._received % QUEUES}"),
            thread=ThreadKey("t"),
            content=Content(text=text),
            sent_at=self._clock(),
        )
        await self._db.write(take, source, event)
        return web.Response(text="ok")


@asynccontextmanager
async def opened(folder: Path, agents: int) -> AsyncIterator[Consoles]:
    """A console side over a fresh database in this folder."""
    url = f"sqlite:///{folder / 'hub.db'}"
    await asyncio.to_thread(migrations.upgrade, url)
    db = await Database.open(url)
    consoles = Consoles(db)
    await consoles.open(agents)
    try:
        yield consoles
    finally:
        await db.close()


async def serve(agents: int, announce: Callable[[int], None]) -> None:
    """Serve until the process is ended."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), agents) as consoles:
            runner = web.AppRunner(consoles.app(), access_log=None)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0, backlog=4096).start()
            gc.collect()
            gc.freeze()
            announce(runner.addresses[0][1])
            await consoles.gateway.run()


def _announce(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(serve(int(sys.argv[1]), _announce))
