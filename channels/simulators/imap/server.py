"""The server itself: mailboxes, and the connections to them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from channels.simulators.imap.folders import Mailbox
from channels.simulators.imap.session import Session
from channels.simulators.imap.words import MOST_LINE
from crm_core.words.clock import Clock


class ImapServer:
    """Every mailbox of this machine's mail provider. UIDs are counted from `first_uid`.

    A server that forgets, for a hub that remembers, has to begin further on each time.
    """

    def __init__(self, clock: Clock, *, first_uid: int = 1) -> None:
        self._clock = clock
        self._first_uid = first_uid
        self.mailboxes: dict[str, Mailbox] = {}
        """By the name to sign in with, in lower case."""
        self.connections = 0
        """How many there ever were."""
        self._open: set[asyncio.StreamWriter] = set()

    def mailbox(self, user: str, *, password: str = "") -> Mailbox:
        """A user's mailbox, always the same one; nobody gets in by an empty password."""
        new = Mailbox(user.lower(), password, self._clock, first_uid=self._first_uid)
        found = self.mailboxes.setdefault(user.lower(), new)
        found.password = password or found.password
        return found

    def cut(self) -> None:
        """Cut every connection in the middle of whatever it is about."""
        for writer in list(self._open):
            writer.transport.abort()

    @asynccontextmanager
    async def serving(self, *, port: int = 0) -> AsyncIterator[int]:
        """Serve on this machine until the block ends; the port."""
        async with asyncio.TaskGroup() as group:
            is_over = False

            def met(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                if is_over:
                    # Somebody came while the door was being shut.
                    writer.transport.abort()
                    return
                group.create_task(self._serve(reader, writer))

            server = await asyncio.start_server(met, "127.0.0.1", port, limit=MOST_LINE)
            try:
                yield int(server.sockets[0].getsockname()[1])
            finally:
                is_over = True
                server.close()
                self.cut()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            await Session(self.mailboxes, reader, writer).run()
        finally:
            self._open.discard(writer)
