"""The composition root: the only file that knows every concrete class."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

import structlog
from aiohttp import web

from channels.registry import find_channels
from crm_core import migrations
from crm_core.accounts.sealing import Sealer
from crm_core.staff import queries as staff
from crm_core.staff.rules import Cause
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import Clock, system_clock
from crm_core.words.errors import HubError
from crm_core.words.values import Activity
from hub import metrics
from hub.api import door, files, health, inlets, letters, pages, phones, rating, voicemails
from hub.api.chat import ChatDoor
from hub.api.files import files_origin_guard
from hub.api.middleware import identified, worded
from hub.auth.gate import Gate
from hub.auth.lapsing import Lapsing
from hub.auth.tickets import Tickets
from hub.bus.local import Bus
from hub.bus.whispers import PresenceSeen
from hub.config import Settings, derived_key, house_key
from hub.console import door as console_door
from hub.console.gateway import Gateway
from hub.desk import chores, fallback
from hub.desk.assigner import Assigner
from hub.desk.calls.arranging import Arranger
from hub.desk.calls.lines import Lines, costs_in
from hub.desk.calls.minding import Minder
from hub.desk.calls.recordings import Recordings
from hub.desk.delivering import Deliverer
from hub.desk.front import Front
from hub.desk.invitations import Invitations
from hub.desk.parcels import Parcels
from hub.desk.reading import Reader
from hub.desk.staffing import leave
from hub.desk.surveys import JOB as SURVEY
from hub.desk.surveys import Surveys
from hub.desk.typists import TypingTeller
from hub.desk.visitors import Visitors
from hub.keys import HOUSE, House
from hub.machinery.accounts import Accounts, Toolbox
from hub.machinery.examining import Examiner
from hub.machinery.jobs import JobRunner
from hub.machinery.media.store import FileStore
from hub.machinery.peers import Guard
from hub.machinery.presence import Presence
from hub.machinery.speech import Voice
from hub.machinery.stretches import Stretches

log = structlog.get_logger(__name__)

AGAIN_SECONDS: Final = 5.0
"""Between two tries to note that an agent has left."""

Worker = Callable[[], Coroutine[None, None, None]]


@asynccontextmanager
async def open_house(
    settings: Settings, *, clock: Clock = system_clock
) -> AsyncIterator[tuple[House, web.Application]]:
    """
    Everything, wired and running: the database at its newest version, accounts open, work being offered.

    Yields the house and the application that answers for it. Raises StoreUnavailable when the database
    cannot be reached. On leaving, what is under way is finished and the database is closed.
    """
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with _alone(settings):
        key = house_key(settings)
        await asyncio.to_thread(migrations.upgrade, settings.database_url)
        async with _running(settings, key, clock) as house_and_app:
            yield house_and_app


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Hold the folder for this process: two hubs on one SQLite file, or with one node number, would make the
    same ids and send each other's agents offline. The kernel lets go of the lock however the process ends.

    Raises HubError when another hub has it.
    """
    name = "hub.lock" if settings.database_url.startswith("sqlite") else f"hub.{settings.node}.lock"
    with open(settings.data_dir / name, "a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise HubError(f"Another hub is running on {settings.data_dir}. Stop it first.") from None
        yield


@asynccontextmanager
async def _running(settings: Settings, key: bytes, clock: Clock) -> AsyncIterator[tuple[House, web.Application]]:
    db = await Database.open(settings.database_url, clock=clock, node=settings.node)
    db.measured = metrics.commit_done
    db.subscribe(metrics.heard)
    try:
        async with Voice.of_this_machine(wanted=settings.speech) as voice:
            house, workers = _wire(settings, key, db, clock, voice)
            app = make_app(house)
            workers["gateway"] = app[GATEWAY].run
            workers["sessions"] = _lapsing(house, app[GATEWAY]).run
            async with asyncio.TaskGroup() as group:
                await _start(house, app)
                tasks = [group.create_task(worker(), name=name) for name, worker in workers.items()]
                house.group = group
                try:
                    yield house, app
                finally:
                    for task in tasks:
                        task.cancel()
    finally:
        await db.close()


GATEWAY = web.AppKey("gateway", Gateway)


def _wire(settings: Settings, key: bytes, db: Database, clock: Clock, voice: Voice) -> tuple[House, dict[str, Worker]]:
    bus, presence = Bus(db), Presence(clock)
    media = FileStore.open(settings, key, clock)
    invitations = Invitations(derived_key(key, "invitations"), clock)
    front = Front(db, bus, media, invitations=invitations, counted=metrics.message_in)
    sealer = Sealer(derived_key(key, "accounts"))
    guard = Guard(settings.private_peers)
    toolbox = Toolbox(
        db,
        media,
        clock,
        guard=guard,
        key=derived_key(key, "replies"),
        url=settings.public_url,
        sealer=sealer,
        region=settings.region,
        voice=voice,
    )
    accounts = Accounts(db, find_channels(), sealer=sealer, clock=clock, delivering=front.delivering, toolbox=toolbox)
    house = House(
        settings=settings,
        clock=clock,
        db=db,
        bus=bus,
        gate=Gate(db, settings, clock),
        tickets=Tickets(clock),
        presence=presence,
        accounts=accounts,
        assigner=Assigner(db, clock, presence.is_present),
        media=media,
        sealer=sealer,
        examiner=Examiner(toolbox, clock),
        invitations=invitations,
        surveys=Surveys(derived_key(key, "surveys"), clock, settings.public_url),
        lines=Lines(accounts, front.source, clock, costs_in(db)),
        recordings=Recordings(db, Stretches(settings.data_dir / "recordings"), accounts, clock),
    )
    return house, _workers(house, front)


def _workers(house: House, front: Front) -> dict[str, Worker]:
    """What runs beside the doors: each follows the bus, and none knows another."""
    db, bus, accounts = house.db, house.bus, house.accounts
    deliverer = Deliverer(db, accounts, Parcels(db, house.media), metrics.message_out, node=house.settings.node)
    reader = Reader(db, house.media, accounts, front.delivering)
    front.keep = reader.keep
    typists = TypingTeller(db, accounts)
    bus.hear(typists.heard)
    arranger, minder = Arranger(db, accounts), Minder(db, house.clock, house.assigner)
    for listener in (accounts.heard, house.assigner.heard, deliverer.heard, arranger.heard, minder.heard):
        bus.subscribe(listener)
    afterwards = {chores.SWEEP: lambda names: _remove_files(house.media, names)}
    actions = {
        **chores.ACTIONS,
        fallback.JOB: fallback.action(accounts.directory),
        SURVEY: house.surveys.action(accounts.directory),
    }
    jobs = JobRunner(db, actions, every=chores.EVERY, afterwards=afterwards)
    return {
        "accounts": accounts.run,
        "bus": bus.run,
        "assigner": house.assigner.run,
        "deliverer": deliverer.run,
        "reader": reader.run,
        "typists": typists.run,
        "arranger": arranger.run,
        "minder": minder.run,
        "recordings": house.recordings.run,
        "jobs": jobs.run,
        "presence": house.presence.run,
    }


def _lapsing(house: House, gateway: Gateway) -> Lapsing:
    return Lapsing(house.db, house.clock, gateway.sessions, idle_hours=house.settings.session_idle_hours)


async def _remove_files(media: FileStore, names: Sequence[str]) -> None:
    for name in names:
        await media.remove(name)


async def _start(house: House, app: web.Application) -> None:
    """Begin where the last process stopped: events from now on, offers that still run, agents who were here."""
    await house.bus.start()
    await house.assigner.start()
    await app[GATEWAY].start()
    working = await house.db.read(_at_work)
    house.presence.expect(working)
    house.presence.seen = lambda agent_id, present: _seen(house, agent_id, present=present)
    house.presence.gone = lambda agent_id: house.spawn(_gone(house, agent_id), f"agent {agent_id} is gone")
    for agent_id in working:
        house.assigner.presence_changed(agent_id)


def _at_work(tx: Tx) -> list[int]:
    return [a.id for a in staff.agents(tx) if a.activity is not Activity.OFFLINE and not a.disabled]


def _seen(house: House, agent_id: int, *, present: bool) -> None:
    house.bus.whisper(PresenceSeen(agent_id=agent_id, present=present))
    house.assigner.presence_changed(agent_id)


async def _gone(house: House, agent_id: int) -> None:
    """An agent's consoles have been closed for a minute: they are offline, and their offers go to others."""
    while not house.presence.is_present(agent_id):
        try:
            await house.db.write(leave, agent_id, Cause.DISCONNECT)
            return
        except HubError as error:
            log.warning("an agent who left could not be set offline yet", agent=agent_id, code=error.code)
            await asyncio.sleep(AGAIN_SECONDS)


def make_app(house: House) -> web.Application:
    """The application with every door of the hub."""
    settings = house.settings
    app = web.Application(
        middlewares=[identified, worded, files_origin_guard(settings)], client_max_size=settings.max_file_bytes + 65_536
    )
    app[HOUSE] = house
    app[GATEWAY] = Gateway(house.db, house.bus, house.presence, clock=house.clock)
    door.mount(app)
    files.mount(app)
    letters.mount(app)
    rating.mount(app)
    phones.mount(app)
    health.mount(app)
    pages.mount(app)
    inlets.mount(app)
    console_door.mount(app, app[GATEWAY])
    visitors = Visitors(house.db, house.bus, house.assigner, house.media.signed_url)
    ChatDoor(house.accounts, visitors, house.media, house.db, settings, house.clock).add_to(app)
    voicemails.mount(app)
    return app
