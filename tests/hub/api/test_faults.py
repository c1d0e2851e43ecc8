"""When something of ours fails: an id and nothing else, 503 when the database cannot, and a log without people."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator

import aiohttp
import pytest
import structlog
from aiohttp import web
from aiohttp.test_utils import TestServer

from crm_core.store.transaction import Tx
from crm_core.words.dialling import DialRefused, Why
from crm_core.words.errors import HubError, StoreFull, StoreUnavailable
from crm_core.words.permissions import Permission
from hub.api import door
from hub.api.call import Call
from hub.api.endpoint import Endpoint
from hub.api.middleware import MIDDLEWARES
from hub.api.models.agents import MemberList
from hub.api.models.shapes import Id
from hub.api.problems import answer
from hub.api.route import Route, get, post
from hub.keys import HOUSE, House
from tests.hub.api.conftest import Client, Staff


async def bug(_call: Call) -> MemberList:
    """A handler with a mistake in it."""
    return {}["ada@example.com"]  # type: ignore[no-any-return]


async def bug_in_the_database(call: Call) -> MemberList:
    """A use case with a mistake in it."""

    def broken(_tx: Tx) -> list[int]:
        raise ZeroDivisionError("ada@example.com")

    return MemberList(agents=await call.read(broken))


async def full(_call: Call) -> MemberList:
    """The disk is full."""
    raise StoreFull


async def locked(_call: Call) -> MemberList:
    """The database is locked."""
    raise StoreUnavailable


async def strange(_call: Call) -> MemberList:
    """An error of ours that nobody named."""
    raise HubError("ada@example.com")


ROUTES: tuple[Route, ...] = (
    get("/bug", bug, Permission.WORK),
    get("/database-bug", bug_in_the_database, Permission.WORK),
    get("/full", full, Permission.WORK),
    get("/locked", locked, Permission.WORK),
    get("/strange", strange, Permission.WORK),
)


@pytest.fixture
async def broken(house: House, staff: Staff) -> AsyncIterator[Client]:
    app = web.Application(middlewares=MIDDLEWARES)
    app[HOUSE] = house
    door.mount(app, ROUTES)
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        url = str(server.make_url("")).rstrip("/")
        yield Client(http, url, {"Authorization": f"Bearer {staff.agent.token}"})


@pytest.mark.parametrize("path", ["/bug", "/database-bug", "/strange"])
async def test_a_mistake_of_ours_tells_an_id_and_nothing_else(broken: Client, path: str) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await broken("GET", path)

    assert answer.status == 500
    assert answer.body["code"] == "fault"
    assert answer.body["id"] == answer.headers["X-Request-Id"]
    assert "ada@example.com" not in answer.text
    assert "Traceback" not in answer.text
    assert "a request failed" in [line["event"] for line in lines]


@pytest.mark.parametrize(("path", "code"), [("/full", "store_full"), ("/locked", "store_unavailable")])
async def test_a_database_that_cannot_now_says_when_to_try_again(broken: Client, path: str, code: str) -> None:
    answer = await broken("GET", path)

    assert answer.status == 503
    assert answer.body["code"] == code
    assert answer.headers["Retry-After"] == "2"


async def test_a_request_is_one_line_without_people_or_tokens(broken: Client, staff: Staff) -> None:
    with structlog.testing.capture_logs() as lines:
        await broken("GET", "/locked?token=sbt_secret")
        await broken("GET", f"/sign-in/{staff.agent.token}")

    answered = [line for line in lines if line["event"] == "request answered"]
    assert [line["route"] for line in answered] == ["/api/v1/locked", "/sign-in/{token}"]
    shown = repr([{k: v for k, v in line.items() if k != "pii"} for line in lines])
    assert "sbt_" not in shown
    assert "127.0.0.1" not in shown


def test_a_handler_that_does_not_fit_its_path_is_found_at_start() -> None:
    async def lost(_call: Call, agent_id: Id) -> None:
        """Takes what the path does not give."""

    with pytest.raises(TypeError):
        Endpoint(post("/nothing", lost, Permission.WORK))


def test_a_number_that_is_not_called_says_why_by_a_code() -> None:
    body = json.loads(answer(DialRefused(Why.PREMIUM)).text or "")
    assert (body["status"], body["code"], body["why"]) == (422, "dial_refused", "premium")
