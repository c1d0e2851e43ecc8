"""The channel against the stand-in: what a bot and its people do to each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from channels.conformance import Bench
from channels.contract import (
    Account,
    AccountBroken,
    DeliveryReported,
    MessageArrived,
    ReachChanged,
    Refused,
    TryLater,
    Unclear,
)
from channels.simulators.viber import Bot, Person, Trouble, ViberServer
from channels.viber.channel import Viber
from channels.viber.examine import examine_viber
from channels.viber.settings import ViberSettings
from crm_core.words.addresses import VIBER, Address
from crm_core.words.content import Button, DeliveryStatus, Place, ReachState
from crm_core.words.values import FileValue
from tests.channels.simulators.door import Door, door
from tests.channels.viber.telling import outbound
from tests.peers.clock import VirtualClock

KEY = "445da6az1s345z78-dazcczb2542zv51a"
JPEG = b"\xff\xd8\xff picture"


@dataclass
class Scene:
    """A bot, one person, and the channel that is open for it."""

    bot: Bot
    ann: Person
    door: Door
    channel: Viber
    bench: Bench
    account: Account
    http: aiohttp.ClientSession

    @property
    def messages(self) -> list[MessageArrived]:
        return [event for event in self.door.events if isinstance(event, MessageArrived)]

    @property
    def receipts(self) -> list[tuple[str, DeliveryStatus]]:
        found = [event for event in self.door.events if isinstance(event, DeliveryReported)]
        return [(str(event.external_id), event.status) for event in found]

    def answer(self, text: str = "", **more: Any) -> Any:
        return self.channel.send(outbound(text, thread=self.ann.id, **more))


@asynccontextmanager
async def scene(*, written: str = "") -> AsyncIterator[Scene]:
    clock = VirtualClock()
    server = ViberServer(clock)
    bot = server.bot(KEY, name="Shop")
    if written:
        bot.person("Ann Lee").write(written)
    async with server.serving() as url, door() as at, aiohttp.ClientSession() as http, asyncio.TaskGroup() as group:
        bench = Bench(clock)
        settings = ViberSettings.model_validate({"auth_token": KEY, "sender_name": "Shop", "api_url": url})
        account = Account(7, "pub-key", "Shop", settings, at.url)
        channel = Viber(account, bench.tools(http))
        at.channel = channel
        listening = group.create_task(channel.listen(at.deliver))
        async with asyncio.timeout(60):
            while not bot.webhook:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        yield Scene(bot, bot.person("Ann Lee"), at, channel, bench, account, http)
        listening.cancel()


async def test_the_bot_is_pointed_at_the_hub_which_is_called_before_it_is_believed() -> None:
    async with scene() as s:
        assert s.bot.webhook == s.door.url
        assert s.bot.caller.called[0] == (s.door.url, 200)
        findings = await examine_viber(s.account, s.bench.tools(s.http))
        assert [(f.step, f.problem) for f in findings] == [("server", None), ("token", None), ("webhook", None)]


async def test_what_was_written_before_the_bot_was_pointed_anywhere_waits() -> None:
    async with scene(written="too early?") as s:
        await s.door.until(lambda: bool(s.messages))
        assert s.messages[0].content.text == "too early?"


async def test_what_people_send_arrives_with_its_file_and_place() -> None:
    async with scene() as s:
        token = s.ann.write("Привіт 🐎")
        s.ann.send_photo(JPEG, caption="look")
        s.ann.send_file("bill.pdf", b"%PDF")
        s.ann.send_place(52.23, 21.01)
        await s.door.until(lambda: len(s.messages) == 4)
        words, photo, bill, spot = s.messages
        assert (words.external_id, words.content.text, words.sender_name) == (str(token), "Привіт 🐎", "Ann Lee")
        assert words.sender == Address(VIBER, s.ann.id, "pub-key")
        kept = s.bench.files
        assert (photo.content.text, kept.contents[photo.content.files[0].id]) == ("look", JPEG)
        assert kept.names[bill.content.files[0].id] == "bill.pdf"
        assert spot.content.place == Place(latitude=52.23, longitude=21.01)
        assert s.door.refused == 0


async def test_an_answer_stands_on_the_phone_and_is_reported_as_delivered_and_seen() -> None:
    async with scene() as s:
        s.ann.write("hello")
        sent = await s.answer(
            "hi", buttons=(Button(text="Yes", key="yes"), Button(text="Shop", url="https://s.example"))
        )
        shown = s.ann.screen[-1]
        assert (shown.text, shown.mine, shown.buttons) == ("hi", False, [("Yes", "yes"), ("Shop", "https://s.example")])
        (name,) = sent.external_ids
        await s.door.until(lambda: (str(name), DeliveryStatus.DELIVERED) in s.receipts)
        s.ann.read(shown.token)
        s.ann.read(shown.token)
        s.ann.press("Shop")
        s.ann.press("Yes")
        await s.door.until(lambda: len(s.messages) == 2)
        assert s.receipts == [(name, DeliveryStatus.DELIVERED), (name, DeliveryStatus.READ)]
        assert s.messages[1].content.text == "yes"


async def test_files_go_by_links_that_viber_fetches() -> None:
    async with scene() as s:
        s.ann.write("hello")
        photo = FileValue(id=1, name="a.jpg", type="image/jpeg", size=2_000)
        bill = FileValue(id=2, name="bill.pdf", type="application/pdf", size=2_000)
        s.bench.files.names |= {1: "a.jpg", 2: "bill.pdf"}
        await s.answer("look", files=(photo, bill))
        assert [(one.text, [name for name, _ in one.links]) for one in s.ann.screen if not one.mine] == [
            ("look", []),
            ("", ["photo.jpg"]),
            ("", ["bill.pdf"]),
        ]


async def test_nobody_is_written_to_who_did_not_write_and_who_left_can_come_back() -> None:
    async with scene() as s:
        with pytest.raises(Refused, match="left the bot"):
            await s.answer("hi")
        s.ann.write("hello")
        s.ann.leave()
        with pytest.raises(Refused, match="left the bot"):
            await s.answer("hi")
        s.ann.write("I am back")
        await s.answer("hi")
        await s.door.until(lambda: len(s.messages) == 2)
        changed = [event.state for event in s.door.events if isinstance(event, ReachChanged)]
        assert changed == [ReachState.OPTED_OUT]
        assert s.messages[1].reach is ReachState.OK


async def test_an_invitation_comes_with_the_link_it_stood_in() -> None:
    async with scene() as s:
        s.ann.open()
        s.ann.open("token-41")
        await s.door.until(lambda: bool(s.messages))
        assert [message.invitation for message in s.messages] == ["token-41"]


async def test_what_comes_while_the_hub_is_away_comes_later_and_once() -> None:
    async with scene() as s:
        s.door.is_away = True
        for number in range(3):
            s.ann.write(f"message {number}")
        await s.door.until(lambda: (s.door.url, 503) in s.bot.caller.called)
        s.door.is_away = False
        await s.bot.caller.settled()
        assert [message.content.text for message in s.messages] == ["message 0", "message 1", "message 2"]


@pytest.mark.parametrize(
    ("trouble", "error", "is_sent"),
    [
        (Trouble.UNAUTHORISED, AccountBroken, False),
        (Trouble.TOO_MANY, TryLater, False),
        (Trouble.REFUSED, Refused, False),
        (Trouble.FAILS_AFTER, Unclear, True),
        (Trouble.CUT, Unclear, True),
        (Trouble.CUT_BEFORE, Unclear, False),
    ],
)
async def test_it_behaves_badly_when_told_to(trouble: Trouble, error: type[Exception], is_sent: bool) -> None:
    async with scene() as s:
        s.ann.write("hello")
        s.bot.troubles.append(trouble)
        with pytest.raises(error):
            await s.answer("hi")
        assert [shown.text for shown in s.ann.screen if not shown.mine] == (["hi"] if is_sent else [])


async def asked(s: Scene, method: str, **said: Any) -> dict[str, Any]:
    settings = s.account.settings
    assert isinstance(settings, ViberSettings)
    headers = {"X-Viber-Auth-Token": KEY}
    async with s.http.post(f"{settings.api_url}/pa/{method}", json=said, headers=headers) as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def test_what_viber_refuses_is_refused_here() -> None:
    async with scene() as s:
        s.ann.write("hello")
        known = {"receiver": s.ann.id, "sender": {"name": "Shop"}}
        bad: list[dict[str, Any]] = [
            {**known, "type": "text", "text": ""},
            {**known, "type": "text", "text": "x" * 7_001},
            {**known, "type": "hologram"},
            {**known, "type": "text", "text": "x", "sender": {"name": "x" * 29}},
            {**known, "type": "file", "media": "https://h.example/1", "file_name": "a"},
            {**known, "type": "picture", "media": "ftp://h.example/1"},
            {**known, "type": "location", "location": {"lat": 91, "lon": 0}},
            {**known, "type": "text", "text": "x", "keyboard": {"Type": "keyboard", "Buttons": []}},
        ]
        assert [(await asked(s, "send_message", **one))["status"] for one in bad] == [3] * len(bad)
        stranger = await asked(s, "send_message", receiver="nobody", type="text", text="x")
        assert stranger["status"] == 5
        assert (await asked(s, "set_webhook", url="http://127.0.0.1:9/"))["status"] == 1
        assert s.bot.webhook == s.door.url
        assert all(shown.mine for shown in s.ann.screen)


async def test_ids_are_of_one_bot_and_stay_when_it_is_served_anew() -> None:
    clock = VirtualClock()
    first, again = (ViberServer(clock).bot(KEY) for _ in range(2))
    other = ViberServer(clock).bot("another-token-of-a-bot")
    assert first.person("Ann").id == again.person("Ann").id
    assert first.person("Ann").id not in (other.person("Ann").id, first.person("Ben").id)
    assert first.person("Ann") is first.person("Ann")
