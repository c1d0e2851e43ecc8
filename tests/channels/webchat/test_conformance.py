from __future__ import annotations

from collections.abc import Sequence

import pytest
from pydantic import ValidationError

from channels.conformance import Fault, SendsConformance, VisitorsConformance
from channels.contract import Channel, OutboundMessage, Sends, Sent, TakesVisitors
from channels.webchat.settings import WebChatSettings
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.content import Content, ThreadKey
from tests.channels.standins import Desk, Socket, message


class TestWebChat(SendsConformance, VisitorsConformance):
    kind = "webchat"
    settings = {"identity_secret": "hush-hush-hush", "allowed_origins": ["https://shop.example"]}
    faults = frozenset[Fault]()

    async def send(self, channel: Channel, *, fault: Fault | None) -> Sent:
        assert isinstance(channel, Sends)
        return await channel.send(
            OutboundMessage(
                delivery=5,
                entry=message(9, "hello", ours=True),
                thread=ThreadKey("abc"),
                to=Address(VISITOR, "abc", "pub-key"),
                content=Content(text="hello"),
            )
        )

    async def attend(self, channel: Channel, frames: Sequence[str | bytes]) -> Sequence[bytes]:
        assert isinstance(channel, TakesVisitors)
        desk, socket = Desk(), Socket(["""{"type":"hello"}""", *frames], hang_up=True)
        await channel.attend(socket, desk, desk.deliver)
        bare = Socket(frames, hang_up=True)
        await channel.attend(bare, desk, desk.deliver)
        return [*socket.sent, *bare.sent]


@pytest.mark.parametrize(
    ("raw", "origin"),
    [
        ("https://shop.example", "https://shop.example"),
        ("https://Shop.Example/", "https://shop.example"),
        ("https://shop.example:443", "https://shop.example"),
        ("http://localhost:3000", "http://localhost:3000"),
    ],
)
def test_an_origin_is_kept_as_browsers_write_it(raw: str, origin: str) -> None:
    assert WebChatSettings(allowed_origins=[raw]).allowed_origins == [origin]


@pytest.mark.parametrize(
    "raw",
    [
        "*",
        "shop.example",
        "https://*.shop.example",
        "https://shop.example/path",
        "javascript:x",
        "null",
        "https://a b",
        "https://shop.example; script-src *",
        "https://user@shop.example",
        "https://shop.example?x",
        "file:///",
        "",
    ],
)
def test_what_is_no_origin_is_refused(raw: str) -> None:
    with pytest.raises(ValidationError):
        WebChatSettings(allowed_origins=[raw])
