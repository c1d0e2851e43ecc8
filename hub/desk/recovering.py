"""What becomes of sends that were cut off in the middle: their lease ran out, and nobody knows whether they went."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import structlog

from channels.contract import AccountBroken, ChannelError, Recalls, Sent, TryLater
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.outbox import Owed
from crm_core.words.clock import HOUR, SECOND, Moment
from crm_core.words.errors import StoreUnavailable
from hub.desk import settling
from hub.desk.parcels import Parcels
from hub.machinery.accounts import Open

ASK_AGAIN: Final[Moment] = 30 * SECOND
"""Between two questions of a provider that cannot be asked."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Recovery:
    """Asks the provider where it can be asked, owes again where repeats are dropped, leaves the rest to an agent."""

    db: Database
    parcels: Parcels

    async def settle(self, opened: Open | None, owed: Owed) -> None:
        """Settle one expired delivery, or put the question off. Raises StoreUnavailable, and nothing else."""
        try:
            await self._settle(opened, owed)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.error("a message could not be asked for", account=owed.account_id, exc_info=error)
            await self.db.write(settling.expire, owed, may_repeat=False)

    async def _settle(self, opened: Open | None, owed: Owed) -> None:
        if opened is None:
            await self.db.write(settling.expire, owed, may_repeat=False)
        elif opened.channel.capabilities.dedupes_sends or not isinstance(opened.channel, Recalls):
            await self.db.write(settling.expire, owed, may_repeat=opened.channel.capabilities.dedupes_sends)
        else:
            await self._ask(opened, owed, opened.channel)

    async def _ask(self, opened: Open, owed: Owed, channel: Recalls) -> None:
        try:
            found = await self._answer(opened, owed, channel)
        except (TryLater, AccountBroken) as error:
            await self._later(opened, owed, error)
        except (ChannelError, TimeoutError) as error:
            log.info("nobody can tell whether a message went", account=owed.account_id, why=type(error).__name__)
            await self.db.write(settling.expire, owed, may_repeat=False)
        else:
            if found is None:
                await self.db.write(settling.expire, owed, may_repeat=True)
            else:
                await self.db.write(settling.found, owed, found)

    async def _answer(self, opened: Open, owed: Owed, channel: Recalls) -> Sent | None:
        """What the provider has of it. The same words may have gone before: a name of another message is none of it."""
        message = await self.parcels.message(owed)
        others: set[str] = set()
        async with asyncio.timeout(opened.channel.capabilities.send_seconds):
            while True:
                found = await channel.recall(message)
                name = found.external_ids[0] if found is not None and found.external_ids else ""
                if not name or not await self.db.read(outbox.is_taken, owed.account_id, name, but=owed.id):
                    return found
                if name in others:
                    return None
                others.add(name)

    async def _later(self, opened: Open, owed: Owed, error: ChannelError) -> None:
        if self.db.clock() - owed.owed_at > opened.channel.capabilities.keep_trying_hours * HOUR:
            await self.db.write(settling.expire, owed, may_repeat=False, why=str(error))
            return
        after = error.after_ms if isinstance(error, TryLater) and error.after_ms else ASK_AGAIN
        await self.db.write(settling.look_later, owed, after)
