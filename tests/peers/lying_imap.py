"""An IMAP server that does what servers should not: the ones that are met in the world, and worse."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress


class LyingImap:
    """Speaks as much IMAP as a follower of one folder needs. `mails` by UID, in any order."""

    def __init__(self) -> None:
        self.mails: dict[int, bytes] = {}
        self.validity = 1
        self.greeting: bytes | None = b"* OK ready\r\n"
        """None: takes connections and says nothing."""
        self.capabilities = "IMAP4rev1 SASL-IR AUTH=PLAIN"
        self.chatter = b""
        """Said before the answer to a NOOP."""
        self.after_search = b""
        """Said after the answer to a SEARCH."""
        self.claimed_sizes: dict[int, int] = {}
        self.endless: set[int] = set()
        """Mails whose bytes never end."""
        self.answers_sign_in = b"OK"
        self.commands: list[str] = []
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> int:
        """Listen; the port, the same however often it is asked."""
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        with suppress(OSError):
            if self.greeting is not None:
                writer.write(self.greeting)
            while line := (await reader.readline()).decode().strip():
                tag, _, command = line.partition(" ")
                self.commands.append(command)
                await self._answer(tag, command, writer)
        writer.transport.abort()
        self._writers.discard(writer)

    async def _answer(self, tag: str, command: str, writer: asyncio.StreamWriter) -> None:
        verb = command.removeprefix("UID ").partition(" ")[0]
        end = b"OK"
        if verb == "CAPABILITY":
            writer.write(f"* CAPABILITY {self.capabilities}\r\n".encode())
        elif verb in ("AUTHENTICATE", "LOGIN"):
            end = self.answers_sign_in
        elif verb == "SELECT":
            writer.write(f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n".encode())
        elif verb == "SEARCH":
            writer.write(b"* SEARCH " + b" ".join(str(uid).encode() for uid in self._found(command)) + b"\r\n")
            writer.write(self.after_search)
        elif verb == "FETCH":
            await self._fetch(command, writer)
        elif verb == "NOOP":
            writer.write(self.chatter)
        writer.write(tag.encode() + b" " + end + b" done\r\n")
        await writer.drain()

    def _found(self, command: str) -> list[int]:
        wanted = re.search(r"UID (\d+):\*", command.removeprefix("UID "))
        if wanted is None:
            return list(self.mails)
        # As RFC 3501 has it: a range with a star always holds the last one.
        return [uid for uid in self.mails if uid >= int(wanted[1])] or list(self.mails)[-1:]

    async def _fetch(self, command: str, writer: asyncio.StreamWriter) -> None:
        for number in re.findall(r"\d+", command.removeprefix("UID FETCH ").partition(" ")[0]):
            uid = int(number)
            raw = self.mails.get(uid)
            if raw is None:
                continue
            if "RFC822.SIZE" in command:
                size = self.claimed_sizes.get(uid, len(raw))
                writer.write(f"* 1 FETCH (UID {uid} RFC822.SIZE {size})\r\n".encode())
                continue
            if "HEADER" in command:
                raw = raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
            length = 10**12 if uid in self.endless and "HEADER" not in command else len(raw)
            writer.write(f"* 1 FETCH (UID {uid} BODY[] {{{length}}}\r\n".encode() + raw)
            while length == 10**12:
                writer.write(b"x" * 2**20)
                await writer.drain()
            writer.write(b")\r\n")
