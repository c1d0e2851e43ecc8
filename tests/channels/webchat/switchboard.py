"""A web chat with calls: its visitors' pages, and a desk that keeps what is reported."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from msgspec.structs import replace

from channels.contract import (
    Account,
    CallArrived,
    CallReported,
    ChannelEvent,
    PhoneSignal,
    Stored,
    Visit,
    VisitorHistory,
    VisitorNews,
)
from channels.webchat import render
from channels.webchat.channel import WebChatWithCalls
from channels.webchat.rooms import Rooms
from channels.webchat.settings import WebChatSettings
from crm_core.words.calls import (
    Hears,
    Scene,
    SceneLeg,
)
from crm_core.words.values import (
    CallState,
    CallValue,
    Direction,
    LegRole,
    LegState,
    LegValue,
)
from tests.channels.standins import Desk, Socket
from tests.peers.clock import VirtualClock

KEY = "call-key-1"
CONTACT = LegValue(id=71, role=LegRole.CUSTOMER, state=LegState.CONNECTED, made_at=1, since=1)
AGENT = LegValue(
    id=72, role=LegRole.AGENT, state=LegState.CONNECTED, agent_id=5, name="Olena", device="tab", made_at=1, since=1
)


class Switchboard(Desk):
    """A desk that has calls, too: it stores what arrives, and keeps what was reported and relayed."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: dict[str, CallValue] = {}
        self.arrived: list[CallArrived] = []
        self.reported: list[CallReported] = []
        self.relayed: list[PhoneSignal] = []
        self.is_slow_with_news = False

    async def deliver(self, event: ChannelEvent, /) -> Stored:
        if isinstance(event, CallArrived):
            self._must_be_there()
            return Stored(scene=self._begun(event))
        if isinstance(event, CallReported):
            self._must_be_there()
            self.reported.append(event)
            return Stored()
        return await super().deliver(event)

    async def history(self, visit: Visit, /, *, before: int | None, most: int) -> VisitorHistory:
        said = await super().history(visit, before=before, most=most)
        live = [one for one in self.calls.values() if not render.is_over(one)]
        return VisitorHistory(
            position=said.position,
            entries=said.entries,
            conversation=said.conversation,
            queue_position=said.queue_position,
            has_more=said.has_more,
            call=live[-1] if live else None,
        )

    async def relay(self, visit: Visit, signal: PhoneSignal, /) -> None:
        self.relayed.append(signal)

    def becomes(self, **values: Any) -> CallValue:
        """The newest call changes, and its visitor is told."""
        key, known = list(self.calls.items())[-1]
        call = self.calls[key] = replace(known, version=known.version + 1, **values)
        self.tell(call.identity_id, VisitorNews(position=call.version + 100, call=call))
        return call

    @property
    def signals(self) -> list[Any]:
        return [one.signal for one in self.reported]

    def _begun(self, event: CallArrived) -> Scene:
        self.arrived.append(event)
        known = self.calls.get(event.external_id)
        if known is None:
            assert event.sender is not None
            known = self.calls[event.external_id] = CallValue(
                id=next(self._ids),
                conversation_id=1,
                account_id=7,
                channel="webchat",
                direction=Direction.IN,
                state=CallState.QUEUED,
                identity_id=self.identities[event.sender],
                legs=[CONTACT],
                started_at=event.at,
                since=event.at,
            )
            if not self.is_slow_with_news:
                self.tell(known.identity_id, VisitorNews(position=50, call=known))
        return scene_of(known)


def scene_of(call: CallValue, **more: Any) -> Scene:
    customer = SceneLeg(id=71, role=LegRole.CUSTOMER, hears=Hears.MUSIC, connected=True)
    known: dict[str, Any] = {"legs": (customer,), "over": render.is_over(call), **more}
    return Scene(call_id=call.id, version=call.version, direction=call.direction, external_id="x", **known)


class Shop:
    """A web chat with calls, and the pages of its visitors."""

    def __init__(self, desk: Switchboard, clock: VirtualClock, rooms: Rooms, group: asyncio.TaskGroup) -> None:
        settings = WebChatSettings(calls=True, stun=["stun:stun.example:3478"])
        self.rooms = rooms
        self.channel = WebChatWithCalls(Account(7, "pub-key", "Shop", settings), settings, clock, self.rooms)
        self.desk = desk
        self._group = group
        self._sockets: list[Socket] = []

    async def enter(self, token: str | None = None) -> tuple[Socket, dict[str, Any]]:
        """A page opens the chat."""
        socket = Socket()
        self._sockets.append(socket)
        self._group.create_task(self.channel.attend(socket, self.desk, self.desk.deliver))
        socket.say({"type": "hello", "token": token})
        return socket, await socket.hear("welcome")

    async def ring(self, socket: Socket, key: str = KEY) -> dict[str, Any]:
        """A page calls, or takes the call; the call as it is shown there."""
        socket.say({"type": "call", "key": key, "consent": True})
        while True:
            frame = await socket.hear("call")
            if frame["call"]["here"]:
                return frame

    def leave(self) -> None:
        for socket in self._sockets:
            socket.hang_up()


@asynccontextmanager
async def open_shop(
    desk: Switchboard, clock: VirtualClock, *, absent: float = 60, silent: float = 60
) -> AsyncIterator[Shop]:
    """`absent`, `silent`: seconds that a page may be gone, and gone without a word."""
    async with asyncio.TaskGroup() as group:
        shop = Shop(desk, clock, Rooms(clock, group, absent_seconds=absent, silent_seconds=silent), group)
        yield shop
        shop.leave()
        await asyncio.sleep(0.02)
        shop.rooms.close()


async def until(check: Any) -> None:
    """Wait until the world is so."""
    for _ in range(12_000):
        if check():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never became so")
