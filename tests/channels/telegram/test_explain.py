from __future__ import annotations

import json

import pytest

from channels.telegram import MANIFEST
from tests.channels.telegram.telling import message, said


def explained(raw: bytes) -> list[dict[str, object]]:
    assert MANIFEST.explain is not None
    told = MANIFEST.explain(raw)
    json.dumps(told)
    updates: list[dict[str, object]] = told["updates"]
    return updates


@pytest.mark.parametrize(
    "raw",
    [
        json.dumps(said("hello")),
        json.dumps([said("hello")]),
        json.dumps({"ok": True, "result": [said("hello")]}),
        "\ufeff" + json.dumps(said("hello")) + "\n",
        json.dumps(message(text="hello")),
    ],
)
def test_an_update_alone_or_among_others_is_explained(raw: str) -> None:
    (told,) = explained(raw.encode())
    (event,) = told["events"]  # type: ignore[attr-defined]
    assert event["event"] == "MessageArrived"
    assert event["content"] == {"text": "hello"}


def test_lines_of_json_are_explained_one_by_one() -> None:
    lines = "\n".join([json.dumps(said("one")), "", json.dumps({"update_id": 1, "brain_wave": {}}), "5"])
    assert [bool(told.get("problem")) for told in explained(lines.encode())] == [False, True, True]


@pytest.mark.parametrize("raw", [b"", b"\xff", b"{", b"[" * 100_000])
def test_what_is_no_json_is_said_to_be_none(raw: bytes) -> None:
    assert MANIFEST.explain is not None
    told = MANIFEST.explain(raw)
    assert told.get("problem") or told["updates"] == []
