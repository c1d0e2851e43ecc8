from __future__ import annotations

import pytest
from msgspec.structs import replace

from crm_core.words.calls import LegAnswered, LegEnded, LegLost
from crm_core.words.values import CallState, CallValue, Direction, EndedBy
from tests.channels.webchat.switchboard import Switchboard, open_shop, scene_of, until
from tests.peers.clock import VirtualClock


@pytest.fixture
def desk() -> Switchboard:
    return Switchboard()


async def test_a_page_that_was_loaded_anew_goes_on_with_the_call(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, welcome = await shop.enter()
        first = await shop.ring(socket)
        left = clock.advance(7_000)
        socket.say({"type": "leave"})
        socket.hang_up()
        await until(lambda: desk.signals)
        assert (desk.signals, desk.reported[0].at) == ([LegLost(leg_id=None)], left)
        clock.advance(2_000)
        back, again = await shop.enter(welcome["token"])
        assert again["call"]["id"] == first["call"]["id"]
        await shop.ring(back)
        # Whoever tells that they are back is the one who would have told that they are gone for good.
        await until(lambda: len(desk.signals) == 2)
        assert desk.signals == [LegLost(leg_id=None), LegAnswered()]


async def test_a_socket_that_breaks_and_is_back_soon_is_no_absence(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock, silent=60) as shop:
        socket, welcome = await shop.enter()
        await shop.ring(socket)
        socket.hang_up()
        back, _ = await shop.enter(welcome["token"])
        await shop.ring(back)
        back.say({"type": "hang_up"})
        await until(lambda: desk.signals)
        assert desk.signals == [LegEnded(by=EndedBy.CONTACT)]


async def test_a_visitor_who_stays_away_left_the_call_when_their_page_did(
    desk: Switchboard, clock: VirtualClock
) -> None:
    async with open_shop(desk, clock, absent=0.05) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        left = clock.advance(60_000)
        socket.say({"type": "leave"})
        await until(lambda: desk.signals)
        clock.advance(30_000)
        await until(lambda: len(desk.signals) == 2)
        assert desk.signals == [LegLost(leg_id=None), LegEnded(reason="hung_up", by=EndedBy.CONTACT)]
        assert [one.at for one in desk.reported] == [left, left]


async def test_a_visitor_whose_line_breaks_for_good_is_told_from_one_who_left(
    desk: Switchboard, clock: VirtualClock
) -> None:
    async with open_shop(desk, clock, absent=0.05, silent=0.01) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        socket.hang_up()
        await until(lambda: len(desk.signals) == 2)
        assert desk.signals == [LegLost(leg_id=None), LegEnded(reason="hung_up", by=EndedBy.NOBODY)]


def waiting_call() -> CallValue:
    """One that the hub knows from before it was restarted."""
    return CallValue(
        id=4, conversation_id=1, account_id=7, channel="webchat", direction=Direction.IN, state=CallState.QUEUED,
        identity_id=1, started_at=1, since=1,
    )  # fmt: skip


async def test_after_a_restart_a_visitor_who_never_comes_back_is_let_go(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock, absent=0.05, silent=0.01) as shop:
        await shop.channel.arrange(scene_of(waiting_call()), desk.deliver)
        await shop.channel.arrange(scene_of(waiting_call()), desk.deliver)
        await until(lambda: len(desk.signals) == 2)
        assert [type(one) for one in desk.signals] == [LegLost, LegEnded]
        assert {one.call_id for one in desk.reported} == {4}


async def test_after_a_restart_who_was_away_left_when_they_went_away(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock, absent=0.05) as shop:
        gone = replace(scene_of(waiting_call()).legs[0], away_since=clock() - 90_000)
        await shop.channel.arrange(scene_of(waiting_call(), legs=(gone,)), desk.deliver)
        await until(lambda: desk.signals)
        assert (desk.signals, desk.reported[0].at) == ([LegEnded(by=EndedBy.NOBODY)], clock() - 90_000)


async def test_after_a_restart_who_was_away_and_is_back_is_said_to_be_so(
    desk: Switchboard, clock: VirtualClock
) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        shown = await shop.ring(socket)
        gone = replace(scene_of(waiting_call()).legs[0], away_since=clock() - 90_000)
        call = replace(waiting_call(), id=shown["call"]["id"])
        await shop.channel.arrange(scene_of(call, legs=(gone,)), desk.deliver)
        await until(lambda: desk.signals)
        assert desk.signals == [LegAnswered()]
