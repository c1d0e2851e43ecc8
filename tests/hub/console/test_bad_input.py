from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING

import aiohttp
import pytest

from crm_core.staff import sessions
from crm_core.staff.actions import disable_agent
from hub.console.crowd import BURST, QUEUE_BYTES
from hub.console.protocol import Happened, Problem, Ready, SnapshotTaken
from tests.peers.console_client import ConsoleClient

if TYPE_CHECKING:
    from tests.hub.console.conftest import Live

FOREIGN = [
    None,
    "null",
    "",
    "https://evil.example",
    "https://hub.example.com.evil.example",
    "https://evil-hub.example.com",
    "http://hub.example.com",
    "https://hub.example.com:8443",
    "https://hub.example.com/",
    "HTTPS://HUB.EXAMPLE.COM",
    "https://hub.example.com, https://evil.example",
    "wss://hub.example.com",
    "https://hub.example.com@evil.example",
]


async def ready(live: Live, name: str = "Ann") -> ConsoleClient:
    console = await live.open(await live.agent(name))
    await console.until(SnapshotTaken)
    return console


@pytest.mark.parametrize("origin", FOREIGN)
async def test_a_page_of_another_origin_is_refused_before_the_socket_opens(live: Live, origin: str | None) -> None:
    headers = {} if origin is None else {"Origin": origin}
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await live.http.ws_connect(live.url, headers=headers)
    assert refused.value.status == 403


async def test_a_token_in_the_address_is_refused(live: Live) -> None:
    ticket = await live.ticket(await live.agent("Ann"))
    for query in (f"?ticket={ticket}", f"?token={ticket}", "?x"):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await live.http.ws_connect(live.url + query, origin="https://hub.example.com")
        assert refused.value.status == 400


async def test_an_ordinary_request_is_told_what_this_is(live: Live) -> None:
    response = await live.http.get(live.url, headers={"Origin": "https://hub.example.com"})
    assert response.status == 426


async def test_a_ticket_opens_one_socket_and_only_in_time(live: Live) -> None:
    ann = await live.agent("Ann")
    ticket = await live.ticket(ann)
    first, second, late = await live.knock(), await live.knock(), await live.knock()
    await first.hello(ticket)
    await first.until(Ready)
    await second.hello(ticket)
    assert await second.until_closed() == 4401
    old = await live.ticket(ann)
    live.clock.advance(31_000)
    await late.hello(old)
    assert await late.until_closed() == 4401


async def test_a_ticket_of_a_session_that_ended_opens_nothing(live: Live) -> None:
    ann = await live.agent("Ann")
    session = await live.session(ann)
    ticket = await live.ticket(ann, session)
    await live.db.write(sessions.end_session, ann.id, session)
    console = await live.knock()
    await console.hello(ticket)
    assert await console.until_closed() == 4401


async def test_whoever_does_not_say_hello_first_is_let_go(live: Live) -> None:
    console = await live.knock()
    await console.say({"type": "watch", "conversation_id": 1})
    assert await console.until_closed() == 1008
    assert len(live.live.crowd.all) == 0


async def test_an_older_page_is_asked_to_load_anew(live: Live) -> None:
    console = await live.knock()
    await console.say({"type": "hello", "ticket": "x", "protocol": 99})
    assert await console.until_closed() == 4409


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (b"binary", 1003),
        ("no json", 1007),
        ("", 1007),
        ("{", 1007),
        ('{"type":"alive","type":"alive"}', 1007),
        ('{"type":"watch","conversation_id":NaN}', 1007),
        ('{"type":"watch","conversation_id":Infinity}', 1007),
        ('{"type":"\\ud800', 1007),
        ("9" * 5_000, 1007),
        (json.dumps({"type": "alive", "x": "y" * 70_000}), 1009),
    ],
)
async def test_a_frame_that_is_none_ends_its_own_socket_only(live: Live, frame: str | bytes, code: int) -> None:
    bad, good = await ready(live), await ready(live, "Bea")
    await (bad.wire.send_bytes(frame) if isinstance(frame, bytes) else bad.wire.send_str(frame))
    assert await bad.until_closed() == code
    queue = await live.queue("Sales")
    assert queue
    assert (await good.until(Happened)).event.queue.id == queue


async def test_broken_utf8_ends_the_socket(live: Live) -> None:
    console = await ready(live)
    await console.wire._writer.send_frame(b"\xff\xfe\xfd", aiohttp.WSMsgType.TEXT)
    assert await console.until_closed() == 1007


NONSENSE = [
    {"type": "base"},
    {"type": "hello", "ticket": "x", "protocol": 1},
    {"type": None},
    {"type": ["alive"]},
    {},
    [],
    "alive",
    7,
    None,
    {"type": "alive", "extra": 1},
    {"type": "watch"},
    {"type": "watch", "conversation_id": "1"},
    {"type": "watch", "conversation_id": "*"},
    {"type": "watch", "conversation_id": {"$ne": None}},
    {"type": "watch", "conversation_id": -1},
    {"type": "watch", "conversation_id": 0},
    {"type": "watch", "conversation_id": 1.5},
    {"type": "watch", "conversation_id": 2**63},
    {"type": "typing", "conversation_id": 1, "on": "yes"},
    [[[[[[[[[[[]]]]]]]]]]],
]


@pytest.mark.parametrize("frame", NONSENSE, ids=lambda frame: json.dumps(frame)[:40])
async def test_every_frame_without_sense_gets_the_same_few_words(live: Live, frame: object) -> None:
    console = await ready(live)
    await console.wire.send_str(json.dumps(frame))
    message = await console.wire.receive()
    while '"problem"' not in message.data:
        message = await console.wire.receive()
    assert message.data == '{"type":"problem","code":"not_understood"}'
    await console.say({"type": "alive"})
    queue = await live.queue("Sales")
    assert (await console.until(Happened)).event.queue.id == queue


async def test_deep_nesting_is_refused_without_being_read(live: Live) -> None:
    console = await ready(live)
    await console.wire.send_str("[" * 60_000)
    assert isinstance(await console.until(Problem), Problem)


async def test_too_much_nonsense_ends_the_socket(live: Live) -> None:
    console = await ready(live)
    for _ in range(30):
        await console.say({"type": "base"})
    assert await console.until_closed() == 1008


@pytest.mark.parametrize("kind", ["alive", "ping"])
async def test_a_flood_ends_the_socket(live: Live, kind: str) -> None:
    console, good = await ready(live), await ready(live, "Bea")
    for _ in range(BURST + 5):
        if kind == "ping":
            await console.wire.ping()
        else:
            await console.say({"type": "alive"})
    assert await console.until_closed() == 1008
    await live.queue("Sales")
    assert await good.until(Happened)


async def test_a_steady_console_may_speak_for_hours(live: Live) -> None:
    console = await ready(live)
    for _ in range(4 * BURST):
        live.clock.advance(100)
        await console.say({"type": "alive"})
        await asyncio.sleep(0)
    await live.queue("Sales")
    assert await console.until(Happened)


async def test_an_agent_who_is_disabled_loses_every_socket_at_once(live: Live) -> None:
    ann, bea = await live.agent("Ann"), await live.agent("Bea")
    consoles = [await live.open(ann), await live.open(ann)]
    other = await live.open(bea)
    for console in (*consoles, other):
        await console.until(SnapshotTaken)
    await live.db.write(disable_agent, None, ann.id)
    assert [await console.until_closed() for console in consoles] == [4401, 4401]
    assert await other.until(Happened)
    again = await live.open(ann, session_id=1)
    assert await again.until_closed() == 4401


async def test_signing_out_ends_that_sessions_sockets_and_no_others(live: Live) -> None:
    ann = await live.agent("Ann")
    here, there = await live.session(ann), await live.session(ann)
    console, other = await live.open(ann, here), await live.open(ann, there)
    await console.until(SnapshotTaken)
    await other.until(SnapshotTaken)
    await live.db.write(sessions.end_session, ann.id, here)
    assert await console.until_closed() == 4401
    await live.queue("Sales")
    assert await other.until(Happened)


async def test_a_session_that_runs_out_takes_its_open_sockets_along(live: Live) -> None:
    ann = await live.agent("Ann")
    ends = live.clock() + 30_000
    brief, _secret = await live.db.write(sessions.open_session, ann.id, "browser", expires_at=ends)
    console, other = await live.open(ann, brief.id), await live.open(ann)
    await console.until(SnapshotTaken)
    await other.until(SnapshotTaken)
    live.clock.advance(29_999)
    live.live.beat()
    assert len(live.live.crowd.all) == 2
    live.clock.advance(1)
    live.live.beat()
    assert await console.until_closed() == 4401
    await live.queue("Sales")
    assert await other.until(Happened)


async def test_ten_thousand_random_frames_leave_the_hub_alive(live: Live) -> None:
    chance = random.Random(7)
    good = await ready(live, "Good")
    ann = await live.agent("Ann")
    session = await live.session(ann)
    words = ['{"type":"', "watch", '"', ":", "}", "[", "1e999", "\\u0000", "null", "hello", ",", " ", "-0", "\x7f"]
    sent = 0
    while sent < 10_000:
        console = await live.open(ann, session)
        try:
            for _ in range(100):
                sent += 1
                text = "".join(chance.choices(words, k=chance.randrange(1, 12)))
                if chance.random() < 0.3:
                    await console.wire.send_bytes(chance.randbytes(chance.randrange(200)))
                else:
                    await console.wire.send_str(text)
        except (ConnectionError, aiohttp.ClientError):
            sent += 50
        await console.wire.close()
    await live.queue("Sales")
    assert await good.until(Happened)


async def test_a_slow_console_is_dropped_and_holds_nobody_up(live: Live) -> None:
    queue = await live.queue("Sales")
    fast, slow = await live.agent("Fast", queue), await live.agent("Slow", queue)
    good = await live.open(fast)
    await good.until(SnapshotTaken)
    bad = await live.knock()
    await bad.hello(await live.ticket(slow))
    await bad.until(SnapshotTaken)
    assert bad.wire._response is not None
    assert bad.wire._response.connection is not None
    bad.wire._response.connection.transport.pause_reading()
    text = "x" * 60_000
    heard = 0
    for number in range(200):
        await live.hear(f"{number} {text}", queue=queue)
        while heard <= number:
            frame = await good.until(Happened)
            heard += hasattr(frame.event, "entry")
        if len(live.live.crowd.all) == 1:
            break
    async with asyncio.timeout(20):
        while len(live.live.crowd.all) > 1:  # noqa: ASYNC110  (a peer's kernel decides when it is full)
            await asyncio.sleep(0.02)
    waiting = max(c.pipe.get_write_buffer_size() for c in live.live.crowd.all)
    assert waiting <= QUEUE_BYTES
