"""A whole hub with every door open: the one that the visitors' tests use, and people who ask its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from crm_core.staff.actions import NewAgent, add_agent
from crm_core.staff.sessions import open_session
from crm_core.words.values import AgentValue, Role
from tests.hub.chat.conftest import Enter, Hub, Visitor, enter, hub
from tests.peers.console_client import ConsoleClient

__all__ = ["Clerk", "Enter", "Hub", "Visitor", "enter", "hire", "hub"]


class Clerk:
    """Somebody of the staff, at the API and at the console's socket."""

    def __init__(self, hub: Hub, agent: AgentValue, token: str, http: aiohttp.ClientSession) -> None:
        self.agent = agent
        self.token = token
        self._hub = hub
        self._http = http

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        """The status and the JSON of the answer."""
        known = {"Authorization": f"Bearer {self.token}", **headers}
        address = f"{self._hub.url}/api/v1/{path}"
        async with self._http.request(method, address, json=body, headers=known, allow_redirects=False) as answer:
            return answer.status, await answer.json(content_type=None) if answer.content_length else None

    async def console(self, **hello: Any) -> ConsoleClient:
        """A console that said hello; it closes with the test."""
        status, made = await self.ask("POST", "socket-tickets")
        assert status == 201
        address = f"{self._hub.url.replace('http', 'ws', 1)}/live"
        wire = await self._http.ws_connect(address, origin=self._hub.url, max_msg_size=0)
        console = ConsoleClient(wire)
        await console.hello(made["ticket"], **hello)
        return console


@pytest.fixture
async def hire(hub: Hub) -> AsyncIterator[Any]:
    """`await hire("Ann", Role.AGENT, queue_id)`: one more of the staff, with a token of theirs."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:

        async def hired(name: str, role: Role = Role.AGENT, *queues: int) -> Clerk:
            new = NewAgent(name=name, email=f"{hub.db.ids()}@example.com", role=role, queues=queues)
            agent = await hub.db.write(add_agent, None, new)
            _, token = await hub.db.write(open_session, agent.id, "token", label="tests")
            return Clerk(hub, agent, token, http)

        yield hired
