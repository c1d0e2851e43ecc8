"""The phones at the other end: what a customer does, in Python."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from channels.simulators.twilio.cloud import Cloud
from channels.simulators.twilio.model import Media, Message


class Phone:
    """One phone (or one WhatsApp, when its number begins with `whatsapp:`)."""

    def __init__(self, cloud: Cloud, number: str) -> None:
        self._cloud = cloud
        self.number = number
        self.name = ""
        """What the owner calls themselves in WhatsApp."""
        self.received: list[Message] = []
        self._watchers: set[asyncio.Queue[Message]] = set()

    async def text(
        self, to: str, body: str, *, media: Sequence[tuple[str, bytes]] = (), extra: dict[str, str] | None = None
    ) -> tuple[str, int]:
        """Write to a number of the account: the message's name, and what its webhook answered (0: nothing).

        `media` are types and bytes of files; `extra` are further parameters of the webhook.
        """
        kept = tuple(Media(self._cloud.sid("ME"), kind, content) for kind, content in media)
        message = Message(
            sid=self._cloud.sid("MM" if kept else "SM"),
            account_sid=self._cloud.account_sid,
            sender=self.number,
            to=to,
            body=body,
            inbound=True,
            at=self._cloud.now(),
            media=kept,
            status="received",
            extra={**self._said_of_me(), **(extra or {})},
        )
        for number, one in enumerate(kept):
            place = f"{self._cloud.origin}{message.uri}/Media/{one.sid}"
            message.extra |= {f"MediaUrl{number}": place, f"MediaContentType{number}": one.type}
        return message.sid, await self._cloud.arrive(message)

    async def share_place(self, to: str, latitude: float, longitude: float, label: str = "") -> tuple[str, int]:
        """Send where one is, as WhatsApp does."""
        spot = {"Latitude": f"{latitude}", "Longitude": f"{longitude}", **({"Label": label} if label else {})}
        return await self.text(to, "", extra={**spot, "MessageType": "location"})

    async def press(self, answered: Message, text: str, payload: str) -> tuple[str, int]:
        """Press a button below a message of the account."""
        said = {"ButtonText": text, "ButtonPayload": payload, "OriginalRepliedMessageSid": answered.sid}
        return await self.text(answered.sender, text, extra={**said, "MessageType": "button"})

    def read(self, message: Message) -> None:
        """Look at a message; WhatsApp reports that."""
        message.status = "read"
        self._cloud.owe(message, ["read"])

    async def messages(self) -> AsyncIterator[Message]:
        """Every message that comes from now on, until the reader stops."""
        queue: asyncio.Queue[Message] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self._watchers.discard(queue)

    def take(self, message: Message) -> None:
        """Ring."""
        self.received.append(message)
        for queue in self._watchers:
            queue.put_nowait(message)

    def _said_of_me(self) -> dict[str, str]:
        if not self.number.startswith("whatsapp:"):
            return {}
        digits = self.number.removeprefix("whatsapp:").removeprefix("+")
        return {"WaId": digits, "ProfileName": self.name, "MessageType": "text"}
