"""The console's own files: one page for every path under /console/, and its hashed assets."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from crm_core.words.errors import NotFound
from hub.keys import HOUSE

STATIC: Final = Path(__file__).parent.parent / "static" / "console"
NOWHERE: Final = "'none'"
_FOREVER: Final = "public, max-age=31536000, immutable"
_ENCODINGS: Final = (("br", ".br"), ("gzip", ".gz"))


def mount(app: web.Application) -> None:
    """Add `/` and `/console/…`."""
    app.router.add_get("/", _home)
    app.router.add_get("/console", _home)
    app.router.add_get("/console/{path:.*}", _console)


async def _home(_request: web.Request) -> web.Response:
    raise web.HTTPFound("/console/")


async def _console(request: web.Request) -> web.StreamResponse:
    path = request.match_info["path"]
    if path.startswith("assets/"):
        return _asset(request, path)
    file = STATIC / path
    if "/" not in path and path and file.suffix and file.is_file():
        return web.FileResponse(file, headers={hdrs.CACHE_CONTROL: "public, max-age=3600"})
    page = STATIC / "index.html"
    if not page.is_file():
        return web.Response(status=503, text="The console is not built. Run `make build`.")
    headers = {hdrs.CACHE_CONTROL: "no-cache", "Content-Security-Policy": _policy(request)}
    return web.FileResponse(page, headers=headers)


def _asset(request: web.Request, path: str) -> web.StreamResponse:
    name = path.removeprefix("assets/")
    file = STATIC / "assets" / name
    # One flat folder of hashed names: anything with a path in it is not ours.
    if "/" in name or "\\" in name or name.startswith(".") or not file.is_file():
        raise NotFound
    headers = {hdrs.CACHE_CONTROL: _FOREVER, hdrs.VARY: hdrs.ACCEPT_ENCODING}
    accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "")
    for encoding, suffix in _ENCODINGS:
        packed = file.with_name(file.name + suffix)
        if encoding in accepted and packed.is_file():
            kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
            return web.FileResponse(
                packed, headers={**headers, hdrs.CONTENT_ENCODING: encoding, hdrs.CONTENT_TYPE: kind}
            )
    return web.FileResponse(file, headers=headers)


def _policy(request: web.Request) -> str:
    settings = request.app[HOUSE].settings
    files = f" {settings.files_url}" if settings.files_url else ""
    is_away = any(line.media == "twilio" for line in request.app[HOUSE].lines.everyone())
    # Twilio's softphone speaks with hosts of its own; without such a line the console speaks with nobody but the hub.
    phones, sounds = (" https://*.twilio.com wss://*.twilio.com", " https://sdk.twilio.com") if is_away else ("", "")
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob:{files}",
            f"media-src 'self' blob:{files}{sounds}",
            "font-src 'self'",
            f"connect-src 'self'{phones}",
            f"frame-src {settings.files_url or NOWHERE}",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )
