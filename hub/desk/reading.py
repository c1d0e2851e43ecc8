"""Reads originals that were stored first: what each says is delivered as if it had just come.

What cannot be read is tried again later, and after five times, or at once when its channel says so, quarantined:
a placeholder with the original to download stands in the timeline, and the mailbox goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from channels.contract import Deliver, MessageArrived, NotUnderstood, Original, OriginalArrived, Reads
from crm_core.accounts import unread
from crm_core.accounts.unread import Kept, NewOriginal
from crm_core.files.served import served
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import UNREADABLE, Address
from crm_core.words.clock import MINUTE, SECOND, Moment
from crm_core.words.content import Content, ExternalId, FileRef, ThreadKey
from crm_core.words.errors import Conflict, HubError, NotFound, StoreUnavailable
from hub.machinery.accounts import Accounts, Open
from hub.machinery.media.store import FileStore

POLL_SECONDS: Final = 2.0
AT_ONCE: Final = 16
ATTEMPTS: Final = 5
LONGEST_PAUSE: Final[Moment] = 10 * MINUTE
READ_SECONDS: Final = 60.0
"""A channel limits its own reading; this is for one that does not."""

_WITHHELD: Final = "withheld"
"""The fact that names what its channel found wrong with an original that nobody is to read."""

log = structlog.get_logger(__name__)


class Reader:
    """One per process: originals of one account are read one after another, those of several side by side."""

    def __init__(
        self, db: Database, media: FileStore, accounts: Accounts, delivering: Callable[[Open], Deliver]
    ) -> None:
        self._db = db
        self._media = media
        self._accounts = accounts
        self._delivering = delivering
        self._awake = asyncio.Event()

    async def keep(self, account_id: int, event: OriginalArrived) -> None:
        """Keep an original; it is read soon. Twice is once."""
        new = NewOriginal(
            account_id=account_id,
            key=event.key,
            file_id=event.body.id,
            received_at=event.at,
            facts={**event.facts, _WITHHELD: event.problem} if event.problem else event.facts,
            cursor=event.cursor,
        )
        await self._db.write(unread.keep, new)
        self._awake.set()

    async def run(self) -> None:
        """Read what waits, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._awake.wait()
            except TimeoutError:
                pass
            self._awake.clear()
            try:
                await self.step()
            except HubError as error:
                log.warning("originals have to wait", code=error.code)
                await asyncio.sleep(POLL_SECONDS)

    async def step(self) -> int:
        """Read everything that waits now; how many were tried."""
        waiting = await self._db.read(unread.accounts_waiting)
        opened = [found for i in waiting if (found := self._accounts.by_id(i)) is not None]
        if not opened:
            return 0
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._all_of(one), name=f"reading {one.account.id}") for one in opened]
        return sum(task.result() for task in tasks)

    async def _all_of(self, opened: Open) -> int:
        tried = 0
        try:
            while batch := await self._db.read(unread.next_of, opened.account.id, most=AT_ONCE):
                for one in batch:
                    await self._one(opened, one)
                    tried += 1
        except HubError as error:
            log.warning("an account's originals have to wait", account=opened.account.id, code=error.code)
        except Exception as error:
            # A fault of ours costs this account a pause, and neither the others nor the house anything.
            log.error("an account's originals could not be read", account=opened.account.id, exc_info=error)
        return tried

    async def _one(self, opened: Open, kept: Kept) -> None:
        problem = kept.facts.get(_WITHHELD, "")
        if problem:
            await self._give_up(opened, kept, problem, shown=problem)
        elif isinstance(opened.channel, Reads):
            await self._read(opened, opened.channel, kept)
        else:
            await self._give_up(opened, kept, "This channel reads no originals.")

    async def _read(self, opened: Open, channel: Reads, kept: Kept) -> None:
        deliver = self._delivering(opened)
        try:
            original = await self._original(kept)
            async with asyncio.timeout(READ_SECONDS):
                events = await channel.read(original)
            for event in events:
                await deliver(event)
        except StoreUnavailable:
            # Not the original's fault: it is no try of it.
            raise
        except (NotUnderstood, NotFound) as error:
            await self._give_up(opened, kept, str(error))
        except Exception as error:
            await self._failed(opened, kept, error)
        else:
            await self._db.write(unread.is_read, kept.id)

    async def _original(self, kept: Kept) -> Original:
        file = await self._db.read(served, kept.file_id)
        body = b"".join([chunk async for chunk in self._media.read(file.stored_as, 0, file.size)])
        return Original(key=kept.key, body=body, file=FileRef(kept.file_id), at=kept.received_at, facts=kept.facts)

    async def _failed(self, opened: Open, kept: Kept, error: Exception) -> None:
        log.warning("an original could not be read", account=opened.account.id, attempts=kept.attempts, exc_info=error)
        if kept.attempts + 1 >= ATTEMPTS:
            await self._give_up(opened, kept, type(error).__name__)
        else:
            pause = min(LONGEST_PAUSE, SECOND << (2 * kept.attempts))
            await self._db.write(_put_off, kept.id, pause, type(error).__name__)

    async def _give_up(self, opened: Open, kept: Kept, problem: str, *, shown: str = UNREADABLE) -> None:
        """Show a placeholder first, then put the original away: who dies in between shows it again, which is once."""
        try:
            await self._placed(opened, kept, shown)
        except StoreUnavailable:
            raise
        except Exception as error:
            log.error("an original could not be shown", account=opened.account.id, exc_info=error)
            await self._db.write(_put_off, kept.id, LONGEST_PAUSE, type(error).__name__)
        else:
            await self._db.write(unread.quarantine, kept.id, problem)

    async def _placed(self, opened: Open, kept: Kept, problem: str) -> None:
        try:
            await self._show(opened, kept, problem, FileRef(kept.file_id))
        except (NotFound, Conflict):
            # The original stands already with a message that it said before the rest of it failed, or is gone.
            log.warning("an original is shown without its file", account=opened.account.id)
            await self._show(opened, kept, problem, None)

    async def _show(self, opened: Open, kept: Kept, problem: str, raw: FileRef | None) -> None:
        """The placeholder: whoever it is from, somebody has to see that it came."""
        await self._delivering(opened)(
            MessageArrived(
                external_id=ExternalId(f"unread:{kept.key}"),
                thread=ThreadKey(""),
                sender=Address(UNREADABLE, kept.key[:200], str(opened.account.id)),
                sender_name=kept.facts.get("from", ""),
                content=Content(problem=problem),
                sent_at=kept.received_at,
                raw=raw,
                automatic=False,
            )
        )


def _put_off(tx: Tx, unread_id: int, pause: Moment, problem: str) -> None:
    unread.put_off(tx, unread_id, until=tx.now + pause, problem=problem)
