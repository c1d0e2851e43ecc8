"""Each scene as TwiML, and what Twilio's forms say."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

from channels.contract import NotUnderstood
from channels.voice import MANIFEST
from channels.voice.parse import arrived, caller_of, digit_of, ended, explained, key_of, leg_signal, moment_of
from channels.voice.render import Ways, document, patience, spot
from crm_core.words.calls import Hears, LegAnswered, LegEnded, LegLost, LegRinging, Scene, SceneLeg
from crm_core.words.values.calls import EndedBy, LegRole, PromptValue
from crm_core.words.values.marks import Direction
from tests.channels.voice.bench import OURS, THEIRS, ringing

WAYS = Ways(public="https://hub.example/in/key", room="key-5", call_id=None, turn="t1", music="https://x.example/m.mp3")
SAY = PromptValue(seq=3, code="greeting", text="Tea & <biscuits>", language="en")
MENU = PromptValue(seq=4, code="menu", text="Press 1.", digits="12")
PLACE = PromptValue(seq=5, code="position", text="You are second.", digits="*")


def scene(hears: Hears, *, prompt: PromptValue | None = None, **more: Any) -> Scene:
    """A scene in which the contact hears this."""
    contact = SceneLeg(id=9, role=LegRole.CUSTOMER, hears=hears, external_id="CA1", connected=True)
    known: dict[str, Any] = {
        "call_id": 5,
        "version": 2,
        "direction": Direction.IN,
        "external_id": "CA1",
        "legs": (contact,),
        "prompt": prompt,
        **more,
    }
    return Scene(**known)


def verbs(text: str) -> list[str]:
    """The verbs of a document, those inside others behind a slash."""
    found = []
    for verb in ElementTree.fromstring(text):
        found.append(verb.tag)
        found += [f"{verb.tag}/{inner.tag}" for inner in verb]
    return found


@pytest.mark.parametrize(
    ("given", "expected", "word"),
    [
        (scene(Hears.PROMPT, prompt=SAY), ["Say", "Redirect"], "prompt:3"),
        (scene(Hears.PROMPT, prompt=MENU), ["Gather", "Gather/Say", "Redirect"], "prompt:4"),
        (scene(Hears.PROMPT, prompt=PLACE), ["Gather", "Gather/Say", "Redirect"], "prompt:5"),
        (scene(Hears.PROMPT), ["Gather", "Gather/Play", "Redirect"], "music"),
        (scene(Hears.MUSIC), ["Gather", "Gather/Play", "Redirect"], "music"),
        (scene(Hears.MUSIC, prompt=SAY), ["Gather", "Gather/Play", "Redirect"], "music"),
        (scene(Hears.RECORDER, prompt=SAY), ["Say", "Record", "Redirect"], "recorder:3"),
        (scene(Hears.RECORDER), ["Record", "Redirect"], "recorder"),
        (scene(Hears.ROOM), ["Dial", "Dial/Conference"], "room"),
        (scene(Hears.ROOM, over=True), ["Hangup"], "over"),
        (scene(Hears.ROOM, legs=()), ["Hangup"], "over"),
    ],
)
def test_every_scene_has_its_document(given: Scene, expected: list[str], word: str) -> None:
    assert verbs(document(given, WAYS)) == expected
    assert spot(given) == word


@pytest.mark.parametrize(
    ("reason", "answered", "expected"),
    [("busy", False, ["Reject"]), ("rejected", False, ["Reject"]), ("busy", True, ["Hangup"]), ("", False, ["Hangup"])],
)
def test_who_was_never_answered_may_be_told_that_it_is_busy(reason: str, answered: bool, expected: list[str]) -> None:
    assert verbs(document(scene(Hears.MUSIC, over=True, reason=reason), WAYS, answered=answered)) == expected


def test_words_are_quoted_and_never_become_verbs() -> None:
    nasty = PromptValue(seq=1, code="greeting", text='</Say><Dial>+19005551212</Dial>\0\ud800\ufffe "&', language="en")
    text = document(scene(Hears.PROMPT, prompt=nasty), WAYS)
    assert verbs(text) == ["Say", "Redirect"]


@pytest.mark.parametrize("text", ["x" * 10_000, "&" * 10_000, "щ" * 10_000, "<>" * 5_000])
def test_a_document_is_never_longer_than_a_live_call_takes(text: str) -> None:
    long = PromptValue(seq=1, code="menu", text=text, digits="12", language="uk")
    assert len(document(scene(Hears.PROMPT, prompt=long), WAYS)) < 4_000


@pytest.mark.parametrize(
    ("language", "tongue"),
    [("en", "en-US"), ("uk", "uk-UA"), ("ru", "ru-RU"), ("pl", "pl-PL"), ("zh", "cmn-CN"), ("sv", "sv")],
)
def test_words_are_said_in_their_language(language: str, tongue: str) -> None:
    said = PromptValue(seq=1, code="greeting", text="…", language=language)
    found = ElementTree.fromstring(document(scene(Hears.PROMPT, prompt=said), WAYS)).find("Say")
    assert found is not None
    assert found.get("language") == tongue


def test_a_recorded_prompt_is_played_instead_of_said() -> None:
    recorded = Ways(public="https://h", room="r", call_id=5, turn="t", music="", prompt_sound="https://f/1")
    text = document(scene(Hears.PROMPT, prompt=SAY), recorded)
    assert verbs(text) == ["Play", "Redirect"]
    assert "call=5" in text


def test_a_voicemail_without_words_of_its_own_has_ours() -> None:
    bare = PromptValue(seq=1, code="voicemail", language="uk")
    text = document(scene(Hears.RECORDER, prompt=bare, most_voicemail=90_000), WAYS)
    assert "Залиште" in text
    assert 'maxLength="90"' in text


def test_a_call_that_we_placed_is_named_in_every_address() -> None:
    ours = Ways(public="https://h", room="r", call_id=5, turn="t", music="https://m")
    for hears in (Hears.MUSIC, Hears.ROOM, Hears.RECORDER):
        urls = [e.get("action") or e.text for e in ElementTree.fromstring(document(scene(hears), ours)).iter()]
        assert all("call=5" in url for url in urls if url and url.startswith("https://h"))


def test_patience_needs_nothing_and_asks_again() -> None:
    text = patience("One moment.", "https://h/digit?n=1&d=2")
    assert verbs(text) == ["Say", "Pause", "Redirect"]
    assert ElementTree.fromstring(text)[2].text == "https://h/digit?n=1&d=2"
    assert verbs(patience("", "https://h")) == ["Pause", "Redirect"]


# --- what Twilio says ---


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (THEIRS, THEIRS),
        ("+44 20 7946 0018", "+442079460018"),
        ("+266696687", None),
        ("+7378742883", None),
        ("anonymous", None),
        ("Restricted", None),
        ("", None),
        ("+", None),
        ("+1", None),
        ("+99999999999999999999", None),
        ("sip:alice@example.com", None),
        ("client:alice", None),
        ("<script>alert(1)</script>", None),
        ("+1202555\u202e0100", None),
        ("0", None),
    ],
)
def test_hidden_and_malformed_numbers_are_nobodys(raw: str, value: str | None) -> None:
    found = caller_of(raw)
    assert (None if found is None else found.value) == value


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", "a\r\nBcc: x@y", "\u202egnp.exe", "x" * 5_000, "\0"])
def test_a_display_name_is_one_line_of_text(name: str) -> None:
    event = arrived({**ringing(), "CallerName": name, "SipHeader_X-Order": name, "SipHeader_User-Agent": name}, 1)
    for text in (event.sender_name, *event.sender_facts.values()):
        assert len(text) <= 200
        assert not any(c in text for c in "\r\n\0\u202e")


def test_headers_of_sip_are_facts_and_only_so_many() -> None:
    form = {**ringing(From="sip:alice@example.com"), **{f"SipHeader_X-{n}": str(n) for n in range(50)}}
    event = arrived({**form, "SipHeader_X y": "no", "SipHeader_": "no", "SipHeader_X-<b>": "no"}, 1)
    assert event.sender is None
    assert event.sender_facts["sip"] == "sip:alice@example.com"
    assert len(event.sender_facts) == 11


@pytest.mark.parametrize(
    ("status", "to", "signal"),
    [
        ("initiated", "client:a", None),
        ("queued", OURS, None),
        ("ringing", OURS, LegRinging(leg_id=4, external_id="CA1")),
        ("in-progress", OURS, LegAnswered(leg_id=4, external_id="CA1")),
        ("completed", "client:a", LegLost(leg_id=4)),
        ("completed", THEIRS, LegEnded(leg_id=4)),
        ("busy", "client:a", LegEnded(leg_id=4, reason="busy")),
        ("no-answer", THEIRS, LegEnded(leg_id=4, reason="no_answer")),
        ("failed", THEIRS, LegEnded(leg_id=4, reason="failed", by=EndedBy.NOBODY)),
        ("levitating", THEIRS, None),
    ],
)
def test_each_status_of_a_leg_means_one_thing(status: str, to: str, signal: object) -> None:
    assert leg_signal(status, "CA1", 4, to) == signal


def test_a_call_ends_once_and_everything_else_is_counted() -> None:
    one = {**ringing(), "SequenceNumber": "2"}
    assert key_of({**one, "CallStatus": "completed"}) == key_of({**one, "CallStatus": "failed", "SequenceNumber": "9"})
    assert key_of(one) != key_of({**one, "SequenceNumber": "3"})
    assert ended("canceled").by is EndedBy.SYSTEM


@pytest.mark.parametrize(
    ("raw", "moment"),
    [
        ("Mon, 05 Jan 2026 09:00:00 +0000", 1_767_603_600_000),
        ("2026-01-05T09:00:00Z", 1_767_603_600_000),
        ("2026-01-05T09:00:00.999Z", 1_767_603_600_000),
        ("yesterday", None),
        ("", None),
        ("x" * 1_000, None),
        ("Mon, 99 Jan 2026 09:00:00 +0000", None),
    ],
)
def test_a_timestamp_is_twilios_or_none(raw: str, moment: int | None) -> None:
    assert moment_of({"Timestamp": raw}) == moment


@pytest.mark.parametrize(
    ("digits", "key"), [("1", "1"), ("*", "*"), ("#", "#"), ("123", "1"), ("", ""), ("w", ""), ("٣", "")]
)
def test_a_key_is_one_of_a_telephones(digits: str, key: str) -> None:
    assert digit_of({"Digits": digits}) == key


@pytest.mark.parametrize("sid", ["", "CA1", "x" * 100, "CA1?x=1&y=22222222", "../../../etc/passwd"])
def test_a_call_has_a_name(sid: str) -> None:
    with pytest.raises(NotUnderstood):
        arrived({**ringing(), "CallSid": sid}, 1)


def test_a_stored_payload_is_explained() -> None:
    said = explained(b"CallSid=CA11111111111&From=%2B12025550100&To=%2B12025550111&CallStatus=ringing")
    assert (said["kind"], said["from"], said["status"]) == ("call", THEIRS, "ringing")
    recording = explained(b'{"CallSid":"CA11111111111","RecordingSid":"RE1","RecordingStatus":"completed"}')
    assert (recording["kind"], recording["id"]) == ("recording", "RE1")
    assert explained(b"\xff\xfe")["kind"] == "unknown"
    assert MANIFEST.explain is explained
