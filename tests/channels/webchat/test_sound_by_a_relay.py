"""An account whose sound goes by a TURN server and never straight."""

from __future__ import annotations

import asyncio

import pytest
from pydantic import ValidationError

from channels.contract import Account, PhoneWanted
from channels.webchat.channel import WebChatWithCalls
from channels.webchat.rooms import Rooms
from channels.webchat.settings import WebChatSettings
from tests.peers.clock import VirtualClock

TURN = "turn:turn.example:3478"


def test_sound_by_a_relay_only_needs_a_relay() -> None:
    assert WebChatSettings(turn=[TURN], relay_only=True).relay_only
    with pytest.raises(ValidationError, match="needs one: name it"):
        WebChatSettings(relay_only=True)


@pytest.mark.parametrize("relay_only", [True, False])
async def test_an_agents_browser_is_told_and_a_visitor_only_when_they_call(
    clock: VirtualClock, *, relay_only: bool
) -> None:
    settings = WebChatSettings(calls=True, turn=[TURN], relay_only=relay_only)
    async with asyncio.TaskGroup() as group:
        channel = WebChatWithCalls(Account(7, "key", "Shop", settings), settings, clock, Rooms(clock, group))
        lent = await channel.lend(PhoneWanted(agent_id=5, agent_name="Olena", device="tab"))
        assert lent.facts["relay_only"] is relay_only
        assert not {"turn", "relay_only"} & set(channel.doorway.settings)
