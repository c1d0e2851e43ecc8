"""Runs the hub as a process: listens, tells when it is ready, drains on SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from aiohttp import web

from crm_core.cases import pipelines
from crm_core.staff import queries as staff
from crm_core.store.transaction import Tx
from crm_core.words.clock import Clock, system_clock
from crm_core.words.values import Role
from hub.app import GATEWAY, open_house
from hub.config import Settings
from hub.keys import House
from hub.machinery import memory

BACKLOG: Final = 4096
"""Connections that may wait to be accepted: a restart brings every console back at once."""

log = structlog.get_logger(__name__)

Ready = Callable[[House, web.Application], Awaitable[None]]


async def serve(settings: Settings, ready: Ready, *, clock: Clock = system_clock, prepare: Ready | None = None) -> None:
    """
    Serve until SIGTERM or SIGINT, then drain: readiness fails, sockets are told to come back, requests
    under way are finished, at most `drain_seconds` long.

    `prepare` may add routes before the port opens; `ready` is called when it is open. Raises OSError when
    the port cannot be had, StoreUnavailable when the database cannot be reached.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with open_house(settings, clock=clock) as (house, app):
        # What administrators set up stands there to be changed, not only once a first lead has come.
        await house.db.write(pipelines.ensure)
        if prepare is not None:
            await prepare(house, app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=settings.drain_seconds)
        await runner.setup()
        try:
            await web.TCPSite(runner, settings.host, settings.port, backlog=BACKLOG).start()
            memory.settle_in()
            log.info("the hub listens", host=settings.host, port=settings.port)
            await ready(house, app)
            await stopping.wait()
            log.info("the hub is draining", seconds=settings.drain_seconds)
            house.draining = True
            await app[GATEWAY].close()
        finally:
            await runner.cleanup()
    log.info("the hub has stopped")


async def announce(house: House, _app: web.Application) -> None:
    """Say on standard output where the hub is, once it listens."""
    sys.stdout.write(await house.db.read(announcement, house.settings.public_url))
    sys.stdout.flush()


def announcement(tx: Tx, url: str) -> str:
    """Where the hub is, and how to get in when there is nobody yet who could let others in."""
    said = f"Switchboard listens at {url}\n"
    if any(one.role is Role.ADMINISTRATOR and not one.disabled for one in staff.agents(tx)):
        return said
    return f'{said}There is no administrator yet: hub user add "Your Name" you@example.com --role administrator\n'
