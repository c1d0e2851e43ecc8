"""Webhooks that are owed: called one after the other, each again until it is taken, as providers do."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp

_RETRIES: Final = (0.05, 0.1, 0.5, 1.0, 5.0)
"""Seconds before a webhook that failed is called again; the last is repeated."""
_PATIENCE: Final = aiohttp.ClientTimeout(total=30, connect=5)


@dataclass(frozen=True, slots=True)
class Owed:
    """One call. `url` as it stood when it was owed."""

    url: str
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


class Caller:
    """Calls what is owed in its order, so that a hub that was away hears everything once it is back."""

    def __init__(self) -> None:
        self.called: list[tuple[str, int]] = []
        """Every call, and what came back; 0 when nothing did."""
        self._owed: deque[Owed] = deque()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def owe(self, call: Owed) -> None:
        """Call it when its turn comes."""
        self._owed.append(call)
        self._idle.clear()
        self._news.set()

    async def settled(self) -> None:
        """Return when everything was taken."""
        await self._idle.wait()

    async def run(self) -> None:
        """Call until cancelled."""
        tries = 0
        async with aiohttp.ClientSession(timeout=_PATIENCE) as http:
            while True:
                if not self._owed:
                    self._idle.set()
                    self._news.clear()
                    await self._news.wait()
                elif 200 <= await self.call(http, self._owed[0]) < 300:
                    self._owed.popleft()
                    tries = 0
                else:
                    await asyncio.sleep(_RETRIES[min(tries, len(_RETRIES) - 1)])
                    tries += 1

    async def call(self, http: aiohttp.ClientSession, owed: Owed) -> int:
        """Call once, whatever comes of it; the status, 0 for none."""
        try:
            async with http.post(owed.url, data=owed.body, headers=owed.headers) as answer:
                await answer.read()
                status = answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            status = 0
        self.called.append((owed.url, status))
        return status
