from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from channels.conformance import Fault, ListensConformance, SendsConformance, WebhookConformance
from channels.contract import Channel, Sends, Sent, WebhookRequest
from channels.simulators.telegram import Trouble
from tests.channels.telegram.telling import SECRET, URL, Scene, said, scene

TROUBLES = {
    Fault.UNAUTHORISED: Trouble.UNAUTHORISED,
    Fault.TOO_MANY: Trouble.TOO_MANY,
    Fault.REFUSED: Trouble.REFUSED,
    Fault.SILENT: Trouble.SILENT,
}


class Sending(SendsConformance):
    """What both ways of hearing share; not collected by itself."""

    kind = "telegram"
    mode = "polling"
    open_scene: Scene

    def open(self) -> AbstractAsyncContextManager[Channel]:
        return self._opened()

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Channel]:
        async with scene(mode=self.mode) as opened:
            self.open_scene = opened
            yield opened.channel

    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        assert isinstance(channel, Sends)
        self.open_scene.time.moment += 60_000
        if fault is not None:
            self.open_scene.bot.troubles.append(TROUBLES[fault])
        return await channel.send(self.open_scene.outbound("hello"))


class TestTelegramThatPolls(Sending, ListensConformance):
    mode = "polling"


def request(body: Any, secret: str | None = SECRET) -> WebhookRequest:
    headers = {"Content-Type": "application/json"}
    if secret is not None:
        headers["X-Telegram-Bot-Api-Secret-Token"] = secret
    return WebhookRequest(URL, headers, json.dumps(body).encode())


class TestTelegramThatIsCalled(Sending, WebhookConformance):
    mode = "webhook"

    def genuine(self) -> WebhookRequest:
        return request(said("hello"))

    def forged(self) -> Sequence[WebhookRequest]:
        return [
            request(said("hello"), secret)
            for secret in (None, "", SECRET[:-1], SECRET + "x", SECRET.upper(), "ї" * 24, "\udcff")
        ]

    def unknown(self) -> WebhookRequest:
        return request({"update_id": 3, "brain_wave": {"frequency": 8}})
