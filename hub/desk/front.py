"""Where channels hand in what they report: bound to one account, stored before it returns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Final

import structlog

from channels.contract import (
    CallArrived,
    CallReported,
    CarriesCalls,
    ChannelEvent,
    Deliver,
    DeliveryReported,
    MessageArrived,
    MessageEdited,
    MessageWithdrawn,
    OriginalArrived,
    ReachChanged,
    Stored,
    TypingSeen,
)
from crm_core.calls.rules.scenes import scene
from crm_core.conversations.queries import open_of_address
from crm_core.files.actions import NewFile, add
from crm_core.files.served import LAID_OUT
from crm_core.store.database import Database
from crm_core.words.content import FileRef
from crm_core.words.text import one_line
from crm_core.words.values import AuthorKind, EntryValue
from hub.bus.local import Bus
from hub.bus.whispers import Typing
from hub.desk import editing, inbound, receipts
from hub.desk.calls import arriving, moving
from hub.desk.calls.spoken import RECORDING
from hub.desk.inbound import Source
from hub.desk.invitations import Invitations
from hub.desk.manners import Manner, read
from hub.machinery.accounts import Open
from hub.machinery.media.store import FileStore

MOST_REASON: Final = 500
"""Characters of what a provider says of a message."""

log = structlog.get_logger(__name__)

Keep = Callable[[int, OriginalArrived], Awaitable[None]]


def _manner(opened: Open) -> Manner | None:
    """How the account's calls are answered, without what its callers would never be told.

    A line that says no text and has no sound for the notice records nothing by itself: consent is asked for by law.
    """
    manner = read(opened.manner)
    if manner is None or not isinstance(opened.channel, CarriesCalls):
        return manner
    calls, calling = manner.calls, opened.channel.calling
    record = calls.record and (calling.says(RECORDING) or not calls.recording_notice)
    if calls.record and not record:
        log.warning("calls are not recorded: there is no sound that tells callers so", account=opened.account.id)
    return manner.model_copy(update={"calls": calls.model_copy(update={"record": record})})


class Front:
    """Makes the `Deliver` of an account. `counted` is told the kind of each message that was stored."""

    def __init__(
        self,
        db: Database,
        bus: Bus,
        media: FileStore,
        *,
        invitations: Invitations,
        counted: Callable[[str], None] = lambda _kind: None,
    ) -> None:
        self._db = db
        self._bus = bus
        self._media = media
        self._counted = counted
        self._invitations = invitations
        self.keep: Keep | None = None
        """What is done with originals; set by whoever reads them."""

    def source(self, opened: Open) -> Source:
        """An open account as the desk needs it."""
        return Source(
            opened.account.id,
            opened.kind,
            opened.medium,
            opened.queue_id,
            _manner(opened),
            self._invitations.redeem,
            opened.channel.calling if isinstance(opened.channel, CarriesCalls) else None,
        )

    def delivering(self, opened: Open) -> Deliver:
        """The way in for one account's events."""
        source = self.source(opened)

        async def deliver(event: ChannelEvent, /) -> Stored:
            match event:
                case MessageArrived():
                    return await self._message(source, event)
                case DeliveryReported():
                    told = replace(event, reason=_in_a_line(event.reason) if event.reason else event.reason)
                    return Stored(entry=await self._db.write(receipts.report, source.account_id, told))
                case TypingSeen():
                    await self._typing(event)
                case OriginalArrived():
                    assert self.keep is not None, "the house reads originals"
                    await self.keep(source.account_id, event)
                case ReachChanged():
                    said = replace(event, reason=_in_a_line(event.reason))
                    await self._db.write(receipts.reach_changed, source.account_id, said)
                case MessageEdited():
                    return Stored(entry=await self._edited(source, event))
                case MessageWithdrawn():
                    return Stored(entry=await self._db.write(editing.withdraw, source.account_id, event))
                case CallArrived():
                    return Stored(scene=scene(await self._db.write(arriving.take, source, event)))
                case CallReported():
                    call = await self._db.write(moving.report, source.account_id, event)
                    return Stored(scene=None if call is None else scene(call))
            return Stored()

        return deliver

    async def _message(self, source: Source, event: MessageArrived) -> Stored:
        html = None if event.content.html is None else await self._laid_out(source, event.content.html)
        stored = await self._db.write(inbound.take, source, event, html)
        if not stored.repeated:
            self._counted(source.kind)
        return stored

    async def _edited(self, source: Source, event: MessageEdited) -> EntryValue | None:
        html = None if event.content.html is None else await self._laid_out(source, event.content.html)
        return await self._db.write(editing.edit, source, event, html)

    async def _laid_out(self, source: Source, html: str) -> FileRef:
        """The message as its writer laid it out, kept as a file that is only ever shown where nothing runs."""
        stored = await self._media.receive(_one(html.encode("utf-8", "replace")), "message.html")
        new = NewFile(
            name=stored.name,
            type=LAID_OUT,
            size=stored.size,
            sha256=stored.sha256,
            stored_as=stored.stored_as,
            uploader_kind=AuthorKind.SYSTEM,
            uploader_id=source.account_id,
        )
        return FileRef((await self._db.write(add, new)).id)

    async def _typing(self, event: TypingSeen) -> None:
        conversation_id = await self._db.read(open_of_address, event.sender)
        if conversation_id is not None:
            self._bus.whisper(Typing(conversation_id=conversation_id, by=AuthorKind.CONTACT, on=event.on))


def _in_a_line(reason: str) -> str:
    """A provider's words, which may be anything, as they can be kept and told."""
    return one_line(reason, most=MOST_REASON)


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
