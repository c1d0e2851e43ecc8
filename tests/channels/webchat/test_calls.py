from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from msgspec.structs import replace

from channels.contract import (
    Account,
    CallArrived,
    CallReported,
    CarriesCalls,
    ChannelEvent,
    PhoneSignal,
    PhoneWanted,
    Refused,
    Stored,
    Visit,
    VisitorHistory,
    VisitorNews,
)
from channels.webchat import parse, render
from channels.webchat.channel import WebChat, WebChatWithCalls
from channels.webchat.rooms import Rooms, reading_seconds
from channels.webchat.settings import WebChatSettings
from crm_core.words.calls import (
    DigitPressed,
    Hears,
    LegEnded,
    LegLost,
    PromptPlayed,
    RecordingStored,
    Scene,
    SceneLeg,
)
from crm_core.words.values import (
    CallOutcome,
    CallState,
    CallValue,
    Direction,
    LegRole,
    LegState,
    LegValue,
    PromptValue,
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
            self.tell(known.identity_id, VisitorNews(position=50, call=known))
        return scene_of(known)


def scene_of(call: CallValue, **more: Any) -> Scene:
    customer = SceneLeg(id=71, role=LegRole.CUSTOMER, hears=Hears.MUSIC, connected=True)
    known: dict[str, Any] = {"legs": (customer,), "over": render.is_over(call), **more}
    return Scene(call_id=call.id, version=call.version, direction=call.direction, external_id="x", **known)


@pytest.fixture
def desk() -> Switchboard:
    return Switchboard()


class Shop:
    """A web chat with calls, and the pages of its visitors."""

    def __init__(self, desk: Switchboard, clock: VirtualClock, group: asyncio.TaskGroup, absent: float) -> None:
        settings = WebChatSettings(calls=True, stun=["stun:stun.example:3478"])
        self.rooms = Rooms(clock, group, absent_seconds=absent)
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
async def open_shop(desk: Switchboard, clock: VirtualClock, *, absent: float = 60) -> AsyncIterator[Shop]:
    async with asyncio.TaskGroup() as group:
        shop = Shop(desk, clock, group, absent)
        yield shop
        shop.leave()
        await asyncio.sleep(0.02)
        shop.rooms.close()


async def until(check: Any) -> None:
    """Wait until the world is so."""
    for _ in range(1_000):
        if check():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never became so")


async def test_a_visitor_calls_and_is_told_how_it_stands(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, welcome = await shop.enter()
        shown = await shop.ring(socket)
        assert welcome["call"] is None
        assert (shown["call"]["state"], shown["call"]["hears"], shown["call"]["peer"]) == ("waiting", "music", None)
        assert shown["ice"] == [{"urls": ["stun:stun.example:3478"], "username": "", "credential": ""}]
        assert desk.arrived[0].sender_facts["consent"] == "yes"
        desk.becomes(state=CallState.TALKING, agent_id=5, legs=[CONTACT, AGENT])
        talking = (await socket.hear("call"))["call"]
        assert (talking["state"], talking["hears"], talking["peer"], talking["name"]) == (
            "talking",
            "room",
            72,
            "Olena",
        )


async def test_a_call_asked_for_twice_is_one_call(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, welcome = await shop.enter()
        first = await shop.ring(socket)
        again = await shop.ring(socket, "another-key")
        other, _ = await shop.enter(welcome["token"])
        third = await shop.ring(other)
        assert {first["call"]["id"]} == {again["call"]["id"], third["call"]["id"]}
        assert len(desk.arrived) == 1


async def test_a_page_that_was_loaded_anew_goes_on_with_the_call(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock, absent=0.2) as shop:
        socket, welcome = await shop.enter()
        first = await shop.ring(socket)
        socket.hang_up()
        back, again = await shop.enter(welcome["token"])
        assert again["call"]["id"] == first["call"]["id"]
        await shop.ring(back)
        await asyncio.sleep(0.3)
        assert desk.signals == []


async def test_a_visitor_who_stays_away_has_left_the_call(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock, absent=0.05) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        socket.hang_up()
        await until(lambda: desk.signals)
        [ended] = desk.signals
        assert isinstance(ended, LegEnded)
        assert ended.leg_id is None


async def test_after_a_restart_a_visitor_who_never_comes_back_is_let_go(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock, absent=0.05) as shop:
        call = CallValue(
            id=4, conversation_id=1, account_id=7, channel="webchat", direction=Direction.IN, state=CallState.QUEUED,
            identity_id=1, started_at=1, since=1,
        )  # fmt: skip
        await shop.channel.arrange(scene_of(call), desk.deliver)
        await shop.channel.arrange(scene_of(call), desk.deliver)
        await until(lambda: desk.signals)
        await asyncio.sleep(0.1)
        assert [type(one) for one in desk.signals] == [LegEnded]
        assert desk.reported[0].call_id == 4


async def test_a_page_that_takes_the_call_turns_the_other_away(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, welcome = await shop.enter()
        await shop.ring(socket)
        other, _ = await shop.enter(welcome["token"])
        await shop.ring(other)
        while (await socket.hear("call"))["call"]["here"]:
            pass
        socket.say({"type": "hang_up"})
        assert (await socket.hear("problem"))["code"] == parse.NOT_FOUND
        assert desk.signals == []


async def test_signals_go_between_the_browsers_of_one_call_only(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        socket.say({"type": "signal", "to_leg": 72, "body": {"kind": "ready"}})
        assert (await socket.hear("problem"))["code"] == parse.NOT_FOUND
        shown = await shop.ring(socket)
        socket.say({"type": "signal", "to_leg": 72, "body": {"kind": "ready"}})
        await until(lambda: desk.relayed)
        assert (desk.relayed[0].from_leg, desk.relayed[0].to_leg) == (71, 72)
        identity = next(iter(desk.calls.values())).identity_id
        strange = PhoneSignal(call_id=shown["call"]["id"] + 1, from_leg=9, to_leg=71, body={"kind": "offer"})
        desk.tell(identity, VisitorNews(position=0, signal=strange))
        meant = PhoneSignal(call_id=shown["call"]["id"], from_leg=72, to_leg=71, body={"kind": "offer"})
        desk.tell(identity, VisitorNews(position=0, signal=meant))
        assert await socket.hear("signal") == {"type": "signal", "from_leg": 72, "body": {"kind": "offer"}}


async def test_what_a_page_tells_of_its_call_is_reported(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        desk.becomes(state=CallState.GREETING, prompt=PromptValue(seq=3, code="menu", text="Press 1.", digits="12"))
        assert (await socket.hear("call"))["call"]["prompt"]["digits"] == "12"
        socket.say({"type": "digit", "seq": 2, "digit": "1"})
        socket.say({"type": "digit", "seq": 3, "digit": "1"})
        await until(lambda: desk.signals)
        desk.becomes(state=CallState.TALKING, prompt=None, agent_id=5, legs=[CONTACT, AGENT])
        await socket.hear("call")
        socket.say({"type": "lost", "leg_id": 71_000})
        socket.say({"type": "lost", "leg_id": 72})
        socket.say({"type": "voicemail", "file_id": 8, "duration": 4_000})
        assert (await socket.hear("problem"))["code"] == parse.NOT_FOUND
        desk.becomes(state=CallState.VOICEMAIL, legs=[CONTACT])
        assert (await socket.hear("call"))["call"]["hears"] == "recorder"
        socket.say({"type": "voicemail", "file_id": 8, "duration": 4_000})
        socket.say({"type": "hang_up"})
        await until(lambda: len(desk.signals) == 4)
        assert desk.signals == [
            DigitPressed(digit="1"),
            LegLost(leg_id=72),
            RecordingStored(external_id="voicemail:8", file_id=8, duration=4_000, voicemail=True),
            desk.signals[3],
        ]
        assert isinstance(desk.signals[3], LegEnded)


async def test_a_message_that_was_still_on_its_way_when_the_call_ended_is_taken(
    desk: Switchboard, clock: VirtualClock
) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        desk.becomes(state=CallState.ENDED, outcome=CallOutcome.ANSWERED, answered_at=1, ended_at=clock(), legs=[])
        await socket.hear("call")
        socket.say({"type": "voicemail", "file_id": 8, "duration": 4_000})
        assert (await socket.hear("problem"))["code"] == parse.NOT_FOUND
        desk.becomes(state=CallState.ENDED, outcome=CallOutcome.MISSED, answered_at=None)
        await socket.hear("call")
        clock.advance(9 * 60_000)
        socket.say({"type": "voicemail", "file_id": 8, "duration": 4_000})
        await until(lambda: desk.signals)
        assert desk.signals == [RecordingStored(external_id="voicemail:8", file_id=8, duration=4_000, voicemail=True)]
        clock.advance(2 * 60_000)
        socket.say({"type": "voicemail", "file_id": 9, "duration": 4_000})
        assert (await socket.hear("problem"))["code"] == parse.NOT_FOUND


async def test_prompts_end_when_they_can_have_been_read(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        call = next(iter(desk.calls.values()))
        prompt = PromptValue(seq=1, code="greeting", text="")
        await shop.channel.arrange(scene_of(call, prompt=prompt), desk.deliver)
        await shop.channel.arrange(scene_of(call, prompt=prompt), desk.deliver)
        await until(lambda: desk.signals)
        assert desk.signals == [PromptPlayed(seq=1)]
    assert 2 < reading_seconds("This call is recorded.") < 4
    assert reading_seconds("x" * 5_000) == 12


async def test_numbers_are_not_called(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        call = next(iter(desk.calls.values()))
        scene = scene_of(call)
        outside = SceneLeg(id=90, role=LegRole.THIRD, hears=Hears.ROOM, address="+4930901820")
        own_phone = SceneLeg(id=91, role=LegRole.AGENT, hears=Hears.ROOM, agent_id=5, device="phone", address="+49301")
        await shop.channel.arrange(replace(scene, legs=(*scene.legs, outside, own_phone)), desk.deliver)
        assert [(one.leg_id, one.reason) for one in desk.signals] == [(90, "failed"), (91, "failed")]


async def test_an_address_calls_only_so_often(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        for _ in range(10):
            socket, _ = await shop.enter()
            await shop.ring(socket)
            desk.becomes(state=CallState.ENDED)
        socket, _ = await shop.enter()
        socket.say({"type": "call", "key": KEY})
        assert (await socket.hear("problem"))["code"] == parse.TOO_MANY
        clock.advance(60_000)
        await shop.ring(socket)


async def test_without_calls_nobody_can_call(desk: Switchboard, clock: VirtualClock) -> None:
    settings = WebChatSettings()
    channel = WebChat(Account(7, "pub-key", "Shop", settings), settings, clock)
    socket = Socket(['{"type":"hello"}', json.dumps({"type": "call", "key": KEY})], hang_up=True)
    await channel.attend(socket, desk, desk.deliver)
    assert json.loads(socket.sent[-1])["code"] == parse.NOT_FOUND
    assert not isinstance(channel, CarriesCalls)
    assert desk.arrived == []


async def test_a_softphone_of_this_line_is_a_list_of_servers(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        lent = await shop.channel.lend(PhoneWanted(agent_id=5, agent_name="Olena", device="tab"))
        assert (lent.media, lent.facts["ice"][0]["urls"]) == ("webrtc", ["stun:stun.example:3478"])
        with pytest.raises(Refused):
            await shop.channel.connect(_no_phone())


def _no_phone() -> Any:
    return object()
