"""The demo's IMAP server with Dovecot's handles, so that the same tests hold the stand-in to the real one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from typing import Protocol

from channels.simulators.imap import Folder, ImapServer
from crm_core.words.clock import system_clock
from tests.peers.dovecot import PASSWORD


class ImapPeer(Protocol):
    """A mail server with a mailbox for every test; what each does is said in `Dovecot`."""

    port: int

    def new_user(self) -> str: ...
    def put(self, user: str, raw: bytes, *, folder: str = "INBOX", came: datetime | None = None) -> None: ...
    def remove(self, user: str, uid: int) -> None: ...
    def flags(self, user: str, uid: int) -> str: ...
    def make_folder(self, user: str, name: str) -> None: ...
    def count(self, user: str, folder: str = "INBOX") -> int: ...
    def renumber(self, user: str, *, validity: int) -> None: ...
    def skip_to(self, user: str, uid: int) -> None: ...


class StandIn:
    """The stand-in."""

    def __init__(self, port: int, server: ImapServer) -> None:
        self.port = port
        self.server = server
        self._users = count(1)

    def new_user(self) -> str:
        user = f"user{next(self._users)}@hub.example"
        self.server.mailbox(user, password=PASSWORD)
        return user

    def put(self, user: str, raw: bytes, *, folder: str = "INBOX", came: datetime | None = None) -> None:
        self._folder(user, folder).add(raw, came_at=None if came is None else int(came.timestamp() * 1000))

    def remove(self, user: str, uid: int) -> None:
        self._folder(user).remove({uid})

    def flags(self, user: str, uid: int) -> str:
        kept = self._folder(user).mail(uid)
        assert kept is not None
        return " ".join(sorted(kept.flags))

    def make_folder(self, user: str, name: str) -> None:
        self.server.mailbox(user).make(name.strip('"'))

    def count(self, user: str, folder: str = "INBOX") -> int:
        return len(self._folder(user, folder).mails)

    def renumber(self, user: str, *, validity: int) -> None:
        self._folder(user).renumber(validity)

    def skip_to(self, user: str, uid: int) -> None:
        self._folder(user).next_uid = uid

    def _folder(self, user: str, name: str = "INBOX") -> Folder:
        found = self.server.mailbox(user).folder(name.strip('"'))
        assert found is not None
        return found


@asynccontextmanager
async def standin() -> AsyncIterator[StandIn]:
    """The stand-in, serving."""
    server = ImapServer(system_clock)
    async with server.serving() as port:
        yield StandIn(port, server)
