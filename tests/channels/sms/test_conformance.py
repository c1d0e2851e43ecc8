from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from channels.conformance import Fault, ListensConformance, SendsConformance, WebhookConformance
from channels.contract import Channel, Sends, Sent, WebhookRequest
from channels.simulators.twilio import Answer, TwilioCloud
from tests.channels.twilio.bench import inbound, outbound, webhook, world

ANSWERS = {
    Fault.UNAUTHORISED: Answer.UNAUTHORISED,
    Fault.TOO_MANY: Answer.SLOW_DOWN,
    Fault.REFUSED: Answer.FORBIDDEN_COUNTRY,
    Fault.SILENT: Answer.CUT,
}


class TestSms(SendsConformance, WebhookConformance, ListensConformance):
    kind = "sms"
    settings = {"sender": "+14155550111"}
    cloud: TwilioCloud

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Channel]:
        async with world(self.manifest(), self.settings) as it:
            self.cloud = it.cloud
            yield it.channel

    def open(self) -> AbstractAsyncContextManager[Channel]:
        return self._open()

    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        assert isinstance(channel, Sends)
        if fault is not None:
            self.cloud.answers.append(ANSWERS[fault])
        return await channel.send(outbound())

    def genuine(self) -> WebhookRequest:
        return webhook(inbound())

    def forged(self) -> Sequence[WebhookRequest]:
        right = self.genuine()
        return [
            replace(right, headers={"Content-Type": right.headers["Content-Type"]}),
            replace(right, headers={**right.headers, "X-Twilio-Signature": "AAAA"}),
            replace(right, body=right.body.replace(b"Hello", b"Hallo")),
            replace(right, url=right.url + "?x=1"),
            webhook(inbound(), token="another"),
        ]

    def unknown(self) -> WebhookRequest:
        return webhook({"EventType": "something.new", "Sid": "XX1"})
