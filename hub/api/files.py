"""The door that gives out files' bytes: by signed link, on a host of its own that knows nobody's session.

What strangers sent is never believed: the type is the one found from the bytes, only pictures, sound and
film are shown in place, everything else can only be saved, and whatever it is runs nothing.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from crm_core.files.served import Served, served
from crm_core.words.errors import NotFound
from hub.config import Settings
from hub.keys import HOUSE
from hub.machinery.media import may_show, served_as
from hub.machinery.media.names import disposition

PREFIX: Final = "/files/"
PATH: Final = PREFIX + "{signed}"
_PROBES: Final = ("/healthz", "/readyz", "/metrics")
_NOTHING_RUNS: Final = "default-src 'none'; sandbox"


def mount(app: web.Application) -> None:
    """Add `/files/{signed}`. The guard below has to be among the middlewares."""
    app.router.add_get(PATH, give)


async def give(request: web.Request) -> web.StreamResponse:
    """GET and HEAD of a signed link; `?download` saves what would be shown. Raises NotFound for any link but ours."""
    house = request.app[HOUSE]
    file_id, ends = house.media.links.read(request.match_info["signed"])
    file = await house.db.read(served, file_id)
    apart = house.settings.files_url is not None
    inline = apart and "download" not in request.query and may_show(file.type, file.width, file.height)
    response = web.StreamResponse(headers=_headers(file, inline=inline))
    response.headers[hdrs.CACHE_CONTROL] = f"private, max-age={max(0, ends - house.clock()) // 1000}, immutable"
    if response.headers[hdrs.ETAG] in request.headers.get(hdrs.IF_NONE_MATCH, ""):
        response.set_status(304)
        await response.prepare(request)
        return response
    span = _span(request, response, file)
    if span is None:
        return web.Response(status=416, headers={hdrs.CONTENT_RANGE: f"bytes */{file.size}"})
    start, length = span
    response.content_length = length
    if request.method == hdrs.METH_HEAD or not length:
        await response.prepare(request)
        return response
    async with aclosing(house.media.read(file.stored_as, start, length)) as chunks:
        await _send(request, response, chunks)
    return response


def files_origin_guard(settings: Settings) -> Middleware:
    """A middleware, the outermost but one: files only on the files' host, and everything else only elsewhere."""
    files_host = urlsplit(settings.files_url).netloc if settings.files_url else None

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        is_there = request.host.lower() == files_host
        if files_host is None or request.path in _PROBES or request.path.startswith(PREFIX) == is_there:
            return await handler(request)
        if is_there and settings.is_local and _may_go_elsewhere(request):
            raise web.HTTPTemporaryRedirect(settings.public_url + request.raw_path)
        raise NotFound("There is nothing at this address.")

    return guard


def _may_go_elsewhere(request: web.Request) -> bool:
    # In a trial on one machine people type either of its two names.
    return request.method in ("GET", "HEAD") and hdrs.UPGRADE not in request.headers


def _headers(file: Served, *, inline: bool) -> dict[str, str]:
    return {
        hdrs.CONTENT_TYPE: served_as(file.type),
        hdrs.CONTENT_DISPOSITION: disposition(file.name, inline=inline),
        hdrs.CONTENT_SECURITY_POLICY: _NOTHING_RUNS,
        hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin" if inline else "same-origin",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
        hdrs.ACCEPT_RANGES: "bytes",
        hdrs.ETAG: f'"{file.sha256[:32]}"',
    }


def _span(request: web.Request, response: web.StreamResponse, file: Served) -> tuple[int, int] | None:
    """Where to begin and how many bytes to send, with 206 for one range; none for a range behind the end.

    What is not a single range counts as no range at all (RFC 9110, 14.2).
    """
    unchanged = request.headers.get(hdrs.IF_RANGE, response.headers[hdrs.ETAG]) == response.headers[hdrs.ETAG]
    try:
        asked = request.http_range if unchanged else slice(None)
    except ValueError:
        asked = slice(None)
    if asked.start is None and asked.stop is None:
        return 0, file.size
    first, behind, _ = asked.indices(file.size)
    if first >= behind:
        return None
    response.set_status(206)
    response.headers[hdrs.CONTENT_RANGE] = f"bytes {first}-{behind - 1}/{file.size}"
    return first, behind - first


async def _send(request: web.Request, response: web.StreamResponse, chunks: AsyncGenerator[bytes, None]) -> None:
    # The first chunk before the status: bytes that are gone are a 404, not a broken answer.
    first = await anext(chunks, b"")
    await response.prepare(request)
    await response.write(first)
    async for chunk in chunks:
        await response.write(chunk)
    await response.write_eof()
