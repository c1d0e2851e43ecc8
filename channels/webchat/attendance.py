"""One visitor's socket, from the first frame to the last."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final, assert_never

import structlog

from channels.contract import Account, Deliver, Visit, VisitorDesk, VisitorHistory, VisitorNews, VisitorSocket
from channels.webchat import parse, protocol, render
from channels.webchat.limits import Bucket
from channels.webchat.phone import Around, VisitorPhone
from channels.webchat.proof import proven
from channels.webchat.rooms import Rooms
from channels.webchat.settings import WebChatSettings
from crm_core.words.clock import Clock
from crm_core.words.errors import Conflict, HubError, Invalid, NotFound, StoreUnavailable
from crm_core.words.text import one_line

HELLO_SECONDS: Final = 15
"""A socket that has not said hello by then is closed."""
AGAIN_MS: Final = 2_000
"""When a widget tries again after the hub could not store something."""

NORMAL, POLICY, AGAIN, ENDED = 1000, 1008, 1013, 4401

log = structlog.get_logger(__name__)


class Attendance:
    """Speaks with one widget. Whatever it sends, the worst that happens is that its own socket is closed."""

    # house: parameters because a socket is one visitor's of one account, at its desk, with its calls
    def __init__(
        self,
        settings: WebChatSettings,
        account: Account,
        now: Clock,
        /,
        *,
        visitor: VisitorSocket,
        desk: VisitorDesk,
        rooms: Rooms | None = None,
    ) -> None:
        self._settings = settings
        self._around = Around(rooms=rooms, settings=settings, line=account.name, now=now, peer=visitor.remote)
        self._scope = account.public_key
        self._region = account.region
        self._now = now
        self._visitor = visitor
        self._desk = desk
        self._frames = Bucket(burst=60, every_ms=50)
        self._sends = Bucket(burst=20, every_ms=1_000)
        self._facts: dict[str, str] = {}

    async def run(self, deliver: Deliver) -> None:
        """Serve until the socket closes, is closed for what came over it, or the visitor's token dies."""
        frames = aiter(self._visitor)
        hello = await self._hello(frames)
        if hello is None:
            return
        try:
            visit = await self._welcome(hello)
            phone = VisitorPhone(self._around, self._desk, visit, deliver, self._send)
            async with self._desk.follow(visit) as news:
                history = await self._desk.history(visit, before=None, most=protocol.PAGE)
                await self._open(visit, history, phone.known(history.call))
                try:
                    async with asyncio.TaskGroup() as group:
                        tasks = [
                            group.create_task(self._tell(visit, news, history.position, phone)),
                            group.create_task(phone.watch()),
                        ]
                        await self._listen(visit, frames, deliver, phone)
                        for task in tasks:
                            task.cancel()
                finally:
                    phone.left()
        except* StoreUnavailable:
            await self._problem(parse.UNAVAILABLE, after_ms=AGAIN_MS)
            await self._visitor.close(AGAIN, parse.UNAVAILABLE)

    # --- the first frame ------------------------------------------------------------------------

    async def _hello(self, frames: AsyncIterator[str | bytes]) -> protocol.Hello | None:
        try:
            async with asyncio.timeout(HELLO_SECONDS):
                first = parse.frame(await anext(frames))
        except StopAsyncIteration:
            return None
        except (TimeoutError, parse.FrameRefused):
            first = None
        if isinstance(first, protocol.Hello):
            return first
        await self._problem(parse.NOT_UNDERSTOOD)
        await self._visitor.close(POLICY, parse.NOT_UNDERSTOOD)
        return None

    async def _welcome(self, hello: protocol.Hello) -> Visit:
        secret = self._settings.identity_secret.get_secret_value()
        address = proven(hello.user, secret, scope=self._scope, now=self._now())
        said = parse.claimed(hello.profile, region=self._region)
        if hello.user is not None and (address is not None or not secret):
            # Without a secret nobody can sign: what the page says then is worth as much as a form.
            said |= parse.claimed(protocol.Profile(name=hello.user.name, email=hello.user.email))
        name = one_line(said.pop("name", ""), most=120)
        self._facts = {**parse.facts(hello, self._visitor.browser), **said}
        return await self._desk.welcome(hello.token, proven=address, name=name, facts=self._facts)

    async def _open(self, visit: Visit, history: VisitorHistory, call: protocol.ShownCall | None) -> None:
        conversation = None if history.conversation is None else render.conversation(history.conversation)
        await self._send(
            protocol.Welcome(
                token=visit.token,
                visitor=format(visit.identity_id, "x"),
                name=visit.name,
                verified=visit.verified,
                entries=render.entries(history.entries, self._url_for(visit)),
                has_more=history.has_more,
                conversation=conversation,
                queue_position=history.queue_position,
                available=await self._desk.anyone_available(),
                call=call,
            )
        )

    # --- from the visitor -----------------------------------------------------------------------

    async def _listen(
        self, visit: Visit, frames: AsyncIterator[str | bytes], deliver: Deliver, phone: VisitorPhone
    ) -> None:
        async for raw in frames:
            if self._frames.wait(self._now()):
                log.info("a visitor's socket was closed for flooding", account=self._scope)
                await self._visitor.close(POLICY, parse.TOO_MANY)
                return
            try:
                await self._take(visit, parse.frame(raw), deliver, phone)
            except parse.FrameRefused as refused:
                await self._problem(refused.code, refused.client_message_id)
            except StoreUnavailable:
                await self._problem(parse.UNAVAILABLE, after_ms=AGAIN_MS)
            except HubError:
                await self._problem(parse.NOT_FOUND)

    async def _take(self, visit: Visit, frame: protocol.AnyClientFrame, deliver: Deliver, phone: VisitorPhone) -> None:
        match frame:
            case protocol.Send():
                await self._say(visit, frame, deliver)
            case protocol.Typing(on=on):
                await self._desk.typing(visit, on=on)
            case protocol.Got(entry_id=entry_id):
                await self._desk.has_received(visit, entry_id)
            case protocol.Read(entry_id=entry_id):
                await self._desk.has_read(visit, entry_id)
            case protocol.More(before=before):
                page = await self._desk.history(visit, before=before, most=protocol.PAGE)
                entries = render.entries(page.entries, self._url_for(visit))
                await self._send(protocol.History(entries=entries, has_more=page.has_more))
            case protocol.Alive():
                await self._send(protocol.StillAlive())
            case (
                protocol.Ring()
                | protocol.Leave()
                | protocol.HangUp()
                | protocol.Digit()
                | protocol.Signal()
                | protocol.Lost()
                | protocol.Played()
            ):
                await phone.take(frame, self._facts)
            case protocol.Hello():
                raise parse.FrameRefused(parse.NOT_UNDERSTOOD)
            case _:
                assert_never(frame)

    async def _say(self, visit: Visit, send: protocol.Send, deliver: Deliver) -> None:
        key = send.client_message_id
        wait = self._sends.wait(self._now())
        if wait:
            await self._problem(parse.TOO_MANY, key, after_ms=wait)
            return
        message = parse.arrived(send, visit, self._facts, self._now(), region=self._region)
        try:
            # The hub claims the files itself, once and with the message; asking first would refuse a repeat.
            stored = await deliver(message)
        except Conflict:
            await self._problem(parse.CONFLICT, key)
        except NotFound:
            await self._problem(parse.NOT_FOUND, key)
        except Invalid:
            await self._problem(parse.EMPTY, key)
        except StoreUnavailable:
            await self._problem(parse.UNAVAILABLE, key, after_ms=AGAIN_MS)
        else:
            assert stored.entry is not None, "a message that was stored is an entry"
            shown = render.entry(stored.entry, self._url_for(visit))
            await self._send(protocol.Ack(client_message_id=key, entry=shown))

    # --- to the visitor -------------------------------------------------------------------------

    async def _tell(self, visit: Visit, news: AsyncIterator[VisitorNews], known: int, phone: VisitorPhone) -> None:
        async for item in news:
            if 0 < item.position <= known:
                continue
            await phone.heard(item)
            for frame in self._frames_of(visit, item):
                await self._send(frame)
        await self._visitor.close(ENDED, "ended")

    def _frames_of(self, visit: Visit, item: VisitorNews) -> Sequence[protocol.AnyServerFrame]:
        frames: list[protocol.AnyServerFrame] = []
        if item.entry is not None and render.is_for_visitors(item.entry):
            frames.append(protocol.Entry(entry=render.entry(item.entry, self._url_for(visit))))
        if item.conversation is not None:
            frames.append(protocol.Status(conversation=render.conversation(item.conversation)))
        if item.queue_position is not None:
            frames.append(protocol.Queue(position=item.queue_position))
        if item.typing is not None:
            frames.append(protocol.AgentTyping(on=item.typing))
        if item.available is not None:
            frames.append(protocol.Available(on=item.available))
        return frames

    def _url_for(self, visit: Visit) -> render.FileUrl:
        return lambda file_id: self._desk.file_url(visit, file_id)

    async def _problem(self, code: str, key: str | None = None, *, after_ms: int | None = None) -> None:
        await self._send(protocol.Problem(code=code, client_message_id=key, after_ms=after_ms))

    async def _send(self, frame: protocol.AnyServerFrame) -> None:
        await self._visitor.send(protocol.encode(frame))
