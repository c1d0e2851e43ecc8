"""An open SMS account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from channels.contract import Account, Capabilities, Channel, Finding, OutboundMessage, Tools
from channels.sms.parse import arrived
from channels.sms.render import MAX_TEXT, outgoing, words
from channels.sms.settings import SmsSettings, is_name
from channels.twilio.dialect import Dialect
from channels.twilio.examining import examine
from channels.twilio.messaging import TwilioMessaging

MAX_FILE: Final = 5 * 1024 * 1024
"""Bytes; Twilio takes no larger file in a picture message."""
MAX_FILES: Final = 10


def dialect(settings: SmsSettings) -> Dialect:
    """How SMS are read and written with these settings."""

    def texts(message: OutboundMessage) -> Sequence[str]:
        return [words(message.content)]

    return Dialect(
        capabilities=Capabilities(
            max_text=MAX_TEXT,
            max_file_bytes=MAX_FILE if settings.mms else 0,
            max_files=MAX_FILES,
            segments=True,
            receipts=True,
            can_start=True,
        ),
        max_file_bytes=MAX_FILE,
        sender=settings.sender,
        arrived=arrived,
        outgoing=lambda message, links: outgoing(message, links, settings.sender),
        texts=texts,
        help=settings.help_text,
    )


@asynccontextmanager
async def open_sms(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; there is no connection to keep."""
    yield TwilioMessaging(account, _settings(account), tools, dialect(_settings(account)))


async def examine_sms(account: Account, tools: Tools) -> Sequence[Finding]:
    """Whether the credentials work, the sender is the account's, and messages to it come to us."""
    settings = _settings(account)
    return await examine(account, settings, tools, settings.sender, listed=not is_name(settings.sender))


def _settings(account: Account) -> SmsSettings:
    assert isinstance(account.settings, SmsSettings), "the registry hands each channel its own settings"
    return account.settings
