from __future__ import annotations

import json
from typing import Any

import pytest

from channels.contract import DeliveryReported, MessageArrived, NotUnderstood, ReachChanged
from channels.viber.parse import Link, Said, callback, explain
from crm_core.words.addresses import Address
from crm_core.words.content import Content, DeliveryStatus, Place, ReachState
from tests.channels.viber.telling import JOHN, said, told


def read(body: Any) -> Said:
    return callback(json.dumps(body).encode(), "pub-key")


def test_a_text_comes_with_its_sender_and_a_name_of_64_bits() -> None:
    event = read(said(type="text", text="a message to the service", tracking_data="x")).event
    assert isinstance(event, MessageArrived)
    assert event.external_id == "4912661846655238145"
    assert event.sender == Address("viber", "01234567890A=", "pub-key")
    assert event.thread == "01234567890A="
    assert event.sender_name == "John McClane"
    assert event.sender_facts == {"language": "en", "country": "UK"}
    assert event.sent_at == 1_457_764_197_627
    assert event.content == Content(text="a message to the service")


@pytest.mark.parametrize(
    ("message", "content", "file"),
    [
        (
            {"type": "picture", "media": "https://dl.example/a", "text": "the door"},
            Content(text="the door"),
            Link("https://dl.example/a", "photo.jpg"),
        ),
        (
            {"type": "file", "media": "https://dl.example/a", "file_name": "bill.pdf", "size": 12},
            Content(),
            Link("https://dl.example/a", "bill.pdf"),
        ),
        (
            {"type": "video", "media": "https://dl.example/a", "duration": 3},
            Content(),
            Link("https://dl.example/a", "video.mp4"),
        ),
        (
            {"type": "sticker", "sticker_id": 40133, "media": "https://dl.example/s"},
            Content(),
            Link("https://dl.example/s", "sticker.png"),
        ),
        (
            {"type": "contact", "contact": {"name": "Bo", "phone_number": "+380441234567"}},
            Content(text="👤 Bo +380441234567"),
            None,
        ),
        (
            {"type": "location", "location": {"lat": 50.76, "lon": 6.11}},
            Content(place=Place(latitude=50.76, longitude=6.11)),
            None,
        ),
        ({"type": "url", "media": "https://shop.example"}, Content(text="https://shop.example"), None),
        ({"type": "hologram", "text": "look"}, Content(text="look", problem="not_understood"), None),
        ({"type": "text"}, Content(problem="not_understood"), None),
    ],
)
def test_every_kind_of_message_says_something(message: Any, content: Content, file: Link | None) -> None:
    got = read(said(**message))
    assert isinstance(got.event, MessageArrived)
    assert (got.event.content, got.file) == (content, file)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("delivered", DeliveryStatus.DELIVERED), ("seen", DeliveryStatus.READ), ("failed", DeliveryStatus.FAILED)],
)
def test_receipts_name_the_message_by_its_token(kind: str, status: DeliveryStatus) -> None:
    event = read(told(kind, user_id=JOHN["id"], desc="failure description")).event
    assert isinstance(event, DeliveryReported)
    assert (event.external_id, event.status, event.reason) == ("4912661846655238145", status, "failure description")


def test_who_leaves_the_bot_has_opted_out_until_they_come_back() -> None:
    left, back = read(told("unsubscribed", user_id=JOHN["id"])).event, read(told("subscribed", user=JOHN)).event
    assert isinstance(left, ReachChanged)
    assert isinstance(back, ReachChanged)
    assert left.address == back.address
    assert (left.state, back.state) == (ReachState.OPTED_OUT, ReachState.OK)


def test_who_comes_by_a_link_of_ours_brings_its_token() -> None:
    event = read(told("conversation_started", user=JOHN, type="open", context="abc", subscribed=False)).event
    assert isinstance(event, MessageArrived)
    assert event.invitation == "abc"
    assert read(told("conversation_started", user=JOHN, type="open", context="")) == Said()


def test_the_call_with_which_viber_looks_for_us_says_nothing() -> None:
    assert read(told("webhook")) == Said()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b"[" * 100_000,
        b'{"event":"message","timestamp":1}',
        b'{"event":"message","timestamp":"soon"}',
        b'{"event":["message"],"timestamp":1}',
        b'{"event":"message","timestamp":1,"sender":{"id":"x"},"message":{"type":"location","location":{"lat":"n"}}}',
        b'{"event":"message","timestamp":1,"sender":{"id":"x"},"message":{"type":"location","location":{"lat":NaN,"lon":1}}}',
        b'{"event":"webhook","timestamp":1e400}',
        b'{"event":"webhook","timestamp":-1}',
        b'{"event":"message","timestamp":1,"sender":5,"message":[]}',
        b'{"event":"subscribed","timestamp":1,"user":null}',
        b'{"event":"brain_wave","timestamp":1}',
    ],
)
def test_what_is_no_callback_is_not_understood(raw: bytes) -> None:
    with pytest.raises(NotUnderstood):
        callback(raw, "")
    assert explain(raw)["problem"]


def test_a_callback_is_explained_as_json() -> None:
    told = explain(json.dumps(said(type="picture", media="https://dl.example/a", text="x")).encode())
    assert json.loads(json.dumps(told))["says"]["content"]["text"] == "x"
    assert told["file"] == {"url": "https://dl.example/a", "name": "photo.jpg"}
