"""A post office: an SMTP server that keeps what is sent to its people, and people who write by SMTP.

post = PostOffice()
async with post.serving() as port:                 # settings: smtp_host 127.0.0.1, smtp_port
    lena = post.box("lena@home.example", name="Lena")
    await lena.write("shop@fern.example", "Order 7", "Where is it?", port=2525)   # to the hub's listener
    async for letter in lena.letters(): …

With an `ImapServer`, mail to one of its mailboxes goes there, and its users may sign in here with their passwords:
together they are somebody's mail provider. What `routes` names goes on by SMTP to another server of this machine.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import format_datetime, formataddr

import aiosmtplib
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from channels.simulators.imap import ImapServer, Mailbox
from crm_core.words.clock import as_datetime, system_clock

_MOST: int = 40 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One mail as its reader sees it."""

    message_id: str
    sender: str
    subject: str
    text: str
    references: str
    files: Sequence[tuple[str, bytes]] = field(default=(), repr=False)
    raw: bytes = field(default=b"", repr=False)
    mine: bool = False


class NotTaken(Exception):
    """The server did not take a mail."""


class Box:
    """One person's mailbox."""

    def __init__(self, address: str, name: str) -> None:
        self.address = address
        self.name = name
        self.kept: list[Letter] = []
        """Received and sent, oldest first."""
        self._watchers: set[asyncio.Queue[Letter]] = set()

    # house: parameters because a mail has all of these, and a test names each
    async def write(
        self,
        to: str,
        subject: str,
        text: str,
        *,
        port: int,
        answers: Letter | None = None,
        files: Sequence[tuple[str, bytes]] = (),
        html: str | None = None,
        cc: Sequence[str] = (),
    ) -> Letter:
        """Send a mail to a server on this machine; what was sent. Raises NotTaken."""
        mail = self._composed(to, subject, text, answers)
        if cc:
            mail["Cc"] = ", ".join(cc)
        if html is not None:
            mail.add_alternative(html, subtype="html")
        for name, content in files:
            mail.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
        try:
            await aiosmtplib.send(
                mail, sender=self.address, recipients=[to, *cc], hostname="127.0.0.1", port=port, start_tls=False
            )
        except (aiosmtplib.SMTPException, OSError) as error:
            raise NotTaken(str(error)) from error
        letter = read(mail.as_bytes(policy=policy.SMTP), mine=True)
        self.take(letter)
        return letter

    def take(self, letter: Letter) -> None:
        """Keep a letter."""
        self.kept.append(letter)
        for queue in self._watchers:
            queue.put_nowait(letter)

    async def letters(self) -> AsyncIterator[Letter]:
        """What comes to lie in the box from now on, their own letters too."""
        queue: asyncio.Queue[Letter] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    def _composed(self, to: str, subject: str, text: str, answers: Letter | None) -> EmailMessage:
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"] = formataddr((self.name, self.address))
        mail["To"] = to
        mail["Subject"] = subject
        mail["Date"] = format_datetime(as_datetime(system_clock()))
        mail["Message-ID"] = f"<{uuid.uuid4()}@{self.address.rpartition('@')[2]}>"
        if answers is not None:
            mail["In-Reply-To"] = answers.message_id
            mail["References"] = f"{answers.references} {answers.message_id}".strip()
            quoted = "\n".join(f"> {line}" for line in answers.text.splitlines())
            text = f"{text}\n\n{answers.sender} wrote:\n{quoted}\n"
        mail.set_content(text)
        return mail


class PostOffice:
    """Takes mail for everybody. What nobody has a mailbox or a box for is kept in a new box."""

    def __init__(self, imap: ImapServer | None = None) -> None:
        self.boxes: dict[str, Box] = {}
        self.routes: dict[str, int] = {}
        """Ports of servers on this machine that take the mail of an address themselves."""
        self._imap = imap

    def box(self, address: str, *, name: str = "") -> Box:
        """The box of an address, always the same one."""
        found = self.boxes.setdefault(address.lower(), Box(address.lower(), name))
        found.name = name or found.name
        return found

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """What aiosmtpd calls for each mail."""
        raw = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        try:
            # First what may be refused, so that nobody has a mail that comes once more.
            for recipient in sorted(envelope.rcpt_tos, key=lambda one: plain(one) not in self.routes):
                await self._keep(raw, envelope.mail_from or "", recipient)
        except (aiosmtplib.SMTPException, OSError):
            return "451 The server of this address does not take it now"
        return "250 Kept"

    async def _keep(self, raw: bytes, sender: str, recipient: str) -> None:
        traced, mailbox = _traced(raw, sender, recipient), self._mailbox(recipient)
        port = self.routes.get(plain(recipient))
        if port is not None:
            await aiosmtplib.send(
                traced, sender=sender, recipients=[recipient], hostname="127.0.0.1", port=port, start_tls=False
            )
        elif mailbox is not None:
            mailbox.inbox.add(traced)
        else:
            self.box(recipient).take(read(traced))

    def _mailbox(self, address: str) -> Mailbox | None:
        """The mailbox of an address."""
        return (self._imap.mailboxes if self._imap is not None else {}).get(plain(address))

    # house: parameters because aiosmtpd calls it so
    def _lets_in(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, given: object
    ) -> AuthResult:
        if not isinstance(given, LoginPassword):
            return AuthResult(success=False, handled=False)
        mailbox = self._mailbox(given.login.decode("utf-8", "replace"))
        known = mailbox.password.encode() if mailbox is not None else b""
        return AuthResult(success=bool(known) and known == given.password, handled=False)

    @asynccontextmanager
    async def serving(self, *, port: int = 0) -> AsyncIterator[int]:
        """Take mail on this machine until the block ends; the port."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: SMTP(
                self,
                hostname="post.example",
                data_size_limit=_MOST,
                enable_SMTPUTF8=True,
                authenticator=self._lets_in,
                auth_require_tls=False,
            ),
            "127.0.0.1",
            port,
        )
        try:
            yield int(server.sockets[0].getsockname()[1])
        finally:
            server.close()
            await server.wait_closed()


def plain(address: str) -> str:
    """An address in lower case, without what stands behind a plus in it."""
    user, _, domain = address.lower().rpartition("@")
    return f"{user.partition('+')[0]}@{domain}"


def _traced(raw: bytes, sender: str, recipient: str) -> bytes:
    """The mail with what a mail server writes on it when it arrives (RFC 5321, 4.4)."""
    when = format_datetime(as_datetime(system_clock()))
    lines = f"Return-Path: <{sender}>\r\nDelivered-To: {recipient}\r\nReceived: by post.example with ESMTP; {when}\r\n"
    return lines.encode() + raw


def read(raw: bytes, *, mine: bool = False) -> Letter:
    """A mail as a mail program of this year shows it. The raw bytes stay the truth."""
    mail = BytesParser(policy=policy.default).parsebytes(raw)
    assert isinstance(mail, EmailMessage)
    body = mail.get_body(("plain", "html"))
    files = [(part.get_filename() or "file", part.get_payload(decode=True) or b"") for part in mail.iter_attachments()]
    return Letter(
        message_id=str(mail["Message-ID"] or ""),
        sender=str(mail["From"] or ""),
        subject=str(mail["Subject"] or ""),
        text=str(body.get_content()) if body is not None else "",
        references=str(mail["References"] or ""),
        files=[(name, content) for name, content in files if isinstance(content, bytes)],
        raw=raw,
        mine=mine,
    )
