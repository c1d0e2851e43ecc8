from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.contract import Account, Visit, VisitorNews
from channels.webchat.channel import WebChat
from channels.webchat.settings import WebChatSettings
from crm_core.words.errors import StoreUnavailable
from crm_core.words.values import Direction, EntryKind, FileValue, WorkState
from tests.channels.standins import Desk, Socket, conversation, message
from tests.peers.clock import VirtualClock

SECRET = "a secret of the shop"
Enter = Callable[..., Any]


def user(name: str, secret: str = SECRET) -> dict[str, str]:
    return {"id": name, "hash": hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()}


class Visitor:
    """A browser with the chat open."""

    def __init__(self, socket: Socket, welcome: dict[str, Any]) -> None:
        self.socket = socket
        self.welcome = welcome
        self.token = welcome["token"]

    async def send(self, key: str, text: str, **more: Any) -> dict[str, Any]:
        """Send a message; what the hub says to it."""
        self.socket.say({"type": "send", "client_message_id": key, "text": text, **more})
        while True:
            frame = await self.socket.hear()
            if frame["type"] in ("ack", "problem"):
                return frame

    @property
    def identity(self) -> int:
        return int(self.welcome["visitor"], 16)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
async def enter(desk: Desk, clock: VirtualClock) -> AsyncIterator[Enter]:
    """`await enter(token=…, user=…)` opens the chat in a browser."""
    settings = WebChatSettings(identity_secret=SECRET)  # type: ignore[arg-type]
    channel = WebChat(Account(7, "pub-key", "Shop", settings), settings, clock)
    async with asyncio.TaskGroup() as group:
        sockets: list[Socket] = []

        async def open_chat(**hello: Any) -> Visitor:
            socket = Socket()
            sockets.append(socket)
            group.create_task(channel.attend(socket, desk, desk.deliver))
            socket.say({"type": "hello", **hello})
            return Visitor(socket, await socket.hear("welcome"))

        yield open_chat
        for socket in sockets:
            socket.hang_up()


@asynccontextmanager
async def attended(desk: Desk, clock: VirtualClock) -> AsyncIterator[Socket]:
    settings = WebChatSettings()
    channel = WebChat(Account(7, "pub-key", "Shop", settings), settings, clock)
    socket = Socket()
    async with asyncio.TaskGroup() as group:
        group.create_task(channel.attend(socket, desk, desk.deliver))
        yield socket
        socket.hang_up()


async def test_a_message_is_confirmed_with_the_id_it_is_stored_under(enter: Enter, desk: Desk) -> None:
    visitor = await enter(page="https://shop.example/lamp", language="uk")
    ack = await visitor.send("message-1", "hello")
    stored = desk.entries[visitor.identity][0]
    assert (ack["type"], ack["entry"]["id"], ack["client_message_id"]) == ("ack", stored.id, "message-1")
    assert ack["entry"]["mine"]
    assert desk.seen[f"{visitor.identity}:message-1"].sender_facts["page"] == "https://shop.example/lamp"


async def test_sent_again_it_is_the_same_message(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    first = await visitor.send("message-1", "hello")
    again = await visitor.send("message-1", "hello")
    assert first == again
    assert len(desk.entries[visitor.identity]) == 1


async def test_sent_again_over_a_new_line_it_is_the_same_message(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    await visitor.send("message-1", "hello")
    visitor.socket.hang_up()
    back = await enter(token=visitor.token)
    assert back.welcome["token"] is None
    assert [e["text"] for e in back.welcome["entries"]] == ["hello"]
    assert (await back.send("message-1", "hello"))["type"] == "ack"
    assert len(desk.entries[visitor.identity]) == 1


async def test_an_id_used_again_with_other_words_is_a_conflict(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    await visitor.send("message-1", "hello")
    problem = await visitor.send("message-1", "goodbye")
    assert problem == {"type": "problem", "code": "conflict", "client_message_id": "message-1", "after_ms": None}
    assert [e.text for e in desk.entries[visitor.identity]] == ["hello"]


async def test_two_visitors_may_choose_the_same_id(enter: Enter) -> None:
    one, other = await enter(), await enter()
    assert (await one.send("message-1", "from one"))["type"] == "ack"
    assert (await other.send("message-1", "from the other"))["type"] == "ack"


async def test_while_the_store_is_away_nothing_is_confirmed(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    desk.away = True
    problem = await visitor.send("message-1", "hello")
    assert (problem["code"], problem["client_message_id"]) == ("unavailable", "message-1")
    assert problem["after_ms"] > 0
    desk.away = False
    assert (await visitor.send("message-1", "hello"))["type"] == "ack"


async def test_notes_and_notices_never_leave(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    for number, entry in enumerate(
        [
            message(3, "psst", ours=True, kind=EntryKind.NOTE, direction=Direction.INTERNAL),
            message(4, "", kind=EntryKind.NOTICE, direction=Direction.INTERNAL),
            message(5, "hello from us", ours=True),
        ]
    ):
        desk.tell(visitor.identity, VisitorNews(position=20 + number, entry=entry))
    assert (await visitor.socket.hear())["entry"]["text"] == "hello from us"
    assert not any(b"psst" in frame for frame in visitor.socket.sent)


async def test_news_that_the_history_has_is_not_told_again(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    desk.tell(visitor.identity, VisitorNews(position=10, entry=message(5, "old", ours=True)))
    desk.tell(visitor.identity, VisitorNews(position=11, entry=message(6, "new", ours=True)))
    assert (await visitor.socket.hear("entry"))["entry"]["text"] == "new"


async def test_typing_queue_and_status_are_told(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    desk.tell(visitor.identity, VisitorNews(position=0, typing=True))
    desk.tell(visitor.identity, VisitorNews(position=0, queue_position=3))
    desk.tell(
        visitor.identity,
        VisitorNews(position=12, conversation=conversation(work_state=WorkState.ASSIGNED, assignee_id=9)),
    )
    assert await visitor.socket.hear() == {"type": "typing", "on": True}
    assert await visitor.socket.hear() == {"type": "queue", "position": 3}
    status = await visitor.socket.hear()
    assert status["conversation"] == {"open": True, "waiting": False, "agent_read_id": 0}


async def test_marks_and_typing_reach_the_desk(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    for frame in (
        {"type": "got", "entry_id": 7},
        {"type": "read", "entry_id": 8},
        {"type": "typing", "on": True},
        {"type": "alive"},
    ):
        visitor.socket.say(frame)
    await visitor.socket.hear("alive")
    assert desk.marks == [("received", visitor.identity, 7), ("read", visitor.identity, 8)]
    assert desk.typed == [(visitor.identity, True)]


async def test_earlier_messages_come_page_by_page(enter: Enter, desk: Desk) -> None:
    visitor = await enter()
    desk.entries[visitor.identity] = [message(i, f"message {i}") for i in range(1, 71)]
    back = await enter(token=visitor.token)
    assert back.welcome["has_more"]
    first = back.welcome["entries"][0]["id"]
    back.socket.say({"type": "more", "before": first})
    page = await back.socket.hear("history")
    assert [e["id"] for e in page["entries"]] == list(range(1, first))
    assert not page["has_more"]


async def test_a_file_of_another_visitor_is_not_found(enter: Enter, desk: Desk) -> None:
    mine, theirs = await enter(), await enter()
    desk.files[77] = (theirs.identity, FileValue(id=77, name="a.png", type="image/png", size=3))
    assert (await mine.send("message-1", "look", files=[77]))["code"] == "not_found"
    assert (await theirs.send("message-2", "look", files=[77]))["entry"]["files"][0]["name"] == "a.png"


async def test_whom_the_page_vouches_for_is_known_again_in_another_browser(enter: Enter, desk: Desk) -> None:
    here = await enter(user=user("42"))
    await here.send("message-1", "from here")
    there = await enter(user=user("42"))
    assert there.welcome["verified"]
    assert [e["text"] for e in there.welcome["entries"]] == ["from here"]


@pytest.mark.parametrize(
    "claim", [{"id": "42"}, {"id": "42", "hash": "0" * 64}, user("42", "another secret"), user("42") | {"expires": 1}]
)
async def test_a_wrong_proof_makes_a_stranger_with_an_empty_history(
    enter: Enter, desk: Desk, claim: dict[str, Any]
) -> None:
    victim = await enter(user=user("42"))
    await victim.send("message-1", "my secret")
    thief = await enter(user=claim | {"name": "Victim"})
    assert not thief.welcome["verified"]
    assert thief.welcome["entries"] == []
    assert thief.identity != victim.identity
    assert thief.welcome["name"] == ""


async def test_after_somebody_else_signed_in_the_old_socket_hears_nothing_and_its_token_is_dead(
    enter: Enter, desk: Desk
) -> None:
    anna = await enter(user=user("anna"))
    await anna.send("message-1", "I am Anna")
    boris = await enter(user=user("boris"), token=anna.token)
    assert boris.welcome["entries"] == []
    desk.tell(anna.identity, VisitorNews(position=30, entry=message(9, "for Anna", ours=True)))
    assert (await boris.send("message-2", "I am Boris"))["type"] == "ack"
    assert anna.socket.closed == 4401
    assert not any(b"for Anna" in frame for frame in anna.socket.sent)
    stranger = await enter(token=anna.token)
    assert stranger.identity not in (anna.identity, boris.identity)
    assert stranger.welcome["entries"] == []


async def test_signing_out_leaves_nothing_behind(enter: Enter) -> None:
    anna = await enter(user=user("anna"))
    await anna.send("message-1", "I am Anna")
    out = await enter(token=anna.token)
    assert out.welcome["entries"] == []
    assert not out.welcome["verified"]
    again = await enter(user=user("anna"), token=anna.token)
    assert [e["text"] for e in again.welcome["entries"]] == ["I am Anna"]


async def test_rubbish_is_answered_with_one_code_and_the_line_stays(enter: Enter) -> None:
    visitor = await enter()
    for frame in ("{", "[]", '{"type":"own"}', b"\x00", '{"type":"hello"}', "[" * 50_000):
        visitor.socket.say(frame)
        assert await visitor.socket.hear() == {
            "type": "problem",
            "code": "not_understood",
            "client_message_id": None,
            "after_ms": None,
        }
    assert (await visitor.send("message-1", "hello"))["type"] == "ack"


async def test_a_megabyte_is_refused_and_the_line_stays(enter: Enter) -> None:
    visitor = await enter()
    visitor.socket.say({"type": "send", "client_message_id": "message-1", "text": "x" * 1_000_000})
    assert (await visitor.socket.hear())["code"] == "too_large"
    assert (await visitor.send("message-2", "hello"))["type"] == "ack"


async def test_a_flood_closes_the_socket_that_it_came_from_and_no_other(enter: Enter) -> None:
    flood, calm = await enter(), await enter()
    for _ in range(1_000):
        flood.socket.say({"type": "typing", "on": True})
    await calm.send("message-1", "hello")
    for _ in range(200):
        if flood.socket.closed:
            break
        await asyncio.sleep(0)
    assert flood.socket.closed == 1008
    assert (await calm.send("message-2", "still here"))["type"] == "ack"


async def test_who_writes_too_much_at_once_is_told_when_to_go_on(enter: Enter, clock: VirtualClock) -> None:
    visitor = await enter()
    answers = [await visitor.send(f"message-{i:03}", "hello") for i in range(25)]
    refused = [a for a in answers if a["type"] == "problem"]
    assert {a["code"] for a in refused} == {"too_many"}
    clock.advance(refused[0]["after_ms"])
    assert (await visitor.send(refused[0]["client_message_id"], "hello"))["type"] == "ack"


async def test_nothing_comes_before_hello(desk: Desk, clock: VirtualClock) -> None:
    async with attended(desk, clock) as socket:
        socket.say({"type": "send", "client_message_id": "message-1", "text": "hello"})
        assert (await socket.hear())["code"] == "not_understood"
    assert socket.closed == 1008
    assert not desk.seen


async def test_a_visitor_who_only_looks_starts_no_conversation(enter: Enter, desk: Desk) -> None:
    visitor = await enter(profile={"name": "Ann"})
    assert visitor.welcome["conversation"] is None
    assert not desk.seen


async def test_while_the_store_is_away_the_door_says_when_to_come_back(desk: Desk, clock: VirtualClock) -> None:
    desk.away = True
    async with attended(desk, clock) as socket:
        socket.say({"type": "hello"})
        problem = await socket.hear()
        assert (problem["code"], problem["after_ms"]) == ("unavailable", 2_000)
    assert socket.closed == 1013


async def test_nobody_is_told_the_token_of_another(enter: Enter, desk: Desk) -> None:
    visitors = [await enter() for _ in range(3)]
    for visitor in visitors:
        await visitor.send("message-1", "hello")
    for visitor in visitors:
        others = [v.token.encode() for v in visitors if v is not visitor]
        assert not any(token in frame for frame in visitor.socket.sent for token in others)


async def test_a_store_that_goes_away_while_news_are_told_sends_the_widget_away_for_a_moment(
    clock: VirtualClock,
) -> None:
    async with attended(Forgetful(), clock) as socket:
        socket.say({"type": "hello"})
        await socket.hear("welcome")
        problem = await socket.hear("problem")
        assert (problem["code"], problem["after_ms"]) == ("unavailable", 2_000)
    assert socket.closed == 1013


class Forgetful(Desk):
    """Its store is away when the first news are to be read."""

    @asynccontextmanager
    async def follow(self, visit: Visit, /) -> AsyncIterator[AsyncIterator[VisitorNews]]:
        yield _none()


async def _none() -> AsyncIterator[VisitorNews]:
    raise StoreUnavailable
    yield
