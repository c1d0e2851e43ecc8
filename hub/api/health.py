"""Whether the process is alive, whether it can do its work, and its figures."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
from typing import Final

import structlog
from aiohttp import hdrs, web

from crm_core.store.probe import prove_writable
from crm_core.words.errors import Denied, HubError, StoreUnavailable
from crm_core.work.queues import queues
from hub import metrics
from hub.api.authentication import peer_address
from hub.keys import HOUSE, House

PATIENCE: Final = 2.0
"""Seconds that a write may take before the hub counts as not ready."""

log = structlog.get_logger(__name__)


def mount(app: web.Application) -> None:
    """Add `/healthz`, `/readyz` and `/metrics`."""
    app.router.add_get("/healthz", alive)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", figures)


async def alive(_request: web.Request) -> web.Response:
    """The process answers: whoever watches it need not restart it."""
    return web.Response(text="alive\n")


async def ready(request: web.Request) -> web.Response:
    """The hub takes work: it is not draining, and a write becomes durable in time. Else 503 and the reason."""
    house = request.app[HOUSE]
    reason = "draining" if house.draining else await _cannot_write(house)
    if reason:
        return web.Response(text=f"{reason}\n", status=503, headers={hdrs.RETRY_AFTER: "2"})
    return web.Response(text="ready\n")


async def figures(request: web.Request) -> web.Response:
    """The figures for Prometheus, for neighbours or with the token. Raises Denied for anybody else."""
    house = request.app[HOUSE]
    if not _may_count(request, house):
        raise Denied("Figures are for the networks of HUB_METRICS_NETWORKS, or with HUB_METRICS_TOKEN.")
    try:
        async with asyncio.timeout(PATIENCE):
            waiting = await house.db.read(queues)
    except (TimeoutError, StoreUnavailable):
        waiting = []
    page = metrics.page(waiting, waiting_writes=house.db.waiting)
    return web.Response(body=page, headers={hdrs.CONTENT_TYPE: metrics.CONTENT_TYPE})


async def _cannot_write(house: House) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await house.db.write(prove_writable)
    except TimeoutError:
        return "the database takes too long"
    except HubError as error:
        return error.code
    return ""


def _may_count(request: web.Request, house: House) -> bool:
    token = house.settings.metrics_token
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if token and scheme == "Bearer" and hmac.compare_digest(given.encode(), token.get_secret_value().encode()):
        return True
    try:
        peer = ipaddress.ip_address(peer_address(request, house).partition("%")[0])
    except ValueError:
        return False
    # A proxy on this machine that is not trusted hides who asks, so nobody behind it is a neighbour.
    is_hidden = "X-Forwarded-For" in request.headers and str(peer) == request.remote
    return not is_hidden and any(peer in network for network in house.settings.metrics_networks)
