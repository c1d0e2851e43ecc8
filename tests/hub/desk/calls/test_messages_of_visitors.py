"""A message that a visitor leaves arrives while they speak: whoever closes the page has left what they said."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_core.calls.rules.call import Call
from crm_core.conversations import timeline
from crm_core.words.clock import MINUTE, SECOND
from crm_core.words.errors import Gone, NotFound, TooLarge
from crm_core.words.values import CallOutcome, CallState, EntryKind, KeptState, WorkState
from crm_core.work import actions as work
from hub.desk.calls import messages
from hub.desk.calls.messages import Caller
from hub.desk.calls.recordings import Piece, Recordings
from hub.desk.manners import CallManner, MenuKey
from hub.machinery.stretches import Stretches
from tests.hub.desk.calls.test_recordings_of_browsers import OneAccount
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene

NAME = "0123456789abcdef"
OTHER = "fedcba9876543210"
HEAD = b"OggS\0\2 a browser's sound "


class Booth:
    """A caller whose own page records what they say."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        menu = [MenuKey(digit="2", label="Message", then="voicemail")]
        self.town: Town = town_of(scene, CallManner(menu=menu, menu_prompt={"en": "Press 2."}))
        self.folder = folder
        self.accounts = OneAccount(self.town)
        self.recordings = self.reopened()

    def reopened(self) -> Recordings:
        """As after a restart."""
        self.recordings = Recordings(
            self.scene.db,
            Stretches(self.folder),
            self.accounts,  # type: ignore[arg-type]
            self.town.clock,
        )
        return self.recordings

    async def call(self, number: str = "+4930901820") -> Call:
        """Somebody calls, and is in the menu."""
        call = await self.town.plays(await self.town.ring(number))
        assert call.prompt is not None
        assert call.prompt.digits
        return call

    async def asked_for_message(self) -> Call:
        """Somebody calls, and may speak after the tone."""
        call = await self.town.presses(await self.call(), "2")
        assert call.state is CallState.VOICEMAIL
        return call

    async def piece(self, call: Call, seq: int, sound: bytes, *, last: bool = False, name: str = NAME) -> None:
        """The caller's page sends what was said within a second."""
        piece = Piece(recording=name, seq=seq, duration=seq * SECOND, last=last, sound=sound)
        await self.recordings.take_message(self.caller(call), call.id, piece)

    def caller(self, call: Call) -> Caller:
        return Caller(account_id=call.account_id, identity_id=call.identity_id)

    async def left(self, call: Call) -> list[tuple[KeptState, int | None, bytes]]:
        """What the hub has of messages, once it has looked: what became of each, how long it is, and its bytes."""
        await self.recordings.look()
        now = await self.town.now(call.id)
        kept = self.accounts.shelf.kept
        return [(one.state, one.duration, kept.get(one.file_id or 0, b"")) for one in now.recordings]

    async def is_kept(self, call: Call, sound: bytes, seconds: int) -> bool:
        """Whether this, and nothing else, is the voicemail of a call that is over."""
        left = await self.left(call)
        now = await self.town.now(call.id)
        assert [one.is_voicemail for one in now.recordings] == [True]
        assert (now.outcome, now.state) == (CallOutcome.VOICEMAIL, CallState.ENDED)
        return left == [(KeptState.STORED, seconds * SECOND, sound)]


@pytest.fixture
def booth(scene: Scene, tmp_path: Path) -> Booth:
    return Booth(scene, tmp_path / "recordings")


async def test_a_message_that_is_sent_is_work_for_somebody(booth: Booth) -> None:
    call = await booth.asked_for_message()
    await booth.piece(call, 1, HEAD)
    now = await booth.town.now(call.id)
    assert [(one.state, one.is_voicemail) for one in now.recordings] == [(KeptState.RUNNING, True)]
    await booth.piece(call, 2, b"two ")
    await booth.piece(call, 2, b"two ")
    await booth.piece(call, 3, b"three")
    await booth.piece(call, 4, b"", last=True)
    assert await booth.is_kept(call, HEAD + b"two three", 3)
    item = await booth.scene.db.read(work.open_work, call.conversation_id)
    assert item is not None
    assert item.state == WorkState.QUEUED
    assert list(booth.folder.iterdir()) == []


async def test_who_closes_the_page_has_left_what_they_said(booth: Booth) -> None:
    call = await booth.asked_for_message()
    await booth.piece(call, 1, HEAD)
    await booth.piece(call, 2, b"two")
    booth.town.clock.advance(messages.SILENT - 1)
    assert (await booth.left(call))[0][0] is KeptState.RUNNING
    booth.town.clock.advance(1)
    assert await booth.is_kept(call, HEAD + b"two", 2)
    # One line tells of the call, one message was left, and nothing of a missed call.
    lines = await booth.scene.db.read(timeline.last_of, call.conversation_id, list(EntryKind), most=9)
    assert sorted(entry.kind for entry in lines) == sorted([EntryKind.CALL, EntryKind.MESSAGE])


async def test_a_message_survives_the_hub(booth: Booth) -> None:
    call = await booth.asked_for_message()
    await booth.piece(call, 1, HEAD)
    booth.reopened()
    await booth.piece(call, 2, b"two", last=True)
    assert await booth.is_kept(call, HEAD + b"two", 2)


async def test_a_page_loaded_anew_leaves_what_was_said_before_and_nothing_more(booth: Booth) -> None:
    call = await booth.asked_for_message()
    await booth.piece(call, 1, HEAD)
    with pytest.raises(Gone):
        await booth.piece(call, 1, HEAD + b"again", name=OTHER)
    assert await booth.is_kept(call, HEAD, 1)
    with pytest.raises(Gone):
        await booth.piece(call, 2, b"late")
    assert list(booth.folder.iterdir()) == []


async def test_who_said_nothing_has_left_nothing(booth: Booth) -> None:
    call = await booth.asked_for_message()
    half = Piece(recording=NAME, seq=1, duration=SECOND // 2, last=True, sound=HEAD)
    await booth.recordings.take_message(booth.caller(call), call.id, half)
    assert await booth.left(call) == []
    assert (await booth.town.now(call.id)).state is CallState.VOICEMAIL
    assert list(booth.folder.iterdir()) == []
    over = await booth.town.hangs_up(call)
    assert (over.outcome, over.recordings) == (CallOutcome.MISSED, [])


async def test_nobody_leaves_a_message_on_anothers_call_or_when_none_was_asked_for(booth: Booth) -> None:
    call = await booth.asked_for_message()
    other = await booth.call("+4930901821")
    piece = Piece(recording=NAME, seq=1, duration=SECOND, last=False, sound=HEAD)
    for stranger in (booth.caller(other), Caller(account_id=call.account_id + 1, identity_id=call.identity_id)):
        with pytest.raises(NotFound):
            await booth.recordings.take_message(stranger, call.id, piece)
    with pytest.raises(Gone):
        await booth.piece(other, 1, HEAD)
    with pytest.raises(NotFound):
        await booth.recordings.take_message(booth.caller(call), call.id + 1_000, piece)
    assert not booth.folder.exists()


async def test_what_was_still_being_sent_when_the_call_ended_is_taken_but_not_long_after(booth: Booth) -> None:
    call = await booth.asked_for_message()
    await booth.town.hangs_up(call)
    booth.town.clock.advance(9 * MINUTE)
    await booth.piece(call, 1, HEAD, last=True)
    assert await booth.is_kept(call, HEAD, 1)
    late = await booth.asked_for_message()
    await booth.town.hangs_up(late)
    booth.town.clock.advance(11 * MINUTE)
    with pytest.raises(Gone):
        await booth.piece(late, 1, HEAD)


async def test_what_is_neither_sound_nor_film_is_no_message(booth: Booth) -> None:
    call = await booth.asked_for_message()
    await booth.piece(call, 1, b"MZ this is a program", last=True)
    assert await booth.left(call) == [(KeptState.MISSING, None, b"")]
    assert list(booth.folder.iterdir()) == []


async def test_a_message_has_an_end(booth: Booth) -> None:
    call = await booth.asked_for_message()
    half = bytes(messages.MOST_BYTES // 2)
    await booth.piece(call, 1, HEAD)
    await booth.piece(call, 2, half)
    with pytest.raises(TooLarge):
        await booth.piece(call, 3, half)
    assert await booth.is_kept(call, HEAD + half, 2)
