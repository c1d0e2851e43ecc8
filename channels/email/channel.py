"""An open mailbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final, Protocol
from urllib.parse import urlsplit

from channels.contract import (
    Account,
    Capabilities,
    Channel,
    ChannelEvent,
    Deliver,
    Kept,
    MessageArrived,
    Original,
    OutboundMessage,
    Refused,
    Sent,
    Tools,
)
from channels.email.glimpse import glimpse
from channels.email.incoming import NOBODY, Arrival, events
from channels.email.listener import Door, door_open
from channels.email.mail import ParsedMail
from channels.email.mailbox import Mailbox, follow_folders
from channels.email.patience import PATIENT, Patience
from channels.email.reading import MailReader, Unreadable
from channels.email.render import Letter, Writer, letter
from channels.email.settings import EmailSettings
from channels.email.smtp import Submission, submit
from channels.email.tokens import AccessTokens
from channels.email.writing import Unwritable
from crm_core.words.content import FileRef
from crm_core.words.errors import NotFound, TooLarge

_MOST_FILES: Final = 50
_SEND_SECONDS: Final = 240.0
"""For one mail: the wait for the server's word that it has it, and what comes before."""
_SENDS_AT_ONCE: Final = 4
"""Each is a connection of its own; mail providers allow an account about ten."""
_KEEP_TRYING_HOURS: Final = 72
"""Mail servers are away for days, and everybody who sends mail waits for them."""


class Reader(Protocol):
    """Reads mails. Raises Unreadable."""

    async def read(self, raw: bytes) -> ParsedMail: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an open mailbox works with."""

    account: Account
    settings: EmailSettings
    tools: Tools
    reader: Reader
    patience: Patience


class Email:
    """Fetches or takes mail, reads it, and sends. Each of these may be missing from its settings."""

    def __init__(self, parts: Parts) -> None:
        self._account = parts.account
        self._settings = parts.settings
        self._tools = parts.tools
        self._reader = parts.reader
        self._patience = parts.patience
        tools, patience = parts.tools, parts.patience
        self._tokens = AccessTokens(self._settings, tools, limit=patience.connect)
        own_name = _own_name(parts.account.public_url, self._settings.domain)
        self._submission = Submission(self._settings, tools.peers, self._tokens, patience, own_name)
        self._mailboxes = [
            Mailbox(
                folder,
                self._settings,
                tools,
                patience=patience,
                tokens=self._tokens,
                since=parts.account.created_at,
            )
            for folder in dict.fromkeys(self._settings.folders)
        ]

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_file_bytes=self._settings.max_file_bytes,
            max_files=_MOST_FILES,
            html=True,
            subject=True,
            copies=True,
            signature=self._settings.signature,
            send_seconds=_SEND_SECONDS,
            sends_at_once=_SENDS_AT_ONCE,
            keep_trying_hours=_KEEP_TRYING_HOURS,
            dedupes_sends=True,
            can_start=bool(self._settings.smtp_host),
        )

    async def listen(self, deliver: Deliver, /) -> None:
        """Fetch mail, or take it at our own door, until cancelled."""
        if self._settings.incoming == "imap":
            await follow_folders(self._mailboxes, deliver, self._patience)
        elif self._settings.incoming == "listener":
            door = Door(self._settings.own, deliver, self._tools.files, self._tools.now)
            async with door_open(self._settings, door):
                await asyncio.Event().wait()
        await asyncio.Event().wait()

    async def send(self, message: OutboundMessage, /) -> Sent:
        """Send by SMTP. The Message-ID is fixed, so that sending again is the same mail."""
        if not self._settings.smtp_host:
            raise Refused("This mailbox only receives mail: its settings name no server to send by.")
        if message.to.value in {*self._settings.own, NOBODY}:
            raise Refused("They gave no address that can be answered.")
        written = await self._letter(message)
        return Sent((written.message_id,), await submit(written, self._submission))

    async def read(self, original: Original, /) -> Sequence[ChannelEvent]:
        """What a stored mail says. A mail that nobody can read becomes a message that says so."""
        mail, problem = await self._parsed(original)
        arrival = Arrival(
            mail=mail,
            original=original,
            settings=self._settings,
            tokens=self._tools.tokens.read,
            loop_key=self._account.public_key,
            problem=problem,
            region=self._account.region,
        )
        told = events(arrival)
        if not any(isinstance(event, MessageArrived) for event in told):
            return told
        return events(await self._with_files(arrival))

    async def _parsed(self, original: Original) -> tuple[ParsedMail, str]:
        """The mail and what is wrong with it; of one that cannot be read, what its first lines say."""
        problem = original.facts.get("problem", "")
        if problem:
            return glimpse(original.body), problem
        try:
            mail = await self._reader.read(original.body)
        except Unreadable as error:
            return glimpse(original.body), error.code
        return mail, "too_large" if "too_large" in mail.defects else ""

    async def _with_files(self, arrival: Arrival) -> Arrival:
        kept: list[FileRef] = []
        pictures: dict[str, FileRef] = {}
        problem = arrival.problem
        for attached in arrival.mail.attachments:
            try:
                file = await self._tools.files.keep(attached.name, attached.content)
            except TooLarge:
                problem = problem or "file_too_large"
                continue
            kept.append(file)
            if attached.content_id:
                pictures.setdefault(attached.content_id.lower(), file)
        return replace(arrival, files=kept, pictures=pictures, problem=problem)

    async def _letter(self, message: OutboundMessage) -> Letter:
        files = await self._files(message)
        token = self._tools.tokens.make(message.conversation_id)
        try:
            return letter(message, Writer(self._settings, self._account.public_key), token, files)
        except Unwritable as error:
            raise Refused("An address or a name in this message cannot be written into a mail.") from error

    async def _files(self, message: OutboundMessage) -> dict[int, Kept]:
        found: dict[int, Kept] = {}
        for file in message.content.files:
            try:
                found[file.id] = await self._tools.files.read(file)
            except NotFound as error:
                raise Refused("A file of this message is gone.") from error
        if any(len(kept.content) > self._settings.max_file_bytes for kept in found.values()):
            raise Refused("A file is larger than this mailbox sends.")
        return found


def _own_name(public_url: str, domain: str) -> str:
    """What this hub calls itself to mail servers: a name in the DNS, never an address of some network."""
    host = urlsplit(public_url).hostname or ""
    is_name = "." in host and host.rpartition(".")[2].isalpha()
    return host if is_name else domain


@asynccontextmanager
async def open_email(
    account: Account, tools: Tools, *, patience: Patience = PATIENT, reader: Reader | None = None
) -> AsyncIterator[Channel]:
    """Open the account. Nothing is connected to before it listens or sends."""
    settings = account.settings
    assert isinstance(settings, EmailSettings), "the registry hands each channel its own settings"
    async with MailReader() as own_reader:
        parts = Parts(account=account, settings=settings, tools=tools, reader=reader or own_reader, patience=patience)
        yield Email(parts)
