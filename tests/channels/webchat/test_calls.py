from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from channels.contract import (
    Account,
    CarriesCalls,
    PhoneSignal,
    PhoneWanted,
    Refused,
    VisitorNews,
)
from channels.webchat import parse
from channels.webchat.channel import WebChat
from channels.webchat.rooms import reading_seconds
from channels.webchat.settings import WebChatSettings
from crm_core.words.calls import (
    DigitPressed,
    Hears,
    LegEnded,
    LegLost,
    PromptPlayed,
    SceneLeg,
)
from crm_core.words.values import (
    CallState,
    EndedBy,
    KeptState,
    LegRole,
    PromptValue,
    RecordingValue,
)
from tests.channels.standins import Socket
from tests.channels.webchat.switchboard import AGENT, CONTACT, KEY, Switchboard, open_shop, scene_of, until
from tests.peers.clock import VirtualClock


@pytest.fixture
def desk() -> Switchboard:
    return Switchboard()


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


async def test_what_is_hung_up_is_over_though_no_news_of_the_call_has_come(
    desk: Switchboard, clock: VirtualClock
) -> None:
    desk.is_slow_with_news = True
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        socket.say({"type": "call", "key": KEY, "consent": True})
        socket.say({"type": "hang_up"})
        await until(lambda: desk.signals)
        assert desk.signals == [LegEnded(reason="hung_up", by=EndedBy.CONTACT)]
        assert desk.reported[0].call_id == next(iter(desk.calls.values())).id


async def test_a_visitor_is_given_the_queues_music_and_as_long_for_a_message_as_the_account_says(
    desk: Switchboard, clock: VirtualClock
) -> None:
    async with open_shop(desk, clock) as shop:
        socket, welcome = await shop.enter()
        own = (await shop.ring(socket))["call"]
        assert (own["music"], own["most_voicemail"]) == (None, 120_000)
        [call] = desk.calls.values()
        await shop.channel.arrange(scene_of(call, music_file_id=31, most_voicemail=45_000), desk.deliver)
        told = (await socket.hear("call"))["call"]
        assert told["music"] == {"id": 31, "url": "https://files.example/31"}
        assert told["most_voicemail"] == 45_000
        other, again = await shop.enter(welcome["token"])
        assert (again["call"]["music"], again["call"]["most_voicemail"]) == (None, 45_000)
        assert (await shop.ring(other))["call"]["music"]["id"] == 31


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
        socket.say({"type": "lost", "leg_id": 71})
        socket.say({"type": "lost", "leg_id": 72})
        socket.say({"type": "hang_up"})
        await until(lambda: len(desk.signals) == 3)
        assert desk.signals == [
            DigitPressed(digit="1"),
            LegLost(leg_id=72),
            LegEnded(reason="hung_up", by=EndedBy.CONTACT),
        ]


async def test_every_page_of_a_visitor_knows_that_a_message_has_begun(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, welcome = await shop.enter()
        await shop.ring(socket)
        desk.becomes(state=CallState.VOICEMAIL, legs=[CONTACT])
        shown = (await socket.hear("call"))["call"]
        assert (shown["hears"], shown["message"]) == ("recorder", False)
        begun = RecordingValue(id=1, state=KeptState.RUNNING, since=clock(), external_id="abcd", is_voicemail=True)
        desk.becomes(recordings=[begun])
        assert (await socket.hear("call"))["call"]["message"] is True
        _, again = await shop.enter(welcome["token"])
        assert again["call"]["message"] is True


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
