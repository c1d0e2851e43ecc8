from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from channels.contract import Refused, TryLater, Unclear
from channels.simulators.telegram import Trouble
from channels.telegram.channel import Pace
from channels.telegram.client import ANSWER
from channels.telegram.sending import PATIENCE
from crm_core.words.content import Button, ExternalId, FileRef, Place, ReachState
from tests.channels.telegram.telling import scene

JPEG = b"\xff\xd8\xff\xe0 a picture"


async def test_a_message_stands_on_their_phone_and_is_named_as_parse_names_it() -> None:
    async with scene() as s:
        asked = s.ann.write("hello?")
        message = s.outbound("hi", html="<b>hi</b>", in_reply_to=ExternalId(f"{s.ann.id}:{asked}"))
        sent = await s.channel.send(message)
        shown = s.ann.screen[-1]
        assert (shown.text, shown.mine, shown.reply_to) == ("hi", False, asked)
        assert [e.type for e in shown.entities] == ["bold"]
        assert sent.external_ids == (f"{s.ann.id}:{shown.message_id}",)


async def test_files_a_place_and_buttons_arrive_in_their_order() -> None:
    async with scene() as s:
        files = (await s.file("a.jpg", JPEG, "image/jpeg"), await s.file("b.jpg", JPEG, "image/jpeg"))
        bill = await s.file("bill.pdf", b"%PDF", "application/pdf")
        content = {"files": (*files, bill), "place": Place(latitude=50.4, longitude=30.5)}
        sent = await s.channel.send(s.outbound("look", **content, buttons=(Button(text="Good", key="g"),)))
        shown = s.ann.screen
        assert [[name for name, _ in item.files] for item in shown] == [["a.jpg"], ["b.jpg"], ["bill.pdf"], [], []]
        assert shown[0].files[0][1] == JPEG
        assert [item.text for item in shown[3:]] == ["look", ""]
        assert shown[4].place == (50.4, 30.5)
        assert shown[4].buttons == ("Good",)
        assert len(sent.external_ids) == 5


async def test_parts_of_a_long_message_keep_to_one_a_second() -> None:
    async with scene() as s:
        sent = await s.channel.send(s.outbound("word " * 2_500))
        assert len(sent.external_ids) == len(s.ann.screen) == 4
        assert s.time.slept == [1.0, 1.0, 1.0]


async def test_a_message_whose_turn_is_far_away_leaves_its_place_to_others() -> None:
    async with scene() as s:
        bills = [await s.file("a.pdf", b"%PDF", "application/pdf") for _ in range(10)]
        await s.channel.send(s.outbound(files=tuple(bills)))
        with pytest.raises(TryLater, match="so many") as caught:
            await s.channel.send(s.outbound("x"))
        assert (caught.value.after_ms, s.time.slept) == (10_000, [])
        s.time.moment += 10_000
        await s.channel.send(s.outbound("x"))


async def test_a_picture_that_telegram_does_not_take_goes_as_a_file() -> None:
    async with scene() as s:
        odd = await s.file("thin.png", b"no picture at all", "image/png")
        await s.channel.send(s.outbound("see", files=(odd,)))
        assert [m for m, _ in s.bot.asked if m.startswith("send")] == ["sendPhoto", "sendDocument"]
        assert s.ann.screen[-1].text == "see"


@pytest.mark.parametrize("trouble", [Trouble.FAILS_AFTER, Trouble.FAILS_BEFORE, Trouble.SILENT])
async def test_a_send_of_which_nobody_knows_is_unclear_and_not_sent_again(trouble: Trouble) -> None:
    async with scene() as s:
        s.bot.troubles.append(trouble)
        with pytest.raises(Unclear):
            await s.channel.send(s.outbound("once"))
        assert len(s.ann.screen) <= 1
        assert [m for m, _ in s.bot.asked].count("sendMessage") == 1
        assert not s.channel.capabilities.dedupes_sends


async def test_no_answer_in_time_is_unclear() -> None:
    async with scene(pace=Pace(answer=0.3)) as s:
        s.bot.troubles.append(Trouble.SLOW)
        with pytest.raises(Unclear):
            await s.channel.send(s.outbound("once"))
        s.server.released.set()


async def test_nobody_there_means_that_nothing_was_sent() -> None:
    async with scene() as s:
        nowhere = s.account.settings.model_copy(update={"api_url": "http://127.0.0.1:9"})
        account = type(s.account)(7, "k", "n", nowhere)
        channel = type(s.channel)(account, s.tools, Pace())
        with pytest.raises(TryLater):
            await channel.send(s.outbound("x"))


async def test_patience_is_asked_for_in_milliseconds() -> None:
    async with scene() as s:
        s.bot.troubles.append(Trouble.TOO_MANY)
        with pytest.raises(TryLater) as caught:
            await s.channel.send(s.outbound("x"))
        assert caught.value.after_ms == 3_000
        assert not s.ann.screen


async def test_patience_asked_for_in_mid_message_is_had_and_the_message_finished() -> None:
    async with scene() as s:
        bill = await s.file("a.pdf", b"%PDF", "application/pdf")
        s.bot.troubles.extend([None, Trouble.TOO_MANY])
        sent = await s.channel.send(s.outbound("x" * 2_000, files=(bill,)))
        assert len(sent.external_ids) == len(s.ann.screen) == 2
        assert 3.0 in s.time.slept


@pytest.mark.parametrize("trouble", [Trouble.FAILS_BEFORE, Trouble.REFUSED, Trouble.SILENT, Trouble.UNAUTHORISED])
async def test_a_message_that_stops_half_way_says_so_and_is_not_begun_again(trouble: Trouble) -> None:
    async with scene() as s:
        bill = await s.file("a.pdf", b"%PDF", "application/pdf")
        s.bot.troubles.extend([None, trouble])
        with pytest.raises(Unclear, match="first 1 of 2 parts"):
            await s.channel.send(s.outbound("x" * 2_000, files=(bill,)))
        assert [m for m, _ in s.bot.asked if m.startswith("send")] == ["sendDocument", "sendMessage"]


async def test_a_message_sent_again_goes_on_where_it_stopped() -> None:
    async with scene() as s:
        files = [await s.file(f"{n}.jpg", JPEG, "image/jpeg") for n in range(3)]
        message = s.outbound("x" * 5_000, files=tuple(files))
        s.bot.troubles.extend([None, None, Trouble.SILENT])
        with pytest.raises(Unclear) as stopped:
            await s.channel.send(message)
        assert len(stopped.value.sent) == 4
        del s.ann.screen[4:]
        sent = await s.channel.send(replace(message, sent=stopped.value.sent))
        assert [len(item.text) for item in s.ann.screen] == [0, 0, 0, 4_096, 904]
        assert sent.external_ids == tuple(f"{s.ann.id}:{item.message_id}" for item in s.ann.screen)


async def test_a_message_that_would_take_minutes_stops_between_two_parts_and_is_in_no_doubt() -> None:
    async with scene() as s:
        bill = await s.file("a.pdf", b"%PDF", "application/pdf")
        message = s.outbound("x" * 2_000, files=(bill,))
        s.bot.troubles.extend([None, *[Trouble.TOO_MANY] * 2])
        with pytest.raises(TryLater) as stopped:
            await s.channel.send(message)
        assert stopped.value.sent == (f"{s.ann.id}:{s.ann.screen[0].message_id}",)
        await s.channel.send(replace(message, sent=stopped.value.sent))
        assert [m for m, _ in s.bot.asked].count("sendDocument") == 1
        assert [len(item.text) for item in s.ann.screen] == [0, 2_000]


async def test_the_hub_never_gives_up_a_send_before_the_channel_does() -> None:
    async with scene() as s:
        assert s.channel.capabilities.send_seconds >= PATIENCE / 1_000 + ANSWER


async def test_who_blocked_the_bot_is_named_in_words() -> None:
    async with scene() as s:
        s.ann.block()
        with pytest.raises(Refused, match="They blocked the bot") as refused:
            await s.channel.send(s.outbound("x"))
        assert refused.value.reach is ReachState.BLOCKED


async def test_who_never_wrote_to_the_bot_cannot_be_written_to() -> None:
    async with scene() as s:
        del s.bot.people[s.ann.id]
        with pytest.raises(Refused, match="never wrote"):
            await s.channel.send(s.outbound("x"))
        assert not s.channel.capabilities.can_start


async def test_a_file_whose_bytes_are_gone_is_refused() -> None:
    async with scene() as s:
        with pytest.raises(Refused, match="gone"):
            await s.channel.send(s.outbound("x", files=(FileRef(99),)))


async def test_typing_is_shown_and_losing_it_is_no_failure() -> None:
    async with scene() as s, asyncio.TaskGroup() as group:
        thread = s.outbound("x").thread
        seen = group.create_task(anext(aiter(s.ann.watch())))
        await asyncio.sleep(0)
        await s.channel.show_typing(thread, on=True)
        assert (await seen).typing
        s.ann.block()
        await s.channel.show_typing(thread, on=True)
        await s.channel.show_typing(thread, on=False)
        assert not s.ann.screen


async def test_a_group_that_moved_is_followed_once() -> None:
    async with scene() as s:
        moved = s.bot.person("The same group")
        s.bot.troubles.append(Trouble.MOVED)
        sent = await s.channel.send(s.outbound("hello"))
        assert sent.external_ids == (f"{moved.id}:{moved.screen[0].message_id}",)
        assert not s.ann.screen
        s.bot.troubles.extend([Trouble.MOVED, Trouble.MOVED])
        with pytest.raises(Refused):
            await s.channel.send(s.outbound("hello"))


async def test_the_bot_is_invited_to_by_the_name_that_telegram_knows() -> None:
    async with scene() as s:
        assert s.channel.capabilities.invitation == "https://t.me/shop_bot?start={token}"
