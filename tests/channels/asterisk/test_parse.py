from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.asterisk.names import Kind, Name, name, read, softphone_name
from channels.asterisk.parse import Source, events, finished_playback, finished_recording, moment, sound_length
from channels.asterisk.render import caller_id, endpoint_of, prompt_media
from channels.asterisk.settings import AsteriskSettings
from channels.contract import CallArrived, CallReported
from crm_core.words.calls import DigitPressed, Hears, LegAnswered, LegEnded, LegLost, LegRinging, PromptPlayed, SceneLeg
from crm_core.words.values.calls import LegRole, PromptValue

SOURCE = Source(app="switchboard", account_id=7, region="UA", line="Fern & Clay")
NOW = 1_767_603_600_000
SETTINGS = AsteriskSettings.model_validate({"password": "secret", "own_extensions": ["100-299"]})
PLAN = SETTINGS.dial_plan("UA")
LEG = "switchboard-leg-5-8"


def told(kind: str, channel: str = "177.1", **more: Any) -> dict[str, Any]:
    caller = {"name": "Olena", "number": "0441234567"}
    return {
        "type": kind, "timestamp": "2026-01-05T09:00:01.250+0000", "channel": {"id": channel, "caller": caller}, **more
    }  # fmt: skip


def signals(data: dict[str, Any]) -> list[object]:
    return [event.signal for event in events(data, SOURCE, now=NOW) if isinstance(event, CallReported)]


def test_a_call_that_comes_in_is_told_with_its_number_in_one_spelling() -> None:
    (event,) = events(told("StasisStart", args=["in", "+380445556677"]), SOURCE, now=NOW)
    assert isinstance(event, CallArrived)
    assert event.sender is not None
    assert (event.sender.value, event.sender_name, event.called) == ("+380441234567", "Olena", "+380445556677")
    assert event.at == NOW + 1_250


@pytest.mark.parametrize("args", [[], ["leg"], ["test"], None, "in"])
def test_a_channel_that_the_dialplan_did_not_send_in_is_no_call(args: object) -> None:
    assert not events(told("StasisStart", args=args), SOURCE, now=NOW)


@pytest.mark.parametrize(
    ("cause", "reason"),
    [
        (17, "busy"),
        (21, "declined"),
        (19, "no_answer"),
        (0, "hung_up"),
        (16, "hung_up"),
        (34, "failed"),
        ("x", "hung_up"),
    ],
)
def test_why_a_telephone_was_not_answered(cause: object, reason: str) -> None:
    (signal,) = signals(told("ChannelDestroyed", LEG, cause=cause, cause_txt="Why"))
    assert isinstance(signal, LegEnded)
    assert (signal.leg_id, signal.reason) == (8, reason)


def test_what_becomes_of_a_leg_is_told_of_its_call() -> None:
    ringing = told("ChannelStateChange", LEG)
    ringing["channel"]["state"] = "Ringing"
    assert signals(ringing) == [LegRinging(leg_id=8, external_id=LEG)]
    assert signals(told("StasisStart", LEG, args=["leg"])) == [LegAnswered(leg_id=8, external_id=LEG)]
    assert signals(told("StasisEnd", LEG)) == [LegEnded(leg_id=8)]
    assert signals(told("ChannelHangupRequest", LEG, cause=44)) == [LegLost(leg_id=8)]
    assert signals(told("ChannelHangupRequest", LEG, cause=16)) == []


def test_a_softphone_that_hangs_up_by_itself_is_a_tab_that_is_gone_and_one_that_never_answered_did_not() -> None:
    tab = f"PJSIP/{softphone_name('switchboard', 3, 'tab1')}-0000001a"
    ends = [told("StasisEnd", LEG), told("ChannelDestroyed", LEG, cause=16)]
    for end in ends:
        end["channel"] |= {"name": tab, "state": "Up"}
        assert signals(end) == [LegLost(leg_id=8)]
    assert len({event.key for end in ends for event in events(end, SOURCE, now=NOW)}) == 1  # type: ignore[union-attr]
    refused = told("ChannelDestroyed", LEG, cause=21)
    refused["channel"] |= {"name": tab, "state": "Ringing"}
    assert signals(refused) == [LegEnded(leg_id=8, reason="declined")]


def test_both_ways_in_which_asterisk_tells_an_end_are_one_end() -> None:
    ends = [events(told(kind), SOURCE, now=NOW)[0] for kind in ("StasisEnd", "ChannelDestroyed")]
    assert len({event.key for event in ends if isinstance(event, CallReported)}) == 1


def test_a_key_pressed_twice_is_two_keys_and_an_agents_keys_are_none() -> None:
    first = told("ChannelDtmfReceived", digit="5")
    second = first | {"timestamp": "2026-01-05T09:00:01.450+0000"}
    keys = [events(one, SOURCE, now=NOW)[0] for one in (first, second, first)]
    assert [event.key for event in keys if isinstance(event, CallReported)][0::2] == [keys[0].key] * 2  # type: ignore[union-attr]
    assert len({event.key for event in keys if isinstance(event, CallReported)}) == 2
    assert signals(first) == [DigitPressed(digit="5")]
    assert signals(told("ChannelDtmfReceived", LEG, digit="5")) == []


def test_a_prompt_that_is_over_is_told_by_its_number() -> None:
    playback = {"type": "PlaybackFinished", "playback": {"id": "switchboard-say-5-3"}}
    assert signals(playback) == [PromptPlayed(seq=3)]
    assert signals({"type": "PlaybackFinished", "playback": {"id": "switchboard-tone-5-3"}}) == []


def test_recordings_of_others_are_left_alone() -> None:
    over = {"type": "RecordingFinished", "recording": {"name": "switchboard-talk-5-3"}}
    assert finished_recording(over, SOURCE) == "switchboard-talk-5-3"
    assert finished_recording(over | {"recording": {"name": "../../etc/passwd"}}, SOURCE) == ""
    assert finished_recording(over, Source(app="another")) == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(
    st.sampled_from(["StasisStart", "StasisEnd", "ChannelDestroyed", "ChannelDtmfReceived", "PlaybackFinished",
                     "RecordingStarted", "ChannelStateChange", "ChannelHangupRequest"]),
    st.fixed_dictionaries({}, optional={key: json_values | st.fixed_dictionaries({"id": json_values | st.just(LEG)})
                                        for key in ("channel", "args", "digit", "playback", "recording", "timestamp",
                                                    "cause", "cause_txt")}),
)  # fmt: skip
def test_whatever_is_missing_or_of_another_type_says_nothing(kind: str, rest: dict[str, Any]) -> None:
    json.dumps([repr(event) for event in events({"type": kind, **rest}, SOURCE, now=NOW)])
    assert isinstance(finished_recording({"type": kind, **rest}, SOURCE), str)
    assert finished_playback({"type": kind, **rest}, SOURCE) is None or kind == "PlaybackFinished"


def test_names_are_read_back_and_nobody_elses_are() -> None:
    made = name("switchboard", Kind.SNOOP, 5, 8, "whisper", 9)
    assert read("switchboard", made) == Name(Kind.SNOOP, 5, ("8", "whisper", "9"))
    for other in ("", None, "switchboard-leg", "other-leg-5-8", "switchboard-leg-5-8;2", "switchboard-thing-5"):
        assert read("switchboard", other) is None


def test_times_of_asterisk_are_read_and_nonsense_is_now() -> None:
    assert moment("2026-01-05T10:00:00.000+0100", 0) == NOW
    assert [moment(stamp, 5) for stamp in ("", None, 7, "yesterday", "2026-01-05T10:00:00")] == [5] * 5


def test_the_length_of_a_recording_is_that_of_its_sound_not_of_its_header() -> None:
    head = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data\0\0\0\0"
    assert sound_length(head, 44 + 16_000) == 1_000
    assert [sound_length(one, 99) for one in (b"", b"RIFF", b"x" * 44, head[:28] + b"\0" * 16)] == [0] * 4


@pytest.mark.parametrize("number", ["1&PJSIP/9", "+38 044", "a/b", "", "+", "../x", "+380441234567@evil", "9" * 50])
def test_only_plain_numbers_and_names_are_called(number: str) -> None:
    leg = SceneLeg(id=8, role=LegRole.AGENT, hears=Hears.ROOM, agent_id=3, device="phone", address=number)
    assert endpoint_of(leg, SETTINGS, PLAN) is None


def test_whom_asterisk_calls_for_a_leg() -> None:
    agent = SceneLeg(id=8, role=LegRole.AGENT, hears=Hears.ROOM, agent_id=3, device="tab/1")
    assert endpoint_of(agent, SETTINGS, PLAN) == f"PJSIP/{softphone_name('switchboard', 3, 'tab/1')}"
    number = SceneLeg(id=8, role=LegRole.THIRD, hears=Hears.ROOM, address="+380441234567")
    assert endpoint_of(number, SETTINGS, PLAN) == "PJSIP/+380441234567@trunk"
    digits = SETTINGS.model_copy(update={"trunk": "PJSIP/00{digits}@trunk"})
    assert endpoint_of(number, digits, PLAN) == "PJSIP/00380441234567@trunk"
    extension = SceneLeg(id=8, role=LegRole.THIRD, hears=Hears.ROOM, address="101")
    assert endpoint_of(extension, SETTINGS, PLAN) is None


@pytest.mark.parametrize(
    "number", ["112", "911", "+380900301122", "+18769265555", "+881612345678", "301", "+380445556677"]
)
def test_what_the_dial_plan_refuses_is_not_called_for_an_agent_either(number: str) -> None:
    settings = SETTINGS.model_copy(update={"caller_id": "+380445556677"})
    leg = SceneLeg(id=8, role=LegRole.AGENT, hears=Hears.ROOM, agent_id=3, device="phone", address=number)
    assert endpoint_of(leg, settings, settings.dial_plan("UA")) is None


def test_an_agents_own_extension_is_called_inside() -> None:
    leg = SceneLeg(id=8, role=LegRole.AGENT, hears=Hears.ROOM, agent_id=3, device="phone", address="201")
    assert endpoint_of(leg, SETTINGS, PLAN) == "PJSIP/201"


def test_a_name_cannot_end_a_caller_id_early() -> None:
    assert caller_id('Olena" <+1900>\r\nX: y', "+380441234567") == '"Olena +1900 X: y" <+380441234567>'
    assert caller_id("Olena", "anonymous") == ""


def test_prompts_are_a_file_the_accounts_sounds_or_asterisks_own() -> None:
    def media(prompt: PromptValue, file: str = "", **sounds: str) -> list[str]:
        return prompt_media(prompt, AsteriskSettings.model_validate({"password": "x", "sounds": sounds}), file)

    greeting = PromptValue(seq=1, code="greeting", text="Hello")
    assert media(greeting, "https://hub.example/files/4") == ["sound:https://hub.example/files/4"]
    position = PromptValue(seq=1, code="position", position=3, wait=90_000, digits="*")
    assert media(position) == [
        "sound:queue-thereare", "number:2", "sound:queue-callswaiting", "sound:queue-holdtime", "number:2",
        "sound:queue-minutes", "sound:silence/5",
    ]  # fmt: skip
    assert media(position, position="sound:custom/line number:{position}")[:2] == ["sound:custom/line", "number:3"]
    assert media(position, "https://hub.example/files/4")[1:] == ["sound:silence/5"]
    assert media(greeting) == ["sound:silence/1"]


def test_a_playing_that_is_over_is_told_with_whether_it_failed() -> None:
    def over(state: object, playback: object = "switchboard-music-5-3") -> object:
        return finished_playback({"type": "PlaybackFinished", "playback": {"id": playback, "state": state}}, SOURCE)

    assert over("failed") == (Name(Kind.MUSIC, 5, ("3",)), True)
    assert over("done") == over(None) == over([]) == (Name(Kind.MUSIC, 5, ("3",)), False)
    assert over("failed", "somebody-elses") is None
    assert finished_playback({"type": "PlaybackStarted", "playback": {"id": "switchboard-music-5-3"}}, SOURCE) is None
