"""Sending by SMTP: each way to fail told apart by when it happened, since that says whether the mail went out."""

from __future__ import annotations

import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import aiosmtplib
from aiosmtplib.errors import (
    SMTPAuthenticationError,
    SMTPException,
    SMTPResponseException,
    SMTPServerDisconnected,
    SMTPTimeoutError,
)

from channels.contract import AccountBroken, ChannelError, Peers, Problem, Refused, TryLater, Unclear
from channels.email.connecting import Trouble, reach, tls_context, troubles
from channels.email.patience import Patience
from channels.email.render import Letter
from channels.email.settings import EmailSettings
from channels.email.tokens import AccessTokens

_ENHANCED: Final = re.compile(r"\b([45])\.(\d{1,3})\.(\d{1,3})\b")
_REFUSED_SIGN_IN: Final = frozenset({530, 534, 535, 538})
_WORDS: Final = {
    "1.1": "There is no such mailbox.",
    "1.2": "The address's domain does not exist.",
    "1.3": "The address is not written as one.",
    "1.10": "The address's domain takes no mail.",
    "2.1": "The mailbox takes no mail.",
    "2.2": "The recipient's mailbox is full.",
    "2.3": "The mail is too large for the recipient.",
    "3.4": "The mail is too large for the mail server.",
    "7.1": "The mail server does not allow this mail.",
    "7.60": "The mail server does not let this mailbox write from its address.",
}


@dataclass(frozen=True, slots=True)
class Submission:
    """What sending needs to know."""

    settings: EmailSettings
    peers: Peers
    tokens: AccessTokens
    patience: Patience
    own_name: str
    """How this hub calls itself to mail servers."""


async def submit(letter: Letter, to: Submission) -> Mapping[str, str]:
    """Hand the mail over to the server; why, by address, it takes it not for everybody on copy.

    For those it is written to it goes to all or to nobody.

    Raises TryLater, AccountBroken, Refused; Unclear when the connection broke after the mail was sent and before the
    server said that it has it.
    """
    try:
        async with submission_connection(to) as client:
            return await _hand_over(client, letter, to.patience)
    except Trouble as trouble:
        raise trouble.as_failure() from trouble


@asynccontextmanager
async def submission_connection(to: Submission) -> AsyncIterator[aiosmtplib.SMTP]:
    """A connection that is encrypted and signed in as the settings say. Raises Trouble."""
    settings, patience = to.settings, to.patience
    plug = await reach(settings.smtp_host, settings.smtp_port, to.peers, limit=patience.connect)
    client = aiosmtplib.SMTP(
        hostname=settings.smtp_host,
        sock=plug,
        local_hostname=to.own_name,
        timeout=patience.send,
        use_tls=settings.smtp_security == "tls",
        start_tls=False,
        tls_context=None if settings.smtp_security == "none" else tls_context(settings),
    )
    try:
        await _greet(client, settings, patience)
        if settings.smtp_sign_in:
            await _sign_in(client, to)
        yield client
        with suppress(SMTPException, OSError):
            await client.quit(timeout=patience.connect)
    finally:
        client.close()
        plug.close()


async def _greet(client: aiosmtplib.SMTP, settings: EmailSettings, patience: Patience) -> None:
    host = settings.smtp_host
    with troubles(host):
        try:
            await client.connect(timeout=patience.connect)
            await client.ehlo(timeout=patience.connect)
            if settings.smtp_security == "starttls":
                if not client.supports_extension("starttls"):
                    raise Trouble(
                        Problem.TLS, "{host} does not encrypt connections at this port.", why="no_encryption", host=host
                    )
                await client.starttls(timeout=patience.connect)
                await client.ehlo(timeout=patience.connect)
        except SMTPResponseException as error:
            raise _at_the_door(host, error.code) from error
        except SMTPException as error:
            # The library puts its own error around the one of the connection.
            cause: BaseException | None = error
            while cause is not None:
                if isinstance(cause, ssl.SSLError):
                    raise cause from error
                cause = cause.__cause__ or cause.__context__
            raise Trouble(
                Problem.UNREACHABLE, "{host} does not answer as a mail server does.", why="no_mail_server", host=host
            ) from error


def _at_the_door(host: str, code: int) -> Trouble:
    if 400 <= code < 500:
        return Trouble(Problem.LIMITED, "{host} asks for patience.", why="patience", host=host)
    return Trouble(Problem.PROTOCOL, "{host} does not talk to this hub.", why="turned_away", host=host)


async def _sign_in(client: aiosmtplib.SMTP, to: Submission) -> None:
    """By password or token; a token from memory that is refused is fetched anew once."""
    if to.settings.auth == "password":
        await _try_to_sign_in(client, to, None)
        return
    was_kept = to.tokens.has_one
    try:
        await _try_to_sign_in(client, to, await to.tokens.get())
    except Trouble as trouble:
        to.tokens.forget()
        if not was_kept or trouble.problem is not Problem.PASSWORD:
            raise
        await _try_to_sign_in(client, to, await to.tokens.get())


async def _try_to_sign_in(client: aiosmtplib.SMTP, to: Submission, token: str | None) -> None:
    settings = to.settings
    name = settings.smtp_username or settings.sign_in_name
    password = settings.smtp_password.get_secret_value() or settings.password.get_secret_value()
    with troubles(settings.smtp_host):
        try:
            if token is None:
                await client.login(name, password)
            else:
                await client.auth_xoauth2(name, token)
        except SMTPAuthenticationError as error:
            if error.code not in _REFUSED_SIGN_IN:
                raise Trouble(
                    Problem.LIMITED, "The mail server lets nobody sign in at the moment.", why="no_sign_in_now"
                ) from error
            words = "The mail server does not accept the name or the password."
            raise Trouble(Problem.PASSWORD, words, why="password_wrong", needs_a_person=True) from error
        except (SMTPServerDisconnected, SMTPTimeoutError) as error:
            raise Trouble(
                Problem.UNREACHABLE, "{host} hung up.", why="server_hung_up", host=settings.smtp_host
            ) from error
        except SMTPException as error:
            words = "The mail server offers no way to sign in over this connection."
            raise Trouble(Problem.PROTOCOL, words, why="no_way_to_sign_in", needs_a_person=True) from error


async def _hand_over(client: aiosmtplib.SMTP, letter: Letter, patience: Patience) -> Mapping[str, str]:
    options = []
    if letter.needs_utf8:
        if not client.supports_extension("smtputf8"):
            raise Refused("The mail server does not carry addresses with such letters.")
        options = ["SMTPUTF8", "BODY=8BITMIME"]
    most = client.esmtp_extensions.get("size", "").strip()
    if most.isdecimal() and 0 < int(most) < len(letter.content):
        raise Refused("The mail is too large for the mail server.")
    encoding = "utf-8" if letter.needs_utf8 else "ascii"
    try:
        await client.mail(letter.sender, options=options, encoding=encoding)
        left_out = await _name_all(client, letter, encoding)
    except SMTPResponseException as error:
        raise _failure(error.code, error.message) from error
    except (SMTPException, OSError) as error:
        raise TryLater("The mail server hung up before it took the mail.") from error
    try:
        await client.data(letter.content, timeout=patience.taken)
    except SMTPResponseException as error:
        raise _failure(error.code, error.message) from error
    except (SMTPException, OSError) as error:
        raise Unclear("The mail server did not say whether it took the mail.") from error
    return left_out


async def _name_all(client: aiosmtplib.SMTP, letter: Letter, encoding: str) -> Mapping[str, str]:
    """Name everybody. One on copy who is refused for good keeps it from nobody else; it is told who that is."""
    left_out: dict[str, str] = {}
    for recipient in letter.recipients:
        try:
            await _name(client, recipient, encoding)
        except Refused as refusal:
            if recipient not in letter.copies:
                raise
            left_out[recipient] = str(refusal).removeprefix(f"{recipient}: ")
    return left_out


async def _name(client: aiosmtplib.SMTP, recipient: str, encoding: str) -> None:
    try:
        await client.rcpt(recipient, encoding=encoding)
    except SMTPResponseException as error:
        raise _failure(error.code, error.message, recipient) from error


def _failure(code: int, said: str, recipient: str = "") -> ChannelError:
    """What a refusal means, in our words; `said` is only looked at for its code (RFC 3463)."""
    if 400 <= code < 500:
        return TryLater("The mail server takes no mail at the moment.", code=code)
    if code in _REFUSED_SIGN_IN:
        return AccountBroken("The mail server wants a sign-in before it takes mail.", code=code)
    found = _ENHANCED.search(said)
    words = _WORDS.get(f"{found[2]}.{found[3]}" if found else "", "")
    words = words or ("The mail is too large for the mail server." if code == 552 else "The mail server refused it.")
    return Refused(f"{recipient}: {words}" if recipient else words, code=code)
