"""The webhooks' door: what a provider reports is checked by its channel, stored, and only then acknowledged."""

from __future__ import annotations

from typing import Final

import structlog
from aiohttp import hdrs, web

from channels.contract import NotUnderstood, TakesWebhooks, WebhookRequest
from crm_core.words.errors import NotFound, TooLarge
from hub.keys import HOUSE

MAX_BODY: Final = 5 * 1024 * 1024
"""Bytes of one report; files come by links, never inside."""

log = structlog.get_logger(__name__)


def mount(app: web.Application) -> None:
    """Add `/in/{key}` and what follows it, for the methods that providers use."""
    for path in ("/in/{key}", "/in/{key}/{path:.*}"):
        app.router.add_get(path, take, allow_head=False)
        app.router.add_post(path, take)


async def take(request: web.Request) -> web.Response:
    """Hand a report to the account's channel. Raises NotFound, NotGenuine (403), StoreUnavailable (503).

    A genuine report that nobody understands is acknowledged, since sending it again would not help.
    """
    house = request.app[HOUSE]
    found = house.accounts.by_key(request.match_info["key"])
    if not isinstance(found.channel, TakesWebhooks):
        raise NotFound
    report = WebhookRequest(
        # The address as the provider knows it, whatever a proxy made of it.
        url=house.settings.public_url + request.raw_path,
        headers=request.headers,
        body=await _body(request),
        path=request.match_info.get("path", ""),
    )
    try:
        reply = await found.channel.receive(report, house.accounts.deliver(found))
    except NotUnderstood as error:
        log.warning("a report was not understood", account=found.account.id, pii={"why": str(error)})
        return web.Response()
    return web.Response(
        text=reply.body, status=reply.status, content_type=reply.content_type, headers={hdrs.CACHE_CONTROL: "no-store"}
    )


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge
    return bytes(body)
