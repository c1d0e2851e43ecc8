"""What one may read is the same at every door: a list, one conversation, search, the console and its news."""

from __future__ import annotations

from typing import Any

import pytest

from channels.contract import MessageArrived
from crm_core.conversations.actions import change
from crm_core.store.transaction import Tx
from crm_core.words.addresses import Address
from crm_core.words.content import Content, ExternalId, Medium, ThreadKey
from crm_core.words.events import EntryAdded, QueueChanged
from crm_core.words.values import Role
from crm_core.work.queues import NewQueue, add_queue
from hub.console.protocol import Gone, Happened, SnapshotTaken, WatchedShown
from hub.desk import outbound
from hub.desk.inbound import Source, take
from hub.desk.outbound import Words
from tests.hub.whole.conftest import Clerk, Hub
from tests.peers.console_client import ConsoleClient, actor_for


class Matrix:
    """Conversations in two queues or none, of two agents or nobody; and everybody who might look."""

    def __init__(self, hub: Hub, hire: Any) -> None:
        self.hub = hub
        self.hire = hire
        self.people: dict[str, Clerk] = {}
        self.conversations: dict[str, int] = {}

    async def fill(self) -> None:
        sales = (await self.hub.db.write(add_queue, None, NewQueue(name="Sales"))).id
        support = (await self.hub.db.write(add_queue, None, NewQueue(name="Support"))).id
        self.people = {
            "seller": await self.hire("Ann", Role.AGENT, sales),
            "helper": await self.hire("Bea", Role.AGENT, support),
            "both": await self.hire("Cat", Role.AGENT, sales, support),
            "nowhere": await self.hire("Dan", Role.AGENT),
            "supervisor": await self.hire("Sue", Role.SUPERVISOR),
            "administrator": await self.hire("Ada", Role.ADMINISTRATOR),
        }
        for queue_name, queue_id in (("sales", sales), ("support", support), ("none", None)):
            for owner in ("nobody", "seller", "helper"):
                self.conversations[f"{queue_name} of {owner}"] = await self.one(queue_id, owner)

    async def one(self, queue_id: int | None, owner: str) -> int:
        number = self.hub.db.ids()
        event = MessageArrived(
            external_id=ExternalId(f"{number}"),
            sender=Address("visitor", f"v{number}"),
            thread=ThreadKey(f"v{number}"),
            content=Content(text="marzipan"),
            sent_at=self.hub.db.clock(),
        )
        source = Source(self.hub.account_id, "webchat", Medium.CHAT, queue_id)
        stored = await self.hub.db.write(take, source, event)
        assert stored.entry is not None
        conversation_id = stored.entry.conversation_id
        agent_id = None if owner == "nobody" else self.people[owner].agent.id

        def own(tx: Tx) -> None:
            change(tx, conversation_id, assignee_id=agent_id)

        await self.hub.db.write(own)
        return conversation_id


@pytest.fixture
async def matrix(hub: Hub, hire: Any) -> Matrix:
    made = Matrix(hub, hire)
    await made.fill()
    return made


async def over_rest(matrix: Matrix, clerk: Clerk) -> dict[str, set[int]]:
    """What each of the API's ways of asking shows."""
    wanted = set(matrix.conversations.values())
    ways: dict[str, tuple[str, str, Any]] = {
        "one": ("GET", "", None),
        "entries": ("GET", "/entries", None),
        "identity": ("GET", "/identity", None),
        "draft": ("PUT", "/drafts/note", {"text": "x"}),
    }
    shown: dict[str, set[int]] = {way: set() for way in ways}
    for conversation_id in wanted:
        for way, (method, path, body) in ways.items():
            status, _ = await clerk.ask(method, f"conversations/{conversation_id}{path}", body)
            assert status in (200, 204, 404)
            if status != 404:
                shown[way].add(conversation_id)
    _, listed = await clerk.ask("GET", "conversations?view=all&limit=100")
    _, hits = await clerk.ask("GET", "search?text=marzipan&limit=50")
    shown["list"] = {item["id"] for item in listed["items"]} & wanted
    shown["search"] = found_in(hits) & wanted
    return shown


def found_in(hits: Any) -> set[int]:
    """Every conversation that a search answer names, however it is laid out."""
    match hits:
        case dict():
            named = {hits["conversation_id"]} if isinstance(hits.get("conversation_id"), int) else set()
            return named.union(*(found_in(value) for value in hits.values()))
        case list():
            return set().union(*(found_in(value) for value in hits))
        case _:
            return set()


async def over_the_socket(matrix: Matrix, console: ConsoleClient) -> set[int]:
    """What the console may watch."""
    shown = set()
    for conversation_id in matrix.conversations.values():
        await console.say({"type": "watch", "conversation_id": conversation_id})
        while not isinstance(frame := await console.next(), WatchedShown | Gone):
            pass
        if isinstance(frame, WatchedShown):
            assert frame.watched.conversation.id == conversation_id
            shown.add(conversation_id)
    return shown


async def told(matrix: Matrix, console: ConsoleClient, writer: Clerk) -> set[int]:
    """Of which conversations the console is told when a note is written in each."""
    console.frames.clear()
    for conversation_id in matrix.conversations.values():
        await matrix.hub.db.write(outbound.note, actor_for(writer.agent), conversation_id, Words(text="psst"), ())
    await matrix.hub.db.write(add_queue, None, NewQueue(name=f"End {matrix.hub.db.ids()}"))
    while not isinstance((await console.until(Happened)).event, QueueChanged):
        pass
    events = [frame.event for frame in console.frames if isinstance(frame, Happened)]
    return {event.entry.conversation_id for event in events if isinstance(event, EntryAdded)}


async def test_every_door_shows_the_same_conversations(matrix: Matrix) -> None:
    sizes = []
    for name, clerk in matrix.people.items():
        asked = await over_rest(matrix, clerk)
        console = await clerk.console()
        await console.until(SnapshotTaken)
        by_socket = await over_the_socket(matrix, console)
        news = await told(matrix, console, matrix.people["administrator"])
        assert {way: found for way, found in asked.items() if found != by_socket} == {}, name
        assert news == by_socket, name
        sizes.append(len(by_socket))
        await console.wire.close()
    assert sizes == [5, 5, 6, 0, 9, 9]
