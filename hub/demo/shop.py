"""The demo's customer side: a sample shop whose pages carry the widget, served beside the hub."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import hdrs, web

from crm_core.words.errors import NotFound

FOLDER: Final = Path(__file__).parent / "shop"
_KINDS: Final = {
    "shop.css": "text/css; charset=utf-8",
    "shop.js": "text/javascript; charset=utf-8",
    "plants.svg": "image/svg+xml",
}
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def mount(app: web.Application) -> None:
    """Add `/demo` and what the page is made of."""
    app.router.add_get("/demo", page)
    app.router.add_get("/demo/{name}", part)


async def page(_request: web.Request) -> web.FileResponse:
    """The shop. It may load nothing from anywhere else, so the widget is seen to need no more either.

    Only the customers' side may frame it."""
    headers = {hdrs.CONTENT_TYPE: "text/html; charset=utf-8", "Content-Security-Policy": _POLICY}
    return web.FileResponse(FOLDER / "index.html", headers=headers)


async def part(request: web.Request) -> web.FileResponse:
    """A style, script or picture of the shop. Raises NotFound for any other name."""
    kind = _KINDS.get(request.match_info["name"])
    if kind is None:
        raise NotFound
    return web.FileResponse(FOLDER / request.match_info["name"], headers={hdrs.CONTENT_TYPE: kind})
