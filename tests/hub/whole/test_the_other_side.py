"""What the other side notices of an agent: that they type, and an answer that comes by mail once the chat is left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from channels.simulators.mail import PostOffice
from channels.simulators.telegram import BotServer, Person
from crm_core.words.clock import MINUTE
from crm_core.words.values import Role
from hub.console.protocol import SnapshotTaken, WatchedShown
from tests.hub.chat.conftest import Enter, Hub, Visitor
from tests.hub.whole.conftest import Clerk
from tests.peers.clock import VirtualClock

TOKEN = "1000:stand-in"
MAILBOX = {
    "address": "shop@fern.example",
    "incoming": "none",
    "smtp_host": "127.0.0.1",
    "smtp_security": "none",
    "smtp_sign_in": False,
}
NOBODY_LOOKS = 50
"""Looks, of 20 milliseconds each, in which something would have come that must not."""


async def until(answer: Callable[[], Awaitable[Any]]) -> Any:
    """What is answered, once it is something."""
    async with asyncio.timeout(60):
        while not (found := await answer()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def opened(hub: Hub, boss: Clerk, kind: str, settings: dict[str, Any]) -> int:
    """An account that an administrator added, once it is open."""
    new = {"kind": kind, "name": kind, "queue_id": hub.queue_id, "settings": settings}
    status, account = await boss.ask("POST", "accounts", new)
    assert status == 201, account

    async def is_open() -> bool:
        return hub.house.accounts.by_id(account["id"]) is not None

    await until(is_open)
    account_id: int = account["id"]
    return account_id


async def conversation(boss: Clerk) -> int:
    """The only one there is, once there is one."""

    async def first() -> int | None:
        _, listed = await boss.ask("GET", "conversations?view=all")
        return listed["items"][0]["id"] if listed["items"] else None

    found: int = await until(first)
    return found


async def looks_at(person: Person, seen: asyncio.Event) -> None:
    """Watch a phone until somebody types."""
    async for shown in person.watch():
        if shown.typing:
            seen.set()


async def test_an_agents_typing_is_seen_on_the_phone_and_a_notes_is_not(hub: Hub, hire: Any) -> None:
    server = BotServer(hub.house.clock)
    ann = server.bot(TOKEN).person("Ann Lee")
    boss = await hire("Boss", Role.ADMINISTRATOR)
    seen = asyncio.Event()
    async with server.serving() as url, asyncio.TaskGroup() as group:
        settings = {"bot_token": TOKEN, "mode": "polling", "api_url": url}
        await opened(hub, boss, "telegram", settings)
        ann.write("Hello?")
        conversation_id = await conversation(boss)
        looking = group.create_task(looks_at(ann, seen))
        console = await boss.console()
        await console.until(SnapshotTaken)
        await console.say({"type": "watch", "conversation_id": conversation_id})
        await console.until(WatchedShown)
        types = {"type": "typing", "conversation_id": conversation_id, "on": True}
        await console.say({**types, "kind": "note"})
        for _ in range(NOBODY_LOOKS):
            await asyncio.sleep(0.02)
        assert not seen.is_set()
        await console.say(types)
        async with asyncio.timeout(30):
            await seen.wait()
        looking.cancel()


async def test_an_answer_to_a_visitor_who_left_goes_by_mail_to_the_address_they_left(
    hub: Hub, hire: Any, enter: Enter, clock: VirtualClock
) -> None:
    boss, post = await hire("Boss", Role.ADMINISTRATOR), PostOffice()
    iryna = post.box("iryna@home.example", name="Iryna")
    async with post.serving() as port:
        await opened(hub, boss, "email", {**MAILBOX, "smtp_port": port})
        visitor: Visitor = await enter(profile={"name": "Iryna", "email": iryna.address})
        await visitor.send("message-1", "How much is the lamp?")
        await visitor.line.close()
        conversation_id = await conversation(boss)
        for text in ("Forty pounds.", "Shall we send it?"):
            status, said = await boss.ask("POST", f"conversations/{conversation_id}/replies", {"text": text})
            assert status == 201, said

        async def messages() -> list[dict[str, Any]]:
            _, page = await boss.ask("GET", f"conversations/{conversation_id}/entries")
            return [e for e in page["items"] if e["kind"] == "message" and e["direction"] == "out"]

        async def both_left() -> bool:
            return [e["delivery"] for e in await messages()] == ["sent", "sent"]

        await until(both_left)
        assert iryna.kept == []
        clock.advance(10 * MINUTE)

        async def arrived() -> bool:
            clock.advance(500)
            return bool(iryna.kept)

        await until(arrived)
        (letter,) = iryna.kept
        assert letter.text.split("\r\n\r\n")[:2] == ["Forty pounds.", "Shall we send it?"]
        lost = (await messages())[:2]
        assert {e["delivery_reason"] for e in lost} == {"Not received; sent to iryna@home.example instead."}
