"""The console's door in the house: `/live`."""

from __future__ import annotations

from aiohttp import web

from hub import metrics
from hub.console.attending import Door
from hub.console.gateway import Gateway
from hub.console.origins import allowed_origins
from hub.keys import HOUSE


def mount(app: web.Application, gateway: Gateway) -> None:
    """Answer at `/live` for pages of the hub's own origin and those it was told of."""
    house = app[HOUSE]
    origins = allowed_origins(house.settings.public_url, house.settings.allowed_origins)
    door = Door(gateway, house.tickets, origins=origins)

    async def attend(request: web.Request) -> web.StreamResponse:
        with metrics.open_socket("console"):
            return await door.attend(request)

    app.router.add_get("/live", attend)
