"""The door that shows messages as their writers laid them out: on the files' host, framed by the console only."""

from __future__ import annotations

from typing import Final

from aiohttp import hdrs, web

from crm_core.files.served import LAID_OUT, beside, served
from crm_core.words.errors import NotFound
from hub.keys import HOUSE
from hub.machinery.media import letters

PATH: Final = "/files/{signed}/page"
MOST: Final = 4 * 2**20
"""Bytes of a message that is shown; a larger one is read as plain text, or downloaded."""


def mount(app: web.Application) -> None:
    """Add `/files/{signed}/page`; the guard of files has to be among the middlewares."""
    app.router.add_get(PATH, show)


async def show(request: web.Request) -> web.Response:
    """GET of a signed link to a laid-out message; `?pictures` loads those from elsewhere. Raises NotFound."""
    house = request.app[HOUSE]
    file_id, _ends = house.media.links.read(request.match_info["signed"])
    file = await house.db.read(served, file_id)
    if file.type != LAID_OUT or file.size > MOST or house.settings.files_url is None:
        raise NotFound
    body = b"".join([chunk async for chunk in house.media.read(file.stored_as, 0, file.size)])
    own = await house.db.read(beside, file_id)
    pictures = "pictures" in request.query
    text = letters.page(
        body.decode("utf-8", "replace"),
        lambda i: house.media.signed_path(i) if i in own else None,
        pictures=pictures,
    )
    policy = letters.policy(house.settings.files_url, house.settings.public_url, pictures=pictures)
    headers = {
        hdrs.CONTENT_SECURITY_POLICY: policy,
        hdrs.X_CONTENT_TYPE_OPTIONS: "nosniff",
        hdrs.CACHE_CONTROL: "private, max-age=600",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex",
    }
    return web.Response(text=text, content_type="text/html", charset="utf-8", headers=headers)
