"""A console without a screen: a real WebSocket client that keeps what it was told."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
import msgspec

from crm_core.words.permissions import Actor
from hub.console.protocol import PROTOCOL, FromServer, Gone, Happened, Snapshot, SnapshotTaken, WatchedShown
from hub.console.reducer import lose, reduce

_decoder = msgspec.json.Decoder(FromServer)
PATIENCE = 60.0
"""Seconds after which a frame that should come will not come; no test measures by it."""


class ConsoleClient:
    """One open socket. `frames` is everything heard; `snapshot` what the reducer made of it."""

    def __init__(self, wire: aiohttp.ClientWebSocketResponse) -> None:
        self.wire = wire
        self.frames: list[FromServer] = []
        self.snapshot: Snapshot | None = None
        self.epoch = ""
        self.rights = ""

    async def say(self, frame: dict[str, Any]) -> None:
        await self.wire.send_str(json.dumps(frame))

    async def hello(self, ticket: str, **more: Any) -> None:
        await self.say({"type": "hello", "ticket": ticket, "protocol": PROTOCOL, **more})

    def resume(self) -> dict[str, Any]:
        """What to say to go on from here."""
        return {"position": self.position, "epoch": self.epoch, "rights": self.rights}

    @property
    def position(self) -> int:
        return self.snapshot.position if self.snapshot is not None else 0

    async def next(self) -> FromServer:
        """The next frame. Raises ConnectionError with the close code when there is none."""
        async with asyncio.timeout(PATIENCE):
            message = await self.wire.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise ConnectionError(self.wire.close_code)
        frame = _decoder.decode(message.data)
        self.frames.append(frame)
        self._take(frame)
        return frame

    async def until(self, kind: type[Any]) -> Any:
        """Read up to the first frame of this kind."""
        while not isinstance(frame := await self.next(), kind):
            pass
        return frame

    async def until_closed(self) -> int | None:
        """Read to the end; the close code."""
        try:
            while True:
                await self.next()
        except ConnectionError:
            return self.wire.close_code

    def positions(self) -> list[int]:
        """Of the events heard."""
        return [frame.position for frame in self.frames if isinstance(frame, Happened)]

    def _take(self, frame: FromServer) -> None:
        match frame:
            case SnapshotTaken():
                self.snapshot, self.epoch, self.rights = frame.snapshot, frame.epoch, frame.rights
            case Happened() if self.snapshot is not None:
                self.snapshot = reduce(self.snapshot, frame.position, frame.event)
            case Gone() if self.snapshot is not None:
                self.snapshot = lose(self.snapshot, frame.position, frame.conversation_id)
            case WatchedShown() if self.snapshot is not None:
                watched = [w for w in self.snapshot.watched if w.conversation.id != frame.watched.conversation.id]
                self.snapshot = msgspec.structs.replace(self.snapshot, watched=[*watched, frame.watched])


def actor_for(agent: Any, session_id: int | None = None) -> Actor:
    """An agent value as an actor."""
    return Actor(agent.id, agent.name, agent.role, frozenset(agent.queues), session_id)
