from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json

import pytest

from channels.contract import Account
from channels.webchat import ice, parse, protocol, render
from channels.webchat.channel import WebChat
from channels.webchat.rooms import MOST_REMEMBERED, Rooms
from channels.webchat.settings import WebChatSettings
from crm_core.words.values import CallState, CallValue, Direction, LegMode, LegRole, LegState, LegValue
from tests.peers.clock import VirtualClock

CONTACT = LegValue(id=71, role=LegRole.CUSTOMER, state=LegState.CONNECTED, made_at=1, since=1)
AGENT = LegValue(
    id=72, role=LegRole.AGENT, state=LegState.CONNECTED, agent_id=5, name="Olena", device="tab", made_at=1, since=1
)


def test_users_of_a_turn_server_end_by_themselves() -> None:
    settings = WebChatSettings.model_validate({"turn": ["turn:turn.example:3478"], "turn_secret": "hush"})
    [server] = ice.servers(settings, "call-5", 1_000_000)
    assert server.username == f"{(1_000_000 + ice.GOOD_FOR) // 1_000}:call-5"
    digest = hmac.new(b"hush", server.username.encode(), hashlib.sha1).digest()
    assert server.credential == base64.b64encode(digest).decode()


def test_nobody_is_told_of_a_server_before_they_call() -> None:
    settings = WebChatSettings.model_validate(
        {"calls": True, "turn": ["turn:turn.example"], "turn_username": "shop", "turn_credential": "hush"}
    )
    channel = WebChat(Account(7, "pub-key", "Shop", settings), settings, VirtualClock())
    assert not any("turn" in name or "stun" in name for name in channel.doorway.settings)
    assert channel.doorway.settings["calls"] is True


async def test_an_address_that_calls_too_often_is_not_forgotten_for_a_crowd_of_others() -> None:
    async with asyncio.TaskGroup() as group:
        rooms = Rooms(VirtualClock(), group)
        while not rooms.wait("203.0.113.7"):
            pass
        for number in range(2 * MOST_REMEMBERED):
            rooms.wait(f"address {number}")
            if number % 5_000 == 0:
                assert rooms.wait("203.0.113.7") > 0
        assert rooms.wait("203.0.113.7") > 0


def test_a_signal_of_more_than_64_kb_is_too_large() -> None:
    with pytest.raises(parse.FrameRefused) as refused:
        parse.frame(json.dumps({"type": "signal", "to_leg": 1, "body": {"sdp": "x" * protocol.MAX_SIGNAL}}))
    assert refused.value.code == parse.TOO_LARGE


def test_a_visitor_is_not_told_who_listens_or_advises() -> None:
    listening = [
        LegValue(id=80, role=LegRole.SUPERVISOR, state=LegState.CONNECTED, mode=LegMode.MONITOR, agent_id=9,
                 name="Sofia", device="t", made_at=1, since=1),
        LegValue(id=81, role=LegRole.AGENT, state=LegState.CONNECTED, mode=LegMode.CONSULT, agent_id=8,
                 name="Ben", device="t", made_at=1, since=1),
    ]  # fmt: skip
    call = CallValue(
        id=4, conversation_id=1, account_id=7, channel="webchat", direction=Direction.IN, state=CallState.HELD,
        identity_id=1, agent_id=5, started_at=1, since=1, legs=[*listening, CONTACT, AGENT], note="Rude.",
    )  # fmt: skip
    shown = render.call(call, here=True, music=None, most_voicemail=1)
    assert (shown.peer, shown.name, shown.hears) == (72, "Olena", "music")
    assert not any(word in repr(shown) for word in ("Sofia", "Ben", "Rude"))
