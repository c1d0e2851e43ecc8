from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace

from channels.conformance import Fault, ListensConformance, SendsConformance, WebhookConformance
from channels.contract import Channel, Sends, Sent, WebhookRequest
from tests.channels.viber.telling import KEY, Scene, outbound, request, said, scene, told

ANSWERS = {Fault.UNAUTHORISED: 2, Fault.TOO_MANY: 12, Fault.REFUSED: 6, Fault.SILENT: "cut"}


class TestViber(SendsConformance, WebhookConformance, ListensConformance):
    kind = "viber"
    open_scene: Scene

    def open(self) -> AbstractAsyncContextManager[Channel]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Channel]:
        async with scene() as opened:
            self.open_scene = opened
            yield opened.channel

    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        assert isinstance(channel, Sends)
        if fault is not None:
            self.open_scene.cloud.answers.append(ANSWERS[fault])
        return await channel.send(outbound("hello"))

    def genuine(self) -> WebhookRequest:
        return request(said(type="text", text="a message to the service"))

    def forged(self) -> Sequence[WebhookRequest]:
        genuine = self.genuine()
        return [
            request(said(type="text", text="x"), key=None),
            request(said(type="text", text="x"), key="another key of another bot"),
            request(said(type="text", text="x"), key=""),
            replace(genuine, body=genuine.body.replace(b"service", b"servant")),
            replace(genuine, body=genuine.body + b" "),
            replace(genuine, headers={"X-Viber-Content-Signature": "ї" * 64}),
            replace(genuine, headers={"X-Viber-Content-Signature": KEY}),
        ]

    def unknown(self) -> WebhookRequest:
        return request(told("brain_wave"))
