"""A wire that can be cut: a TCP proxy in front of a real peer."""

from __future__ import annotations

import asyncio
from contextlib import suppress


class Wire:
    """Carries bytes both ways to `port` of this machine until a test says otherwise."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.connections = 0
        self.cut_after: int | None = None
        """Bytes that each connection brings back from the peer; then it is cut."""
        self.cuts_left: int | None = None
        """How often it is cut so; none for always."""
        self.is_silent = False
        """Takes everything and answers nothing, as behind a broken router."""
        self.refuses = False
        """Hangs up on everybody at once."""
        self.heard = bytearray()
        """What the client has said so far."""

    async def open(self) -> int:
        """Begin; the port to connect to."""
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def cut(self) -> None:
        """Cut all connections there are."""
        for writer in self._writers:
            writer.transport.abort()

    async def close(self) -> None:
        """End, with everything that is open."""
        if self._server is not None:
            self._server.close()
        self.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections += 1
        self._writers.add(writer)
        try:
            if not self.refuses:
                await self._both_ways(reader, writer)
        finally:
            writer.transport.abort()
            self._writers.discard(writer)
            self._tasks.discard(task)

    async def _both_ways(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.CancelledError):
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
            try:
                async with asyncio.TaskGroup() as group:
                    there = group.create_task(self._pass(reader, far_writer, comes_back=False))
                    back = group.create_task(self._pass(far_reader, writer, comes_back=True))
                    await asyncio.wait({there, back}, return_when=asyncio.FIRST_COMPLETED)
                    there.cancel()
                    back.cancel()
            finally:
                far_writer.transport.abort()

    async def _pass(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, comes_back: bool) -> None:
        with suppress(OSError):
            await self._pieces(source, target, comes_back=comes_back)

    async def _pieces(self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, comes_back: bool) -> None:
        passed = 0
        while piece := await source.read(4096):
            if not comes_back:
                self.heard += piece
            if self.is_silent:
                continue
            if comes_back and self._cuts(passed + len(piece)):
                assert self.cut_after is not None
                target.write(piece[: self.cut_after - passed])
                await target.drain()
                return
            passed += len(piece)
            target.write(piece)
            await target.drain()

    def _cuts(self, passed: int) -> bool:
        if self.cut_after is None or passed <= self.cut_after or self.cuts_left == 0:
            return False
        if self.cuts_left is not None:
            self.cuts_left -= 1
        return True
