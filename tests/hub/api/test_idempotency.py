"""The same key with the same request is one effect and one answer, however often and however fast it comes."""

from __future__ import annotations

import asyncio

import pytest

from tests.hub.api.conftest import Staff, Things

REPLY = {"text": "We are on it."}


async def test_a_repeated_reply_is_one_entry_and_one_answer(staff: Staff, things: Things) -> None:
    ask, path = staff.supervisor.ask, things.path("/conversations/{conversation_id}/replies")
    key = {"Idempotency-Key": "a-1"}

    first, second = [await ask("POST", path, REPLY, headers=key) for _ in range(2)]

    assert (first.status, second.status) == (201, 201)
    assert first.text == second.text
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await _said(staff, things) == ["We are on it."]


async def test_twenty_at_once_are_one_effect(staff: Staff, things: Things) -> None:
    ask, path = staff.supervisor.ask, things.path("/conversations/{conversation_id}/replies")

    answers = await asyncio.gather(*(ask("POST", path, REPLY, headers={"Idempotency-Key": "a-1"}) for _ in range(20)))

    assert {answer.status for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert await _said(staff, things) == ["We are on it."]


async def test_the_same_key_with_another_request_is_refused(staff: Staff, things: Things) -> None:
    ask, path = staff.supervisor.ask, things.path("/conversations/{conversation_id}/replies")
    key = {"Idempotency-Key": "a-1"}
    await ask("POST", path, REPLY, headers=key)

    for other_path, body in ((path, {"text": "Other words."}), (path.replace("replies", "notes"), REPLY)):
        answer = await ask("POST", other_path, body, headers=key)
        assert answer.status == 422
        assert "Idempotency-Key" in answer.body["detail"]
    assert await _said(staff, things) == ["We are on it."]


async def test_two_people_may_use_the_same_key(staff: Staff, things: Things) -> None:
    path, key = things.path("/conversations/{conversation_id}/replies"), {"Idempotency-Key": "a-1"}

    for person in (staff.supervisor, staff.administrator):
        assert (await person.ask("POST", path, REPLY, headers=key)).status == 201

    assert await _said(staff, things) == ["We are on it.", "We are on it."]


async def test_what_was_refused_is_not_kept(staff: Staff, things: Things) -> None:
    ask, key = staff.administrator.ask, {"Idempotency-Key": "a-1"}
    taken = {"name": "Again", "email": "ada@example.com"}
    assert (await ask("POST", "/agents", taken, headers=key)).status == 409

    agent = (await ask("GET", f"/agents/{staff.agent.id}")).body
    moved = {"version": agent["version"], "email": "ada2@example.com"}
    assert (await ask("PATCH", f"/agents/{staff.agent.id}", moved)).status == 200

    assert (await ask("POST", "/agents", taken, headers=key)).status == 201


@pytest.mark.parametrize("key", ["", "a" * 129, "with space", "naïve"])
async def test_a_key_that_is_none_is_refused(staff: Staff, things: Things, key: str) -> None:
    answer = await staff.supervisor.ask(
        "POST", things.path("/conversations/{conversation_id}/replies"), REPLY, headers={"Idempotency-Key": key}
    )

    assert answer.status == 422
    assert await _said(staff, things) == []


async def _said(staff: Staff, things: Things) -> list[str]:
    entries = await staff.supervisor.ask("GET", things.path("/conversations/{conversation_id}/entries"))
    return [entry["text"] for entry in entries.body["items"] if entry["direction"] == "out"]
