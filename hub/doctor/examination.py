"""Every check, one after the other."""

from __future__ import annotations

import asyncio
import sys

from redis.asyncio import Redis
from redis.exceptions import RedisError

from crm_core.words.clock import Clock, system_clock
from hub.config import Settings
from hub.doctor import machine, records
from hub.doctor.findings import Finding, fine, wrong


async def examine(settings: Settings, *, clock: Clock = system_clock) -> list[Finding]:
    """What there is to say about a set-up, in the order in which one would put it right. Changes nothing."""
    found = [
        machine.python(sys.version_info[:3]),
        await asyncio.to_thread(machine.folder, settings),
        await asyncio.to_thread(machine.space, settings),
        await machine.port(settings),
        machine.console(),
        *machine.outside(settings),
    ]
    found += [finding async for finding in records.database(settings, clock)]
    if settings.redis_url is not None:
        found.append(await _redis(settings.redis_url))
    return found


async def _redis(url: str) -> Finding:
    try:
        async with asyncio.timeout(5), Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3) as redis:
            await redis.get("hub")
    except (RedisError, OSError, TimeoutError, ValueError):
        return wrong("Redis does not answer.", "See HUB_REDIS_URL, and whether its server runs.")
    return fine("Redis answers.")
