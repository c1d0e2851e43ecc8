"""A customer's phone at one end, the agent's timeline at the other, and all that is real between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import select

from channels.simulators.telegram import Bot, BotServer, Person, Trouble
from crm_core.accounts.actions import NewAccount
from crm_core.conversations.model import Entry
from crm_core.files.actions import NewFile, add
from crm_core.staff.actions import NewAgent, add_agent
from crm_core.words.content import DeliveryStatus
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, Direction, EntryKind, Role
from hub.desk import channel_accounts
from hub.desk.outbound import Words, reply
from tests.channels.telegram.conftest import Hub
from tests.channels.telegram.telling import SECRET, TOKEN

JPEG = b"\xff\xd8\xff\xe0 a picture"
PNG = b"\x89PNG\r\n\x1a\n"


class Scene:
    """The hub with a bot's account, its administrator, and Ann's phone."""

    def __init__(self, hub: Hub, bot: Bot, ann: Person, boss: Actor) -> None:
        self.hub, self.bot, self.ann, self.boss = hub, bot, ann, boss

    async def entries(self) -> list[Any]:
        """Messages of the timeline, oldest first."""
        query = select(Entry).where(Entry.kind == EntryKind.MESSAGE).order_by(Entry.id)
        return await self.hub.db.read(lambda tx: [row._mapping for row in tx.all(query)])

    async def heard(self, *texts: str) -> list[Any]:
        """Wait until the customer's words are exactly these."""

        async def said() -> list[Any]:
            inbound = [e for e in await self.entries() if e["direction"] == Direction.IN]
            return inbound if [e["text"] for e in inbound] == list(texts) else []

        return await until(said)

    async def answer(self, text: str, *, files: int = 0) -> int:
        """The agent answers, with so many pictures; the entry's id."""
        conversation_id = (await self.entries())[0]["conversation_id"]
        words = Words(text=text, files=tuple([await self._picture() for _ in range(files)]))
        entry = await self.hub.db.write(reply, self.boss, conversation_id, words)
        return entry.id

    async def _picture(self) -> int:
        """A picture that the agent has uploaded."""
        stored = await self.hub.house.media.receive(_once(PNG), "door.png")
        new = NewFile(
            name=stored.name,
            type=stored.type,
            size=stored.size,
            sha256=stored.sha256,
            stored_as=stored.stored_as,
            uploader_kind=AuthorKind.AGENT,
            uploader_id=self.boss.agent_id,
        )
        return (await self.hub.db.write(add, new)).id

    async def fared(self, entry_id: int, status: DeliveryStatus) -> None:
        """Wait until an answer's delivery stands like this."""

        async def stands() -> bool:
            return any(e["id"] == entry_id and e["delivery"] == status for e in await self.entries())

        await until(stands)


async def until(answer: Callable[[], Awaitable[Any]]) -> Any:
    """What is answered, once it is something."""
    async with asyncio.timeout(60):
        while not (found := await answer()):  # noqa: ASYNC110
            await asyncio.sleep(0.02)
    return found


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


@asynccontextmanager
async def scene(hub: Hub, mode: str) -> AsyncIterator[Scene]:
    server = BotServer(hub.house.clock)
    bot = server.bot(TOKEN)
    ann = bot.person("Ann Lee", language="uk")
    new = NewAgent(name="Boss", email="boss@example.com", role=Role.ADMINISTRATOR, queues=[hub.queue_id])
    agent = await hub.db.write(add_agent, None, new)
    boss = Actor(agent.id, "Boss", Role.ADMINISTRATOR)
    async with server.serving() as url:
        settings = {"bot_token": TOKEN, "mode": mode, "webhook_secret": SECRET, "api_url": url}
        wanted = NewAccount(kind="telegram", name="Bot", queue_id=hub.queue_id, settings=settings)
        house = hub.house
        account = await hub.db.write(channel_accounts.add, boss, house.sealer, house.accounts.manifests, wanted)

        async def is_open() -> bool:
            return house.accounts.by_id(account.id) is not None

        await until(is_open)
        yield Scene(hub, bot, ann, boss)


@pytest.mark.parametrize("mode", ["webhook", "polling"])
async def test_a_customer_is_heard_and_answered(hub: Hub, mode: str) -> None:
    async with scene(hub, mode) as s:
        first = s.ann.write("Добрий день")
        (entry,) = await s.heard("Добрий день")
        assert entry["channel"] == "telegram"
        sent = await s.answer("What can we do for you?")
        await s.fared(sent, DeliveryStatus.SENT)
        assert s.ann.screen[-1].text == "What can we do for you?"
        s.ann.edit(first, "Добрий вечір")
        await s.heard("Добрий вечір")
        s.ann.send_photo(JPEG, caption="the door")
        _, photo = await s.heard("Добрий вечір", "the door")
        assert len(photo["files"]) == 1


@pytest.mark.parametrize("mode", ["webhook", "polling"])
async def test_an_album_is_one_entry_both_ways(hub: Hub, mode: str) -> None:
    async with scene(hub, mode) as s:
        first = s.ann.send_photo(JPEG, caption="the dor", album="a1")
        s.ann.send_photo(JPEG, album="a1")
        s.ann.edit(first, "the door")
        s.ann.write("well?")
        album, _ = await s.heard("the door", "well?")
        assert [f["name"] for f in album["files"]] == ["photo.jpg", "photo.jpg"]
        sent = await s.answer("These two?", files=2)
        await s.fared(sent, DeliveryStatus.SENT)
        shown = [item for item in s.ann.screen if not item.mine]
        assert [item.text for item in shown] == ["These two?", ""]
        assert len({item.album for item in shown} - {""}) == 1


async def test_an_answer_of_which_nobody_knows_is_unconfirmed_and_blocking_is_said(hub: Hub) -> None:
    async with scene(hub, "webhook") as s:
        s.ann.write("hello")
        await s.heard("hello")
        s.bot.troubles.append(Trouble.SILENT)
        await s.fared(await s.answer("once"), DeliveryStatus.UNCONFIRMED)
        assert [shown.text for shown in s.ann.screen if not shown.mine] == ["once"]
        s.ann.block()
        await s.fared(await s.answer("twice"), DeliveryStatus.FAILED)


async def test_a_message_that_is_told_twice_is_stored_once(hub: Hub) -> None:
    async with scene(hub, "webhook") as s:
        s.ann.send_photo(JPEG, caption="the door")
        again = s.bot.waiting()[0]
        await s.heard("the door")
        s.bot.updates.append(again)
        s.ann.write("and the wall")
        await s.heard("the door", "and the wall")
