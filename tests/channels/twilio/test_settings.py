from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from channels.sms.settings import SmsSettings
from channels.twilio.client import placed
from tests.channels.twilio.bench import KNOWN

KEY = "SK" + "a" * 32
DUBLIN = "https://api.dublin.ie1.twilio.com"


@pytest.mark.parametrize(
    ("raw", "sender"),
    [
        ("+1 (415) 555-0111", "+14155550111"),
        ("MG" + "0" * 32, "MG" + "0" * 32),
        ("12345", "12345"),
        ("Fern & Clay", "Fern & Clay"),
    ],
)
def test_a_sender_is_a_number_a_service_a_short_code_or_a_name(raw: str, sender: str) -> None:
    assert SmsSettings(**KNOWN, sender=raw).sender == sender


@pytest.mark.parametrize(
    "wrong",
    [
        {"sender": ""},
        {"sender": "A name that is too long"},
        {"sender": "+1"},
        {"sender": "whatsapp:+14155550111"},
        {"account_sid": "SK" + "0" * 32},
        {"auth_token": ""},
        {"api_sid": KEY},
        {"api_secret": "hush"},
        {"api_origin": "http://api.twilio.com"},
        {"api_origin": "https://api.twilio.com/2010-04-01"},
        {"api_origin": "https://user@api.twilio.com"},
        {"api_origin": "gopher://api.twilio.com"},
        {"price": 5},
    ],
)
def test_what_can_never_work_is_said_when_it_is_saved(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        SmsSettings(**{**KNOWN, "sender": "+14155550111", **wrong})


def test_an_api_key_signs_in_where_there_is_one() -> None:
    plain = SmsSettings(**KNOWN, sender="BANK")
    keyed = SmsSettings(**KNOWN, sender="BANK", api_sid=KEY, api_secret="hush")
    assert plain.credentials == (KNOWN["account_sid"], KNOWN["auth_token"])
    assert keyed.credentials == (KEY, "hush")


@pytest.mark.parametrize(
    ("origin", "url", "place"),
    [
        ("https://api.twilio.com", "https://messaging.twilio.com/v1/x", "https://messaging.twilio.com/v1/x"),
        (DUBLIN, "https://api.twilio.com/a?b=c", f"{DUBLIN}/a?b=c"),
        (DUBLIN, "https://messaging.twilio.com/v1", "https://messaging.dublin.ie1.twilio.com/v1"),
        ("http://127.0.0.1:99", "https://messaging.twilio.com/v1", "http://127.0.0.1:99/v1"),
    ],
)
def test_every_product_of_twilio_is_asked_in_the_same_region(origin: str, url: str, place: str) -> None:
    assert placed(url, origin) == place
