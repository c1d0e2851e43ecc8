"""The channel against the stand-in, with the settings that the stand-in's manual would name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import pytest

from channels.conformance import Bench
from channels.contract import Account, AccountBroken, DeliveryReported, MessageArrived, Refused, TryLater, Unclear
from channels.gateway import MANIFEST
from channels.gateway.channel import Gateway
from channels.simulators.gateway import Handset, HttpGateway, Trouble, settings_of
from crm_core.words.addresses import TEL, Address
from crm_core.words.content import DeliveryStatus, ReachState
from tests.channels.gateway.provider import outbound
from tests.channels.simulators.door import Door, door
from tests.peers.clock import VirtualClock

KEY, SECRET, SHOP, ANN = "key-of-a-customer", "secret-of-reports", "8808", "+48600100200"


@dataclass
class Scene:
    """A gateway, one phone, and the channel that is open for it."""

    gateway: HttpGateway
    ann: Handset
    door: Door
    channel: Gateway

    @property
    def messages(self) -> list[MessageArrived]:
        return [event for event in self.door.events if isinstance(event, MessageArrived)]

    @property
    def receipts(self) -> list[DeliveryReported]:
        return [event for event in self.door.events if isinstance(event, DeliveryReported)]


@asynccontextmanager
async def scene() -> AsyncIterator[Scene]:
    clock = VirtualClock()
    gateway = HttpGateway(key=KEY, secret=SECRET, clock=clock)
    async with gateway.serving() as origin, door() as at, aiohttp.ClientSession() as http:
        gateway.reports = at.url
        settings = MANIFEST.settings.model_validate(settings_of(origin, key=KEY, secret=SECRET, sender=SHOP))
        async with MANIFEST.open(Account(7, "pub-key", "Shop", settings, at.url), Bench(clock).tools(http)) as channel:
            assert isinstance(channel, Gateway)
            at.channel = channel
            yield Scene(gateway, gateway.phone(ANN), at, channel)


async def test_a_text_from_a_phone_arrives_under_its_number() -> None:
    async with scene() as s:
        text = s.ann.text(SHOP, "Добрий день & {to}")
        await s.door.until(lambda: bool(s.messages))
        (message,) = s.messages
        assert (message.external_id, message.content.text) == (text.id, "Добрий день & {to}")
        assert message.sender == Address(TEL, ANN)
        assert s.door.refused == 0


async def test_stop_is_understood() -> None:
    async with scene() as s:
        s.ann.text(SHOP, "STOP")
        await s.door.until(lambda: bool(s.messages))
        assert s.messages[0].reach is ReachState.OPTED_OUT


async def test_an_answer_stands_on_the_phone_and_both_its_receipts_name_it() -> None:
    async with scene() as s:
        sent = await s.channel.send(outbound("hi", to=ANN, delivery=12))
        (shown,) = s.ann.kept
        assert (shown.text, shown.sender, shown.reference, shown.inbound) == ("hi", SHOP, "12", False)
        assert sent.external_ids == (shown.id,)
        await s.gateway.caller.settled()
        assert [(r.external_id, r.delivery, r.status) for r in s.receipts] == [
            (shown.id, 12, DeliveryStatus.SENT),
            (shown.id, 12, DeliveryStatus.DELIVERED),
        ]


async def test_a_number_that_is_not_in_use_is_reported_with_its_reason() -> None:
    async with scene() as s:
        s.ann.is_reached = False
        await s.channel.send(outbound("hi", to=ANN))
        await s.gateway.caller.settled()
        assert [(r.status, r.reason) for r in s.receipts] == [(DeliveryStatus.FAILED, "The number is not in use.")]
        assert s.ann.kept == []


async def test_the_same_reference_is_the_same_message() -> None:
    async with scene() as s:
        first = await s.channel.send(outbound("hi", to=ANN, delivery=12))
        again = await s.channel.send(outbound("hi", to=ANN, delivery=12))
        assert first == again
        assert len(s.ann.kept) == 1


async def test_what_comes_while_the_hub_is_away_comes_later_and_once() -> None:
    async with scene() as s:
        s.door.is_away = True
        for number in range(3):
            s.ann.text(SHOP, f"message {number}")
        await s.door.until(lambda: (s.door.url, 503) in s.gateway.caller.called)
        s.door.is_away = False
        await s.gateway.caller.settled()
        assert [message.content.text for message in s.messages] == ["message 0", "message 1", "message 2"]


async def test_reports_signed_with_another_secret_are_refused() -> None:
    async with scene() as s:
        s.gateway.secret = "another-secret"
        s.ann.text(SHOP, "hello")
        await s.door.until(lambda: s.door.refused > 0)
        assert s.messages == []


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
        s.gateway.troubles.append(trouble)
        with pytest.raises(error):
            await s.channel.send(outbound("hi", to=ANN))
        assert [text.text for text in s.ann.kept] == (["hi"] if is_sent else [])


async def test_what_no_gateway_takes_is_refused() -> None:
    async with scene() as s:
        with pytest.raises(Refused):
            await s.channel.send(outbound("x" * 1_001, to=ANN))
        with pytest.raises(Refused):
            await s.channel.send(outbound("hi", to="600100200"))
        assert s.gateway.sent == {}
