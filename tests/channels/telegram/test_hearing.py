"""What comes in, by either way: stored before it is confirmed, its files with it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from channels.contract import (
    AccountBroken,
    ChannelEvent,
    MessageArrived,
    MessageEdited,
    NotGenuine,
    NotUnderstood,
    OriginalArrived,
    ReachChanged,
    Stored,
    TryLater,
    WebhookReply,
    WebhookRequest,
)
from channels.telegram.channel import Pace, TelegramPolling, TelegramWebhook
from crm_core.words.addresses import Address
from crm_core.words.clock import DAY, MINUTE
from crm_core.words.content import Button
from crm_core.words.errors import Conflict, Invalid, StoreUnavailable
from tests.channels.telegram.telling import NOW, SECRET, URL, Scene, said, scene

HEADERS = {"x-telegram-bot-api-secret-token": SECRET}


async def receive(s: Scene, body: Any, headers: Mapping[str, str] = HEADERS, deliver: Any = None) -> WebhookReply:
    assert isinstance(s.channel, TelegramWebhook)
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await s.channel.receive(WebhookRequest(URL, headers, raw), deliver or s.recorder)


@asynccontextmanager
async def called() -> AsyncIterator[Scene]:
    """A scene whose webhook is a small web server, as the hub's door would be one."""
    async with scene(mode="webhook") as s:
        assert isinstance(s.channel, TelegramWebhook)
        channel = s.channel

        async def take(request: web.Request) -> web.Response:
            report = WebhookRequest(str(request.url), request.headers, await request.read())
            try:
                reply = await channel.receive(report, s.recorder)
            except (StoreUnavailable, TryLater):
                return web.Response(status=503)
            except NotGenuine:
                return web.Response(status=403)
            return web.Response(status=reply.status)

        app = web.Application()
        app.router.add_post("/in/pub-key", take)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        assert s.bot.webhook is not None
        s.bot.webhook = s.bot.webhook.model_copy(
            update={"url": f"http://127.0.0.1:{runner.addresses[0][1]}/in/pub-key"}
        )
        try:
            yield s
        finally:
            await runner.cleanup()


async def until(s: Scene, count: int) -> None:
    async with asyncio.timeout(60):
        while len(s.recorder.events) < count or s.bot.waiting():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_opening_tells_telegram_where_we_are_with_the_secret_and_what_we_take() -> None:
    async with scene(mode="webhook") as s:
        hook = s.bot.webhook
        assert hook is not None
        assert (hook.url, hook.secret_token) == (URL, SECRET)
        assert "message" in (hook.allowed_updates or [])
        assert not hook.drop_pending_updates


@pytest.mark.parametrize("shown", [None, "", SECRET[:-1], SECRET + "0", "wrong"])
async def test_an_update_without_the_secret_is_not_genuine(shown: str | None) -> None:
    async with scene(mode="webhook") as s:
        with pytest.raises(NotGenuine):
            await receive(s, said("x"), {} if shown is None else {"X-Telegram-Bot-Api-Secret-Token": shown})
        assert not s.recorder.events


async def test_kinds_of_updates_that_nobody_knows_are_said_to_be_so() -> None:
    async with scene(mode="webhook") as s:
        for body in ({"update_id": 1, "brain_wave": {}}, b"not json", b""):
            with pytest.raises(NotUnderstood):
                await receive(s, body)


async def test_what_the_hub_will_never_take_is_not_told_again_for_ever() -> None:
    async def never(event: ChannelEvent, /) -> Stored:
        raise Invalid("The message is empty.")

    async with scene(mode="webhook") as s:
        with pytest.raises(NotUnderstood):
            await receive(s, said("x"), deliver=never)


async def test_a_message_that_is_told_again_in_other_words_is_acknowledged() -> None:
    async def used_before(event: ChannelEvent, /) -> Stored:
        raise Conflict

    async with scene(mode="webhook") as s:
        assert (await receive(s, said("x"), deliver=used_before)).status == 200


async def test_a_whole_conversation_comes_by_webhook() -> None:
    async with called() as s:
        first = s.ann.write("hello")
        s.ann.edit(first, "hello!")
        s.ann.share_contact("+380441234567")
        await until(s, 3)
        await s.channel.send(s.outbound("Sure?", buttons=(Button(text="Yes", key="y"),)))
        s.ann.press("Yes")
        s.ann.block()
        await until(s, 5)
        hello, edit, contact, press, blocked = s.recorder.events
        assert isinstance(hello, MessageArrived)
        assert isinstance(edit, MessageEdited)
        assert edit.external_id == hello.external_id
        assert isinstance(contact, MessageArrived)
        assert contact.proves == (Address("tel", "+380441234567"),)
        assert isinstance(press, MessageArrived)
        assert press.content.text == "Yes"
        assert s.ann.toasts
        assert isinstance(blocked, ReachChanged)


async def test_a_webhook_that_could_not_store_is_called_again() -> None:
    async with called() as s:
        s.recorder.failing = True
        s.ann.write("patience")
        async with asyncio.timeout(60):
            while s.bot.last_error is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        s.recorder.failing = False
        await until(s, 1)
        assert [e.content.text for e in s.arrived()] == ["patience"]


async def test_files_come_with_their_bytes() -> None:
    async with called() as s:
        s.ann.send_photo(b"\xff\xd8 picture", caption="the door", album="a1")
        s.ann.send_photo(b"\xff\xd8 another", album="a1")
        s.ann.send_file("bill.pdf", b"%PDF")
        s.ann.send_voice(b"OggS")
        s.ann.send_place(50.4, 30.5)
        await until(s, 5)
        files = s.bench.files
        kept = [[(files.names[f.id], files.contents[f.id]) for f in e.content.files] for e in s.arrived()]
        assert kept[:2] == [[("photo.jpg", b"\xff\xd8 picture")], [("photo.jpg", b"\xff\xd8 another")]]
        assert kept[2:] == [[("bill.pdf", b"%PDF")], [("voice.ogg", b"OggS")], []]
        assert s.arrived()[0].content.text == "the door"
        assert s.arrived()[4].content.place is not None


async def test_a_file_too_large_for_bots_is_named_and_the_message_kept() -> None:
    async with called() as s:
        s.ann.send_file("film.mkv", b"x", caption="my film", size=31_400_000)
        await until(s, 1)
        (event,) = s.arrived()
        assert event.content.text == "my film\n📎 film.mkv (31.4 MB)"
        assert event.content.problem == "too_large_for_bot"
        assert event.raw is not None
        assert b"film.mkv" in s.bench.files.contents[event.raw.id]


async def test_a_file_that_is_away_for_a_while_is_waited_for() -> None:
    async with called() as s:
        s.bot.files_away = True
        s.ann.send_file("bill.pdf", b"%PDF")
        async with asyncio.timeout(60):
            while s.bot.last_error is None:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        assert not s.recorder.events
        s.bot.files_away = False
        await until(s, 1)
        assert len(s.arrived()[0].content.files) == 1


async def test_a_file_that_stays_away_does_not_hold_up_the_rest_for_ever() -> None:
    async with scene(mode="webhook") as s:
        s.bot.files_away = True
        s.ann.send_file("bill.pdf", b"%PDF", caption="see")
        update = s.bot.waiting()[0].body
        for _ in range(4):
            with pytest.raises(TryLater):
                await receive(s, update)
        assert (await receive(s, update)).status == 200
        assert s.arrived()[0].content.problem == "file_missing"
        assert s.arrived()[0].content.text == "see\n📎 bill.pdf (0.0 MB)"


async def test_polling_takes_a_webhook_away_and_confirms_only_what_is_stored() -> None:
    async with scene() as s:
        assert s.bot.webhook is None
        assert not hasattr(s.channel, "receive")
        for word in ("one", "two", "three"):
            s.ann.write(word)
        ids = [waiting.id for waiting in s.bot.waiting()]
        await s.heard(3)
        assert [e.content.text for e in s.arrived()] == ["one", "two", "three"]
        place = await s.bench.cursors.get("offset")
        assert (place or "").startswith(f"{ids[-1] + 1}@")


async def test_polling_asks_again_for_what_could_not_be_stored() -> None:
    async with scene() as s:
        s.ann.write("one")
        s.ann.write("two")
        refused: list[ChannelEvent] = []

        async def once(event: ChannelEvent, /) -> Stored:
            if len(s.recorder.events) == 1 and not refused:
                refused.append(event)
                raise StoreUnavailable
            return await s.recorder(event)

        await s.heard(2, once)
        assert [e.content.text for e in s.arrived()] == ["one", "two"]
        assert len(refused) == 1


async def test_a_crash_before_the_cursor_moved_tells_the_same_message_again() -> None:
    async with scene() as s:
        s.ann.write("one")
        s.bench.cursors.failing = 1
        await s.heard(2)
        first, again = s.arrived()
        assert first.external_id == again.external_id
        assert first.content == again.content


async def test_after_a_week_of_silence_lower_numbers_are_taken_too() -> None:
    async with scene() as s:
        await s.bench.cursors.set("offset", f"100002@{NOW - 8 * DAY}")
        s.bot.next_update = 17
        s.ann.write("after")
        await s.heard(1)
        assert [e.content.text for e in s.arrived()] == ["after"]
        assert (await s.bench.cursors.get("offset") or "").startswith("18@")


async def test_what_nobody_can_read_is_put_aside_and_polling_goes_on() -> None:
    async with scene() as s:
        s.bot.report("brain_wave", {"hertz": 8})
        s.ann.write("still here")
        await s.heard(2)
        aside, message = s.recorder.events
        assert isinstance(aside, OriginalArrived)
        assert aside.problem == "not_understood"
        assert b"brain_wave" in s.bench.files.contents[aside.body.id]
        assert isinstance(message, MessageArrived)


async def test_what_the_hub_will_never_take_is_put_aside_too() -> None:
    async with scene() as s:
        s.ann.write("x")

        async def picky(event: ChannelEvent, /) -> Stored:
            if isinstance(event, MessageArrived):
                raise Invalid("Not like this.")
            return await s.recorder(event)

        await s.heard(1, picky)
        assert isinstance(s.recorder.events[0], OriginalArrived)


async def listening(s: Scene) -> None:
    assert isinstance(s.channel, TelegramPolling)
    async with asyncio.timeout(60):
        await s.channel.listen(s.recorder)


async def test_two_who_ask_for_one_bot_are_told_so() -> None:
    async with scene() as s:
        s.bot.polls = 1
        with pytest.raises(TryLater, match="Another program"):
            await listening(s)


async def test_a_bot_whose_token_was_revoked_is_broken() -> None:
    async with scene() as s:
        s.server.forget(s.bot)
        with pytest.raises(AccountBroken, match="@BotFather"):
            await listening(s)


async def test_ten_minutes_in_vain_are_an_alarm() -> None:
    async with scene(pace=None) as s:
        settings = s.account.settings.model_copy(update={"api_url": "http://127.0.0.1:9"})
        account = type(s.account)(7, "k", "n", settings)
        channel = TelegramPolling(account, s.tools, Pace(sleep=s.time.sleep))
        with pytest.raises(TryLater):
            async with asyncio.timeout(60):
                await channel.listen(s.recorder)
        assert s.time.moment - NOW >= 10 * MINUTE
        assert max(s.time.slept) <= 30


async def test_a_hub_without_a_public_address_cannot_be_called() -> None:
    async with scene(mode="webhook") as s:
        account = type(s.account)(7, "k", "n", s.account.settings)
        with pytest.raises(AccountBroken, match="public address"):
            await TelegramWebhook(account, s.tools, Pace()).point()
