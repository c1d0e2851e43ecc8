"""The API behind a real server on a free port, in front of a real database of either kind."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from channels.contract import CallArrived, Deliver, MessageArrived
from channels.registry import find_channels
from crm_core.accounts import queries as accounts
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.actions import add as add_account
from crm_core.accounts.sealing import Sealer
from crm_core.staff import actions, sessions
from crm_core.staff.actions import NewAgent
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.values import Activity, AgentValue, Role
from crm_core.work import queues
from crm_core.work.actions import offer, open_work
from hub.api import door
from hub.api.middleware import MIDDLEWARES
from hub.auth.gate import Gate
from hub.auth.passwords import Cost, Passwords
from hub.auth.tickets import Tickets
from hub.bus.local import Bus
from hub.config import Settings, derived_key
from hub.desk.assigner import Assigner
from hub.desk.calls.arriving import take as take_call
from hub.desk.calls.lines import Lines, costs_in
from hub.desk.calls.recordings import Recordings
from hub.desk.inbound import Source, take
from hub.desk.invitations import Invitations
from hub.desk.surveys import Surveys
from hub.keys import HOUSE, House
from hub.machinery.accounts import Accounts, Open, Toolbox
from hub.machinery.examining import Examiner
from hub.machinery.media.store import FileStore
from hub.machinery.peers import Guard
from hub.machinery.presence import Presence
from hub.machinery.stretches import Stretches
from tests.peers.clock import VirtualClock

PASSWORD = "correct horse battery"
KEY = b"k" * 32


def _delivering(_opened: Open) -> Deliver:
    raise AssertionError("no account is opened in these tests")


def _source(_opened: Open) -> Source:
    raise AssertionError("no account is opened in these tests")


@pytest.fixture
async def house(db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[House]:
    """A house whose workers stand still: what the API does is all that happens."""
    settings = Settings(data_dir=tmp_path / "var", files_url="http://files.localhost", max_file_bytes=100_000)
    settings.data_dir.mkdir()
    presence = Presence(clock)
    sealer = Sealer(derived_key(KEY, "accounts"))
    media = FileStore.open(settings, KEY, clock)
    toolbox = Toolbox(db, media, clock, guard=Guard(), key=KEY, url=settings.public_url, sealer=sealer)
    opened = Accounts(db, find_channels(), sealer=sealer, clock=clock, delivering=_delivering, toolbox=toolbox)
    made = House(
        settings=settings,
        clock=clock,
        db=db,
        bus=Bus(db),
        gate=Gate(db, settings, clock, Passwords(Cost(passes=1, kibibytes=64))),
        tickets=Tickets(clock),
        presence=presence,
        accounts=opened,
        assigner=Assigner(db, clock, presence.is_present),
        media=media,
        sealer=sealer,
        examiner=Examiner(toolbox, clock),
        invitations=Invitations(KEY, clock),
        surveys=Surveys(KEY, clock, settings.public_url),
        lines=Lines(opened, _source, clock, costs_in(db)),
        recordings=Recordings(db, Stretches(tmp_path / "recordings"), opened, clock),
    )
    yield made
    made.gate.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Any
    text: str
    headers: Mapping[str, str]
    cookies: Any


@dataclass(slots=True)
class Client:
    """Somebody who asks the API, with a token or without."""

    http: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    async def __call__(self, method: str, path: str, body: Any = None, **more: Any) -> Answer:
        headers = {**self.headers, **more.pop("headers", {})}
        given = {"json": body} if body is not None else {}
        address = self.url + (path if path.startswith(("/api", "/sign-in")) else f"/api/v1{path}")
        async with self.http.request(method, address, headers=headers, allow_redirects=False, **given, **more) as got:
            text = await got.text()
            decoded = await got.json(content_type=None) if text and "json" in got.content_type else None
            return Answer(got.status, decoded, text, got.headers, got.cookies)

    def as_holder_of(self, token: str) -> Client:
        """The same way in, with a bearer token."""
        return Client(self.http, self.url, {"Authorization": f"Bearer {token}"})


@pytest.fixture
async def stranger(house: House) -> AsyncIterator[Client]:
    """Somebody who is not signed in."""
    app = web.Application(middlewares=MIDDLEWARES)
    app[HOUSE] = house
    door.mount(app)
    async with (
        TestServer(app) as server,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
    ):
        yield Client(http, str(server.make_url("")).rstrip("/"))


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff, with a token of theirs."""

    agent: AgentValue
    token: str
    ask: Client

    @property
    def id(self) -> int:
        return self.agent.id


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody there is: two agents of different queues, a supervisor, an administrator."""

    agent: Person
    other: Person
    supervisor: Person
    administrator: Person
    sales: int
    support: int


async def _person(house: House, client: Client, name: str, role: Role, *queue_ids: int) -> Person:
    new = NewAgent(
        name=name,
        email=f"{name.lower()}@example.com",
        role=role,
        password_hash=await house.gate.passwords.hash(PASSWORD),
        queues=queue_ids,
    )
    agent = await house.db.write(actions.add_agent, None, new)
    _, token = await house.db.write(sessions.open_session, agent.id, "token", label="tests")
    return Person(agent, token, client.as_holder_of(token))


@pytest.fixture
async def staff(house: House, stranger: Client) -> Staff:
    """The staff of every test: Ada sells, Grace supports."""
    sales = await house.db.write(queues.add_queue, None, queues.NewQueue(name="Sales"))
    support = await house.db.write(queues.add_queue, None, queues.NewQueue(name="Support"))
    return Staff(
        agent=await _person(house, stranger, "Ada", Role.AGENT, sales.id),
        other=await _person(house, stranger, "Grace", Role.AGENT, support.id),
        supervisor=await _person(house, stranger, "Mary", Role.SUPERVISOR),
        administrator=await _person(house, stranger, "Edith", Role.ADMINISTRATOR),
        sales=sales.id,
        support=support.id,
    )


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that came in, and where it went."""

    conversation_id: int
    entry_id: int
    identity_id: int


async def arrive(house: House, queue_id: int | None, *, visitor: str = "v1", text: str = "Hello") -> Arrival:
    """A visitor writes; the conversation waits in the queue."""
    number = house.db.ids()
    event = MessageArrived(
        external_id=ExternalId(str(number)),
        thread=ThreadKey(visitor),
        sender=Address("visitor", visitor),
        content=Content(text=text),
        sent_at=house.clock(),
        sender_name=f"Visitor {visitor}",
    )
    source = Source(await house.db.write(_account), "webchat", Medium.CHAT, queue_id)
    stored = await house.db.write(take, source, event)
    assert stored.entry is not None
    entry = stored.entry
    assert entry.author.id is not None
    return Arrival(entry.conversation_id, entry.id, entry.author.id)


def _account(tx: Tx) -> int:
    """The web chat by which visitors write: there is one, and nobody has opened it."""
    known = [a.id for a in accounts.accounts(tx) if a.name == "Visitors"]
    return known[0] if known else add_account(tx, None, Sealer(KEY), NewAccount(kind="webchat", name="Visitors")).id


@dataclass(frozen=True, slots=True)
class Things:
    """One of everything, by the name its id has in paths. The conversation is Sales'; nobody has it yet."""

    ids: Mapping[str, int]
    arrival: Arrival

    def path(self, template: str, **other: int | str) -> str:
        """The path of a route with the ids of these things."""
        return template.format(**{"kind": "message", **self.ids, **other})


@pytest.fixture
async def things(house: House, staff: Staff) -> Things:
    """One of everything that a path can name."""
    arrival = await arrive(house, staff.sales)
    ask = staff.administrator.ask
    note = await ask("POST", f"/conversations/{arrival.conversation_id}/notes", {"text": "Known."})
    me = await staff.agent.ask("GET", "/me")
    token = await staff.agent.ask("POST", "/tokens", {"label": "second"})
    case = await staff.agent.ask("POST", f"/conversations/{arrival.conversation_id}/case", {})
    ids = {
        "queue_id": staff.sales,
        "conversation_id": arrival.conversation_id,
        "entry_id": note.body["id"],
        "session_id": me.body["session_id"],
        "case_id": case.body["id"],
        "token_id": token.body["id"],
        "offer_id": await _offered(house, arrival.conversation_id, staff.agent.id),
        "call_id": await _called(house, staff.sales),
        "recording_id": 1,
    }
    return Things({**ids, **await _known(ask), **await _configured(ask)}, arrival)


async def _called(house: House, queue_id: int) -> int:
    """A call that waits in a queue."""
    event = CallArrived(
        external_id=ExternalId(str(house.db.ids())),
        sender=Address("visitor", "v1"),
        called="+442079460000",
        at=house.clock(),
    )
    source = Source(await house.db.write(_account), "webchat", Medium.CHAT, queue_id)
    return (await house.db.write(take_call, source, event)).id


async def _known(ask: Client) -> dict[str, int]:
    """A person with a number and a place in a company, and somebody who was merged into another."""
    number = {"scheme": "tel", "value": "+442079460018"}
    person = await ask("POST", "/contacts", {"name": "Jane Roe", "identities": [number]})
    company = await ask("POST", "/contacts", {"name": "Acme", "kind": "company"})
    await ask("POST", f"/contacts/{person.body['id']}/links", {"company_id": company.body["id"]})
    links = await ask("GET", f"/contacts/{person.body['id']}/links")
    one, same = [(await ask("POST", "/contacts", {"name": name})).body["id"] for name in ("Ann Lee", "A. Lee")]
    await ask("POST", f"/contacts/{one}/merge", {"absorbed_id": same})
    merges = await ask("GET", f"/contacts/{one}/merges")
    return {
        "merge_id": merges.body["items"][0]["id"],
        "contact_id": person.body["id"],
        "identity_id": person.body["identities"][0]["id"],
        "link_id": links.body["items"][0]["id"],
    }


async def _configured(ask: Client) -> dict[str, int]:
    """What an administrator sets up, and a file of theirs that is not sent yet."""
    hired = {"name": "Temp", "email": "temp@example.com", "password": PASSWORD}
    stages = [{"name": "New", "category": "new"}, {"name": "Done", "category": "won"}]
    form = aiohttp.FormData()
    form.add_field("file", b"words", filename="words.txt")
    made = {
        "agent_id": await ask("POST", "/agents", hired),
        "canned_id": await ask("POST", "/canned", {"shortcut": "hi", "text": "Hello!"}),
        "disposition_id": await ask("POST", "/dispositions", {"name": "Solved"}),
        "account_id": await ask("POST", "/accounts", {"kind": "webchat", "name": "Shop"}),
        "file_id": await ask("POST", "/files", data=form),
        "pipeline_id": await ask("POST", "/pipelines", {"kind": "job", "name": "Works", "stages": stages}),
        "reason_id": await ask("POST", "/case-reasons", {"name": "Too far"}),
    }
    return {name: answer.body["id"] for name, answer in made.items()}


async def _offered(house: House, conversation_id: int, agent_id: int) -> int:
    await house.db.write(actions.set_activity, None, agent_id, Activity.AVAILABLE)
    work_id = await house.db.read(_work_of, conversation_id)
    made = await house.db.write(offer, work_id, agent_id, offer_ms=30_000, trace={"chosen": "longest idle"})
    assert made is not None
    return made.id


def _work_of(tx: Tx, conversation_id: int) -> int:
    found = open_work(tx, conversation_id)
    assert found is not None
    work_id: int = found.id
    return work_id
