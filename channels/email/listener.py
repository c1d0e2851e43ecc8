"""The hub's own door for mail, by SMTP or LMTP: for mail servers that hand on what is for our mailboxes.

It relays nothing, knows no passwords, and says 250 only when the mail is stored. Mailboxes may share a port.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import re
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session, syntax

from channels.contract import AccountBroken, Deliver, Files, OriginalArrived, TryLater
from channels.email.anatomy.limits import MOST_BYTES
from channels.email.settings import EmailSettings
from channels.email.threading_ import without_token
from crm_core.words.clock import Clock
from crm_core.words.errors import HubError, TooLarge

_MOST_RECIPIENTS: Final = 100
_MOST_SESSIONS: Final = 40
_SESSION_SECONDS: Final = 300.0
_LONGEST_LINE: Final = 1024 * 1024
_BARE: Final = re.compile(rb"(?<!\r)\n|\r(?!\n)")
"""What other servers may take for the end of a line, and so of a mail: two mails in one for somebody (smuggling)."""

TAKEN: Final = "250 2.0.0 Stored"
NO_SUCH_MAILBOX: Final = "550 5.1.1 No such mailbox here"
NOT_NOW: Final = "451 4.3.0 Cannot store mail at the moment"
TOO_LARGE: Final = "552 5.3.4 Too large"
BARE_LINE_END: Final = "554 5.6.0 Bare CR or LF in the mail"

# It writes addresses into its log.
for _name in ("mail.log", "mail.debug"):
    logging.getLogger(_name).setLevel(logging.CRITICAL)
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """One mailbox behind the port."""

    own: frozenset[str]
    deliver: Deliver
    files: Files
    now: Clock

    def takes(self, address: str) -> bool:
        """Whether mail to this address is its own, with or without a token in it."""
        return without_token(address, self.own)[0] in self.own

    async def take(self, raw: bytes, sender: str, recipients: Sequence[str]) -> None:
        """Store the mail. Raises what keeping and delivering raise."""
        digest = hashlib.sha256(raw).hexdigest()[:40]
        body = await self.files.keep("mail.eml", raw)
        facts = {"return_path": sender, "recipients": " ".join(recipients)}
        await self.deliver(OriginalArrived(key=f"smtp:{digest}", body=body, at=self.now(), facts=facts))


class Porch:
    """One port with the mailboxes behind it. Its `handle_…` methods are called by aiosmtpd."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.doors: list[Door] = []
        self.sessions: set[MailSession] = set()
        self._server: asyncio.Server | None = None
        self._socket: socket.socket | None = None

    def bind(self, host: str, port: int) -> None:
        """Take the port. Raises OSError."""
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family)

    async def open(self) -> None:
        """Listen at the port that was taken."""
        assert self._socket is not None
        self._server = await asyncio.get_running_loop().create_server(self._session, sock=self._socket)

    @property
    def port(self) -> int:
        """The port it listens on."""
        assert self._socket is not None
        port: int = self._socket.getsockname()[1]
        return port

    def close(self) -> None:
        """Hang up on everybody: what was not acknowledged comes again."""
        if self._server is not None:
            self._server.close()
        elif self._socket is not None:
            self._socket.close()
        for session in list(self.sessions):
            session.hang_up()

    def _session(self) -> MailSession:
        return (DeliverySession if self.protocol == "lmtp" else MailSession)(self)

    async def handle_RCPT(  # noqa: N802 - the library finds it by this name
        self, server: MailSession, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if len(envelope.rcpt_tos) >= _MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if not any(door.takes(address) for door in self.doors):
            return NO_SUCH_MAILBOX
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_VRFY(  # noqa: N802 - the library finds it by this name
        self, server: MailSession, session: Session, envelope: Envelope, address: str
    ) -> str:
        return "252 2.1.5 Send mail and see"

    async def handle_DATA(  # noqa: N802 - the library finds it by this name
        self, server: MailSession, session: Session, envelope: Envelope
    ) -> str:
        raw = bytes(envelope.original_content or b"")
        if _BARE.search(raw):
            return BARE_LINE_END
        sender = (envelope.mail_from or "").removeprefix("<").removesuffix(">")
        answers: dict[str, str] = {}
        for door in list(self.doors):
            meant = [address for address in envelope.rcpt_tos if door.takes(address)]
            if meant:
                answer = await _answer(door, raw, sender, meant)
                # One mailbox of two at this address that did not get it: it has to come again.
                answers.update({address: answer for address in meant if answers.get(address, TAKEN) == TAKEN})
        return server.for_all([answers.get(address, NO_SUCH_MAILBOX) for address in envelope.rcpt_tos])

    async def handle_exception(self, error: Exception) -> str:
        log.error("a mail server's command failed", exc_info=error)
        return NOT_NOW


async def _answer(door: Door, raw: bytes, sender: str, recipients: Sequence[str]) -> str:
    try:
        await door.take(raw, sender, recipients)
    except TooLarge:
        return TOO_LARGE
    except HubError as error:
        log.warning("a mail was not taken", code=error.code)
        return NOT_NOW
    return TAKEN


class MailSession(SMTP):
    """One connection of a mail server, by SMTP."""

    line_length_limit = _LONGEST_LINE

    def __init__(self, porch: Porch) -> None:
        super().__init__(
            porch,
            data_size_limit=MOST_BYTES,
            enable_SMTPUTF8=True,
            hostname="hub",
            ident="mail",
            timeout=_SESSION_SECONDS,
            loop=asyncio.get_running_loop(),
        )
        self._porch = porch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless too many others did."""
        super().connection_made(transport)
        self._porch.sessions.add(self)
        if len(self._porch.sessions) > _MOST_SESSIONS:
            self.hang_up()

    def connection_lost(self, error: Exception | None) -> None:
        """It is over."""
        self._porch.sessions.discard(self)
        super().connection_lost(error)

    def hang_up(self) -> None:
        """Close at once."""
        transport: Any = self.transport
        if transport is not None:
            transport.abort()

    def for_all(self, answers: Sequence[str]) -> str:
        """The answer to a mail: the worst of those to its recipients, since one stands for all."""
        return next((answer for answer in answers if answer != TAKEN), TAKEN)


class DeliverySession(MailSession):
    """One connection of a mail server, by LMTP: it is told of every recipient by himself (RFC 2033)."""

    show_smtp_greeting = False
    _after_data = 0

    @syntax("LHLO hostname")
    async def smtp_LHLO(self, arg: str) -> None:  # noqa: N802 - the library finds it by this name
        """The greeting."""
        await super().smtp_EHLO(arg)

    async def smtp_HELO(self, arg: str) -> None:  # noqa: N802 - the library finds it by this name
        """No greeting of this protocol."""
        await self.push("500 5.5.1 Say LHLO")

    async def smtp_EHLO(self, arg: str) -> None:  # noqa: N802 - the library finds it by this name
        """No greeting of this protocol."""
        await self.push("500 5.5.1 Say LHLO")

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - the library finds it by this name
        """As in SMTP, but what the library itself answers to a mail is said once for each recipient."""
        self._after_data = len(self.envelope.rcpt_tos) if self.envelope else 0
        try:
            await super().smtp_DATA(arg)
        finally:
            self._after_data = 0

    async def push(self, status: Any) -> None:
        """Say something."""
        is_verdict = self._after_data and isinstance(status, str) and not status.startswith(("354", "501", "503"))
        if is_verdict and "\r\n" not in status:
            status = "\r\n".join([status] * self._after_data)
        await super().push(status)

    def for_all(self, answers: Sequence[str]) -> str:
        """One answer a recipient, in their order."""
        return "\r\n".join(answers)


_porches: dict[tuple[str, int], Porch] = {}
"""The open ports of this process, since mailboxes are opened one by one and may share one."""


@asynccontextmanager
async def door_open(settings: EmailSettings, door: Door) -> AsyncIterator[Porch]:
    """Take mail for a mailbox while within. Raises TryLater for a port that is taken, AccountBroken for one of ours
    that speaks the other protocol."""
    where = (settings.listener_host, settings.listener_port)
    porch = _porches.get(where)
    if porch is not None and porch.protocol != settings.listener_protocol:
        raise AccountBroken(f"Another mailbox takes mail by {porch.protocol.upper()} at port {where[1]}.")
    is_new = porch is None
    if porch is None:
        porch = Porch(settings.listener_protocol)
        try:
            porch.bind(*where)
        except OSError as error:
            raise TryLater(f"Port {where[1]} is not free.") from error
        _porches[where] = porch
    porch.doors.append(door)
    try:
        if is_new:
            await porch.open()
        yield porch
    finally:
        porch.doors.remove(door)
        if not porch.doors:
            del _porches[where]
            porch.close()


def is_open_here(settings: EmailSettings) -> bool:
    """Whether this hub itself listens there already."""
    return (settings.listener_host, settings.listener_port) in _porches
