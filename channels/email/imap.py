"""A mailbox by IMAP: the few things that are asked of one, each within a time and each failing as Trouble."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from aioimaplib.aioimaplib import AioImapException, CommandTimeout

from channels.contract import Peers, Problem
from channels.email.anatomy.limits import MOST_HEADER_BYTES
from channels.email.connecting import Trouble, reach, tls_context, troubles
from channels.email.imap_answers import (
    Answer,
    Folder,
    Listed,
    base64_text,
    body,
    folder_name,
    listed_mail,
    numbers,
    opened,
    quoted,
    refusal,
)
from channels.email.imap_protocol import MailboxProtocol
from channels.email.patience import Patience
from channels.email.settings import EmailSettings

T = TypeVar("T")

_WHOLE_MAIL_SECONDS: Final = 600.0
_LISTED_AT_ONCE: Final = 50


class Imap:
    """One connection, signed in. `imap_connection` makes it."""

    def __init__(self, settings: EmailSettings, patience: Patience) -> None:
        self._settings = settings
        self._patience = patience
        self._scope: asyncio.Timeout | None = None
        self._is_lost = False
        self._protocol = MailboxProtocol(asyncio.get_running_loop(), self._lose)

    async def connect(self, peers: Peers) -> None:
        """Reach the server and agree on encryption."""
        settings, loop = self._settings, asyncio.get_running_loop()
        plug = await reach(settings.imap_host, settings.imap_port, peers, limit=self._patience.connect)
        tls = None if settings.imap_security == "none" else tls_context(settings)
        at_once = tls if settings.imap_security == "tls" else None
        host = settings.imap_host if at_once else None
        with troubles(settings.imap_host):
            async with asyncio.timeout(self._patience.connect):
                await loop.create_connection(lambda: self._protocol, sock=plug, ssl=at_once, server_hostname=host)
        await self._ask(self._protocol.greeted.wait)
        if self._protocol.is_stranger:
            raise self._silence()
        await self._ask(self._protocol.capability)
        if (
            settings.imap_security == "starttls"
            and tls is not None
            and not await self._ask(lambda: self._protocol.start_tls(tls, settings.imap_host))
        ):
            raise Trouble(
                Problem.TLS,
                "{host} does not encrypt connections at this port.",
                why="no_encryption",
                host=settings.imap_host,
            )

    async def sign_in(self, token: str | None) -> None:
        """By the access token, or by the password when there is none."""
        answer: Answer
        name, password = self._settings.sign_in_name, self._settings.password.get_secret_value()
        if token is not None:
            said = f"user={name}\1auth=Bearer {token}\1\1"
            answer = await self._ask(lambda: self._protocol.authenticate("XOAUTH2", base64_text(said)))
        elif {"AUTH=PLAIN", "SASL-IR"} <= self._protocol.capabilities:
            said = f"\0{name}\0{password}"
            answer = await self._ask(lambda: self._protocol.authenticate("PLAIN", base64_text(said)))
        elif "LOGINDISABLED" in self._protocol.capabilities:
            raise Trouble(
                Problem.TLS,
                "The server takes no password over this connection.",
                why="no_password_here",
                needs_a_person=True,
            )
        else:
            answer = await self._ask(lambda: self._protocol.login(quoted(name), password))
        if answer.result != "OK":
            raise refusal(answer, Problem.PASSWORD, "The name or the password is wrong.", why="password_wrong")

    async def open(self, folder: str) -> Folder:
        """Select a folder; commands after this are about it."""
        answer: Answer = await self._ask(lambda: self._protocol.select(folder_name(folder)))
        if answer.result != "OK":
            raise refusal(answer, Problem.MISSING, "There is no folder {folder}.", why="no_folder", folder=folder)
        return opened(answer)

    async def uids(self, *criteria: str) -> list[int]:
        """UIDs that meet the criteria of a SEARCH, ascending."""
        self._protocol.has_news = False
        answer: Answer = await self._ask(lambda: self._protocol.search(*criteria, charset=None, by_uid=True))
        if answer.result != "OK":
            raise refusal(answer, Problem.PROTOCOL, "The server does not search.", why="no_searching")
        return numbers(answer)

    async def listing(self, uids: Sequence[int]) -> AsyncIterator[Listed]:
        """Sizes and times of those that are still there, in the order asked for."""
        for start in range(0, len(uids), _LISTED_AT_ONCE):
            batch = uids[start : start + _LISTED_AT_ONCE]
            wanted = ",".join(str(uid) for uid in batch)
            answer: Answer = await self._fetch(wanted, "(UID RFC822.SIZE INTERNALDATE)")
            found = {listed.uid: listed for listed in map(listed_mail, answer.lines) if listed is not None}
            for uid in batch:
                if uid in found:
                    yield found[uid]

    async def mail(self, uid: int) -> bytes | None:
        """The whole mail; none when it is gone. Does not mark it as read."""
        return body(await self._fetch(str(uid), "(UID BODY.PEEK[])"))

    async def header(self, uid: int) -> bytes | None:
        """The first 256 KiB of its header."""
        return body(await self._fetch(str(uid), f"(UID BODY.PEEK[HEADER]<0.{MOST_HEADER_BYTES}>)"))

    async def mark_seen(self, uid: int) -> bool:
        """Whether the server marked it as read."""
        answer: Answer = await self._ask(lambda: self._protocol.uid("store", str(uid), "+FLAGS.SILENT", r"(\Seen)"))
        return answer.result == "OK"

    async def move(self, uid: int, folder: str) -> bool:
        """Whether the server moved it away."""
        name = folder_name(folder)
        if "MOVE" in self._protocol.capabilities:
            answer: Answer = await self._ask(lambda: self._protocol.uid("move", str(uid), name))
            return answer.result == "OK"
        answer = await self._ask(lambda: self._protocol.uid("copy", str(uid), name))
        if answer.result != "OK":
            return False
        answer = await self._ask(lambda: self._protocol.uid("store", str(uid), "+FLAGS.SILENT", r"(\Deleted)"))
        if "UIDPLUS" in self._protocol.capabilities:
            await self._ask(lambda: self._protocol.uid("expunge", str(uid)))
        return answer.result == "OK"

    async def has_folder(self, folder: str) -> bool:
        """Whether a folder is there."""
        answer: Answer = await self._ask(
            lambda: self._protocol.simple_command("STATUS", folder_name(folder), "(UIDVALIDITY)")
        )
        return answer.result == "OK"

    async def wait_for_news(self, seconds: float, *, at_once: bool = True) -> None:
        """Return when mail came, or after so many seconds; Trouble when nobody is there any more.

        `at_once`: also when the server spoke of mail since it was last searched.
        """
        if self._protocol.has_news and at_once:
            return
        self._protocol.has_news = False
        self._protocol.received = 0
        idle = await self._ask(self._protocol.begin_idle) if "IDLE" in self._protocol.capabilities else None
        if idle is None:
            await self._quiet(lambda: asyncio.sleep(seconds), seconds + 1)
            await self._ask(lambda: self._protocol.simple_command("NOOP"))
            return
        await self._quiet(self._protocol.news, seconds)
        await self._ask(lambda: self._protocol.end_idle(idle))

    async def close(self) -> None:
        """Hang up. Nothing is left to say: there is no state at the server that we need."""
        self._is_lost = True
        self._protocol.close()
        # Let the transport and the tasks end before the loop does.
        await asyncio.sleep(0)

    async def _quiet(self, waiting: Callable[[], Awaitable[object]], seconds: float) -> None:
        """Wait for something that may well not come."""
        if not self._is_lost:
            try:
                async with asyncio.timeout(seconds) as self._scope:
                    await waiting()
            except TimeoutError:
                pass
            finally:
                self._scope = None
        if self._is_lost:
            raise _lost()

    async def _fetch(self, uids: str, what: str) -> Answer:
        # The library's own time-out begins anew with every piece that comes; this one is for all of it.
        answer: Answer = await self._ask(
            lambda: self._protocol.uid("fetch", uids, what, timeout=self._patience.answer), limit=_WHOLE_MAIL_SECONDS
        )
        if answer.result != "OK":
            raise refusal(answer, Problem.PROTOCOL, "The server does not hand out a mail.", why="no_fetching")
        return answer

    async def _ask(self, call: Callable[[], Awaitable[T]], *, limit: float | None = None) -> T:
        """One command's answer, within `limit` or the usual time. Ends at once when the connection does."""
        self._protocol.received = 0
        if self._is_lost:
            raise _lost()
        with troubles(self._settings.imap_host):
            try:
                async with asyncio.timeout(limit or self._patience.answer) as self._scope:
                    return await call()
            except (TimeoutError, CommandTimeout) as error:
                raise self._silence() from error
            except OSError:
                # Some of these are ValueErrors too: a bad certificate is one.
                raise
            except (AioImapException, ValueError, LookupError) as error:
                raise Trouble(
                    Problem.PROTOCOL, "The mailbox answered in a way that makes no sense.", why="nonsense"
                ) from error
            finally:
                self._scope = None

    def _silence(self) -> Trouble:
        if self._protocol.is_stranger:
            return Trouble(Problem.PROTOCOL, "What answers there is no mailbox server.", why="no_mailbox_server")
        if self._is_lost:
            return _lost()
        return Trouble(Problem.UNREACHABLE, "The mailbox stopped answering.", why="mailbox_silent")

    def _lose(self) -> None:
        self._is_lost = True
        if self._scope is not None and not self._scope.expired():
            self._scope.reschedule(asyncio.get_running_loop().time())


def _lost() -> Trouble:
    return Trouble(Problem.UNREACHABLE, "The connection to the mailbox was lost.", why="mailbox_lost")


@asynccontextmanager
async def imap_connection(settings: EmailSettings, peers: Peers, patience: Patience) -> AsyncIterator[Imap]:
    """A connection that is not signed in yet. Raises Trouble."""
    imap = Imap(settings, patience)
    try:
        await imap.connect(peers)
        yield imap
    finally:
        await imap.close()
