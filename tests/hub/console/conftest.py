from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from channels.contract import MessageArrived, Stored
from crm_core.staff import sessions
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.store.database import Database
from crm_core.words.addresses import Address
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.values import AgentValue, Role
from crm_core.work.queues import NewQueue, add_queue
from hub.auth.tickets import Tickets
from hub.bus.local import Bus
from hub.bus.whispers import PresenceSeen
from hub.console.attending import Door
from hub.console.gateway import Gateway
from hub.console.origins import allowed_origins
from hub.desk.inbound import Source, take
from hub.machinery.presence import Presence
from tests.hub.console.office import Office
from tests.peers.clock import VirtualClock
from tests.peers.console_client import ConsoleClient
from tests.peers.live_view import LiveView

ORIGIN = "https://hub.example.com"


class Live:
    """A hub's console side on a free port, and the people who use it."""

    def __init__(self, db: Database, clock: VirtualClock) -> None:
        self.db = db
        self.clock = clock
        self.bus = Bus(db)
        self.presence = Presence(clock)
        self.presence.seen = lambda agent, here: self.bus.whisper(PresenceSeen(agent_id=agent, present=here))
        self.tickets = Tickets(clock)
        self.gateway = Gateway(db, self.bus, self.presence, clock=clock, elapsed=lambda: clock() / 1000)
        self.live = self.gateway.live
        self.url = ""
        self.http: Any = None
        self._sent = 0
        self.source: Source | None = None

    async def queue(self, name: str) -> int:
        return (await self.db.write(add_queue, None, NewQueue(name=name))).id

    async def agent(self, name: str, *queues: int, role: Role = Role.AGENT) -> AgentValue:
        new = NewAgent(name=name, email=f"{name.lower()}@example.com", role=role, queues=queues)
        return await self.db.write(add_agent, None, new)

    async def session(self, agent: AgentValue) -> int:
        facts, _secret = await self.db.write(sessions.open_session, agent.id, "browser")
        return facts.id

    async def ticket(self, agent: AgentValue, session_id: int | None = None) -> str:
        session_id = await self.session(agent) if session_id is None else session_id
        return self.tickets.make(agent.id, session_id, from_browser=True)

    async def knock(self, **more: Any) -> ConsoleClient:
        """A socket that has not said hello."""
        return ConsoleClient(await self.http.ws_connect(self.url, origin=ORIGIN, max_msg_size=0, **more))

    async def open(self, agent: AgentValue, session_id: int | None = None, **hello: Any) -> ConsoleClient:
        """A console that said hello; read on with `until`."""
        client = await self.knock()
        await client.hello(await self.ticket(agent, session_id), **hello)
        return client

    async def hear(self, text: str, *, queue: int | None, visitor: str = "ada") -> Stored:
        """A visitor writes."""
        if self.source is None or self.source.queue_id != queue:
            self.source = Source(account_id=1, kind="webchat", medium=Medium.CHAT, queue_id=queue)
        self._sent += 1
        event = MessageArrived(
            external_id=ExternalId(f"m{self._sent}"),
            sender=Address("visitor", visitor),
            thread=ThreadKey(visitor),
            content=Content(text=text),
            sent_at=self.clock(),
        )
        return await self.db.write(take, self.source, event)


@pytest.fixture
async def live(db: Database, clock: VirtualClock) -> AsyncIterator[Live]:
    house = Live(db, clock)
    await house.bus.start()
    await house.gateway.start()
    app = web.Application()
    door = Door(house.gateway, house.tickets, origins=allowed_origins(ORIGIN, ()))
    app.router.add_get("/live", door.attend)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    house.url = f"http://127.0.0.1:{port}/live"
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http, asyncio.TaskGroup() as tasks:
        house.http = http
        running = tasks.create_task(house.gateway.run())
        yield house
        running.cancel()
        await runner.cleanup()


@pytest.fixture
def live_view(db: Database) -> LiveView:
    """Proves for an act that every console shows afterwards what a fresh one would."""
    return LiveView(db, keeps=db.is_sqlite)


@pytest.fixture
async def office(live: Live, live_view: LiveView) -> Office:
    """An office with a conversation in it, watched by everybody who may."""
    opened = Office(live, live_view)
    await opened.open()
    return opened
