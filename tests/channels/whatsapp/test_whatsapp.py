from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from channels.conformance import Fault, ListensConformance, SendsConformance, WebhookConformance
from channels.contract import Channel, Refused, Sends, Sent, Unclear, WebhookRequest
from channels.simulators.twilio import Answer, TwilioCloud
from channels.whatsapp import MANIFEST
from channels.whatsapp.settings import WhatsAppSettings
from crm_core.words.addresses import TEL, WHATSAPP, Address
from crm_core.words.content import Content, DeliveryStatus, FileRef, Place, Template, ThreadKey
from tests.channels.sms.test_conformance import ANSWERS
from tests.channels.twilio.bench import KNOWN, inbound, outbound, webhook, world

OURS = "whatsapp:+14155550111"
THEIRS = "whatsapp:+14155550100"
HELLO = "HX" + "a" * 32
SETTINGS: dict[str, Any] = {
    "templates": [{"id": HELLO, "name": "hello", "text": "Hello {{1}}, about {{2}}?", "language": "en"}]
}


def message(text: str = "Hello", **more: Any) -> Any:
    """A message of an agent's to the WhatsApp of THEIRS."""
    return outbound(text, to=Address(WHATSAPP, "+14155550100"), thread=ThreadKey(f"{THEIRS}>{OURS}"), **more)


class TestWhatsApp(SendsConformance, WebhookConformance, ListensConformance):
    kind = "whatsapp"
    settings = SETTINGS
    cloud: TwilioCloud

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Channel]:
        async with world(self.manifest(), self.settings, sender=OURS) as it:
            self.cloud = it.cloud
            yield it.channel

    def open(self) -> AbstractAsyncContextManager[Channel]:
        return self._open()

    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        assert isinstance(channel, Sends)
        if fault is not None:
            self.cloud.answers.append(ANSWERS[fault])
        return await channel.send(message())

    def genuine(self) -> WebhookRequest:
        return webhook(inbound(**{"From": THEIRS, "To": OURS}))

    def forged(self) -> Sequence[WebhookRequest]:
        return [replace(self.genuine(), body=b"From=x"), webhook(inbound(), token="another")]

    def unknown(self) -> WebhookRequest:
        return webhook({"EventType": "read.all"})


async def test_a_message_proves_the_phone_number_and_tells_the_name() -> None:
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        await it.cloud.phone(THEIRS, name="Olena =1+1").text(OURS, "Привіт")
    (arrived,) = it.arrived
    assert arrived.sender == Address(WHATSAPP, "+14155550100")
    assert arrived.proves == (Address(TEL, "+14155550100"),)
    assert (arrived.sender_name, arrived.content.text) == ("Olena =1+1", "Привіт")


async def test_a_place_and_a_pressed_button_are_read() -> None:
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        phone = it.cloud.phone(THEIRS)
        await phone.share_place(OURS, 50.45, 30.52, "Kyiv")
        await it.channel.send(message("Which?"))
        await phone.press(phone.received[0], "The red one", "red")
    place, pressed = it.arrived
    assert place.content.place == Place(latitude=50.45, longitude=30.52, title="Kyiv")
    assert place.content.problem is None
    assert (pressed.content.text, pressed.sender_facts["button"]) == ("The red one", "red")
    assert pressed.in_reply_to == phone.received[0].sid


@pytest.mark.parametrize("spot", [("91", "0"), ("nan", "1"), ("x", "y"), ("inf", "0"), ("", "")])
async def test_a_place_that_is_nowhere_is_none(spot: tuple[str, str]) -> None:
    fields = inbound("Here", **{"From": THEIRS, "To": OURS, "Latitude": spot[0], "Longitude": spot[1]})
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        await it.channel.receive(webhook(fields), it.recorder)
    assert it.arrived[0].content.place is None


async def test_outside_the_window_only_a_template_arrives() -> None:
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        it.cloud.templates[HELLO] = "Hello {{1}}, about {{2}}?"
        await it.channel.send(message("Too late"))
        await it.cloud.settled()
        template = Content(template=Template(id=HELLO, variables={"1": "Olena", "2": "the “order”"}))
        await it.channel.send(message(content=template))
        await it.cloud.settled()
        (received,) = it.cloud.phone(THEIRS).received
    failed = next(r for r in it.reports if r.status is DeliveryStatus.FAILED)
    assert failed.reason
    assert "24-hour window" in failed.reason
    assert json.loads(received.extra["ContentVariables"]) == {"1": "Olena", "2": "the “order”"}


async def test_within_the_window_anything_arrives_and_is_seen_to_be_read() -> None:
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        phone = it.cloud.phone(THEIRS)
        await phone.text(OURS, "Hello")
        it.clock.advance(23 * 3_600_000)
        content = Content(text="Look", files=(FileRef(3),), place=Place(latitude=1, longitude=2, title="A|B"))
        await it.channel.send(message(content=content))
        phone.read(phone.received[0])
        await it.cloud.settled()
    assert phone.received[0].media_urls == ("https://files.example/files/3",)
    assert phone.received[0].extra["PersistentAction"] == "geo:1.000000,2.000000|A/B"
    assert it.reports[-1].status is DeliveryStatus.READ


async def test_a_template_that_the_account_does_not_have_is_refused() -> None:
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        with pytest.raises(Refused):
            await it.channel.send(message(content=Content(template=Template(id="HX" + "b" * 32))))


async def test_a_doubtful_template_is_found_by_its_filled_gaps_or_left_unclear() -> None:
    known = Content(template=Template(id=HELLO, variables={"1": "Olena", "2": "lunch"}))
    partly = Content(template=Template(id=HELLO, variables={"1": "Olena"}))
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        it.cloud.templates[HELLO] = "Hello Olena, about lunch?"
        it.cloud.answers.append(Answer.CUT)
        with pytest.raises(Unclear):
            await it.channel.send(message(content=known))
        with pytest.raises(Unclear):
            await it.channel.recall(message(content=partly))
        found = await it.channel.recall(message(content=known))
    assert found is not None


def test_what_it_can_carry_follows_from_the_templates() -> None:
    assert WhatsAppSettings(**KNOWN, sender="+14155550111").sender == OURS
    with pytest.raises(ValidationError):
        WhatsAppSettings(**KNOWN, sender="BANK")


async def test_the_window_and_the_templates_are_capabilities() -> None:
    async with world(MANIFEST, SETTINGS, sender=OURS) as it:
        able = it.channel.capabilities
    assert (able.window_hours, able.max_files, able.can_start) == (24, 1, True)
    assert [template.id for template in able.templates] == [HELLO]
