"""`calls_held`: 200 calls at once through the whole hub and the stand-in of Twilio: what was told and what is kept.

Callers are greeted, wait, are answered in 200 tabs, held, taken back, and hung up, half of them by their agents.
Counted is what the stand-in reported (greetings played, legs that rang, answered and ended, calls that ended) and a
record for each call, against what stands in the database afterwards.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from time import perf_counter
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web

from channels.simulators.twilio import Caller, Line, RealTime, TwilioCloud
from crm_core import migrations
from crm_core.accounts.actions import NewAccount, add, set_manner
from crm_core.accounts.sealing import Sealer
from crm_core.calls import queries
from crm_core.calls.rules.call import Call
from crm_core.calls.rules.signals import WrappedUp
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent, set_activity
from crm_core.store.database import Database
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.clock import system_clock
from crm_core.words.events import OfferChanged
from crm_core.words.permissions import Actor
from crm_core.words.values import Activity, CallState, OfferState, OfferValue
from crm_core.work.queues import NewQueue, add_queue
from hub.app import open_house
from hub.bench.peers import free_port
from hub.config import Settings, derived_key, house_key, load_settings
from hub.desk.calls import acting, moving, taking
from hub.keys import House

CALLS: Final = 200
PATIENCE: Final = 120.0
"""Seconds for all calls to get from one stage to the next."""
_SPEED: Final = 10.0
"""How much faster than at Twilio prompts are spoken."""
_OURS: Final = "+12025550111"
_DOOR: Final = "bench"
_SID: Final = "AC" + "0" * 31 + "1"
_AUTH: Final = "only the bench knows"
_MANNER: Final = {"calls": {"greeting": {"en": "Welcome to the shop."}}}
_SAID: Final = frozenset({"ringing", "in-progress"})
_OVER: Final = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})


async def run(seconds: float) -> dict[str, Any]:
    """Two hundred calls, or twenty in less than half a second. `product` and `limit` count what was kept and sent."""
    count = CALLS if seconds >= 0.5 else CALLS // 10
    with tempfile.TemporaryDirectory(prefix="hub-bench-", ignore_cleanup_errors=True) as folder:
        port = free_port()
        found = {"HUB_DATA_DIR": folder, "HUB_HOST": "127.0.0.1", "HUB_PORT": str(port), "HUB_LOG_LEVEL": "error"}
        settings = load_settings({**found, "HUB_PUBLIC_URL": f"http://127.0.0.1:{port}"})
        async with _opened(settings, count) as crowd:
            took = await crowd.live_through(count)
        return {**_compared(Path(settings.database_url.removeprefix("sqlite:///")), crowd), **took, "calls": count}


class Crowd:
    """Those who call, and the agents who answer: every tab takes what it is offered."""

    def __init__(self, house: House, cloud: TwilioCloud) -> None:
        self.cloud = cloud
        self.callers: list[Caller] = []
        self._house = house
        self._actors: dict[int, Actor] = {}
        self._offers: asyncio.Queue[OfferValue] = asyncio.Queue()
        house.bus.subscribe(self._heard)

    def _heard(self, events: Sequence[Committed]) -> None:
        for committed in events:
            if isinstance(committed.event, OfferChanged) and committed.event.offer.state is OfferState.PENDING:
                self._offers.put_nowait(committed.event.offer)

    async def live_through(self, count: int) -> dict[str, float]:
        """Let so many calls come, be held and end; the seconds of each stage, and how many legs there were at once."""
        db = self._house.db
        for agent in await db.read(staff.agents):
            actor = await db.read(staff.actor_of, agent.id)
            assert actor is not None, "nobody of the bench is disabled"
            self._actors[agent.id] = actor
            self._house.presence.came(agent.id)
        async with asyncio.TaskGroup() as group:
            answering = group.create_task(self._answer(group))
            began = perf_counter()
            for number in range(count):
                self.callers.append(self.cloud.caller(f"+1202456{number:04}", _OURS))
                await asyncio.sleep(0.01)
            calls = await self._reached(count, CallState.TALKING)
            answered = perf_counter()
            legs = sum(not call.is_over for call in self.cloud.exchange.calls)
            calls = await self._held(calls, on=True)
            calls = await self._held(calls, on=False)
            held = perf_counter()
            await self._hang_up(calls)
            await self._wrapped_up(await self._reached(count, CallState.WRAP_UP))
            answering.cancel()
        ended = perf_counter()
        return {
            "legs_at_once": legs,
            "answered_seconds": round(answered - began, 1),
            "held_seconds": round(held - answered, 1),
            "ended_seconds": round(ended - held, 1),
        }

    async def _answer(self, group: asyncio.TaskGroup) -> None:
        while True:
            offer = await self._offers.get()
            lines = self._house.lines.by_id
            taken = self._house.db.write(taking.accept, self._actors[offer.agent_id], offer.id, "tab1", lines)
            group.create_task(_done(taken))

    async def _held(self, calls: Sequence[Call], *, on: bool) -> list[Call]:
        await self._each(calls, lambda actor, call: self._house.db.write(acting.hold, actor, call.id, on=on))
        return await self._reached(len(calls), CallState.HELD if on else CallState.TALKING)

    async def _hang_up(self, calls: Sequence[Call]) -> None:
        ours = {call.external_id for call in calls[::2]}
        leaving = asyncio.gather(*(one.hang_up() for one in self.callers if one.sid not in ours))
        await self._each(calls[::2], lambda actor, call: self._house.db.write(acting.hang_up, actor, call.id))
        await leaving

    async def _wrapped_up(self, calls: Sequence[Call]) -> None:
        """Whoever had a call is done with it, and everything that was owed is told."""
        for call in calls:
            if call.agent_id is not None:
                done = WrappedUp(agent_id=call.agent_id, disposition="Done", done=True)
                await self._house.db.write(moving.move, call.id, done)
        async with asyncio.timeout(PATIENCE):
            await self.cloud.exchange.quiet()
            while await self._house.db.read(_left):  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            await self.cloud.exchange.quiet()

    async def _each(self, calls: Sequence[Call], does: Callable[[Actor, Call], Awaitable[object]]) -> None:
        await asyncio.gather(*(does(self._actors[call.agent_id or 0], call) for call in calls))

    async def _reached(self, count: int, state: CallState) -> list[Call]:
        """All calls, once they are in this state at the same time. Raises TimeoutError."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.cloud.exchange.quiet()
                calls = await self._house.db.read(queries.live)
                if len(calls) == count and all(call.state is state for call in calls):
                    return calls
                await asyncio.sleep(0.1)


def _left(tx: Tx) -> int:
    return len(queries.live(tx)) + len(queries.unarranged(tx))


async def _done(doing: Awaitable[object]) -> None:
    await doing


@asynccontextmanager
async def _opened(settings: Settings, count: int) -> AsyncIterator[Crowd]:
    """The hub at its port, with so many agents, and an account of its at the stand-in."""
    cloud = TwilioCloud(account_sid=_SID, auth_token=_AUTH, clock=system_clock)
    cloud.exchange.passing = RealTime(_SPEED)
    door = f"{settings.public_url}/in/{_DOOR}"
    cloud.lines[_OURS] = Line(door, fallback=f"{door}/fallback", status=f"{door}/status")
    async with cloud.serving() as origin:
        account_id = await _fill(settings, origin, count)
        async with open_house(settings) as (house, app):
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
            await runner.setup()
            try:
                await web.TCPSite(runner, settings.host, settings.port, backlog=1024).start()
                async with asyncio.timeout(PATIENCE):
                    while house.accounts.by_id(account_id) is None:  # noqa: ASYNC110
                        await asyncio.sleep(0.05)
                yield Crowd(house, cloud)
            finally:
                await runner.cleanup()


async def _fill(settings: Settings, origin: str, count: int) -> int:
    """A queue, so many agents, and the account whose calls they take: its id."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(migrations.upgrade, settings.database_url)
    sealer = Sealer(derived_key(house_key(settings), "accounts"))
    db = await Database.open(settings.database_url)
    try:
        queue = await db.write(add_queue, None, NewQueue(name="Phone"))
        await asyncio.gather(*(db.write(_add_agent, number, queue.id) for number in range(count)))
        new = NewAccount(
            kind="voice",
            name="Phone",
            queue_id=queue.id,
            settings={"account_sid": _SID, "number": _OURS, "api_origin": origin},
            secrets={"auth_token": _AUTH},
            public_key=_DOOR,
        )
        account = await db.write(add, None, sealer, new)
        await db.write(set_manner, account.id, _MANNER)
        return account.id
    finally:
        await db.close()


def _add_agent(tx: Tx, number: int, queue_id: int) -> None:
    agent = add_agent(tx, None, NewAgent(name=f"Agent {number}", email=f"{number}@hub.example", queues=[queue_id]))
    set_activity(tx, None, agent.id, Activity.AVAILABLE)


def _compared(path: Path, crowd: Crowd) -> dict[str, Any]:
    """What was sent, and how much of it is kept: signals by their keys, and exactly one ended record for each call."""
    with closing(sqlite3.connect(path)) as connection:
        keys = {key for (key,) in connection.execute("SELECT key FROM call_signal")}
        records = connection.execute("SELECT external_id FROM call WHERE state = 'ended' AND outcome = 'answered'")
        ended = [name for (name,) in records]
    played = {":".join(key.split(":")[:2]) for key in keys if ":played:" in key}
    sent = {key for url, fields in crowd.cloud.exchange.told if (key := _key(url, fields))}
    lost = sorted(sent - keys) + sorted(f"{c.sid}:played" for c in crowd.callers if f"{c.sid}:played" not in played)
    wrong = [caller.sid for caller in crowd.callers if ended.count(caller.sid) != 1]
    expected = len(sent) + 2 * len(crowd.callers)
    kept = expected - len(lost) - len(wrong)
    failed = sum(status != 200 for _, status in crowd.cloud.webhooks)
    return {
        "product": kept,
        "limit": expected,
        "ratio": kept / expected,
        "signals": expected - len(crowd.callers),
        "lost_signals": len(lost),
        "records": len(ended),
        "wrong_records": len(wrong),
        "reports_refused": failed,
    }


def _key(url: str, fields: dict[str, str]) -> str:
    """The key of what a report of Twilio's says, as the channel names it; empty where it says nothing new."""
    status, part = fields.get("CallStatus", ""), urlsplit(url).path.rpartition("/")[2]
    if status in _OVER:
        return f"{fields['CallSid']}:ended"
    if part == "leg" and status in _SAID:
        return f"{fields['CallSid']}:{fields['SequenceNumber']}:{status}"
    return ""
