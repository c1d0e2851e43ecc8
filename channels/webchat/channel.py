"""An open web chat account."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from channels.contract import (
    Account,
    Capabilities,
    Channel,
    Deliver,
    Doorway,
    OutboundMessage,
    Sent,
    Tools,
    VisitorDesk,
    VisitorSocket,
)
from channels.webchat.attendance import Attendance
from channels.webchat.protocol import MAX_TEXT
from channels.webchat.settings import WebChatSettings
from crm_core.words.clock import Clock
from crm_core.words.content import ExternalId

_SECRETS: Final = {"identity_secret"}
_FOR_THE_DOOR: Final = {"allowed_origins"}


class WebChat:
    """Visitors' sockets are the hub's own, so what is stored is already on its way to them."""

    def __init__(self, account: Account, settings: WebChatSettings, now: Clock) -> None:
        self._account = account
        self._settings = settings
        self._now = now

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(
            max_text=MAX_TEXT,
            max_file_bytes=self._settings.max_file_bytes,
            receipts=True,
            typing=True,
            dedupes_sends=True,
            loses_visitors=True,
        )

    @property
    def doorway(self) -> Doorway:
        return Doorway(
            origins=frozenset(self._settings.allowed_origins),
            settings=self._settings.model_dump(mode="json", exclude=_SECRETS | _FOR_THE_DOOR),
            max_file_bytes=self._settings.max_file_bytes,
            file_types=frozenset(self._settings.file_types),
        )

    async def send(self, message: OutboundMessage, /) -> Sent:
        """Nothing is left to do: sockets of this visitor follow the journal, and an absent one reads it on return."""
        return Sent((ExternalId(f"entry:{message.entry.id}"),))

    async def attend(self, visitor: VisitorSocket, desk: VisitorDesk, deliver: Deliver, /) -> None:
        await Attendance(self._settings, self._account, self._now, visitor=visitor, desk=desk).run(deliver)


@asynccontextmanager
async def open_webchat(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; there is nothing to connect to."""
    settings = account.settings
    assert isinstance(settings, WebChatSettings), "the registry hands each channel its own settings"
    yield WebChat(account, settings, tools.now)
