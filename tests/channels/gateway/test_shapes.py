from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from channels.contract import NotUnderstood
from channels.gateway.parse import arrived, moment
from channels.gateway.settings import GatewaySettings
from channels.gateway.shapes import filled_form, filled_json, filled_url, found, said
from crm_core.words.addresses import TEL, Address
from tests.channels.gateway.provider import SETTINGS

NOW = 1_767_603_600_000


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("1767603540", NOW - 60_000),
        ("1767603540000", NOW - 60_000),
        ("2026-01-05T08:59:00+00:00", NOW - 60_000),
        ("2026-01-05 08:59:00", NOW - 60_000),
        ("2026-01-05T10:59:00+02:00", NOW - 60_000),
        ("", NOW),
        ("yesterday", NOW),
        ("-5", NOW),
        ("nan", NOW),
        ("inf", NOW),
        ("9" * 40, NOW),
        ("2099-01-01T00:00:00Z", NOW),
    ],
)
def test_times_are_read_or_taken_for_now(text: str, when: int) -> None:
    assert moment(text, NOW) == when


def test_a_local_number_is_one_of_the_accounts_country_else_of_the_houses() -> None:
    record = {"id": "m1", "from": "22 123 45 67", "text": "Dzień dobry"}
    silent = GatewaySettings(**{**SETTINGS, "region": ""})
    assert arrived(record, silent, NOW, region="PL").sender == Address(TEL, "+48221234567")
    assert arrived({**record, "from": "044 1234567"}, GatewaySettings(**SETTINGS), NOW, region="PL").sender == Address(
        TEL, "+380441234567"
    )


json_data = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["id", "from", "text", "a"]), inner),
    max_leaves=10,
)


@given(json_data, st.sampled_from(["", "id", "a.0.id", "from", "0", "a.a.a"]))
def test_whatever_a_report_holds_looking_into_it_is_safe(data: Any, path: str) -> None:
    found(data, path)
    assert isinstance(said(data, path), str)


@given(json_data)
def test_whatever_a_record_holds_it_is_a_message_or_not_understood(record: Any) -> None:
    settings = GatewaySettings(**SETTINGS)
    try:
        message = arrived(record, settings, NOW)
    except NotUnderstood:
        return
    assert message.external_id
    message.content.text.encode("utf-8")


@given(st.text(), st.text())
def test_no_word_leaves_its_place(to: str, text: str) -> None:
    words = {"to": to, "text": text}
    assert filled_json({"a": "{to}", "b": ["{text}!"]}, words) == {"a": to, "b": [text + "!"]}
    assert filled_form([("t", "{text}")], words) == [("t", text)]
    if all(not 0xD800 <= ord(c) <= 0xDFFF for c in to):
        assert not set(filled_url("{to}", words)) & set("&?#/=% +") - {"%"}


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ({"url": "ftp://gateway.example"}, "address"),
        ({"url": "http://gateway.example/send"}, "https"),
        ({"url": "https://{to}.example/"}, "host"),
        ({"url": "https://user:pass@gateway.example/"}, "address"),
        ({"body": "{to} {text}"}, "JSON"),
        ({"body": '{"to": "{too}", "text": "{text}"}'}, "too"),
        ({"body": '{"to": "{to}"}'}, "text"),
        ({"body_kind": "form", "body": "to"}, "form"),
        ({"method": "GET"}, "GET"),
        ({"auth": "basic"}, "name"),
        ({"auth": "bearer", "auth_secret": "a\r\nX: y"}, "one line"),
        ({"check": "header"}, "name"),
        ({"check_secret": "short"}, "12"),
        ({"headers": ["X Bad"]}, "header"),
        ({"headers": ["X: a\r\nY: b"]}, "one line"),
        ({"in_id": "a..b"}, "path"),
        ({"statuses": {"x": "teleported"}}, "delivered"),
        ({"sender": "+1"}, "number"),
    ],
)
def test_what_can_never_work_is_said_when_it_is_saved(setting: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        GatewaySettings(**{**SETTINGS, **setting})
