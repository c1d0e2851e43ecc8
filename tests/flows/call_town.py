"""A whole hub with a phone line at Twilio's stand-in, agents, and time that passes only when nobody acts.

Everybody who calls, and whoever of the staff deals with them, is one *life*: a coroutine that acts, rests for some
virtual time, or waits until something is so. Time stands still while anybody acts, the hub writes, or the stand-in and
the hub speak with each other; then it goes to the next moment at which anything is due. So the hub is infinitely
fast, and every second that it counts is one that somebody took.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import aiohttp
import msgspec
from aiohttp import web
from sqlalchemy import update

from channels.registry import find_channels
from channels.simulators.twilio import Caller, HeldTime, Line, TwilioCloud
from channels.voice.channel import TwilioVoice
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.sealing import Sealer
from crm_core.calls import queries as call_queries
from crm_core.calls.rules.signals import TimePassed
from crm_core.conversations.phrases import add_disposition
from crm_core.staff import queries as staff
from crm_core.staff.actions import NewAgent, add_agent, set_activity
from crm_core.staff.sessions import open_session
from crm_core.store.journal import Committed
from crm_core.store.transaction import Tx
from crm_core.words.clock import HOUR, MINUTE, SECOND, Moment
from crm_core.words.errors import NotFound, NotOpenNow
from crm_core.words.events import AgentChanged, CallChanged, OfferChanged
from crm_core.words.values import Activity, AgentValue, CallValue, OfferState, OfferValue, QueueVoice, Role
from crm_core.work.queues import TABLE as QUEUES
from crm_core.work.queues import NewQueue, add_queue
from hub.app import open_house
from hub.config import Settings
from hub.desk import channel_accounts
from hub.desk.calls.moving import move
from hub.keys import House
from tests.peers.clock import VirtualClock

T = TypeVar("T")

SHOP: Final = "+12025550111"
SID: Final = "AC" + "0" * 31 + "7"
TOKEN: Final = "auth-token"
MENU: Final[dict[str, Any]] = {
    "greeting": {"en": "Welcome to Fern and Clay."},
    "menu_prompt": {"en": "For plants press 1. For repairs press 2. To leave a message press 3."},
    "menu": [
        {"digit": "1", "label": "Plants"},
        {"digit": "2", "label": "Repairs"},
        {"digit": "3", "label": "A message", "then": "voicemail"},
    ],
    "record": True,
}
PATIENCE: Final[Moment] = 6 * HOUR
"""How long a life waits for something before it counts as never happening."""
CALM: Final = 3
"""How often nobody must be found to do anything."""


class Refused(Exception):
    """The API said no."""

    def __init__(self, status: int, said: Any) -> None:
        super().__init__(f"{status}: {said}")
        self.status = status
        self.said = said


@dataclass(frozen=True, slots=True)
class Mate:
    """An agent with a console in one tab."""

    id: int
    name: str
    token: str

    @property
    def tab(self) -> str:
        return f"tab{self.id}"

    @property
    def phone(self) -> str:
        """What the stand-in calls to reach their tab."""
        return f"client:agent_{self.id}_{self.tab}"


@dataclass(eq=False)
class CallTown:
    """Everybody. `live` adds a life, `run` returns when all of them are over."""

    house: House
    url: str
    cloud: TwilioCloud
    clock: VirtualClock
    http: aiohttp.ClientSession
    rng: random.Random
    mates: list[Mate] = field(default_factory=list)
    queues: dict[str, int] = field(default_factory=dict)
    account_id: int = 0
    dispositions: list[int] = field(default_factory=list)
    calls: dict[int, CallValue] = field(default_factory=dict)
    offers: dict[int, OfferValue] = field(default_factory=dict)
    """Those that run."""
    agents: dict[int, AgentValue] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    """Agents whom a life has asked to do something."""
    forgot: dict[str, str] = field(default_factory=dict)
    """Addresses for reports that the stand-in has forgotten, by its name for the call."""
    is_day: bool = False
    """Somebody will still call."""
    lives: int = 0
    """How many are not over."""
    _acting: int = 0
    _waits: list[tuple[Callable[[], Any], asyncio.Future[Any], str, Moment]] = field(default_factory=list)
    _group: asyncio.TaskGroup | None = None

    @property
    def channel(self) -> TwilioVoice:
        opened = self.house.accounts.by_id(self.account_id)
        assert opened is not None
        assert isinstance(opened.channel, TwilioVoice)
        return opened.channel

    def heard(self, events: Sequence[Committed]) -> None:
        """Know what a console would."""
        for committed in events:
            match committed.event:
                case CallChanged(call=call):
                    self.calls[call.id] = call
                case OfferChanged(offer=offer) if offer.state is OfferState.PENDING:
                    self.offers[offer.id] = offer
                case OfferChanged(offer=offer):
                    self.offers.pop(offer.id, None)
                case AgentChanged(agent=agent):
                    self.agents[agent.id] = agent

    # --- what lives do -----------------------------------------------------------------------------

    async def ask(self, mate: Mate, method: str, path: str, body: Any = None, *, late: bool = False) -> Any:
        """What the API answers an agent. Raises Refused; not when it is no wonder that somebody was faster: none."""
        headers = {"Authorization": f"Bearer {mate.token}"}
        sent = {} if body is None and method == "GET" else {"json": body or {}}
        async with self.http.request(method, f"{self.url}/api/v1/{path}", headers=headers, **sent) as answer:
            said = await answer.json(content_type=None) if answer.content_length else None
            if late and answer.status in (409, 410):
                return None
            if answer.status >= 400:
                raise Refused(answer.status, said)
            return said

    async def rest(self, seconds: float) -> None:
        """Let so much virtual time pass."""
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def ring() -> None:
            self._acting += 1
            over.set_result(None)

        self.cloud.exchange.passing.after(int(seconds * SECOND), ring)
        self._acting -= 1
        await over

    async def until(self, what: str, found: Callable[[], T | None]) -> T:
        """Wait until there is something, and return it."""
        now = found()
        if now:
            return now
        wait: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waits.append((found, wait, what, self.clock() + PATIENCE))
        self._acting -= 1
        return await wait

    async def known(self, call_id: int) -> CallValue:
        """A call by id, as soon as the hub has told of it."""
        return await self.until("the call is known", lambda: self.calls.get(call_id))

    def mate(self, agent_id: int) -> Mate:
        """An agent by id."""
        return next(mate for mate in self.mates if mate.id == agent_id)

    def call_of(self, caller: Caller) -> CallValue | None:
        """The hub's record of a caller's call."""
        return next((call for call in self.calls.values() if call.external_id == caller.sid), None)

    def offer_of(self, call_id: int, purpose: str = "talk") -> OfferValue | None:
        """The offer of a call that runs."""
        return next((o for o in self.offers.values() if (o.call_id, o.purpose) == (call_id, purpose)), None)

    def spare(self, *queues: str) -> Mate | None:
        """Somebody at work with nothing to do, who is taken by whoever asked."""
        wanted = {self.queues[name] for name in queues} or set(self.queues.values())
        offered = {offer.agent_id for offer in self.offers.values()}
        for mate in self.mates:
            agent = self.agents[mate.id]
            is_free = agent.units_used == 0 and (agent.wrap_up_until or 0) <= self.clock()
            at_work = agent.activity is Activity.AVAILABLE and wanted & set(agent.queues)
            if is_free and at_work and mate.id not in self.taken | offered:
                self.taken.add(mate.id)
                return mate
        return None

    # --- time ----------------------------------------------------------------------------------------

    def live(self, life: Coroutine[Any, Any, None]) -> None:
        """Begin a life."""
        assert self._group is not None
        self._acting += 1
        self.lives += 1
        self._group.create_task(self._lived(life))

    async def _lived(self, life: Coroutine[Any, Any, None]) -> None:
        try:
            await life
        finally:
            self._acting -= 1
            self.lives -= 1

    async def run(self, *lives: Coroutine[Any, Any, None]) -> None:
        """Let them all live, and return when nobody does any more."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            for life in lives:
                self.live(life)
            while self.lives:
                await self.settle()
                if not self._noticed():
                    await self._pass()
        await self.settle()

    async def passes(self, seconds: float) -> None:
        """Let time pass beside the lives."""
        await self.run(self.rest(seconds))

    async def settle(self) -> None:
        """Return when nobody acts and everything that follows has been done."""
        calm = 0
        while calm < CALM:
            before = self.house.bus.position
            await self.cloud.exchange.quiet()
            await self.house.db.write(_nothing)
            for _ in range(4):
                await asyncio.sleep(0)
            is_calm = self._is_quiet() and self.house.bus.position == before
            calm = calm + 1 if is_calm else 0
            if not is_calm:
                await asyncio.sleep(0.001)

    def _is_quiet(self) -> bool:
        if self._acting or self.house.db.waiting or not self.cloud.exchange.bustle.is_quiet:
            return False
        return not any(task.get_name().startswith("call ") for task in asyncio.all_tasks())

    def _noticed(self) -> bool:
        """Wake those who have what they wait for."""
        woken = False
        for wait in tuple(self._waits):
            found, future, what, patience = wait
            if self.clock() > patience:
                raise AssertionError(f"never: {what}")
            value = found()
            if value:
                self._waits.remove(wait)
                self._acting += 1
                future.set_result(value)
                woken = True
        return woken

    async def _pass(self) -> None:
        """Go to the next moment at which something is due, and let the hub see that it is."""
        due = [o.expires_at for o in self.offers.values()]
        next_call = await self.house.db.read(call_queries.next_due)
        due += [] if next_call is None else [next_call]
        if not self._is_quiet():
            return
        passing, now = self.cloud.exchange.passing, self.clock()
        assert isinstance(passing, HeldTime)
        if not passing.step(max(now, min([now + MINUTE, *due]))):
            for call_id in await self.house.db.read(call_queries.due, self.clock()):
                await self.house.db.write(move, call_id, TimePassed())
        self.house.assigner.presence_changed(self.mates[0].id)

    async def reconcile(self) -> None:
        """One look of the channel at the stand-in's lists, as it takes every five minutes."""
        opened = self.house.accounts.by_id(self.account_id)
        assert opened is not None
        await self.channel.reconcile(self.house.accounts.deliver(opened))


def _nothing(_tx: Tx) -> None:
    """A write that follows all those before it."""


@asynccontextmanager
async def open_call_town(
    url: str, folder: Path, *, seed: int = 1, guard: Callable[[web.Application], None] | None = None, **settings: Any
) -> AsyncIterator[CallTown]:
    """The stand-in serves, the hub is open and has a line, and nobody works yet. `settings` are the account's; `guard`
    may stand before the hub's doors."""
    clock = VirtualClock()
    cloud = TwilioCloud(account_sid=SID, auth_token=TOKEN, clock=clock, seed=seed)
    cloud.exchange.passing = HeldTime(clock, clock.advance)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(cloud.serving())
        known = Settings(data_dir=folder / "data", database_url=url, port=port)
        house, app = await stack.enter_async_context(open_house(known, clock=clock))
        if guard is not None:
            guard(app)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", port).start()
        http = await stack.enter_async_context(aiohttp.ClientSession())
        town = CallTown(house, f"http://localhost:{port}", cloud, clock, http, random.Random(seed))
        house.bus.subscribe(town.heard)
        made = await house.db.write(furnish, house.sealer, origin, settings)
        town.queues, town.dispositions, town.account_id = made.queues, made.dispositions, made.account_id
        cloud.lines[SHOP] = line_at(f"{town.url}/in/{made.key}")
        await _opened(town, made.key)
        yield town


@dataclass(frozen=True, slots=True, kw_only=True)
class Furnished:
    """What there is before anybody works: ids, and the public key of the line."""

    queues: dict[str, int]
    dispositions: list[int]
    account_id: int
    key: str


def furnish(tx: Tx, sealer: Sealer, origin: str, settings: Mapping[str, Any]) -> Furnished:
    """Two queues and a line with a menu, whose provider is at `origin`."""
    made = {name: add_queue(tx, None, NewQueue(name=name)).id for name in ("Plants", "Repairs")}
    voice = msgspec.to_builtins(QueueVoice(announce_seconds=20))
    tx.execute(update(QUEUES).values(voice=voice))
    boss = add_agent(tx, None, NewAgent(name="Ada", email="ada@example.com", role=Role.ADMINISTRATOR))
    actor = staff.actor_of(tx, boss.id)
    assert actor is not None
    known = {"account_sid": SID, "auth_token": TOKEN, "number": SHOP, "api_origin": origin, **settings}
    new = NewAccount(kind="voice", name="Phone", queue_id=made["Plants"], settings=known)
    account = channel_accounts.add(tx, actor, sealer, find_channels(), new)
    menu = [*MENU["menu"]]
    menu[1] = {**menu[1], "queue_id": made["Repairs"]}
    channel_accounts.set_manner(tx, actor, account.id, {"calls": {**MENU, "menu": menu}})
    return Furnished(
        queues=made,
        dispositions=[add_disposition(tx, None, name).id for name in ("Solved", "Sale")],
        account_id=account.id,
        key=account.public_key,
    )


def line_at(door: str) -> Line:
    """What is set at the provider for a number whose calls go to this address."""
    return Line(door, fallback=f"{door}/fallback", status=f"{door}/status")


async def _opened(town: CallTown, key: str) -> None:
    for _ in range(1_000):
        try:
            opened = town.house.accounts.by_key(key)
        except (NotFound, NotOpenNow):
            opened = None
        if opened is not None and opened.manner:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the line did not open")


def hired(tx: Tx, name: str, queues: Sequence[int]) -> Mate:
    """One more agent, at work."""
    agent = add_agent(tx, None, NewAgent(name=name, email=f"{name.lower()}@example.com", queues=queues))
    set_activity(tx, None, agent.id, Activity.AVAILABLE)
    return Mate(agent.id, name, open_session(tx, agent.id, "token", label="day")[1])


async def hire(town: CallTown, name: str, *queues: str) -> Mate:
    """One more agent, at work, with a console open."""
    mate = await town.house.db.write(hired, name, [town.queues[queue] for queue in queues])
    town.mates.append(mate)
    town.house.presence.came(mate.id)
    return mate
