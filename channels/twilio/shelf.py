"""Which files were kept for which message, so that a webhook that comes twice is the same message both times."""

from __future__ import annotations

import asyncio
import json
from typing import Final
from weakref import WeakValueDictionary

import structlog

from channels.contract import Cursors
from channels.twilio.forms import Media
from channels.twilio.media import Fetcher, MediaMissing
from channels.twilio.recent import Recent
from crm_core.words.content import FileRef
from crm_core.words.errors import HubError

CURSOR: Final = "media"
MOST: Final = 300
"""Messages with files that are remembered across restarts."""
PATIENCE: Final = 12.0
"""Seconds for all files of one message: Twilio waits 15 for our answer."""

AGAIN: Final = 1.0
"""Seconds until a file that was not there is asked for once more."""

log = structlog.get_logger(__name__)


class Shelf:
    """Fetches each message's files once, however often and in parallel it is reported."""

    def __init__(self, fetcher: Fetcher, cursors: Cursors) -> None:
        self._fetcher = fetcher
        self._cursors = cursors
        self._kept: Recent[str, tuple[int, ...]] | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def files(self, sid: str, media: tuple[Media, ...]) -> tuple[tuple[FileRef, ...], bool]:
        """The message's files in their order, and whether all of them are there.

        Raises StoreUnavailable when it is our own store that fails.
        """
        if not media:
            return (), True
        turn = self._turns.setdefault(sid, asyncio.Lock())
        async with turn:
            kept = await self._remembered()
            known = kept.get(sid)
            if known is None:
                known = await self._fetch(sid, media)
                kept.put(sid, known)
                await self._cursors.set(CURSOR, json.dumps(dict(kept.items())))
        return tuple(FileRef(id) for id in known), len(known) == len(media)

    async def _remembered(self) -> Recent[str, tuple[int, ...]]:
        if self._kept is None:
            said = await self._cursors.get(CURSOR)
            if self._kept is None:
                kept: Recent[str, tuple[int, ...]] = Recent(MOST)
                for sid, ids in (json.loads(said) if said else {}).items():
                    kept.put(sid, tuple(ids))
                self._kept = kept
        return self._kept

    async def _fetch(self, sid: str, media: tuple[Media, ...]) -> tuple[int, ...]:
        found = await asyncio.gather(*(self._one(one, sid, n) for n, one in enumerate(media)), return_exceptions=True)
        ids: list[int] = []
        for one in found:
            if isinstance(one, FileRef):
                ids.append(one.id)
            elif isinstance(one, MediaMissing | TimeoutError):
                log.warning("a file of a message is missing", message=sid, why=str(one))
            else:
                raise one if isinstance(one, HubError) else MediaMissing from one
        return tuple(ids)

    async def _one(self, media: Media, sid: str, number: int) -> FileRef:
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._fetcher.keep(media, sid, number)
            except MediaMissing as error:
                if not error.again:
                    raise
            await asyncio.sleep(AGAIN)
            return await self._fetcher.keep(media, sid, number)
