"""Files as the hub gives them out: Asterisk fetches them here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from channels.conformance import MemoryFiles
from crm_core.words.content import FileRef
from hub.machinery.media.kinds import kind_of, served_as
from tests.peers.children import free_port


class ServedFiles(MemoryFiles):
    """Files in memory, at addresses as long as the hub's. While `away` nobody gives them out."""

    def __init__(self) -> None:
        super().__init__()
        self.origin = ""
        self.away = False
        self.fetched: list[int] = []

    def link(self, file: FileRef, /) -> str:
        return f"{self.origin}/files/{file.id:043d}"

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        """Give them out."""
        app = web.Application()
        app.router.add_get("/files/{id}", self._give)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        port = free_port()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        self.origin = f"http://127.0.0.1:{port}"
        try:
            yield
        finally:
            await runner.cleanup()

    async def _give(self, request: web.Request) -> web.Response:
        file_id = int(request.match_info["id"])
        if self.away or file_id not in self.contents:
            raise web.HTTPNotFound
        self.fetched.append(file_id)
        content = self.contents[file_id]
        headers = {"Content-Type": served_as(kind_of(content[:4096], b"", is_text=False))}
        return web.Response(body=content, headers=headers | {"Cache-Control": "private, max-age=86400, immutable"})
