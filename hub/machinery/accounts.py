"""Open channel accounts: each kept open, listening where it listens, and opened again when it changed or broke."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

import aiohttp
import structlog

from channels.contract import (
    Account,
    AccountBroken,
    Capabilities,
    Channel,
    Deliver,
    Files,
    Listens,
    Manifest,
    NoSpeech,
    Sends,
    Tools,
    TryLater,
)
from crm_core.accounts import actions, queries
from crm_core.accounts.queries import OpenAccount
from crm_core.accounts.sealing import Sealer
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.clock import Clock
from crm_core.words.content import Medium
from crm_core.words.errors import HubError, NotFound, NotOpenNow, StoreUnavailable
from crm_core.words.events import AccountChanged
from hub.machinery.ending import ended
from hub.machinery.media.store import FileStore
from hub.machinery.peers import Guard
from hub.machinery.speech import AccountSpeech, Voice
from hub.machinery.tools import AccountCalls, AccountCursors, AccountFiles, AccountSecrets, ReplyTokens

P = ParamSpec("P")
R = TypeVar("R")

FIRST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 300.0
"""Seconds between tries to open an account that fails; doubled from the first to the longest."""
BROKEN_PAUSE: Final = 1_800.0
"""Seconds until an account that needs a person is tried all the same: a provider may have mended what it broke."""
WELL_AFTER: Final = 20.0
"""Seconds after which an account that was tried again counts as open."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Line:
    """What an open account carries, and to which schemes of addresses."""

    capabilities: Capabilities
    reaches: frozenset[str]
    writes: bool = True
    """Carries messages; a telephone line carries calls only."""


@dataclass(frozen=True, slots=True)
class Open:
    """An account that is open: its channel, and what the desk needs to know of it."""

    account: Account
    kind: str
    manifest: Manifest
    channel: Channel
    queue_id: int | None
    manner: Mapping[str, Any] | None = None

    @property
    def medium(self) -> Medium:
        return self.manifest.medium


class Toolbox:
    """What every account's tools are made of."""

    def __init__(
        self,
        db: Database,
        media: FileStore,
        clock: Clock,
        *,
        guard: Guard,
        key: bytes,
        url: str,
        sealer: Sealer,
        region: str = "",
        voice: Voice | None = None,
    ) -> None:
        self._voice = voice
        self._sealer = sealer
        self._url = url
        self.region = region
        self._db = db
        self._media = media
        self._clock = clock
        self._key = key
        self.guard = guard

    def public_url(self, public_key: str) -> str:
        """Where providers reach the webhooks of an account."""
        return f"{self._url}/in/{public_key}"

    def tools(self, account_id: int, http: aiohttp.ClientSession) -> Tools:
        """The tools of one account. `key` is the house's key for reply tokens."""
        files = AccountFiles(self._db, self._media, account_id)
        return Tools(
            http=http,
            cursors=AccountCursors(self._db, account_id),
            now=self._clock,
            files=files,
            tokens=ReplyTokens(self._key, account_id),
            peers=self.guard,
            secrets=AccountSecrets(self._db, self._sealer, account_id),
            calls=AccountCalls(self._db, account_id),
            speech=NoSpeech() if self._voice is None else AccountSpeech(self._voice, files, self._clock),
        )


class Accounts:
    """Every account that is not disabled, by id and by public key."""

    def __init__(
        self,
        db: Database,
        manifests: Mapping[str, Manifest],
        *,
        sealer: Sealer,
        clock: Clock,
        delivering: Callable[[Open], Deliver],
        toolbox: Toolbox,
        broken_seconds: float = BROKEN_PAUSE,
    ) -> None:
        self._broken_seconds = broken_seconds
        self._db = db
        self._manifests = manifests
        self._sealer = sealer
        self._clock = clock
        self._delivering = delivering
        self._toolbox = toolbox
        self._open: dict[int, Open] = {}
        self._by_key: dict[str, int] = {}
        self._kept: dict[int, str] = {}
        """Public keys of all accounts that are not disabled, open or not."""
        self._keepers: dict[int, asyncio.Task[None]] = {}
        self._reopening = asyncio.Lock()
        """Two changes at once must not leave an account with two keepers."""
        self._ours: dict[int, int] = {}
        """Accounts that we ourselves are noting to be well again: no reason to open them anew."""
        self._retried: set[int] = set()
        """Accounts that were broken and are tried again."""
        self._group: asyncio.TaskGroup | None = None
        self._http: aiohttp.ClientSession | None = None

    @property
    def manifests(self) -> Mapping[str, Manifest]:
        return self._manifests

    def directory(self) -> dict[int, Line]:
        """What every open account carries, and to whom."""
        return {
            i: Line(o.channel.capabilities, o.manifest.reaches, isinstance(o.channel, Sends))
            for i, o in self._open.items()
        }

    def everyone(self) -> Sequence[Open]:
        """Every account that is open now."""
        return list(self._open.values())

    def by_id(self, account_id: int) -> Open | None:
        """The open account, or none while it is closed or broken."""
        return self._open.get(account_id)

    def by_key(self, public_key: str) -> Open:
        """The open account of a public address. Raises NotFound; NotOpenNow for one that is being opened, or broken."""
        found = self._open.get(self._by_key.get(public_key, 0))
        if found is not None:
            return found
        raise NotOpenNow if self.knows(public_key) else NotFound

    def knows(self, public_key: str) -> bool:
        """Whether this is the public address of an account that is not disabled, open or not."""
        return public_key in self._kept.values()

    def files(self, opened: Open) -> Files:
        """The files of an open account."""
        assert self._http is not None
        return self._toolbox.tools(opened.account.id, self._http).files

    def deliver(self, opened: Open) -> Deliver:
        """The way in for this account's events."""
        return self._delivering(opened)

    async def run(self, *, started: Callable[[], None] = lambda: None) -> None:
        """Keep every account open until cancelled. `started` is called once all were tried."""
        async with self._toolbox.guard.session() as http, asyncio.TaskGroup() as group:
            self._http, self._group = http, group
            # Whoever is added or changed meanwhile is opened anew after this, not beside it.
            async with self._reopening:
                for account in await self._read(queries.opened, self._sealer):
                    self._keep(account)
            try:
                await self._all_tried()
                started()
                await asyncio.Event().wait()
            finally:
                await ended(self._keepers.values())

    def heard(self, events: Sequence[Committed]) -> None:
        """Open again what changed."""
        for committed in events:
            if isinstance(committed.event, AccountChanged) and self._group is not None:
                account = committed.event.account
                if self._ours.get(account.id) and account.state == "open":
                    self._ours[account.id] -= 1
                elif account.state == "open" or account.disabled:
                    self._group.create_task(self._reopen(account.id), name=f"reopen account {account.id}")

    async def _all_tried(self) -> None:
        for _ in range(200):
            if all(k.done() or i in self._open for i, k in self._keepers.items()):
                return
            await asyncio.sleep(0.01)

    async def _reopen(self, account_id: int) -> None:
        async with self._reopening:
            keeper = self._keepers.pop(account_id, None)
            if keeper is not None:
                await ended([keeper])
            try:
                account = await self._read(queries.opened_one, self._sealer, account_id)
            except HubError as error:
                log.error("an account could not be opened", account=account_id, code=error.code)
                return
            if account is None:
                self._kept.pop(account_id, None)
            else:
                self._keep(account)

    async def _read(self, question: Callable[Concatenate[Tx, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The answer, however long the database is away: who opens accounts must not end with it."""
        while True:
            try:
                return await self._db.read(question, *args, **kwargs)
            except StoreUnavailable as error:
                log.warning("accounts have to wait", code=error.code)
                await asyncio.sleep(FIRST_PAUSE)

    def _keep(self, account: OpenAccount) -> None:
        assert self._group is not None
        if account.kind not in self._manifests:
            log.warning("an account's channel is not installed", account=account.id, kind=account.kind)
            return
        self._kept[account.id] = account.public_key
        self._keepers[account.id] = self._group.create_task(self._keeper(account), name=f"account {account.id}")

    async def _keeper(self, account: OpenAccount) -> None:
        """Serve until cancelled. A broken account needs a person, or a provider that mends what it broke."""
        while True:
            try:
                await self._again_and_again(account.id, partial(self._serve, account))
            except AccountBroken as error:
                await self._say(account.id, "broken", str(error))
            await asyncio.sleep(self._broken_seconds)
            self._retried.add(account.id)

    async def _again_and_again(self, account_id: int, attempt: Callable[[], Awaitable[None]]) -> None:
        """Try until cancelled, with growing pauses. Raises AccountBroken."""
        pause = FIRST_PAUSE
        while True:
            began = self._clock()
            try:
                await attempt()
                log.warning("an account's channel stopped listening", account=account_id)
            except AccountBroken:
                raise
            except TryLater as error:
                pause = error.after_ms / 1000 if error.after_ms else pause
                log.info("an account is tried again later", account=account_id, seconds=pause)
                await self._say(account_id, "waiting", str(error))
            except Exception as error:
                log.error("an account's channel failed", account=account_id, exc_info=error)
            await asyncio.sleep(pause)
            lasted = (self._clock() - began) / 1000 - pause
            pause = FIRST_PAUSE if lasted > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)

    async def _serve(self, account: OpenAccount) -> None:
        manifest = self._manifests[account.kind]
        assert self._http is not None
        settings = manifest.settings.model_validate(account.settings)
        known = Account(
            account.id,
            account.public_key,
            account.name,
            settings,
            self._toolbox.public_url(account.public_key),
            self._toolbox.region,
            account.created_at,
        )
        tools = self._toolbox.tools(account.id, self._http)
        async with AsyncExitStack() as stack:
            channel = await stack.enter_async_context(manifest.open(known, tools))
            opened = Open(known, account.kind, manifest, channel, account.queue_id, account.manner)
            self._open[account.id] = opened
            self._by_key[account.public_key] = account.id
            stack.callback(self._forget, account.id)
            # Who does not hear for a while may still write: only listening begins again.
            await self._again_and_again(account.id, partial(self._listen, opened))

    async def _listen(self, opened: Open) -> None:
        assert self._group is not None
        watch = self._group.create_task(self._is_well(opened.account.id), name=f"watch {opened.account.id}")
        try:
            if isinstance(opened.channel, Listens):
                await opened.channel.listen(self._delivering(opened))
            else:
                await asyncio.Event().wait()
        finally:
            watch.cancel()

    async def _is_well(self, account_id: int) -> None:
        """Whoever has listened for a while does not have to wait any more."""
        await asyncio.sleep(WELL_AFTER)
        state = (await self._read(queries.account, account_id)).state
        if state == "waiting" or (state == "broken" and account_id in self._retried):
            self._retried.discard(account_id)
            self._ours[account_id] = self._ours.get(account_id, 0) + 1
            await self._say(account_id, "open", "")

    async def serves(self, opened: Open) -> None:
        """An open account has just done what it is for: was it thought broken, it is well, and goes on as it is."""
        account_id = opened.account.id
        known = await self._read(queries.account, account_id)
        if known.state == "broken" and self._open.get(account_id) is opened:
            self._ours[account_id] = self._ours.get(account_id, 0) + 1
            await self._say(account_id, "open", "")

    async def warn(self, account_id: int, words: str) -> None:
        """Tell administrators of something about an account that goes on as it is, until somebody sees to it."""
        self._ours[account_id] = self._ours.get(account_id, 0) + 1
        await self._say(account_id, "open", words)

    def _forget(self, account_id: int) -> None:
        opened = self._open.pop(account_id, None)
        if opened is not None:
            self._by_key.pop(opened.account.public_key, None)

    async def _say(self, account_id: int, state: str, problem: str) -> None:
        """Note how the account fares, however long the database is away."""
        while True:
            try:
                await self._db.write(actions.set_state, account_id, state, problem)
                return
            except StoreUnavailable as error:
                log.warning("an account's state could not be stored yet", account=account_id, code=error.code)
                await asyncio.sleep(FIRST_PAUSE)
            except HubError as error:
                log.error("an account's state could not be stored", account=account_id, code=error.code)
                return
