from __future__ import annotations

import asyncio
from dataclasses import replace

import aiohttp
import pytest

from channels.conformance import Bench, Recorder
from channels.contract import (
    Account,
    AccountBroken,
    ChannelEvent,
    MessageArrived,
    Problem,
    Refused,
    Sends,
    Stored,
    TryLater,
    Unclear,
)
from channels.viber import MANIFEST
from channels.viber.channel import Viber
from channels.viber.examine import examine_viber
from channels.viber.render import requests
from channels.viber.settings import ViberSettings
from crm_core.words.addresses import Address
from crm_core.words.content import Button, Place
from crm_core.words.errors import Conflict
from crm_core.words.values import FileValue
from tests.channels.viber.telling import KEY, NOW, URL, Scene, outbound, request, said, scene

PICTURE = FileValue(id=1, name="a.jpg", type="image/jpeg", size=2_000)
BILL = FileValue(id=2, name="bill.pdf", type="application/pdf", size=2_000)


def link(ref: object) -> str:
    return f"https://files.example/{getattr(ref, 'id', 0)}"


async def test_a_text_is_sent_to_the_thread_under_the_shops_name() -> None:
    async with scene() as s:
        sent = await s.channel.send(outbound("hello"))
        ((path, body),) = s.cloud.asked
        assert path == "send_message"
        assert (body["receiver"], body["text"], body["sender"]) == ("01=", "hello", {"name": "Shop"})
        assert sent.external_ids == ("5741311803571721001",)


def test_a_picture_carries_the_text_and_other_files_follow_it() -> None:
    (picture,) = requests(outbound("look", files=(PICTURE,)), "Shop", link)
    assert (picture["type"], picture["text"], picture["media"]) == ("picture", "look", "https://files.example/1")
    words, bill = requests(outbound("look", files=(BILL,)), "Shop", link)
    assert words["text"] == "look"
    assert (bill["type"], bill["file_name"], bill["size"]) == ("file", "bill.pdf", 2_000)


def test_buttons_stand_below_the_last_part() -> None:
    buttons = (Button(text="Yes", key="y"), Button(text="Shop", url="https://shop.example"))
    words, spot = requests(outbound("?", place=Place(latitude=1, longitude=2), buttons=buttons), "Shop", link)
    assert "keyboard" not in words
    assert [b["ActionBody"] for b in spot["keyboard"]["Buttons"]] == ["y", "https://shop.example"]


@pytest.mark.parametrize(
    "message",
    [
        outbound(),
        outbound("x" * 7_001),
        outbound("x", thread="", to=Address("tel", "+380441234567")),
        outbound(files=(FileValue(id=1, name="a", type="x/y", size=60_000_000),)),
        outbound("x", buttons=(Button(text="x"),) * 7),
    ],
)
def test_what_no_bot_can_send_is_refused_in_words(message: object) -> None:
    with pytest.raises(Refused, match=r"\w+ \w+"):
        requests(message, "Shop", link)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (2, AccountBroken),
        (24, AccountBroken),
        (6, Refused),
        (3, Refused),
        (10, TryLater),
        (12, TryLater),
        ("429", TryLater),
        ("500", Unclear),
        ("200", Unclear),
        ("cut", Unclear),
    ],
)
async def test_each_answer_has_its_consequence(answer: int | str, error: type[Exception]) -> None:
    async with scene() as s:
        s.cloud.answers.append(answer)
        with pytest.raises(error):
            await s.channel.send(outbound("x"))
        assert len(s.cloud.asked) == 1


async def test_a_message_that_stops_half_way_is_unclear_and_goes_on_from_there() -> None:
    async with scene() as s:
        s.cloud.answers.extend([None, 12])
        message = outbound("look", files=(BILL,))
        with pytest.raises(Unclear, match="first 1 of 2") as stopped:
            await s.channel.send(message)
        # Sent again, it goes on where it stopped, under the names of all its parts.
        sent = await s.channel.send(replace(message, sent=stopped.value.sent))
        assert len(s.cloud.asked) == 3
        assert sent.external_ids[:1] == stopped.value.sent
        assert len(sent.external_ids) == 2


async def receive(s: Scene, media: str) -> MessageArrived:
    await s.channel.receive(request(said(type="file", media=media, file_name="bill.pdf", text="see")), s.recorder)
    event = s.recorder.events[-1]
    assert isinstance(event, MessageArrived)
    return event


async def test_a_file_is_fetched_at_once() -> None:
    async with scene() as s:
        s.cloud.files["a"] = (200, b"%PDF")
        event = await receive(s, f"{s.url}/files/a")
        (ref,) = event.content.files
        assert (s.bench.files.names[ref.id], s.bench.files.contents[ref.id]) == ("bill.pdf", b"%PDF")


async def test_a_file_that_is_gone_is_named_and_one_that_is_away_is_waited_for() -> None:
    async with scene() as s:
        event = await receive(s, f"{s.url}/files/gone")
        assert (event.content.text, event.content.problem) == ("see\n📎 bill.pdf", "file_missing")
        s.cloud.files["away"] = (503, b"")
        with pytest.raises(TryLater):
            await receive(s, f"{s.url}/files/away")


async def test_a_message_that_is_told_again_in_other_words_is_acknowledged() -> None:
    async def used_before(event: ChannelEvent, /) -> Stored:
        raise Conflict

    async with scene() as s:
        reply = await s.channel.receive(request(said(type="text", text="x")), used_before)
        assert reply.status == 200


async def test_the_folder_opens_an_account() -> None:
    async with scene() as s:
        settings = ViberSettings.model_validate({"auth_token": KEY, "sender_name": "Shop", "api_url": s.url})
        async with MANIFEST.open(Account(7, "pub-key", "n", settings, URL), s.tools) as channel:
            assert isinstance(channel, Sends)
            assert await channel.send(outbound("x"))


async def test_viber_is_told_where_we_are_once_the_account_is_open() -> None:
    async with scene() as s, asyncio.TaskGroup() as group:
        listening = group.create_task(s.channel.listen(s.recorder))
        async with asyncio.timeout(30):
            await s.cloud.was_asked.wait()
        listening.cancel()
        assert s.cloud.asked[0][0] == "set_webhook"
        assert s.cloud.asked[0][1]["url"] == URL


async def test_a_hub_without_a_public_https_address_needs_a_person() -> None:
    async with aiohttp.ClientSession() as http:
        settings = ViberSettings.model_validate({"auth_token": KEY, "sender_name": "Shop"})
        account = Account(7, "pub-key", "n", settings, "http://hub.example/in/k")
        with pytest.raises(AccountBroken):
            await Viber(account, Bench(lambda: NOW).tools(http)).listen(Recorder())
    async with scene() as s:
        s.cloud.answers.append(1)
        with pytest.raises(TryLater, match="reach this hub"):
            await s.channel.listen(s.recorder)


async def examined(url: str, key: str = KEY, public_url: str = URL) -> dict[str, object]:
    settings = ViberSettings.model_validate({"auth_token": key, "sender_name": "Shop", "api_url": url})
    async with aiohttp.ClientSession() as http:
        account = Account(7, "pub-key", "n", settings, public_url)
        findings = await examine_viber(account, Bench(lambda: NOW).tools(http))
    return {finding.step: finding.problem or finding.words for finding in findings}


async def test_settings_are_tried_out_step_by_step() -> None:
    async with scene() as s:
        assert await examined(s.url) == {"server": "", "token": "Shop", "webhook": ""}
        assert (await examined(s.url, public_url=""))["webhook"] is Problem.MISSING
        assert (await examined(s.url, key="x" * 20))["token"] is Problem.PASSWORD
        s.cloud.webhook = "https://other.example"
        assert "replaced" in str((await examined(s.url))["webhook"])
        s.cloud.answers.append("500")
        assert await examined(s.url) == {"server": Problem.PROTOCOL}
    assert await examined("http://127.0.0.1:9") == {"server": Problem.UNREACHABLE}
    assert await examined("http://no-such-host.invalid") == {"server": Problem.NAME}
