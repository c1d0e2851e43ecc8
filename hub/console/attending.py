"""The socket at `/live`: who may open the console's socket, and what is done with the frames that come in.

A frame that makes no sense gets one fixed answer, whatever was wrong with it (RELIABILITY.md, vulnerability 1).
"""

from __future__ import annotations

import asyncio
from typing import Final

import structlog
from aiohttp import WSMsgType, web

from crm_core.words.errors import HubError, NotFound
from hub.auth.tickets import LASTS, Tickets
from hub.console.crowd import BURST, Console
from hub.console.frames import LARGEST_IN, NotAFrame, NotJson, decoded, encoded
from hub.console.gateway import Gateway
from hub.console.live import Live, typing_of
from hub.console.origins import is_allowed
from hub.console.protocol import PROTOCOL, Alive, CloseCode, Hello, Problem, ProblemCode, Type, Watch
from hub.console.snapshot import entrance
from hub.console.telling import actor_now

HELLO_SECONDS: Final = 30.0
"""Until hello and what is greeted with are through: thousands of consoles come back at once after a restart."""
CLOSE_SECONDS: Final = 3.0
"""How long a console may take to answer a close before its connection is cut."""
FRAMES_PER_SECOND: Final = 20.0
"""What a console may say for long; a person who types and pages says one or two."""
STRIKES: Final = 20
"""Frames without sense after which the socket is closed."""

_PROBLEM: Final = encoded(Problem(code=ProblemCode.NOT_UNDERSTOOD))

log = structlog.get_logger(__name__)


class Door:
    """The handler of `/live`."""

    def __init__(self, gateway: Gateway, tickets: Tickets, *, origins: frozenset[str]) -> None:
        self._live: Live = gateway.live
        self._catching_up = gateway.catching_up
        self._tickets = tickets
        self._origins = origins

    async def attend(self, request: web.Request) -> web.StreamResponse:
        """One console's socket, from the handshake to its end."""
        refusal = self._refusal(request)
        if refusal is not None:
            return refusal
        ws = web.WebSocketResponse(autoping=False, compress=False, max_msg_size=LARGEST_IN, timeout=CLOSE_SECONDS)
        if not ws.can_prepare(request).ok:
            return web.Response(status=426, text="This is the console's WebSocket.\n", headers={"Upgrade": "websocket"})
        await ws.prepare(request)
        transport = request.transport
        if transport is None:
            return ws
        console = Console(transport, self._live.elapsed())
        try:
            await self._converse(console, ws)
        finally:
            self._live.leave(console)
        if not ws.closed:
            await ws.close(code=console.close_code or CloseCode.POLICY, drain=False)
        if transport.get_write_buffer_size():
            # Its network takes nothing any more: waiting for it would keep what it was owed in memory.
            transport.abort()
        return ws

    def _refusal(self, request: web.Request) -> web.Response | None:
        if not is_allowed(request.headers.getall("Origin", []), self._origins):
            return web.Response(status=403, text="This page may not open the console's socket.\n")
        if request.query_string:
            return web.Response(status=400, text="The socket's address takes no parameters; say hello with a ticket.\n")
        if self._live.is_draining:
            return web.Response(status=503, text="The hub is shutting down.\n", headers={"Retry-After": "2"})
        return None

    async def _converse(self, console: Console, ws: web.WebSocketResponse) -> None:
        try:
            async with asyncio.timeout(HELLO_SECONDS) as leash:
                console.leash = leash
                await self._greet(console, ws)
                if not console.is_ended:
                    leash.reschedule(None)
                while not console.is_ended and (text := await self._next(console, ws)) is not None:
                    self._heard(console, text)
                if console.is_ended:
                    return
        except TimeoutError:
            console.end(CloseCode.POLICY)
        finally:
            console.leash = None

    async def _next(self, console: Console, ws: web.WebSocketResponse) -> str | None:
        """The next text frame; none when there will be no more."""
        while not console.is_ended:
            message = await ws.receive()
            if message.type is WSMsgType.TEXT:
                return self._counted(console, message.data)
            if message.type is WSMsgType.PING:
                if self._counted(console, "") is not None:
                    await ws.pong(message.data)
            elif message.type is WSMsgType.PONG:
                self._counted(console, "")
            elif message.type is WSMsgType.BINARY:
                console.end(CloseCode.BINARY)
            else:
                return None
        return None

    def _counted(self, console: Console, text: str) -> str | None:
        """The text, unless the console says more than it may."""
        now = self._live.elapsed()
        console.tokens = min(BURST, console.tokens + (now - console.topped_up) * FRAMES_PER_SECOND) - 1
        console.topped_up = console.heard = now
        if console.tokens < 0:
            console.end(CloseCode.POLICY)
            return None
        return text

    async def _greet(self, console: Console, ws: web.WebSocketResponse) -> None:
        text = await self._next(console, ws)
        if text is None:
            return
        try:
            hello = decoded(text)
        except NotJson:
            console.end(CloseCode.NOT_JSON)
            return
        except NotAFrame:
            hello = None
        if not isinstance(hello, Hello):
            self._live.fan.send(console, _PROBLEM)
            console.end(CloseCode.POLICY)
        elif hello.protocol != PROTOCOL:
            console.end(CloseCode.OLD_PROTOCOL)
        else:
            await self._let_in(console, hello)

    async def _let_in(self, console: Console, hello: Hello) -> None:
        live = self._live
        ticket = self._tickets.redeem(hello.ticket)
        if ticket is None:
            console.end(CloseCode.SIGNED_OUT)
            return
        try:
            came = await live.db.read(entrance, ticket.agent_id, ticket.session_id)
            await live.bus.reached(came.head.position)
        except NotFound:
            console.end(CloseCode.SIGNED_OUT)
            return
        except HubError:
            console.end(CloseCode.TRY_AGAIN)
            return
        made_at = ticket.until - LASTS
        was_ended = live.was_ended_since(made_at, ticket.agent_id, ticket.session_id)
        if came.session is None or came.agent.disabled or was_ended:
            console.end(CloseCode.SIGNED_OUT)
            return
        # From here to `admit` nothing is awaited: what changes rights meanwhile is in the backlog.
        console.until = came.session.expires_at
        live.enter(console, actor_now(came.agent, ticket.session_id))
        live.obey_since(console, came.head.position)
        console.watching = tuple(dict.fromkeys(hello.watching))
        console.wants = None
        self._catching_up.admit(console, hello.resume)

    def _heard(self, console: Console, text: str) -> None:
        try:
            frame = decoded(text)
        except NotJson:
            console.end(CloseCode.NOT_JSON)
            return
        except NotAFrame:
            self._strike(console)
            return
        match frame:
            case Watch(conversation_id=conversation_id):
                self._watch(console, conversation_id)
            case Type():
                self._type(console, frame)
            case Alive():
                pass
            case _:
                self._strike(console)

    def _strike(self, console: Console) -> None:
        console.strikes += 1
        self._live.fan.send(console, _PROBLEM)
        if console.strikes >= STRIKES:
            console.end(CloseCode.POLICY)

    def _watch(self, console: Console, conversation_id: int | None) -> None:
        live = self._live
        live.leave_rooms(console, [i for i in console.watching if i != conversation_id])
        console.watching = () if conversation_id is None else (conversation_id,)
        if conversation_id is not None:
            live.want(console, "watch")

    def _type(self, console: Console, frame: Type) -> None:
        live = self._live
        actor = console.actor
        # Only for a conversation whose reading was granted; anything else is silence, not a hint.
        if actor is None or console not in live.rooms.consoles(frame.conversation_id):
            return
        console.typing = (frame.conversation_id, frame.kind) if frame.on else None
        live.bus.whisper(typing_of(actor, frame.conversation_id, frame.kind, on=frame.on))
