"""The webhooks' door: what a provider reports is checked by its channel, stored, and only then acknowledged."""

from __future__ import annotations

import hashlib
from typing import Final

import structlog
from aiohttp import hdrs, web

from channels.contract import NotUnderstood, OriginalArrived, TakesWebhooks, WebhookRequest
from crm_core.words.errors import Conflict, NotFound, TooLarge
from hub.keys import HOUSE, House
from hub.machinery.accounts import Open

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
    deliver = house.accounts.deliver(found)
    try:
        reply = await found.channel.receive(report, deliver)
    except NotUnderstood as error:
        log.warning("a report was not understood", account=found.account.id, pii={"why": str(error)})
        await deliver(await _for_a_person(house, found, report))
        return web.Response()
    except Conflict as error:
        # Sent again it would be no better: what came first stays.
        log.error("a report contradicts an earlier one", account=found.account.id, code=error.code)
        return web.Response()
    return web.Response(
        text=reply.body, status=reply.status, content_type=reply.content_type, headers={hdrs.CACHE_CONTROL: "no-store"}
    )


async def _for_a_person(house: House, found: Open, report: WebhookRequest) -> OriginalArrived:
    """A report that nobody understood, kept for somebody to look at."""
    key = hashlib.sha256(report.body).hexdigest()
    kept = await house.accounts.files(found).keep("report.txt", report.body)
    return OriginalArrived(key=f"webhook:{key}", body=kept, at=house.clock(), problem="not_understood")


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_chunked(65_536):
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge
    return bytes(body)
