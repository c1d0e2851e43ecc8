from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec
import pytest

from channels.contract import Visit
from channels.webchat import parse, protocol
from channels.webchat.limits import Bucket
from crm_core.words.addresses import VISITOR, Address
from crm_core.words.values import EntryKind
from tests.channels.webchat.naughty import NAUGHTY

VISIT = Visit(visitor_id=1, identity_id=5, address=Address(VISITOR, "abc", "pub"), name="Iryna")
TYPESCRIPT = Path(__file__).parents[3] / "agent_ui" / "widget" / "protocol.ts"


def send(text: str, **more: object) -> str:
    return json.dumps({"type": "send", "client_message_id": "abcdefgh1", "text": text, **more})


@pytest.mark.parametrize(
    "raw",
    [
        "",
        "{",
        "null",
        "[]",
        '"send"',
        "{}",
        '{"type":"own"}',
        '{"type":1}',
        '{"type":null}',
        '{"type":"typing"}',
        '{"type":"typing","on":"true"}',
        '{"type":"typing","on":1}',
        '{"type":"typing","on":NaN}',
        '{"type":"more","before":1.5}',
        '{"type":"more","before":-1}',
        '{"type":"more","before":0}',
        '{"type":"more","before":9007199254740992}',
        '{"type":"more","before":"*"}',
        '{"type":"more","before":"%"}',
        '{"type":"more","before":{"$ne":null}}',
        '{"type":"read","entry_id":true}',
        '{"type":"hello","token":{"$ne":null}}',
        '{"type":"hello","token":["a"]}',
        '{"type":"hello","user":"victim"}',
        '{"type":"hello","role":"administrator"}',
        '{"type":"send","client_message_id":"short","text":"x"}',
        '{"type":"send","client_message_id":"has spaces in","text":"x"}',
        '{"type":"send","client_message_id":"line-feed-after\\n","text":"x"}',
        '{"type":"send","client_message_id":"abcdefgh1","text":null}',
        '{"type":"send","client_message_id":"abcdefgh1","text":{"html":"x"}}',
        '{"type":"send","client_message_id":"abcdefgh1","text":"x","author":"agent"}',
        '{"type":"send","client_message_id":"abcdefgh1","text":"x","id":1}',
        '{"type":"send","client_message_id":"abcdefgh1","text":"x","at":1}',
        '{"type":"send","client_message_id":"abcdefgh1","files":[1,2,3,4,5,6,7,8,9,10,11]}',
        '{"a":' * 50_000,
        "[" * 100_000,
        '{"type":"hello","user":' + "[" * 50_000 + "]" * 50_000 + "}",
        '{"type":"hello","page":"\\ud800","user":' + '{"a":' * 5_000 + "1" + "}" * 5_000 + "}",
        '{"type":"typing","on":true} {}',
    ],
)
def test_what_is_no_frame_of_ours_gets_one_answer(raw: str) -> None:
    with pytest.raises(parse.FrameRefused) as refused:
        parse.frame(raw)
    assert refused.value.code == parse.NOT_UNDERSTOOD


def test_a_binary_frame_is_not_understood() -> None:
    with pytest.raises(parse.FrameRefused) as refused:
        parse.frame(b'{"type":"alive"}')
    assert refused.value.code == parse.NOT_UNDERSTOOD


def test_a_megabyte_is_refused_in_words() -> None:
    with pytest.raises(parse.FrameRefused) as refused:
        parse.frame(send("x" * 1_000_000))
    assert refused.value.code == parse.TOO_LARGE


def test_one_character_too_many_is_refused_with_the_name_of_the_message() -> None:
    frame = parse.frame(send("x" * 20_001))
    assert isinstance(frame, protocol.Send)
    with pytest.raises(parse.FrameRefused) as refused:
        parse.arrived(frame, VISIT, {}, 1)
    assert (refused.value.code, refused.value.client_message_id) == (parse.TOO_LARGE, "abcdefgh1")


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_strings_arrive_as_they_are_save_what_no_database_takes(text: str) -> None:
    frame = parse.frame(send(text))
    assert isinstance(frame, protocol.Send)
    said = parse.arrived(frame, VISIT, {}, 1).content.text
    assert said == re.sub("[\ud800-\udfff]", "\ufffd", text.replace("\0", "\u2400"))
    assert said.encode()


@pytest.mark.parametrize("text", NAUGHTY)
def test_naughty_names_and_pages_become_one_storable_line_or_nothing(text: str) -> None:
    said = parse.claimed(protocol.Profile(name=text[:400], email=text[:400], phone=text[:400]))
    seen = parse.facts(protocol.Hello(page=text, referrer=text, language=text[:400]), text)
    assert "page" not in seen
    for value in (*said.values(), *seen.values()):
        assert value.encode()
        assert not re.search("[\r\n\0\u202a-\u202e]", value)
        assert len(value) <= 2_000


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u2003"])
def test_an_empty_message_is_refused(text: str) -> None:
    frame = parse.frame(send(text))
    assert isinstance(frame, protocol.Send)
    with pytest.raises(parse.FrameRefused) as refused:
        parse.arrived(frame, VISIT, {}, 1)
    assert refused.value.code == parse.EMPTY


def test_half_a_surrogate_pair_is_replaced_and_the_rest_kept() -> None:
    frame = parse.frame('{"type":"send","client_message_id":"abcdefgh1","text":"a\\ud83dz \\ud83d\\ude00"}')
    assert isinstance(frame, protocol.Send)
    assert frame.text == "a\ufffdz 😀"


def test_the_name_of_a_message_belongs_to_its_identity() -> None:
    other = Visit(visitor_id=1, identity_id=6, address=VISIT.address)
    assert parse.external_id(VISIT, "abcdefgh1") != parse.external_id(other, "abcdefgh1")


def test_a_form_is_a_claim_and_no_address() -> None:
    frame = parse.frame(send("hello", profile={"name": "Ann", "email": "Ann@Example.COM", "phone": "+48 22 123 45 67"}))
    assert isinstance(frame, protocol.Send)
    arrived = parse.arrived(frame, VISIT, {"page": "https://shop.example/"}, 1)
    assert arrived.sender == VISIT.address
    assert arrived.sender_name == "Ann"
    assert arrived.sender_facts["claimed_email"] == "ann@example.com"
    assert arrived.sender_facts["claimed_phone"] == "+48221234567"


def test_a_local_number_of_a_form_is_one_of_the_houses_country() -> None:
    profile = protocol.Profile(phone="044 123-45-67")
    assert parse.claimed(profile, region="UA") == {"claimed_phone": "+380441234567"}
    assert parse.claimed(profile) == {"claimed_phone": "044 123-45-67"}


def test_a_bucket_lets_a_burst_through_and_then_one_at_a_time() -> None:
    bucket = Bucket(burst=3, every_ms=100)
    assert [bucket.wait(1_000) for _ in range(5)] == [0, 0, 0, 100, 100]
    assert bucket.wait(1_050) == 50
    assert bucket.wait(1_100) == 0
    assert bucket.wait(1_100) == 100
    assert [bucket.wait(9_000) for _ in range(3)] == [0, 0, 0]


def test_no_frame_to_visitors_has_room_for_what_is_internal() -> None:
    fields = {name for shown in (protocol.ShownEntry, protocol.ShownConversation) for name in shown.__struct_fields__}
    assert fields.isdisjoint(
        {"kind", "notice", "tags", "queue_id", "assignee_id", "subject", "priority", "disposition"}
    )
    assert EntryKind.NOTE not in fields


def _typescript() -> dict[str, set[str]]:
    source = TYPESCRIPT.read_text(encoding="utf-8")
    found = re.findall(r"export interface (\w+) \{(.*?)\n\}", source, re.DOTALL)
    return {name: set(re.findall(r"^  (\w+)\??:", body, re.MULTILINE)) for name, body in found}


def test_the_widget_knows_the_same_frames() -> None:
    structs = {
        name: thing
        for name, thing in vars(protocol).items()
        if isinstance(thing, type) and issubclass(thing, msgspec.Struct) and thing.__module__ == protocol.__name__
    }
    ours = {}
    for name, struct in structs.items():
        if name in ("ClientFrame", "ServerFrame"):
            continue
        tag = {"type"} if struct.__struct_config__.tag_field else set()
        ours[name] = set(struct.__struct_fields__) | tag
    assert ours == _typescript()


def test_a_clock_that_steps_back_does_not_silence_a_visitor() -> None:
    bucket = Bucket(burst=3, every_ms=100)
    assert bucket.wait(3_600_000) == 0
    assert [bucket.wait(0) for _ in range(4)] == [0, 0, 0, 100]
