"""What somebody recorded is played by the visitor's page, and the call goes on when the page says that it is over."""

from __future__ import annotations

from typing import Any

import pytest

from channels.webchat import rooms
from channels.webchat.rooms import KEY_SECONDS, SOUND_SECONDS, reading_seconds
from crm_core.calls.rules.deadlines import PROMPT_LONGEST
from crm_core.words.calls import PromptPlayed
from crm_core.words.clock import SECOND
from crm_core.words.values import CallState, PromptValue
from tests.channels.standins import Socket
from tests.channels.webchat.switchboard import Shop, Switchboard, open_shop, scene_of, until
from tests.peers.clock import VirtualClock

GREETING = PromptValue(seq=1, code="greeting", text="", file_id=31)
MENU = PromptValue(seq=1, code="menu", text="Press 1.", digits="1", file_id=32)
SPOKEN = PromptValue(seq=1, code="recording", text="This call is recorded.")


@pytest.fixture
def desk() -> Switchboard:
    return Switchboard()


async def greeted(shop: Shop, prompt: PromptValue, **more: Any) -> tuple[Socket, dict[str, Any]]:
    """A page whose call says something; how the page is shown it."""
    socket, _ = await shop.enter()
    await shop.ring(socket)
    call = shop.desk.becomes(state=CallState.GREETING, prompt=prompt, **more)
    await shop.channel.arrange(scene_of(call, prompt=prompt), shop.desk.deliver)
    while (shown := (await socket.hear("call"))["call"])["prompt"] is None:
        pass
    return socket, shown


async def test_the_page_that_carries_the_call_is_given_the_sound(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        _, shown = await greeted(shop, MENU)
        assert shown["prompt"]["sound"] == {"id": 32, "url": "https://files.example/32"}
        assert (shown["prompt"]["text"], shown["prompt"]["digits"]) == ("Press 1.", "1")
        _, watching = await shop.enter(next(iter(desk.tokens)))
        assert watching["call"]["prompt"]["sound"] is None


async def test_the_call_goes_on_when_the_sound_is_over(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await greeted(shop, GREETING)
        for seq in (7, 1, 1):
            socket.say({"type": "played", "seq": seq, "heard": True})
        await until(lambda: desk.signals)
        assert [(one.signal, one.key.partition(":")[2]) for one in desk.reported] == [(PromptPlayed(seq=1), "played:1")]


async def test_a_sound_that_is_over_before_the_line_knows_of_it_is_over(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await shop.enter()
        await shop.ring(socket)
        call = desk.becomes(state=CallState.GREETING, prompt=GREETING)
        await socket.hear("call")
        socket.say({"type": "played", "seq": 1, "heard": True})
        await until(lambda: desk.signals)
        await shop.channel.arrange(scene_of(call, prompt=GREETING), desk.deliver)
        assert desk.signals == [PromptPlayed(seq=1)]


async def test_what_a_page_cannot_play_is_read(desk: Switchboard, clock: VirtualClock) -> None:
    async with open_shop(desk, clock) as shop:
        socket, _ = await greeted(shop, GREETING)
        socket.say({"type": "played", "seq": 1, "heard": False})
        await until(lambda: desk.signals)
        assert desk.signals == [PromptPlayed(seq=1)]


async def test_words_that_nobody_recorded_take_their_time_whatever_the_page_says(
    desk: Switchboard, clock: VirtualClock
) -> None:
    async with open_shop(desk, clock) as shop:
        socket, shown = await greeted(shop, SPOKEN)
        assert shown["prompt"]["sound"] is None
        socket.say({"type": "played", "seq": 1, "heard": True})
        socket.say({"type": "alive"})
        await socket.hear("alive")
        assert desk.signals == []


@pytest.mark.parametrize(
    ("prompt", "heard", "seconds"),
    [
        (GREETING, None, SOUND_SECONDS),
        (GREETING, True, 0.0),
        (GREETING, False, reading_seconds("")),
        (MENU, None, SOUND_SECONDS),
        (MENU, True, KEY_SECONDS),
        (MENU, False, KEY_SECONDS),
        (SPOKEN, None, reading_seconds(SPOKEN.text)),
    ],
)
def test_how_long_a_prompt_still_takes(prompt: PromptValue, heard: bool | None, seconds: float) -> None:
    assert rooms.lasts(prompt, heard=heard) == seconds


def test_a_page_that_never_says_so_does_not_stop_the_call() -> None:
    assert SOUND_SECONDS * SECOND < PROMPT_LONGEST
