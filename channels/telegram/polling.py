"""Asking Telegram for updates: one is confirmed only after it is stored.

Telegram keeps updates for 24 hours. Asking with an offset confirms all before it, so the offset is kept in the
database and moves after the store. After a week of silence Telegram counts from a new place, perhaps a lower one:
then we ask without an offset, and what comes twice is recognised by its own id.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import structlog
from aiogram.methods import GetUpdates

from channels.contract import AccountBroken, Deliver, OriginalArrived, Tools, TryLater
from channels.telegram.client import Api, Elsewhere
from channels.telegram.intake import Intake
from channels.telegram.parse import NOT_UNDERSTOOD, TAKEN, update
from channels.telegram.reading import Loose, whole
from channels.telegram.sending import Sleep
from crm_core.words.clock import DAY, MINUTE, Moment
from crm_core.words.errors import HubError, StoreUnavailable

CURSOR: Final = "offset"
ALARM_AFTER: Final[Moment] = 10 * MINUTE
_FORGOTTEN_AFTER: Final[Moment] = 6 * DAY
_LONGEST_PAUSE: Final = 30.0
_GRACE: Final = 15.0
"""Seconds beyond the time for which Telegram holds a poll open."""

log = structlog.get_logger(__name__)


class Poller:
    """Asks for one bot's updates."""

    def __init__(self, api: Api, intake: Intake, tools: Tools, sleep: Sleep, *, hold: int) -> None:
        self._api = api
        self._intake = intake
        self._tools = tools
        self._sleep = sleep
        self._hold = hold

    async def run(self, deliver: Deliver) -> None:
        """Ask until cancelled. Raises TryLater after ten minutes in vain or while another asks, AccountBroken."""
        since, pause = self._tools.now(), 1.0
        while True:
            try:
                for raw in await self._asked():
                    await self._take(raw, deliver)
                since, pause = self._tools.now(), 1.0
                continue
            except Elsewhere:
                raise
            except (TryLater, StoreUnavailable) as error:
                away = self._tools.now() - since
                log.info("updates have to wait", why=str(error), seconds=pause)
                if away >= ALARM_AFTER and isinstance(error, TryLater):
                    log.error("no update could be asked for in a long time", minutes=away // MINUTE)
                    raise
                wait = max(pause, (getattr(error, "after_ms", None) or 0) / 1000)
            await self._sleep(min(wait, _LONGEST_PAUSE))
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _asked(self) -> list[Loose]:
        method = GetUpdates(offset=await self._offset(), timeout=self._hold, allowed_updates=list(TAKEN))
        found: Any = await self._api.ask(method, within=self._hold + _GRACE)
        return [raw for raw in found if isinstance(raw, dict)] if isinstance(found, list) else []

    async def _offset(self) -> int | None:
        """Where we left off; none at the beginning and after a long silence."""
        place, _, moved_at = (await self._tools.cursors.get(CURSOR) or "").partition("@")
        if not place.isdecimal():
            return None
        forgotten = moved_at.isdecimal() and self._tools.now() - int(moved_at) > _FORGOTTEN_AFTER
        return None if forgotten else int(place)

    async def _take(self, raw: Loose, deliver: Deliver) -> None:
        try:
            await self._intake.take(update(raw, self._tools.now()), raw, deliver)
        except (StoreUnavailable, TryLater, AccountBroken):
            raise
        except HubError as error:
            log.warning("an update was put aside", code=error.code)
            await self._put_aside(raw, deliver)
        update_id = whole(raw, "update_id")
        if update_id is not None:
            await self._tools.cursors.set(CURSOR, f"{update_id + 1}@{self._tools.now()}")

    async def _put_aside(self, raw: Loose, deliver: Deliver) -> None:
        """Keep what nobody can read, for a person to see."""
        body = json.dumps(raw, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
        digest = hashlib.blake2b(body, digest_size=8).hexdigest()
        event = OriginalArrived(
            key=f"update:{whole(raw, 'update_id')}:{digest}",
            body=await self._tools.files.keep("update.json", body),
            at=self._tools.now(),
            problem=NOT_UNDERSTOOD,
        )
        await deliver(event)
