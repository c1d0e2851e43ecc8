"""Updates as Telegram writes them, and a bot that is open against a server of our own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from channels.conformance import Bench, MemoryCursors, MemoryFiles, Recorder
from channels.contract import Account, ChannelEvent, Kept, MessageArrived, OutboundMessage, Stored, Tools
from channels.simulators.telegram import Bot, BotServer, Person
from channels.telegram.channel import Pace, Telegram, open_telegram
from channels.telegram.settings import TelegramSettings
from crm_core.words.addresses import TELEGRAM, Address
from crm_core.words.clock import Moment
from crm_core.words.content import Content, FileRef, ThreadKey
from crm_core.words.errors import StoreUnavailable
from tests.channels.standins import message as entry

NOW = 1_767_603_600_000
TOKEN = "1000:secret-of-the-bot"
SECRET = "a-secret-of-24-characters"
URL = "https://hub.example/in/pub-key"
ANN = {"id": 7, "is_bot": False, "first_name": "Ann", "last_name": "Lee", "language_code": "uk", "username": "ann"}


def message(**content: Any) -> dict[str, Any]:
    """A message of Ann's in her own chat."""
    chat = {"id": 7, "type": "private", "first_name": "Ann"}
    return {"message_id": 50, "from": ANN, "chat": chat, "date": 1_767_603_000, **content}


def said(text: str, **more: Any) -> dict[str, Any]:
    """An update with a text of Ann's."""
    return {"update_id": 10, "message": message(text=text, **more)}


class Time:
    """A clock that sleeping turns on."""

    def __init__(self) -> None:
        self.moment: Moment = NOW
        self.slept: list[float] = []

    def __call__(self) -> Moment:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += round(seconds * 1000)
        await asyncio.sleep(0)


@dataclass
class Scene:
    """A server, its bot, Ann, and the channel that is open for the bot."""

    server: BotServer
    bot: Bot
    ann: Person
    time: Time
    bench: WatchedBench
    channel: Telegram
    tools: Tools
    account: Account
    recorder: Recorder = field(default_factory=Recorder)

    def arrived(self) -> list[MessageArrived]:
        return [event for event in self.recorder.events if isinstance(event, MessageArrived)]

    def outbound(self, text: str = "", **content: Any) -> OutboundMessage:
        """A message of ours to Ann."""
        in_reply_to = content.pop("in_reply_to", None)
        return OutboundMessage(
            delivery=5,
            entry=entry(9, text, ours=True),
            thread=ThreadKey(str(self.ann.id)),
            to=Address(TELEGRAM, str(self.ann.id)),
            content=Content(text=text, **content),
            in_reply_to=in_reply_to,
        )

    async def file(self, name: str, content: bytes, kind: str) -> FileRef:
        """A stored file of ours."""
        ref = await self.bench.files.keep(name, content)
        self.bench.files.types[ref.id] = kind
        return ref

    async def heard(self, most: int, deliver: Callable[[ChannelEvent], Any] | None = None) -> None:
        """Let a polling channel listen until so many events came and the last was confirmed."""
        listening: Any = self.channel
        cursors = self.bench.cursors

        async def counted(event: ChannelEvent, /) -> Stored:
            stored: Stored = await (deliver or self.recorder)(event)
            if len(self.recorder.events) >= most:
                cursors.moved.clear()
                cursors.last.set()
            return stored

        async with asyncio.TaskGroup() as group:
            task = group.create_task(listening.listen(counted))
            async with asyncio.timeout(60):
                await cursors.last.wait()
                await cursors.moved.wait()
            task.cancel()
        cursors.last.clear()


class WatchedCursors(MemoryCursors):
    """Cursors of which a test can hear that they moved."""

    def __init__(self) -> None:
        super().__init__()
        self.last = asyncio.Event()
        self.moved = asyncio.Event()
        self.failing = 0
        """How many times more the store is away."""

    async def set(self, name: str, value: str, /) -> None:
        if self.failing:
            self.failing -= 1
            raise StoreUnavailable
        await super().set(name, value)
        self.moved.set()


class TypedFiles(MemoryFiles):
    """Files whose type the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.types: dict[int, str] = {}

    async def read(self, file: FileRef, /) -> Kept:
        kept = await super().read(file)
        return Kept(name=kept.name, type=self.types.get(file.id, kept.type), content=kept.content)


@dataclass
class WatchedBench(Bench):
    """A bench whose cursors can be watched and whose files have types."""

    cursors: WatchedCursors = field(default_factory=WatchedCursors)
    files: TypedFiles = field(default_factory=TypedFiles)


@asynccontextmanager
async def scene(*, mode: str = "polling", pace: Pace | None = None, **settings: Any) -> AsyncIterator[Scene]:
    """A bot that is open, and Ann who wrote nothing yet."""
    time = Time()
    server = BotServer(time)
    bot = server.bot(TOKEN)
    ann = bot.person("Ann Lee", language="uk", username="ann")
    bench = WatchedBench(time)
    async with server.serving() as url, aiohttp.ClientSession() as http:
        set_up = TelegramSettings.model_validate(
            {"bot_token": TOKEN, "mode": mode, "webhook_secret": SECRET, "api_url": url, **settings}
        )
        account = Account(7, "pub-key", "Shop", set_up, URL)
        tools = bench.tools(http)
        async with open_telegram(account, tools, pace=pace or Pace(sleep=time.sleep, poll=1)) as channel:
            assert isinstance(channel, Telegram)
            yield Scene(server, bot, ann, time, bench, channel, tools, account)
