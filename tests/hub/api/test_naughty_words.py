"""Strings that break careless programs, in every field of the API that takes words: stored as they are or refused."""

from __future__ import annotations

from typing import Any

import pytest

from crm_core.words.text import storable
from tests.channels.webchat.naughty import NAUGHTY
from tests.hub.api.conftest import Answer, Staff, Things

SHORT = [text for text in NAUGHTY if len(text) <= 200]
FIELDS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("POST", "/conversations/{conversation_id}/notes", "text", {}),
    ("POST", "/conversations/{conversation_id}/replies", "text", {}),
    ("POST", "/contacts", "name", {}),
    ("POST", "/contacts", "note", {"name": "N"}),
    ("POST", "/contacts", "company", {"name": "N"}),
    ("POST", "/dispositions", "name", {}),
    ("POST", "/canned", "text", {}),
    ("PATCH", "/me", "name", {}),
    ("PUT", "/conversations/{conversation_id}/tags", "tags", {}),
)


@pytest.mark.parametrize(("method", "path", "field", "rest"), FIELDS, ids=[f"{f[1]} {f[2]}" for f in FIELDS])
async def test_a_naughty_string_is_kept_or_refused_and_nothing_breaks(
    staff: Staff, things: Things, method: str, path: str, field: str, rest: dict[str, Any]
) -> None:
    taken = 0
    for number, text in enumerate(SHORT):
        body = {**rest, field: [text] if field == "tags" else text}
        if path == "/canned":
            body["shortcut"] = f"s{number}"
        answer = await staff.administrator.ask(method, things.path(path), body)
        assert answer.status in (200, 201, 409, 422), (text, answer.text)
        if answer.status in (200, 201):
            taken += 1
            assert_readable(answer, field)
    assert taken > len(SHORT) / 2


def assert_readable(answer: Answer, field: str) -> None:
    """What comes back is text that any database and any reader of JSON takes."""
    shown = answer.body.get(field, answer.body.get("agent", {}).get(field))
    for text in shown if isinstance(shown, list) else [shown]:
        assert isinstance(text, str)
        assert text == storable(text)
        text.encode()


async def test_naughty_words_of_a_note_come_back_as_they_were_written(staff: Staff, things: Things) -> None:
    path = things.path("/conversations/{conversation_id}/notes")
    written = []
    for text in SHORT:
        answer = await staff.administrator.ask("POST", path, {"text": text})
        if answer.status == 201:
            written.append(storable(text))
    page = await staff.administrator.ask("GET", things.path("/conversations/{conversation_id}/entries?limit=100"))
    assert [entry["text"] for entry in page.body["items"] if entry["kind"] == "note"][-len(written) :] == written


async def test_naughty_words_are_looked_for_without_harm(staff: Staff, things: Things) -> None:
    for text in SHORT:
        safe = text.encode("utf-8", "replace").decode()
        answer = await staff.administrator.ask("GET", "/search", params={"text": safe})
        assert answer.status in (200, 422), (text, answer.text)
