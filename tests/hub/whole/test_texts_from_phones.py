"""A hub whose SMS account stands before the stand-in of Twilio: from the phone into the timeline and back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from channels.simulators.twilio import Answer, Phone, TwilioCloud
from channels.twilio.signature import signature
from crm_core.accounts.actions import NewAccount, add
from crm_core.conversations import timeline
from crm_core.conversations.model import Conversation
from crm_core.store.transaction import Tx
from crm_core.words.clock import Moment
from crm_core.words.content import DeliveryStatus
from crm_core.words.errors import Invalid, NotFound, NotOpenNow
from crm_core.words.permissions import Actor
from crm_core.words.values import EntryKind, EntryValue, Role
from hub.desk.assignments import Target, assign
from hub.desk.outbound import Words, reply
from tests.hub.chat.conftest import Hub
from tests.peers.clock import VirtualClock

ACCOUNT = "AC" + "0" * 32
TOKEN = "a-token-of-twilio"
OURS, THEIRS = "+15005550006", "+14155550100"
BOSS = Actor(1, "Boss", Role.ADMINISTRATOR)


def only_conversation(tx: Tx) -> int | None:
    """The conversation, if somebody wrote."""
    found: int | None = tx.scalar(select(Conversation.id))
    return found


@dataclass
class Shop:
    """The hub, Twilio, one customer's phone and one agent."""

    hub: Hub
    cloud: TwilioCloud
    phone: Phone
    anna: Actor
    clock: VirtualClock

    async def said(self) -> list[EntryValue]:
        """The messages of the only conversation; nothing before there is one."""
        conversation_id = await self.hub.db.read(only_conversation)
        if conversation_id is None:
            return []
        entries = await self.hub.db.read(timeline.page, BOSS, conversation_id)
        return [entry for entry in entries if entry.kind is EntryKind.MESSAGE]

    async def answer(self, text: str) -> EntryValue:
        """The agent takes the conversation and replies."""
        conversation_id = await self.hub.db.read(only_conversation)
        assert conversation_id is not None
        await self.hub.db.write(assign, BOSS, conversation_id, Target(agent_id=self.anna.agent_id, queue_id=None))
        directory = self.hub.house.accounts.directory()
        return await self.hub.db.write(reply, self.anna, conversation_id, Words(text=text), directory)

    async def until(self, holds: Callable[[], Awaitable[bool]], *, pace: Moment = 500) -> None:
        """Return once something holds; time goes on meanwhile by `pace` milliseconds a look, as leases want it to."""
        async with asyncio.timeout(60):
            while not await holds():
                await asyncio.sleep(0.05)
                self.clock.advance(pace)

    async def reaches(self, status: DeliveryStatus, *, pace: Moment = 500) -> None:
        """Return once the newest message of ours stands there."""

        async def stands() -> bool:
            return (await self.said())[-1].delivery is status

        await self.until(stands, pace=pace)


async def is_open(hub: Hub, key: str) -> bool:
    """Whether the account takes webhooks."""
    try:
        return hub.house.accounts.by_key(key) is not None
    except (NotFound, NotOpenNow):
        return False


@pytest.fixture
async def shop(hub: Hub, clock: VirtualClock) -> AsyncIterator[Shop]:
    cloud = TwilioCloud(account_sid=ACCOUNT, auth_token=TOKEN, clock=clock)
    async with cloud.serving() as origin:
        new = NewAccount(
            kind="sms",
            name="The shop's number",
            queue_id=hub.queue_id,
            public_key="sms-key",
            settings={"account_sid": ACCOUNT, "sender": OURS, "api_origin": origin},
            secrets={"auth_token": TOKEN},
        )
        cloud.numbers[OURS] = f"{hub.house.settings.public_url}/in/sms-key"
        await hub.db.write(add, None, hub.house.sealer, new)
        it = Shop(hub, cloud, cloud.phone(THEIRS), await hub.agent("Anna"), clock)
        await it.until(lambda: is_open(hub, "sms-key"))
        yield it


async def test_a_text_is_answered_and_the_receipt_comes_home(shop: Shop) -> None:
    _, status = await shop.phone.text(OURS, "Is it open?", media=[("image/png", b"\x89PNG\r\n\x1a\n")])
    assert status == 200
    await shop.answer("Until six.")
    await shop.reaches(DeliveryStatus.DELIVERED)
    asked, answered = await shop.said()
    assert (asked.text, asked.channel, [file.size for file in asked.files]) == ("Is it open?", "sms", [8])
    assert answered.text == "Until six."
    assert [message.body for message in shop.phone.received] == ["Until six."]


async def test_the_same_webhook_a_hundred_times_is_one_message(shop: Shop) -> None:
    await shop.phone.text(OURS, "Hello")
    form, url = shop.cloud.messages[0].webhook(), shop.cloud.numbers[OURS]
    assert set(await asyncio.gather(*(shop.cloud.call(url, form) for _ in range(100)))) == {200}
    shop.clock.advance(30 * 86_400_000)
    assert await shop.cloud.call(url, form) == 200
    assert await shop.cloud.call(url, {**form, "Body": "Other words"}) == 200
    assert [entry.text for entry in await shop.said()] == ["Hello"]


async def test_what_twilio_did_not_sign_leaves_nothing(shop: Shop) -> None:
    form = {"MessageSid": "SM" + "1" * 32, "From": THEIRS, "To": OURS, "Body": "Let me in"}
    right = signature(shop.cloud.numbers[OURS], {name: [value] for name, value in form.items()}, TOKEN)
    for headers in ({}, {"X-Twilio-Signature": right[::-1]}):
        async with shop.hub.http.post(shop.cloud.numbers[OURS], data=form, headers=headers) as answer:
            assert answer.status == 403
    async with shop.hub.http.post(shop.cloud.numbers[OURS], json=form, headers={"X-Twilio-Signature": right}) as answer:
        assert answer.status == 403
    forwarded = {"X-Twilio-Signature": right, "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    url = shop.cloud.numbers[OURS] + "?x=1"
    async with shop.hub.http.post(url, data=form, headers=forwarded) as answer:
        assert answer.status == 403
    assert await shop.said() == []


async def test_a_receipt_of_nobodys_message_is_acknowledged(shop: Shop) -> None:
    form = {"MessageSid": "SM" + "f" * 32, "MessageStatus": "delivered", "To": THEIRS, "From": OURS}
    assert await shop.cloud.call(shop.cloud.numbers[OURS] + "/status", form) == 200
    assert await shop.said() == []


@pytest.mark.parametrize("answer", [Answer.SERVER_ERROR, Answer.CUT])
async def test_a_doubtful_send_goes_out_once_and_its_receipt_proves_it(shop: Shop, answer: Answer) -> None:
    await shop.phone.text(OURS, "Hello")
    shop.cloud.answers.append(answer)
    await shop.answer("Good morning")
    await shop.reaches(DeliveryStatus.DELIVERED)
    assert [message.body for message in shop.phone.received] == ["Good morning"]


@pytest.mark.parametrize("answer", [Answer.CUT, Answer.CUT_BEFORE])
async def test_without_receipts_twilios_list_tells_whether_it_went(shop: Shop, answer: Answer) -> None:
    await shop.phone.text(OURS, "Hello")
    shop.cloud.manner.silent = True
    shop.cloud.answers.append(answer)
    await shop.answer("Good morning")
    await shop.reaches(DeliveryStatus.SENT, pace=5_000)
    assert [message.body for message in shop.phone.received] == ["Good morning"]


async def test_whoever_wrote_stop_is_not_written_to(shop: Shop) -> None:
    await shop.phone.text(OURS, "Hello")
    await shop.phone.text(OURS, "STOP")
    with pytest.raises(Invalid):
        await shop.answer("But wait")
    await shop.phone.text(OURS, "START")
    await shop.answer("Welcome back")
    await shop.reaches(DeliveryStatus.DELIVERED)
    assert [message.body for message in shop.phone.received] == ["Welcome back"]
