"""The stand-in against aiogram's own client, so that it speaks the Bot API and not only our dialect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiogram import Bot as Client
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.types import BufferedInputFile, InlineKeyboardButton, InlineKeyboardMarkup, InputMediaPhoto

from channels.simulators.telegram import Bot, BotServer, Person, Trouble
from crm_core.words.clock import DAY

TOKEN = "1000:secret-of-the-bot"
NOW = 1_767_603_600_000
JPEG = b"\xff\xd8 picture"


class Scene:
    """A server, its bot, a person, and aiogram's client."""

    def __init__(self) -> None:
        self.now = NOW
        self.server = BotServer(lambda: self.now)
        self.bot: Bot = self.server.bot(TOKEN, username="shop_bot")
        self.ann: Person = self.bot.person("Ann Lee")
        self.client: Client


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    s = Scene()
    async with s.server.serving() as url:
        session = AiohttpSession(api=TelegramAPIServer.from_base(url))
        async with Client(TOKEN, session=session) as s.client:
            yield s


async def test_the_bot_knows_itself_and_nobody_elses_token_works() -> None:
    async with scene() as s:
        assert (await s.client.get_me()).username == "shop_bot"
        stranger = Client("1:wrong", session=s.client.session)
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()


async def test_updates_wait_until_an_offset_confirms_them() -> None:
    async with scene() as s:
        s.ann.write("one")
        s.ann.write("two")
        first = await s.client.get_updates()
        assert [u.message.text for u in first if u.message] == ["one", "two"]
        assert await s.client.get_updates() == first
        assert len(await s.client.get_updates(offset=first[1].update_id)) == 1
        assert await s.client.get_updates(offset=first[1].update_id + 1) == []
        s.ann.write("old")
        s.now += DAY + 1
        assert await s.client.get_updates() == []


async def test_a_poll_waits_for_news_and_only_one_may() -> None:
    async with scene() as s, asyncio.TaskGroup() as group:
        waiting = group.create_task(s.client.get_updates(timeout=10))
        async with asyncio.timeout(30):
            while not s.bot.polls:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        with pytest.raises(TelegramConflictError):
            await s.client.get_updates()
        s.ann.write("hello")
        assert len(await waiting) == 1


async def test_a_webhook_and_polling_exclude_each_other() -> None:
    async with scene() as s:
        await s.client.set_webhook("https://hub.example/in/k", secret_token="s" * 20)
        assert (await s.client.get_webhook_info()).url == "https://hub.example/in/k"
        with pytest.raises(TelegramConflictError):
            await s.client.get_updates()
        await s.client.delete_webhook()
        assert await s.client.get_updates() == []


async def test_everything_sent_stands_on_the_phone() -> None:
    async with scene() as s:
        question = s.ann.write("hello?")
        keys = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="y")]])
        sent = await s.client.send_message(
            s.ann.id,
            "[1] hi",
            reply_parameters={"message_id": question},
            reply_markup=keys,  # type: ignore[arg-type]
        )
        await s.client.send_photo(s.ann.id, BufferedInputFile(JPEG, "a.jpg"), caption="see")
        album = [InputMediaPhoto(media=BufferedInputFile(JPEG, f"{n}.jpg")) for n in range(2)]
        assert len(await s.client.send_media_group(s.ann.id, album)) == 2
        await s.client.send_location(s.ann.id, 0.0, 30.5)
        await s.client.edit_message_text("better", chat_id=s.ann.id, message_id=sent.message_id)
        shown = s.ann.screen[1:]
        assert [item.text for item in shown] == ["better", "see", "", "", ""]
        assert (shown[0].buttons, shown[0].reply_to) == (("Yes",), question)
        s.ann.edit(question, "hello, anybody?")
        assert s.ann.screen[0].text == "hello, anybody?"
        assert shown[1].files == [("a.jpg", JPEG)]
        assert shown[4].place == (0.0, 30.5)


async def test_a_press_and_a_file_go_their_way() -> None:
    async with scene() as s:
        keys = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Yes", callback_data="y")]])
        await s.client.send_message(s.ann.id, "Sure?", reply_markup=keys)
        s.ann.press("Yes")
        s.ann.send_file("bill.pdf", b"%PDF")
        press, sent = await s.client.get_updates()
        assert press.callback_query is not None
        assert press.callback_query.data == "y"
        await s.client.answer_callback_query(press.callback_query.id)
        assert s.ann.toasts == [press.callback_query.id]
        assert sent.message is not None
        assert sent.message.document is not None
        downloaded = await s.client.download(sent.message.document.file_id)
        assert downloaded is not None
        assert downloaded.read() == b"%PDF"


async def test_it_refuses_what_telegram_refuses() -> None:
    async with scene() as s:
        for text in ("", " ", "x" * 4_097):
            with pytest.raises(TelegramBadRequest):
                await s.client.send_message(s.ann.id, text)
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await s.client.send_message(5, "x")
        with pytest.raises(TelegramBadRequest, match="caption"):
            await s.client.send_photo(s.ann.id, BufferedInputFile(JPEG, "a.jpg"), caption="x" * 1_025)
        s.ann.block()
        with pytest.raises(TelegramForbiddenError):
            await s.client.send_message(s.ann.id, "x")
        s.ann.unblock()
        s.bot.troubles.append(Trouble.TOO_MANY)
        with pytest.raises(TelegramRetryAfter):
            await s.client.send_message(s.ann.id, "x")
        assert await s.client.send_message(s.ann.id, "x")


async def test_a_bot_that_begins_elsewhere_uses_no_id_again() -> None:
    async with scene() as s:
        later = s.server.bot("2000:another-secret", first=5_000_000)
        bo = later.person("Bo")
        assert bo.write("x") == 5_000_000
        assert later.waiting()[0].id > 5_000_000
