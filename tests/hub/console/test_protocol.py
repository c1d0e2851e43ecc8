from __future__ import annotations

import struct
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.store.journal import Committed
from crm_core.words.events import DispositionChanged, encode
from crm_core.words.values import DispositionValue
from hub.console import typescript
from hub.console.backlog import Backlog, Kept
from hub.console.frames import NotAFrame, NotJson, decoded, encoded_event, framed
from hub.console.origins import origin_of
from hub.console.protocol import FromServer, Happened, Watch


def test_the_generated_types_are_in_step() -> None:
    assert typescript.is_in_step(), "write them with `hub protocol --write`"


def test_types_out_of_step_are_noticed(tmp_path: Path) -> None:
    path = tmp_path / "protocol.gen.ts"
    assert not typescript.is_in_step(path)
    typescript.write(path)
    assert typescript.is_in_step(path)
    path.write_text(path.read_text().replace("EntryValue", "EntryVolue"))
    assert not typescript.is_in_step(path)


def test_generated_types_tell_frames_apart_and_keep_their_docs() -> None:
    text = typescript.generate()
    assert '  type: "watched";' in text
    assert "/** Found from the bytes, never what the sender claimed. */" in text
    assert "  resume?: Resume | null;" in text


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 200_000])
def test_frames_have_the_length_that_their_payload_has(size: int) -> None:
    frame = framed(b"x" * size)
    short = frame[1]
    assert frame[0] == 0x81
    if short < 126:
        length, head = short, 2
    elif short == 126:
        length, head = struct.unpack("!H", frame[2:4])[0], 4
    else:
        length, head = struct.unpack("!Q", frame[2:10])[0], 10
    assert length == size == len(frame) - head


def committed(position: int, at: int = 0) -> Committed:
    event = DispositionChanged(disposition=DispositionValue(id=1, name='"quoted" 你好'))
    return Committed(position, at, event, encode(event))


def test_an_event_frame_reads_back_as_the_event() -> None:
    frame = encoded_event(committed(7, 9))
    read = msgspec.json.decode(frame[2:] if frame[1] < 126 else frame[4:], type=FromServer)
    assert read == Happened(position=7, at=9, event=committed(7).event)


@given(st.text())
def test_no_text_from_a_console_does_anything_but_be_refused(text: str) -> None:
    try:
        frame = decoded(text)
    except (NotJson, NotAFrame):
        return
    assert frame is not None


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner, max_size=3)))
def test_no_json_but_a_frame_is_one(value: object) -> None:
    with pytest.raises((NotAFrame, NotJson)):
        decoded(msgspec.json.encode(value).decode())


def test_a_good_frame_is_read() -> None:
    assert decoded('{"type":"watch","conversation_id":5}') == Watch(conversation_id=5)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://hub.example.com", "https://hub.example.com"),
        ("https://HUB.example.com:443/console/", "https://hub.example.com"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://[::1]:8080/x", "http://[::1]:8080"),
        ("http://hub:80", "http://hub"),
        ("https://hub:80", "https://hub:80"),
    ],
)
def test_origins_are_written_as_browsers_write_them(url: str, origin: str) -> None:
    assert origin_of(url) == origin


def filled(*positions: int, most: int = 100, most_bytes: int = 1_000_000) -> Backlog:
    backlog = Backlog(most=most, most_bytes=most_bytes)
    for position in positions:
        backlog.add(Kept.of(committed(position)))
    return backlog


def test_the_backlog_has_what_came_after_a_position() -> None:
    backlog = filled(5, 6, 7)
    for position, missed in ((4, [5, 6, 7]), (6, [7]), (7, [])):
        found = backlog.since(position, 0)
        assert found is not None
        assert [kept.position for kept in found] == missed


def test_the_backlog_admits_what_it_has_not() -> None:
    backlog = filled(5, 6, 7)
    assert backlog.since(3, 0) is None
    assert backlog.since(8, 0) is None
    assert Backlog().since(3, 0) is None


def test_the_backlog_is_bounded_in_events_and_in_bytes() -> None:
    assert filled(*range(1, 50), most=10).since(38, 0) is None
    assert filled(*range(1, 50), most=10).since(39, 0) is not None
    size = len(encoded_event(committed(10)))
    assert filled(*range(10, 60), most_bytes=5 * size).since(54, 0) is not None
    assert filled(*range(10, 60), most_bytes=5 * size).since(53, 0) is None


def test_the_backlog_takes_what_the_journal_has_from_before() -> None:
    backlog = filled(5, 6)
    backlog.add_before([Kept.of(committed(p)) for p in (2, 3, 4, 5)])
    found = backlog.since(1, 0)
    assert found is not None
    assert [kept.position for kept in found] == [2, 3, 4, 5, 6]


def test_a_new_backlog_stands_where_the_journal_stands() -> None:
    backlog = Backlog()
    backlog.begin(41)
    assert backlog.since(41, 0) == []
    assert backlog.since(40, 0) is None
    backlog.add(Kept.of(committed(42)))
    found = backlog.since(41, 0)
    assert found is not None
    assert [kept.position for kept in found] == [42]
