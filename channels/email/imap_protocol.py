"""aioimaplib's protocol, with what it lacks: STARTTLS, an end to refused sign-ins, limits, a word when it is over."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Final

from aioimaplib.aioimaplib import (
    AUTH,
    CONNECTED,
    NONAUTH,
    AioImapException,
    Command,
    IdleCommand,
    IMAP4ClientProtocol,
    Response,
)

MOST_RECEIVED: Final = 32 * 1024 * 1024
"""Bytes that may answer one command: the largest mail that is fetched, and what stands around it."""
_LINES_AT_ONCE: Final = 64
"""The library handles each further line of a packet one call deeper: some hundred would be too deep."""

# It writes mails into its log word for word.
logging.getLogger("aioimaplib.aioimaplib").setLevel(logging.ERROR)


class MailboxProtocol(IMAP4ClientProtocol):
    """One connection's protocol. `received` counts bytes, and is set back by who sends a command."""

    transport: asyncio.Transport
    capabilities: set[str]
    state: str

    def __init__(self, loop: asyncio.AbstractEventLoop, when_lost: Callable[[], None]) -> None:
        super().__init__(loop, lambda _: when_lost())
        self.received = 0
        self.has_news = False
        """The server spoke of mail that came since this was last set back."""
        self.greeted = asyncio.Event()
        self.is_stranger = False
        """What answers there speaks something else."""

    def data_received(self, d: bytes) -> None:
        """Take a packet in pieces. A server that sends without end is left."""
        self.received += len(d)
        if self.received > MOST_RECEIVED:
            self.transport.abort()
            return
        lines = d.split(b"\r\n")
        for start in range(0, len(lines), _LINES_AT_ONCE):
            piece = b"\r\n".join(lines[start : start + _LINES_AT_ONCE])
            if start + _LINES_AT_ONCE < len(lines):
                piece += b"\r\n"
            self._take(piece)

    def _take(self, piece: bytes) -> None:
        try:
            super().data_received(piece)
        except (AioImapException, UnicodeDecodeError, RecursionError, ValueError):
            # An answer that belongs to nothing we asked: nothing after it can be believed.
            self.is_stranger = True
            self.transport.abort()

    def _handle_line(self, line: bytes, current_cmd: Command | None) -> Command | None:
        # The library takes the greeting in a task that holds a lock until the server has answered once more: who
        # waits for the greeting would never get it back from a server that then falls silent.
        if self.state != CONNECTED or not line:
            return super()._handle_line(line, current_cmd)
        self.is_stranger = not line.startswith((b"* OK", b"* PREAUTH"))
        self.state = AUTH if line.startswith(b"* PREAUTH") else NONAUTH
        self.greeted.set()
        return None

    async def start_tls(self, context: ssl.SSLContext, host: str) -> bool:
        """Encrypt the connection; false when the server does not want to. What was said before counts no more."""
        response = await self.execute(Command("STARTTLS", self.new_tag(), loop=self.loop))
        if response.result != "OK":
            return False
        self.capabilities = set()
        loop = asyncio.get_running_loop()
        encrypted = await loop.start_tls(self.transport, self, context, server_hostname=host)
        assert encrypted is not None
        self.transport = encrypted
        await self.capability()
        return True

    async def authenticate(self, mechanism: str, first: str) -> Response:
        """Sign in by SASL; `first` in base 64."""
        response = await self.execute(Command("AUTHENTICATE", self.new_tag(), mechanism, first, loop=self.loop))
        if response.result == "OK":
            self.state = AUTH
            await self.capability()
        return response

    async def begin_idle(self) -> Command | None:
        """The IDLE command that is running now; none where the server does not want to. `end_idle` ends it."""
        while not self.idle_queue.empty():
            self.idle_queue.get_nowait()
        self._idle_event.clear()
        command = self.pending_sync_command = IdleCommand(self.new_tag(), self.idle_queue, loop=self.loop)
        self.send(str(command))
        await self._idle_event.wait()
        return command if self.has_pending_idle_command() else None

    async def end_idle(self, command: Command) -> None:
        """Say that we listen no more, and wait until the server agrees."""
        self.idle_done()
        await command.wait()

    async def news(self) -> None:
        """While in IDLE: return when mail came."""
        while not self.has_news:
            for line in await self.idle_queue.get():
                if line.endswith((b" EXISTS", b" RECENT")):
                    return

    def close(self) -> None:
        """Hang up."""
        for task in list(self.tasks):
            task.cancel()
        if self.transport is not None:
            self.transport.abort()

    def _response_done(self, line: bytes) -> None:
        super()._response_done(line)
        # A server that refuses IDLE never says that it is listening.
        self._idle_event.set()

    def _continuation(self, line: bytes) -> None:
        pending = self.pending_sync_command
        if pending is not None and pending.name == "AUTHENTICATE":
            # The server explains in base 64 why it refuses, and waits for an empty line to say NO.
            self.send("")
            return
        super()._continuation(line)

    def _untagged_response(self, line: bytes) -> Command:
        if line.endswith(b" EXISTS") or line.endswith(b" RECENT"):
            self.has_news = True
        return super()._untagged_response(line)
