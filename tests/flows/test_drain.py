"""SIGTERM: nobody is cut off in the middle, everybody is told when to come back, and what was taken is there."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import WSMsgType
from sqlalchemy import func, select

from crm_core.cases import pipelines
from crm_core.cases.defaults import PIPELINES
from crm_core.conversations.model import Entry
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from hub.console.protocol import Restarting, SnapshotTaken
from hub.demo.furnish import SHOP_KEY
from tests.flows.crash_records import NODE, SECRET_KEY, furnished
from tests.flows.forked_hub import ForkedHub
from tests.peers.console_client import ConsoleClient


def messages(tx: Tx) -> int:
    found: int = tx.scalar(select(func.count()).select_from(Entry).where(Entry.text == "before the end"))
    return found


@pytest.mark.long
async def test_a_hub_that_is_told_to_stop_drains(make_database: Callable[[str], str], tmp_path: Path) -> None:
    url = make_database("sqlite")
    tokens = await furnished(url)
    hub = ForkedHub(tmp_path, {"HUB_DATABASE_URL": url, "HUB_SECRET_KEY": SECRET_KEY, "HUB_DRAIN_SECONDS": "5"})
    try:
        await asyncio.to_thread(hub.start)
        async with aiohttp.ClientSession() as http:
            console = await open_console(http, hub, next(iter(tokens.values())))
            visitor = await open_chat(http, hub)
            send = {"type": "send", "client_message_id": "message-1", "text": "before the end"}
            await visitor.send_str(json.dumps(send))
            os.kill(hub.pid, signal.SIGTERM)
            assert (await console.until(Restarting)).after_ms > 0
            assert await console.until_closed() == 1012
            was_acknowledged = await heard_until_closed(visitor)
            assert visitor.close_code == 1012
        assert await asyncio.to_thread(hub.wait) == 0
        db = await Database.open(url, node=NODE)
        stored = await db.read(messages)
        # What an administrator sets up is there from the first start on.
        assert {one.kind for one in await db.read(pipelines.pipelines)} == set(PIPELINES)
        await db.close()
        assert stored == 1 if was_acknowledged else stored <= 1
    finally:
        await asyncio.to_thread(hub.stop)


async def open_console(http: aiohttp.ClientSession, hub: ForkedHub, token: str) -> ConsoleClient:
    headers = {"Authorization": f"Bearer {token}"}
    async with http.post(f"{hub.url}/api/v1/socket-tickets", headers=headers) as answer:
        ticket = (await answer.json())["ticket"]
    console = ConsoleClient(await http.ws_connect(f"{hub.url}/live", origin=hub.url))
    await console.hello(ticket)
    await console.until(SnapshotTaken)
    return console


async def open_chat(http: aiohttp.ClientSession, hub: ForkedHub) -> aiohttp.ClientWebSocketResponse:
    line = await http.ws_connect(f"{hub.url}/chat/{SHOP_KEY}", origin=hub.url)
    await line.send_str(json.dumps({"type": "hello"}))
    assert json.loads((await line.receive()).data)["type"] == "welcome"
    return line


async def heard_until_closed(line: aiohttp.ClientWebSocketResponse) -> bool:
    """Whether a message was acknowledged before the end."""
    acknowledged = False
    async for message in line:
        acknowledged |= message.type is WSMsgType.TEXT and json.loads(message.data)["type"] == "ack"
    return acknowledged
