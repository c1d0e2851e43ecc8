"""Where channels hand in what they report: bound to one account, stored before it returns."""

from __future__ import annotations

from collections.abc import Callable

from channels.contract import ChannelEvent, Deliver, DeliveryReported, MessageArrived, NotUnderstood, Stored, TypingSeen
from crm_core.conversations.queries import open_of_address
from crm_core.store.database import Database
from crm_core.words.values import AuthorKind
from hub.bus.local import Bus
from hub.bus.whispers import Typing
from hub.desk import inbound, receipts
from hub.desk.inbound import Source
from hub.machinery.accounts import Open


class Front:
    """Makes the `Deliver` of an account. `counted` is told the kind of each message that was stored."""

    def __init__(self, db: Database, bus: Bus, counted: Callable[[str], None] = lambda _kind: None) -> None:
        self._db = db
        self._bus = bus
        self._counted = counted

    def delivering(self, opened: Open) -> Deliver:
        """The way in for one account's events."""
        source = Source(opened.account.id, opened.kind, opened.medium, opened.queue_id)

        async def deliver(event: ChannelEvent, /) -> Stored:
            match event:
                case MessageArrived():
                    stored = await self._db.write(inbound.take, source, event)
                    if not stored.repeated:
                        self._counted(source.kind)
                    return stored
                case DeliveryReported():
                    return Stored(entry=await self._db.write(receipts.report, source.account_id, event))
                case TypingSeen():
                    await self._typing(event)
                    return Stored()
                case _:
                    raise NotUnderstood("The hub does not take this yet.")

        return deliver

    async def _typing(self, event: TypingSeen) -> None:
        conversation_id = await self._db.read(open_of_address, event.sender)
        if conversation_id is not None:
            self._bus.whisper(Typing(conversation_id=conversation_id, by=AuthorKind.CONTACT, on=event.on))
