"""Softphones of agents' tabs, their sockets, and the sound of recordings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, hdrs, web

from channels.contract import PhoneWanted
from crm_core.calls import actions, queries
from crm_core.staff import sessions
from crm_core.staff.queries import agent
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.errors import Conflict, Denied, HubError, NotFound
from crm_core.words.events import AgentChanged, SignedOut
from crm_core.words.values import KeptState
from hub.api.call import Call
from hub.api.models.calls import Phone, PhoneWish
from hub.api.problems import BadRequest
from hub.auth.peers import own_origins
from hub.auth.tickets import Ticket
from hub.keys import HOUSE

PATH: Final = "/phone/{account_id}"
TICKET: Final = "ticket."
"""What a ticket begins with among the protocols of a socket: a place that no proxy writes down, unlike an address."""
MAX_FRAME: Final = 64 * 1024

log = structlog.get_logger(__name__)


def mount(app: web.Application) -> None:
    """Add the sockets of softphones."""
    app.router.add_get(PATH, connect)


async def lend(call: Call, body: PhoneWish) -> Phone:
    """A softphone for this tab. Its socket, where it needs one of ours, is open to this one ticket for 30 seconds."""
    actor = call.actor
    wanted = PhoneWanted(agent_id=actor.agent_id, agent_name=actor.name, device=body.device)
    lent = await call.house.lines.lend(body.account_id, wanted)
    if lent is None:
        raise Conflict("This line carries no calls now.", why="line_closed")
    facts = dict(lent.phone.facts)
    if lent.phone.media == "sip":
        ticket = call.house.tickets.make(actor.agent_id, actor.session_id or 0, from_browser=True)
        facts |= {"socket": f"/phone/{lent.account_id}", "ticket": ticket}
    return Phone.model_validate(
        {"account_id": lent.account_id, "media": lent.phone.media, "facts": facts, "expires_at": lent.phone.expires_at}
    )


async def connect(request: web.Request) -> web.StreamResponse:
    """The socket of a softphone: frames go through as they are, to whoever speaks its language behind the channel."""
    house = request.app[HOUSE]
    settings = house.settings
    own = own_origins(settings.public_url, request.headers.get(hdrs.HOST, ""), further=settings.allowed_origins)
    if request.headers.get(hdrs.ORIGIN) not in own:
        raise Denied("This page may not open the phone's socket.")
    if request.query_string:
        raise BadRequest("The phone's address takes no parameters; its ticket belongs among the protocols.")
    offered = [name.strip() for name in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(",")]
    shown = next((name.removeprefix(TICKET) for name in offered if name.startswith(TICKET)), "")
    ticket = house.tickets.redeem(shown)
    text = request.match_info["account_id"]
    carrier = house.lines.carrier(int(text)) if text.isdigit() and len(text) < 17 else None
    if ticket is None or carrier is None:
        raise NotFound
    socket = web.WebSocketResponse(protocols=("sip",), max_msg_size=MAX_FRAME, compress=False, heartbeat=25.0)
    await socket.prepare(request)
    phone = _Phone(socket, ticket)
    forget = house.bus.subscribe(phone.heard)
    try:
        # Heard first, asked then: a session that ends in between is noticed by one of the two.
        if await house.db.read(_is_over, ticket):
            phone.sign_out()
        async with asyncio.TaskGroup() as group:
            watching = group.create_task(phone.close_when_signed_out())
            await carrier.connect(phone)
            watching.cancel()
    except* HubError as refused:
        log.info("a phone's socket was refused", problems=len(refused.exceptions))
    finally:
        forget()
        await socket.close(code=WSCloseCode.GOING_AWAY)
    return socket


def _is_over(tx: Tx, ticket: Ticket) -> bool:
    """Whether whoever a ticket lets in may carry no calls any more."""
    return agent(tx, ticket.agent_id).disabled or sessions.living(tx, ticket.session_id) is None


class _Phone:
    """An agent's softphone as the channel sees it."""

    def __init__(self, socket: web.WebSocketResponse, ticket: Ticket) -> None:
        self._socket = socket
        self._session_id = ticket.session_id
        self._over = asyncio.Event()
        self.agent_id = ticket.agent_id

    @property
    def is_signed_out(self) -> bool:
        """Whether the session ended that opened the socket, or the agent was locked out."""
        return self._over.is_set()

    def heard(self, events: Sequence[Committed]) -> None:
        """What changes rights."""
        for committed in events:
            match committed.event:
                case SignedOut(agent_id=agent_id, session_id=ended):
                    if agent_id == self.agent_id and ended in (None, self._session_id):
                        self._over.set()
                case AgentChanged(agent=changed) if changed.id == self.agent_id and changed.disabled:
                    self._over.set()

    def sign_out(self) -> None:
        """Carry no more."""
        self._over.set()

    async def close_when_signed_out(self) -> None:
        """Close the socket once its agent may carry no calls any more."""
        await self._over.wait()
        await self._socket.close(code=WSCloseCode.POLICY_VIOLATION)

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        async for message in self._socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                yield message.data

    async def send(self, frame: str | bytes, /) -> None:
        """Hand a frame to the browser; to one that is gone, nothing."""
        if self._socket.closed:
            return
        try:
            if isinstance(frame, str):
                await self._socket.send_str(frame)
            else:
                await self._socket.send_bytes(frame)
        except ConnectionResetError:
            return

    async def close(self, code: int, reason: str = "", /) -> None:
        await self._socket.close(code=code, message=reason.encode())


async def recording(call: Call, call_id: int, recording_id: int) -> web.Response:
    """Go to the sound of a recording, or a voicemail, of a call that I may read. It is written down."""
    known = await call.read(queries.get, call.actor, call_id)
    found = next((one for one in known.recordings if one.id == recording_id), None)
    if found is None or found.state is not KeptState.STORED or found.file_id is None:
        raise NotFound("There is no such recording, or it has not come yet.")
    await call.do(actions.played, call_id, call.actor.agent_id, recording_id)
    return web.Response(status=302, headers={"Location": call.house.media.signed_url(found.file_id)})
