"""A hub in a process of its own, its provider and its callers, whom nobody kills, and agents at its API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import msgspec
from aiohttp import web
from sqlalchemy import update

from channels.simulators.twilio import Caller, RealTime, TwilioCloud
from crm_core.accounts.sealing import Sealer
from crm_core.calls import queries
from crm_core.calls.rules.call import Call, leg_of
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import system_clock
from crm_core.words.values import CallOutcome, CallState, LegState, OfferValue, QueueVoice
from crm_core.work import actions as work
from crm_core.work.queues import TABLE as QUEUES
from hub.config import Settings, derived_key, house_key
from tests.flows.call_judge import all_calls
from tests.flows.call_town import SHOP, SID, TOKEN, Furnished, Mate, furnish, hired, line_at
from tests.flows.crash_records import NODE, SECRET_KEY
from tests.flows.forked_hub import ForkedHub

T = TypeVar("T")
SOON = 60.0
"""Seconds: only a broken hub takes that long."""
SPEED = 4
"""How much faster than they should sounds are played."""
UNHURRIED = QueueVoice(announce_seconds=20, offer_seconds=90, wrap_up_seconds=300)
BIN = '<Response><Say>One moment.</Say><Pause length="2"/><Redirect method="POST">{door}</Redirect></Response>'
"""What an administrator is told to keep at Twilio for the time when no hub answers."""


@dataclass
class Street:
    """Providers and people who are never killed, and the hub that is."""

    hub: ForkedHub
    cloud: TwilioCloud
    db: Database
    http: aiohttp.ClientSession
    made: Furnished
    mates: dict[int, Mate] = field(default_factory=dict)

    async def ask(self, mate: Mate, path: str, body: Any = None) -> Any:
        """What the API answers an agent."""
        headers = {"Authorization": f"Bearer {mate.token}"}
        async with self.http.post(f"{self.hub.url}/api/v1/{path}", json=body or {}, headers=headers) as answer:
            assert answer.status < 300, await answer.text()
            return await answer.json()

    async def call_of(self, caller: Caller) -> Call | None:
        """The hub's record of a caller's call."""
        found = [call for call in await self.db.read(all_calls) if call.external_id == caller.sid]
        assert len(found) < 2
        return found[0] if found else None

    async def comes(self, number: int, key: str = "1") -> tuple[Caller, int]:
        """Somebody calls and chooses in the menu."""
        caller = await self.at_the_menu(number)
        call = await until(lambda: self.call_of(caller))
        await caller.press(key)
        return caller, call.id

    async def at_the_menu(self, number: int) -> Caller:
        """Somebody calls and hears what may be chosen."""
        caller = self.cloud.caller(f"+1202456{number:04}", SHOP)
        await until(lambda: soon("press 1" in caller.call.hears))
        return caller

    async def offer(self, call_id: int) -> OfferValue:
        """Whom the call is offered to."""

        async def found() -> OfferValue | None:
            offers = await self.db.read(work.pending_offers)
            return next((one for one in offers if one.call_id == call_id), None)

        return await until(found)

    async def taken(self, call_id: int) -> Mate:
        """Whoever is asked takes the call, and speaks."""
        offer = await self.offer(call_id)
        mate = self.mates[offer.agent_id]
        await self.ask(mate, f"offers/{offer.id}/accept", {"device": mate.tab})
        await self.speaks(call_id, mate)
        return mate

    async def speaks(self, call_id: int, mate: Mate) -> None:
        """Wait until an agent speaks with the contact, at the hub and at the provider."""

        async def found() -> bool:
            call = await self.db.read(queries.whole, call_id)
            own = leg_of(call, mate.id)
            return own is not None and own.state is LegState.CONNECTED and call.state is CallState.TALKING

        await until(found)

    async def state(self, call_id: int, *states: CallState) -> Call:
        """Wait until a call is in one of these states."""

        async def found() -> Call | None:
            call = await self.db.read(queries.whole, call_id)
            return call if call.state in states else None

        return await until(found)

    async def becomes(self, call_id: int, outcome: CallOutcome) -> Call:
        """Wait until this has come of a call."""

        async def found() -> Call | None:
            call = await self.db.read(queries.whole, call_id)
            return call if call.outcome is outcome else None

        return await until(found)

    async def written(self, call_id: int, mate: Mate) -> None:
        """An agent writes a call down and is done."""
        said = {"disposition_id": self.made.dispositions[0], "note": "After all.", "done": True}
        await self.ask(mate, f"calls/{call_id}/wrap-up", said)


async def until(found: Callable[[], Awaitable[T | None]]) -> T:
    """Wait until there is something, and return it."""
    async with asyncio.timeout(SOON):
        while not (value := await found()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        return value


async def soon(value: T) -> T:
    """What is known already, for `until`."""
    return value


@asynccontextmanager
async def open_street(url: str, folder: Path, agents: Sequence[str]) -> AsyncIterator[Street]:
    """The stand-in serves, a hub runs in a process of its own, and agents work: Zoe repairs, the others sell plants."""
    cloud = TwilioCloud(account_sid=SID, auth_token=TOKEN, clock=system_clock)
    cloud.exchange.passing = RealTime(SPEED)
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(cloud.serving())
        db = await Database.open(url, node=NODE)
        stack.push_async_callback(db.close)
        key = house_key(Settings(database_url=url, secret_key=SECRET_KEY))  # type: ignore[arg-type]
        made = await db.write(_furnished, Sealer(derived_key(key, "accounts")), origin, {})
        hub = ForkedHub(folder, {"HUB_DATABASE_URL": url, "HUB_SECRET_KEY": SECRET_KEY, "HUB_DRAIN_SECONDS": "2"})
        stack.push_async_callback(asyncio.to_thread, hub.stop)
        http = await stack.enter_async_context(aiohttp.ClientSession())
        street = Street(hub, cloud, db, http, made)
        for name in agents:
            queue = made.queues["Repairs" if name == "Zoe" else "Plants"]
            mate = await db.write(hired, name, [queue])
            street.mates[mate.id] = mate
        cloud.lines[SHOP] = line_at(f"{hub.url}/in/{made.key}")
        cloud.lines[SHOP].fallback = await _bin(stack, cloud.lines[SHOP].url)
        await asyncio.to_thread(hub.start)
        yield street


def _furnished(tx: Tx, sealer: Sealer, origin: str, settings: Mapping[str, Any]) -> Furnished:
    """A house without haste: a busy machine may take its time between what agents and callers do."""
    made = furnish(tx, sealer, origin, settings)
    tx.execute(update(QUEUES).values(voice=msgspec.to_builtins(UNHURRIED)))
    return made


async def _bin(stack: AsyncExitStack, door: str) -> str:
    """The address of a document that needs no hub."""

    async def shown(_request: web.Request) -> web.Response:
        return web.Response(text=BIN.format(door=door), content_type="text/xml")

    app = web.Application()
    app.router.add_post("/bin", shown)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/bin"


def nothing_open(tx: Tx) -> bool:
    """Every call is over."""
    return not queries.live(tx)


def all_there(tx: Tx) -> bool:
    """Every recording has arrived."""
    return all(one.file_id for call in all_calls(tx) for one in call.recordings)
