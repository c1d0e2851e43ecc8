"""The visitors' doors: the chat socket, what a widget asks before it, files, and the widget itself.

No cookie is read here. A visitor's token comes in the first frame or in the Authorization header, never in an
address, which every proxy would write down.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote

import structlog
from aiohttp import WSCloseCode, WSMsgType, hdrs, web
from multidict import istr

from channels.contract import Doorway, TakesVisitors, Visit
from crm_core.files.actions import NewFile
from crm_core.files.actions import add as add_file
from crm_core.store.database import Database
from crm_core.words.clock import SECOND, Clock
from crm_core.words.errors import Denied, Invalid, NotFound, NotSignedIn, TooMany
from crm_core.words.values import AuthorKind, FileValue
from hub import metrics
from hub.api.problems import BadRequest
from hub.auth.peers import own_origins, peer_of
from hub.auth.throttle import Throttle, peer_key
from hub.config import Settings
from hub.desk.visitors import Visitors, VisitorsOfAccount
from hub.machinery.accounts import Accounts, Open
from hub.machinery.media import FileStore

MAX_MESSAGE: Final = 2 * 1024 * 1024
"""Bytes of one frame. Up to here a message that is too long is refused in words; beyond it the socket closes."""
SOCKETS_PER_PEER: Final = 200
"""Open sockets of one network address: an office behind one router still fits."""
SEND_SECONDS: Final = 10
"""A visitor whose line takes nothing for so long is gone."""
HEARTBEAT: Final = 20.0
CHUNK: Final = 64 * 1024
STATIC: Final = Path(__file__).parent.parent / "static" / "widget"

log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class ChatDoor:
    """What the visitors' doors lead to. Make one per house and `add_to` the application."""

    accounts: Accounts
    visitors: Visitors
    media: FileStore
    db: Database
    settings: Settings
    clock: Clock
    sockets: set[web.WebSocketResponse] = field(default_factory=set)
    open_by_peer: Counter[str] = field(default_factory=Counter)
    opening: Throttle = field(init=False)
    uploading: Throttle = field(init=False)
    recording: Throttle = field(init=False)

    def __post_init__(self) -> None:
        self.opening = Throttle(self.clock, most=120, every=SECOND)
        self.uploading = Throttle(self.clock, most=30, every=2 * SECOND)
        self.recording = Throttle(self.clock, most=60, every=SECOND // 2)

    def add_to(self, app: web.Application) -> None:
        """Add the routes, and close the sockets when the application stops."""
        app[CHAT] = self
        app.router.add_get("/chat/{key}", chat, allow_head=False)
        app.router.add_get("/chat/{key}/config", config)
        app.router.add_post("/chat/{key}/files", upload)
        app.router.add_get("/widget.js", loader)
        app.router.add_get("/widget/chat.html", page)
        app.router.add_get("/widget/assets/{name}", asset)
        app.on_shutdown.append(self._drain)

    async def _drain(self, _app: web.Application) -> None:
        for socket in tuple(self.sockets):
            await socket.close(code=WSCloseCode.SERVICE_RESTART, message=b"restart")

    def opened(self, request: web.Request) -> tuple[Open, TakesVisitors]:
        """The account of the address. Raises NotFound, also when its channel has no visitors."""
        found = self.accounts.by_key(request.match_info["key"])
        if not isinstance(found.channel, TakesVisitors):
            raise NotFound
        return found, found.channel

    def desk(self, found: Open) -> VisitorsOfAccount:
        """The visitors' desk of an account."""
        return self.visitors.desk(found.account.id, found.account.public_key, found.queue_id)

    def own(self, request: web.Request) -> frozenset[str]:
        """The hub's own origins as this request reached it."""
        return own_origins(self.settings.public_url, request.headers.get(hdrs.HOST, ""))

    def must_be_welcome(self, request: web.Request, doorway: Doorway) -> None:
        """Raises Denied unless the page is ours or one the account allows; a missing Origin is no page at all."""
        if request.headers.get(hdrs.ORIGIN) not in self.own(request) | doorway.origins:
            raise Denied("This page may not show the chat. Add its origin to the account.")

    def peer(self, request: web.Request) -> str:
        """The network address the request came from."""
        forwarded = request.headers.getall("X-Forwarded-For", [])
        return peer_of(request.remote or "", forwarded, self.settings.trusted_proxies)


CHAT: Final = web.AppKey("chat", ChatDoor)


class _Socket:
    """A visitor's WebSocket as the channel sees it. Sending to one that is gone does nothing."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, remote: str) -> None:
        self._socket = socket
        self._request = request
        self.remote = remote
        self.browser = request.headers.get(hdrs.USER_AGENT, "")

    async def __aiter__(self) -> AsyncIterator[str | bytes]:
        async for message in self._socket:
            if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                yield message.data

    async def send(self, frame: bytes, /) -> None:
        if self._socket.closed:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._socket.send_frame(frame, WSMsgType.TEXT)
        except TimeoutError:
            if self._request.transport is not None:
                self._request.transport.abort()
        except ConnectionResetError:
            return

    async def close(self, code: int, reason: str = "", /) -> None:
        await self._socket.close(code=code, message=reason.encode())


async def chat(request: web.Request) -> web.WebSocketResponse:
    """A visitor's socket. A foreign page, or anything in the address, is refused before it opens."""
    door = request.app[CHAT]
    found, channel = door.opened(request)
    if request.query_string:
        raise BadRequest("The address of the chat takes no parameters; a token belongs in the first frame.")
    door.must_be_welcome(request, channel.doorway)
    remote = door.peer(request)
    peer = peer_key(remote)
    door.opening.take(peer)
    if door.open_by_peer[peer] >= SOCKETS_PER_PEER:
        raise TooMany
    socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_MESSAGE, compress=False)
    if not socket.can_prepare(request).ok:
        raise BadRequest("This is the address of a WebSocket.")
    await socket.prepare(request)
    door.sockets.add(socket)
    door.open_by_peer[peer] += 1
    try:
        with metrics.open_socket("visitor"):
            await channel.attend(_Socket(socket, request, remote), door.desk(found), door.accounts.deliver(found))
    except Exception as error:
        log.error("a visitor's socket failed", account=found.account.id, exc_info=error)
        await socket.close(code=WSCloseCode.INTERNAL_ERROR)
    finally:
        door.sockets.discard(socket)
        door.open_by_peer[peer] -= 1
        if not door.open_by_peer[peer]:
            del door.open_by_peer[peer]
    return socket


async def config(request: web.Request) -> web.Response:
    """What the widget needs before it opens: looks, forms, limits, and whose pages it may talk with."""
    door = request.app[CHAT]
    _, channel = door.opened(request)
    doorway = channel.doorway
    shown = {
        **doorway.settings,
        "max_file_bytes": min(doorway.max_file_bytes, door.media.limit),
        "origins": sorted(door.own(request) | doorway.origins),
    }
    return web.json_response(shown, headers={hdrs.CACHE_CONTROL: "no-cache"})


async def upload(request: web.Request) -> web.Response:
    """Take one file: its bytes are the body, its name stands percent-encoded in `X-File-Name`.

    The file belongs to the visitor of the bearer token until a message takes it along.
    """
    door = request.app[CHAT]
    found, channel = door.opened(request)
    doorway = channel.doorway
    if request.query_string:
        raise BadRequest("The address takes no parameters; a token belongs in the Authorization header.")
    door.must_be_welcome(request, doorway)
    visit = await visitor_of(request, door.desk(found))
    if not doorway.max_file_bytes:
        raise Invalid("This chat takes no files.")
    door.uploading.take(f"{visit.identity_id}")
    value = await _kept(request, door, doorway, visit)
    shown = {"id": value.id, "name": value.name, "type": value.type, "size": value.size}
    return web.json_response({**shown, "width": value.width, "height": value.height}, status=201)


async def visitor_of(request: web.Request, desk: VisitorsOfAccount) -> Visit:
    """Whose bearer token the request carries. Raises NotSignedIn."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    visit = await desk.known(token.strip()) if scheme.lower() == "bearer" and 0 < len(token) <= 200 else None
    if visit is None:
        raise NotSignedIn("Open the chat first.")
    return visit


async def _kept(request: web.Request, door: ChatDoor, doorway: Doorway, visit: Visit) -> FileValue:
    name = unquote(request.headers.get("X-File-Name", ""), errors="replace")
    stored = await door.media.receive(request.content.iter_chunked(CHUNK), name, limit=doorway.max_file_bytes)
    try:
        if not _takes(doorway.file_types, stored.type):
            raise Invalid("This chat does not take files of this type.")
        if not stored.size:
            raise Invalid("The file is empty.")
        new = NewFile(
            name=stored.name,
            type=stored.type,
            size=stored.size,
            width=stored.width,
            height=stored.height,
            sha256=stored.sha256,
            stored_as=stored.stored_as,
            uploader_kind=AuthorKind.CONTACT,
            uploader_id=visit.identity_id,
        )
        return await door.db.write(add_file, new)
    except BaseException:
        await door.media.remove(stored.stored_as)
        raise


def _takes(types: frozenset[str], kind: str) -> bool:
    return not types or kind in types or f"{kind.partition('/')[0]}/*" in types


async def loader(_request: web.Request) -> web.StreamResponse:
    """The one script that a host page includes."""
    return _built(
        "loader.js",
        {
            hdrs.CACHE_CONTROL: "public, max-age=300",
            hdrs.CONTENT_TYPE: "text/javascript; charset=utf-8",
            "Cross-Origin-Resource-Policy": "cross-origin",
        },
    )


async def page(request: web.Request) -> web.StreamResponse:
    """The chat's own page, which only the pages that the account allows may frame."""
    door = request.app[CHAT]
    doorway = _doorway_of_query(request, door)
    files = door.settings.files_url or "'self'"
    ancestors = " ".join(sorted(door.own(request) | doorway.origins))
    policy = (
        f"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: {files}; "
        f"media-src {files}; frame-ancestors 'self' {ancestors}; base-uri 'none'; form-action 'none'"
    )
    headers = {
        hdrs.CACHE_CONTROL: "no-cache",
        hdrs.CONTENT_TYPE: "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "Referrer-Policy": "no-referrer",
    }
    return _built("chat.html", headers)


def _doorway_of_query(request: web.Request, door: ChatDoor) -> Doorway:
    found = door.accounts.by_key(request.query.get("key", ""))
    if not isinstance(found.channel, TakesVisitors):
        raise NotFound
    return found.channel.doorway


async def asset(request: web.Request) -> web.StreamResponse:
    """A script or style of the chat's page; its name changes with its content."""
    name = request.match_info["name"]
    kind = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8"}.get(name.rpartition(".")[2])
    if kind is None or "/" in name or "\\" in name or name.startswith("."):
        raise NotFound
    headers = {hdrs.CACHE_CONTROL: "public, max-age=31536000, immutable", hdrs.CONTENT_TYPE: kind}
    return _built(f"assets/{name}", headers)


def _built(name: str, headers: Mapping[istr, str] | Mapping[str, str]) -> web.StreamResponse:
    path = STATIC / name
    if not path.is_file():
        raise NotFound("The widget has not been built.")
    return web.FileResponse(path, headers=headers)
