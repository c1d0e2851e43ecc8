"""A visitor who goes on writing while the hub is killed again and again, and notes what became of every message."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable
from typing import Any

import aiohttp
from aiohttp import ClientWebSocketResponse, WSMsgType

PAUSE = (0.25, 0.8)
"""Seconds between two messages of one visitor."""
AGAIN = (0.05, 0.2)
"""Seconds until a line that was lost is opened again."""


class CrashVisitor:
    """One browser. What it shows lives as long as the page, whatever becomes of its lines."""

    def __init__(self, name: str, address: str, origin: str, rng: random.Random) -> None:
        self.name = name
        self.identity = 0
        self.sent: dict[str, str] = {}
        self.acknowledged: dict[str, set[int]] = {}
        self.faults: list[str] = []
        """What one line told twice, and what was refused for good."""
        self.on_ack: Callable[[], None] = lambda: None
        self.is_writing = True
        self._address = address
        self._origin = origin
        self._rng = rng
        self._token: str | None = None
        self._page: dict[int, dict[str, Any]] = {}
        self._told: set[int] = set()

    @property
    def waiting(self) -> list[str]:
        """Messages that were sent and not acknowledged yet."""
        return [key for key in self.sent if key not in self.acknowledged]

    @property
    def shown(self) -> list[int]:
        """The messages on the page, from top to bottom, as the widget orders them."""
        return sorted(self._page)

    async def live(self, http: aiohttp.ClientSession) -> None:
        """Keep a line open and write over it, until cancelled."""
        while True:
            try:
                async with http.ws_connect(self._address, origin=self._origin, max_msg_size=0) as line:
                    await self._attend(line)
            except (aiohttp.ClientError, ConnectionError, TimeoutError):
                pass
            await asyncio.sleep(self._rng.uniform(*AGAIN))

    async def _attend(self, line: ClientWebSocketResponse) -> None:
        await self._say(line, {"type": "hello", "token": self._token, "profile": {"name": self.name}})
        first = await line.receive()
        if first.type is not WSMsgType.TEXT:
            return
        welcome = json.loads(first.data)
        if welcome["type"] != "welcome":
            return
        self._token = welcome["token"] or self._token
        self.identity = int(welcome["visitor"], 16)
        # What was shown before is replaced; a line may tell nothing that its welcome had.
        self._page = {}
        self._told = set()
        self._show_older(welcome["entries"])
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(line))
            writing = group.create_task(self._write(line))
            if welcome["has_more"]:
                await self._say(line, {"type": "more", "before": welcome["entries"][0]["id"]})
            await listening
            writing.cancel()

    async def _listen(self, line: ClientWebSocketResponse) -> None:
        async for message in line:
            frame = json.loads(message.data)
            match frame["type"]:
                case "entry":
                    self._show(frame["entry"])
                case "ack":
                    self._acknowledge(frame)
                case "problem":
                    await self._refused(line, frame)
                case "history":
                    self._show_older(frame["entries"])
                    if frame["has_more"]:
                        await self._say(line, {"type": "more", "before": frame["entries"][0]["id"]})
                case _:
                    pass

    async def _refused(self, line: ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        if frame["after_ms"] is None:
            self.faults.append(f"refused: {self.name} was told {frame['code']}")
        elif frame["client_message_id"] is not None:
            await asyncio.sleep(frame["after_ms"] / 1000)
            await self._send(line, frame["client_message_id"])

    def _show(self, entry: dict[str, Any]) -> None:
        if entry["id"] in self._told:
            self.faults.append(f"double: {self.name} was told entry {entry['id']} twice over one line")
        self._told.add(entry["id"])
        self._page[entry["id"]] = entry

    def _show_older(self, entries: list[dict[str, Any]]) -> None:
        for entry in entries:
            self._show(entry)

    def _acknowledge(self, frame: dict[str, Any]) -> None:
        entry = frame["entry"]
        self.acknowledged.setdefault(frame["client_message_id"], set()).add(entry["id"])
        self._page[entry["id"]] = entry
        self.on_ack()

    async def _write(self, line: ClientWebSocketResponse) -> None:
        try:
            for key in self.waiting:
                await self._send(line, key)
            while True:
                await asyncio.sleep(self._rng.uniform(*PAUSE))
                if self.is_writing:
                    key = f"{self.name}-{len(self.sent):05}"
                    self.sent[key] = f"{key}: how much is the fern?"
                    await self._send(line, key)
                    if self._rng.random() < 0.2:
                        await self._send(line, key)
        except (ConnectionError, aiohttp.ClientError):
            return

    async def _send(self, line: ClientWebSocketResponse, key: str) -> None:
        await self._say(line, {"type": "send", "client_message_id": key, "text": self.sent[key]})

    @staticmethod
    async def _say(line: ClientWebSocketResponse, frame: dict[str, Any]) -> None:
        await line.send_str(json.dumps(frame))
