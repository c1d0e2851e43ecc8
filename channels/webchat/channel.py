"""An open web chat account."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import msgspec

from channels.contract import (
    Account,
    Calling,
    Capabilities,
    Channel,
    Deliver,
    Doorway,
    OutboundMessage,
    PhonePass,
    PhoneSocket,
    PhoneWanted,
    Refused,
    Sent,
    Tools,
    VisitorDesk,
    VisitorSocket,
)
from channels.webchat import ice
from channels.webchat.attendance import Attendance
from channels.webchat.protocol import MAX_TEXT
from channels.webchat.rooms import Rooms
from channels.webchat.settings import WebChatSettings
from crm_core.words.calls import Scene
from crm_core.words.clock import Clock
from crm_core.words.content import ExternalId

_SECRETS: Final = {"identity_secret", "turn_secret", "turn_credential", "turn_username", "turn", "stun", "relay_only"}
"""Nobody is told of a server before they call."""
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


class WebChatWithCalls(WebChat):
    """One whose visitors call, too: the sound goes from browser to browser, the signs of it over their sockets."""

    def __init__(self, account: Account, settings: WebChatSettings, now: Clock, rooms: Rooms) -> None:
        super().__init__(account, settings, now)
        self._rooms = rooms

    @property
    def calling(self) -> Calling:
        """Words are shown as text, and played where they were recorded; agents' browsers record."""
        return Calling(media="webrtc", dials_numbers=False, speaks=True, records=True, listens_in=True)

    async def arrange(self, scene: Scene, deliver: Deliver, /) -> None:
        """Only what the browsers cannot do themselves: they follow the call on their own."""
        await self._rooms.arrange(scene, deliver)

    async def lend(self, wanted: PhoneWanted, /) -> PhonePass:
        now = self._now()
        servers = ice.servers(self._settings, f"agent-{wanted.agent_id}", now)
        ways = [msgspec.to_builtins(server) for server in servers]
        facts = {"ice": ways, "relay_only": self._settings.relay_only}
        return PhonePass(media="webrtc", facts=facts, expires_at=now + ice.GOOD_FOR)

    async def connect(self, phone: PhoneSocket, /) -> None:
        raise Refused("Browsers of this line speak with each other.")

    async def attend(self, visitor: VisitorSocket, desk: VisitorDesk, deliver: Deliver, /) -> None:
        attendance = Attendance(self._settings, self._account, self._now, visitor=visitor, desk=desk, rooms=self._rooms)
        await attendance.run(deliver)


@asynccontextmanager
async def open_webchat(account: Account, tools: Tools) -> AsyncIterator[Channel]:
    """Open the account; there is nothing to connect to."""
    settings = account.settings
    assert isinstance(settings, WebChatSettings), "the registry hands each channel its own settings"
    if not settings.calls:
        yield WebChat(account, settings, tools.now)
        return
    async with asyncio.TaskGroup() as group:
        rooms = Rooms(tools.now, group)
        yield WebChatWithCalls(account, settings, tools.now, rooms)
        rooms.close()
