"""An open WhatsApp account."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from channels.contract import Account, Capabilities, Channel, Finding, TemplateShape, Tools
from channels.twilio.dialect import Dialect
from channels.twilio.examining import examine
from channels.twilio.forms import WHATSAPP_PREFIX
from channels.twilio.messaging import TwilioMessaging
from channels.whatsapp.parse import arrived
from channels.whatsapp.render import MAX_TEXT, outgoing, texts
from channels.whatsapp.settings import WhatsAppSettings

MAX_FILE: Final = 16 * 1024 * 1024
"""Bytes of a file, both ways."""
WINDOW_HOURS: Final = 24
"""How long after they last wrote anything may be sent (WhatsApp's customer service window)."""


def dialect(settings: WhatsAppSettings) -> Dialect:
    """How WhatsApp messages are read and written with these settings."""
    templates = tuple(
        TemplateShape(id=one.id, name=one.name, text=one.text, language=one.language) for one in settings.templates
    )
    return Dialect(
        capabilities=Capabilities(
            max_text=MAX_TEXT,
            max_file_bytes=MAX_FILE,
            max_files=1,
            window_hours=WINDOW_HOURS,
            templates=templates,
            receipts=True,
            can_start=bool(templates),
        ),
        max_file_bytes=MAX_FILE,
        sender=settings.sender,
        arrived=arrived,
        outgoing=lambda message, links: outgoing(message, links, settings),
        texts=lambda message: texts(message, settings),
    )


@asynccontextmanager
async def open_whatsapp(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; there is no connection to keep."""
    yield TwilioMessaging(account, _settings(account), tools, dialect(_settings(account)))


async def examine_whatsapp(account: Account, tools: Tools) -> Sequence[Finding]:
    """Whether the credentials work. Senders of WhatsApp are in no list that an account can read."""
    settings = _settings(account)
    listed = not settings.sender.startswith(WHATSAPP_PREFIX)
    return await examine(account, settings, tools, settings.sender, listed=listed)


def _settings(account: Account) -> WhatsAppSettings:
    assert isinstance(account.settings, WhatsAppSettings), "the registry hands each channel its own settings"
    return account.settings
