"""The API of a house whose accounts are open, before providers that the tests play."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from channels.contract import Capabilities, MessageArrived, TemplateShape
from crm_core.words.addresses import email
from crm_core.words.content import Content, ExternalId, FileRef, ThreadKey
from crm_core.words.values import EntryValue
from hub.api import files, inlets, letters, rating
from hub.api.files import files_origin_guard
from hub.api.middleware import add_headers, identified, worded
from hub.keys import HOUSE, House
from tests.hub.api.conftest import Answer, Client, Person, Staff
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.peers.clock import VirtualClock

FILES = "files.localhost"
CONSOLE = "localhost:8080"

MAIL = Capabilities(subject=True, html=True, copies=True, can_start=True, max_file_bytes=2**20)
CHAT = Capabilities(
    max_text=500, max_file_bytes=2**20, max_files=2, buttons=2, invitation="https://t.me/shop_bot?start={token}"
)
WINDOW = Capabilities(window_hours=24, templates=(TemplateShape(id="T1", name="hello", text="Hello {{1}}"),))
STRICT = Capabilities(window_hours=24)


@dataclass
class Post:
    """A house with four open accounts, all of Sales, and providers to look into."""

    house: House
    lanes: Lanes
    staff: Staff
    providers: Mapping[str, Provider]
    letters: int = field(default=0)

    async def arrives(self, who: str = "olena@shop.example", kind: str = "mail", **more: Any) -> EntryValue:
        """Somebody writes by an account; `content` and any other fact of the message may be given."""
        self.letters += 1
        known: dict[str, Any] = {
            "external_id": ExternalId(f"letter {self.letters}"),
            "thread": ThreadKey(who),
            "sender": email(who),
            "content": Content(text=f"words {self.letters}", subject="About my order"),
            "sent_at": self.house.clock(),
        }
        stored = await self.lanes.deliver(kind)(MessageArrived(**{**known, **more}))
        assert stored.entry is not None
        return stored.entry

    async def keep(self, name: str, content: bytes, kind: str = "mail") -> FileRef:
        """A file that an account keeps for a message to come."""
        opened = self.lanes.accounts.by_id(self.lanes.account_ids[kind])
        assert opened is not None
        return await self.lanes.accounts.files(opened).keep(name, content)

    async def ways(self, entry: EntryValue, by: Person | None = None) -> list[dict[str, Any]]:
        """The ways that the API shows for the entry's conversation."""
        answer = await (by or self.staff.agent).ask("GET", f"/conversations/{entry.conversation_id}/ways")
        assert answer.status == 200, answer.text
        items: list[dict[str, Any]] = answer.body["items"]
        return items

    async def reply(self, entry: EntryValue, by: Person | None = None, **body: Any) -> Answer:
        """What the API says to an answer in the entry's conversation."""
        ask = (by or self.staff.agent).ask
        return await ask("POST", f"/conversations/{entry.conversation_id}/replies", {"text": "Yes.", **body})

    async def upload(self, name: str, content: bytes, by: Person | None = None) -> int:
        """A file that an agent uploaded and has not sent; its id."""
        form = aiohttp.FormData()
        form.add_field("file", content, filename=name)
        answer = await (by or self.staff.agent).ask("POST", "/files", data=form)
        assert answer.status == 201, answer.text
        file_id: int = answer.body["id"]
        return file_id


@pytest.fixture
async def post(house: House, staff: Staff, clock: VirtualClock) -> AsyncIterator[Post]:
    kinds = {"mail": MAIL, "chat": CHAT, "window": WINDOW, "strict": STRICT}
    providers = {kind: Provider(capabilities=carries) for kind, carries in kinds.items()}
    folder = house.settings.data_dir
    async with open_lanes(house.db, clock, folder, providers, queue_id=staff.sales) as lanes:
        house.accounts = lanes.accounts
        yield Post(house, lanes, staff, providers)


@dataclass(frozen=True, slots=True)
class Got:
    """What a door answered."""

    status: int
    text: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outside:
    """Somebody without a session, who asks the doors under a host name of their choice."""

    http: aiohttp.ClientSession
    port: int

    async def __call__(
        self,
        path: str,
        *,
        host: str = FILES,
        method: str = "GET",
        form: Mapping[str, str] | None = None,
        **headers: str,
    ) -> Got:
        address = URL(f"http://127.0.0.1:{self.port}{path}", encoded=True)
        named = {"Host": host, **{name.replace("_", "-"): value for name, value in headers.items()}}
        asked = self.http.request(method, address, data=form, headers=named, allow_redirects=False)
        async with asked as answer:
            return Got(answer.status, await answer.text(errors="replace"), answer.headers)


@pytest.fixture
async def outside(house: House) -> AsyncIterator[Outside]:
    app = web.Application(middlewares=[identified, worded, files_origin_guard(house.settings)])
    app[HOUSE] = house
    app.on_response_prepare.append(add_headers)
    for door in (files, letters, rating, inlets):
        door.mount(app)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        assert server.port is not None
        yield Outside(http, server.port)


__all__ = ["CONSOLE", "FILES", "Client", "Outside", "Post"]
