"""A mail server that takes our mail, or shows how such servers fail."""

from __future__ import annotations

import asyncio
import base64
import ssl
from contextlib import suppress
from enum import StrEnum
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Failing(StrEnum):
    """How the server fails."""

    PASSWORD = "535 to the sign-in"
    SIGN_IN_LATER = "454 to the sign-in"
    BUSY = "451 to the recipient"
    NO_SUCH_USER = "550 to the recipient"
    ONE_OF_TWO = "550 to whoever is called nobody"
    TOO_LARGE = "552 to the mail"
    NOT_NOW = "451 to the mail"
    SPAM = "554 to the mail"
    CUT_BEFORE = "hangs up at the recipient"
    CUT = "takes the mail and hangs up"
    SILENT = "takes the mail and says nothing"


class MailServer:
    """`mails` are the envelopes that it took; with a fault that comes after the mail, they are in there too."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.mails: list[Envelope] = []
        self.failing: Failing | None = None
        self.signed_in: list[str] = []
        self.sessions = 0
        self.offers_utf8 = True
        self.good_token = "good"
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._protocols: list[SMTP] = []

    async def open(self, *, tls_at_once: ssl.SSLContext | None = None) -> int:
        """Listen; the port."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, "127.0.0.1", 0, ssl=tls_at_once)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def close(self) -> None:
        """Hang up on everybody."""
        if self._server is not None:
            self._server.close()
        for protocol in self._protocols:
            transport: Any = protocol.transport
            if transport is not None:
                # An encrypted transport of Python 3.11.2 that is closed already has nothing left to abort.
                with suppress(AttributeError):
                    transport.abort()
        await asyncio.sleep(0)

    def _session(self) -> SMTP:
        self.sessions += 1
        protocol = SMTP(
            self,
            hostname="mail.example",
            enable_SMTPUTF8=self.offers_utf8,
            tls_context=self._tls,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=asyncio.get_running_loop(),
        )
        protocol.line_length_limit = 2**20
        self._protocols.append(protocol)
        return protocol

    def _authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, login: Any) -> Any:
        assert isinstance(login, LoginPassword)
        if self.failing is Failing.SIGN_IN_LATER:
            return AuthResult(success=False, handled=False, message="454 4.7.0 Later")
        if self.failing is Failing.PASSWORD or login.password != b"secret":
            return AuthResult(success=False, handled=False, message="535 5.7.8 No")
        self.signed_in.append(login.login.decode())
        return AuthResult(success=True)

    async def auth_XOAUTH2(self, server: SMTP, args: list[str]) -> AuthResult:
        said = base64.b64decode(args[1]).decode()
        user, token = said.split("\1")[:2]
        if token != f"auth=Bearer {self.good_token}":
            await server.push("334 eyJzdGF0dXMiOiI0MDAifQ==")
            await server._reader.readline()
            return AuthResult(success=False, handled=False, message="535 5.7.8 No")
        self.signed_in.append(user.removeprefix("user="))
        return AuthResult(success=True)

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.failing is Failing.CUT_BEFORE:
            _abort(server)
        if self.failing is Failing.BUSY:
            return "451 4.7.1 Greylisted"
        if self.failing is Failing.NO_SUCH_USER or (
            self.failing is Failing.ONE_OF_TWO and address.startswith("nobody@")
        ):
            return "550 5.1.1 <who?> unknown"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answers = {
            Failing.TOO_LARGE: "552 5.3.4 Too large",
            Failing.NOT_NOW: "451 4.3.0 Not now",
            Failing.SPAM: "554 5.7.1 Spam",
        }
        if self.failing in answers:
            return answers[self.failing]
        self.mails.append(envelope)
        if self.failing is Failing.CUT:
            _abort(server)
        if self.failing is Failing.SILENT:
            await asyncio.Event().wait()
        return "250 2.0.0 Taken"


def _abort(server: SMTP) -> None:
    transport: Any = server.transport
    transport.abort()
