"""A visitor whom nobody can answer speaks after the tone, and closes the page: what they said is there and waits."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from crm_core.calls import queries
from crm_core.calls.rules.call import Call
from crm_core.words.clock import SECOND
from crm_core.words.values import CallOutcome, CallState, KeptState, WorkState
from crm_core.work import actions as work
from hub.api.recorded import MOST
from hub.desk.calls import messages
from tests.hub.chat.conftest import Enter, Hub, Visitor

LINE = "line-key"
NAME = "0123456789abcdef"
HEAD = b"OggS\0\2 a browser's sound "


async def until(check: Callable[[], Awaitable[Any]]) -> Any:
    """Wait until the world is so; what was found."""
    for _ in range(1_200):
        found = await check()
        if found:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("it never became so")


async def send(hub: Hub, token: str, call_id: int, sound: bytes, /, **asked: Any) -> tuple[int, str]:
    """A piece of a message, as a page sends it: the status, and the code of what was wrong."""
    query = {"recording": NAME, "seq": 1, "duration": SECOND, "last": "false", **asked}
    headers = {"Authorization": f"Bearer {token}", "Origin": hub.url}
    address = f"{hub.url}/chat/{LINE}/calls/{call_id}/message"
    async with hub.http.post(address, params=query, data=io.BytesIO(sound), headers=headers) as answer:
        return answer.status, "" if answer.status == 204 else (await answer.json())["code"]


async def asked_to_speak(hub: Hub, enter: Enter) -> tuple[Visitor, int]:
    """Somebody who called while nobody was there, and the call."""
    await hub.account(LINE, calls=True)
    visitor: Visitor = await enter(key=LINE)
    await visitor.say({"type": "call", "key": "call-key-1", "consent": True})
    while (shown := (await visitor.hear("call"))["call"])["hears"] != "recorder":
        pass
    assert shown["message"] is False
    return visitor, shown["id"]


async def call_of(hub: Hub, call_id: int) -> Call:
    return await hub.db.read(queries.whole, call_id)


async def test_who_closes_the_page_has_left_what_they_said(hub: Hub, enter: Enter, clock: Any) -> None:
    visitor, call_id = await asked_to_speak(hub, enter)
    assert await send(hub, visitor.token, call_id, HEAD) == (204, "")
    assert await send(hub, visitor.token, call_id, b"and more", seq=2, duration=2 * SECOND) == (204, "")
    assert (await visitor.hear("call"))["call"]["message"] is True
    await visitor.line.close()
    clock.advance(messages.SILENT)

    async def kept() -> Call | None:
        call = await call_of(hub, call_id)
        return call if call.state is CallState.ENDED else None

    call: Call = await until(kept)
    assert call.outcome is CallOutcome.VOICEMAIL
    [message] = call.recordings
    assert (message.state, message.is_voicemail, message.duration) == (KeptState.STORED, True, 2 * SECOND)
    item = await hub.db.read(work.open_work, call.conversation_id)
    assert item is not None
    assert item.state == WorkState.QUEUED
    assert message.file_id is not None
    async with hub.http.get(hub.house.media.signed_url(message.file_id)) as answer:
        assert await answer.read() == HEAD + b"and more"
    assert await send(hub, visitor.token, call_id, b"late", seq=3) == (410, "gone")


async def test_a_page_that_says_it_is_over_is_told_so_by_the_end_of_the_call(hub: Hub, enter: Enter) -> None:
    visitor, call_id = await asked_to_speak(hub, enter)
    assert await send(hub, visitor.token, call_id, HEAD) == (204, "")
    assert await send(hub, visitor.token, call_id, b"", seq=2, last="true") == (204, "")
    while (await visitor.hear("call"))["call"]["state"] != "over":
        pass
    assert (await call_of(hub, call_id)).outcome is CallOutcome.VOICEMAIL


async def test_a_message_is_taken_from_the_visitor_of_the_call_only(hub: Hub, enter: Enter) -> None:
    visitor, call_id = await asked_to_speak(hub, enter)
    stranger: Visitor = await enter(key=LINE)
    elsewhere: Visitor = await enter()
    for token, status in (("", 401), ("nonsense", 401), (elsewhere.token, 401), (stranger.token, 404)):
        assert (await send(hub, token, call_id, HEAD))[0] == status, token[:8]
    assert (await send(hub, visitor.token, call_id + 1, HEAD))[0] == 404
    assert (await send(hub, visitor.token, 0, HEAD))[0] == 404
    assert (await call_of(hub, call_id)).recordings == []


@pytest.mark.parametrize(
    ("asked", "size", "status"),
    [
        ({"recording": "../../x"}, 1, 422),
        ({"seq": 0}, 1, 422),
        ({"duration": -1}, 1, 422),
        ({"last": "maybe"}, 1, 422),
        ({"token": "x"}, 1, 422),
        ({}, MOST + 1, 413),
    ],
)
async def test_what_is_no_piece_of_a_message_is_refused(
    hub: Hub, enter: Enter, asked: dict[str, Any], size: int, status: int
) -> None:
    await hub.account(LINE, calls=True)
    visitor: Visitor = await enter(key=LINE)
    assert (await send(hub, visitor.token, 1, bytes(size), **asked))[0] == status


async def test_a_page_of_another_site_leaves_no_message(hub: Hub, enter: Enter) -> None:
    await hub.account(LINE, calls=True)
    visitor: Visitor = await enter(key=LINE)
    headers = {"Authorization": f"Bearer {visitor.token}", "Origin": "https://evil.example"}
    async with hub.http.post(f"{hub.url}/chat/{LINE}/calls/1/message", data=HEAD, headers=headers) as answer:
        assert answer.status == 403
