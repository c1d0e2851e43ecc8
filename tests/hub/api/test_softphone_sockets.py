from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Protocol, cast

import aiohttp
import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from channels.contract import CarriesCalls, PhoneSocket
from crm_core.staff import actions, sessions
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY
from hub.api import phones
from hub.auth.lapsing import Lapsing
from hub.desk.calls.lines import Lines
from hub.keys import HOUSE, House
from tests.hub.api.conftest import Staff
from tests.peers.clock import VirtualClock


class Exchange:
    """Carries softphones until their sockets end, and remembers how each one left."""

    def __init__(self) -> None:
        self.frames: list[str | bytes] = []
        self.signed_out: list[bool] = []

    async def connect(self, phone: PhoneSocket, /) -> None:
        async for frame in phone:
            self.frames.append(frame)
            await phone.send(frame)
        self.signed_out.append(phone.is_signed_out)


class OneLine(Lines):
    """Every account is this exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def carrier(self, account_id: int) -> CarriesCalls | None:
        return cast(CarriesCalls, self._exchange)


class Opens(Protocol):
    """Opens the socket of an agent's softphone."""

    def __call__(self, agent_id: int, session_id: int) -> Any: ...


@pytest.fixture
async def exchange(house: House) -> Exchange:
    """The only line of the house."""
    made = Exchange()
    house.lines = OneLine(made)
    return made


@pytest.fixture
async def opens(house: House) -> AsyncIterator[Opens]:
    """A server with nothing but the sockets of softphones."""
    app = web.Application()
    app[HOUSE] = house
    phones.mount(app)
    await house.bus.start()
    async with TestServer(app) as server, aiohttp.ClientSession() as http:

        @asynccontextmanager
        async def socket(agent_id: int, session_id: int) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
            ticket = house.tickets.make(agent_id, session_id, from_browser=True)
            url = server.make_url("/phone/7")
            origin = str(url.origin())
            async with http.ws_connect(url, protocols=("sip", f"ticket.{ticket}"), origin=origin) as opened:
                yield opened

        yield socket


def _disable(tx: Tx, agent_id: int) -> None:
    actions.disable_agent(tx, None, agent_id)


def _everywhere(tx: Tx, agent_id: int) -> None:
    sessions.end_all_sessions(tx, agent_id)


@pytest.mark.parametrize("leave", [_disable, _everywhere])
async def test_a_softphones_socket_ends_with_the_rights_of_its_agent(
    house: House, staff: Staff, exchange: Exchange, opens: Opens, leave: Callable[[Tx, int], None]
) -> None:
    facts, _ = await house.db.write(sessions.open_session, staff.agent.id, "token", label="console")
    async with opens(staff.agent.id, facts.id) as socket:
        await socket.send_str("OPTIONS sip:hub SIP/2.0")
        assert (await socket.receive()).data == "OPTIONS sip:hub SIP/2.0"
        await house.db.write(leave, staff.agent.id)
        await house.bus.poll()
        assert (await socket.receive()).type is WSMsgType.CLOSE
    assert exchange.signed_out == [True]


async def test_one_session_ends_and_the_softphone_of_another_goes_on(
    house: House, staff: Staff, exchange: Exchange, opens: Opens
) -> None:
    mine, _ = await house.db.write(sessions.open_session, staff.agent.id, "token", label="console")
    other, _ = await house.db.write(sessions.open_session, staff.agent.id, "token", label="at home")
    async with opens(staff.agent.id, mine.id) as socket:
        await house.db.write(sessions.end_session, staff.agent.id, other.id)
        await house.bus.poll()
        await socket.send_str("still here")
        assert (await socket.receive()).data == "still here"
        await house.db.write(sessions.end_session, staff.agent.id, mine.id)
        await house.bus.poll()
        assert (await socket.receive()).type is WSMsgType.CLOSE


async def test_a_softphones_socket_ends_when_its_session_runs_out(
    house: House, staff: Staff, exchange: Exchange, opens: Opens, clock: VirtualClock
) -> None:
    facts, _ = await house.db.write(
        sessions.open_session, staff.agent.id, "browser", label="console", expires_at=clock() + DAY
    )
    lapsing = Lapsing(house.db, clock, lambda: {facts.id}, idle_hours=house.settings.session_idle_hours)
    async with opens(staff.agent.id, facts.id) as socket:
        await socket.send_str("OPTIONS sip:hub SIP/2.0")
        assert (await socket.receive()).data == "OPTIONS sip:hub SIP/2.0"
        clock.advance(DAY)
        await lapsing.step()
        await house.bus.poll()
        assert (await socket.receive()).type is WSMsgType.CLOSE
    assert exchange.signed_out == [True]


async def test_whoever_signed_out_before_the_socket_came_is_not_carried(
    house: House, staff: Staff, exchange: Exchange, opens: Opens
) -> None:
    facts, _ = await house.db.write(sessions.open_session, staff.agent.id, "token", label="console")
    await house.db.write(sessions.end_session, staff.agent.id, facts.id)
    async with opens(staff.agent.id, facts.id) as socket:
        assert (await socket.receive()).type is WSMsgType.CLOSE
    assert exchange.frames == []
