"""What an agent's browser records comes in pieces, is joined when it ends or the browser is gone, and is never lost."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from channels.contract import Account, Channel, Files, Kept
from channels.webchat import MANIFEST
from channels.webchat.settings import WebChatSettings
from crm_core.calls.rules.call import Call
from crm_core.files import actions as files
from crm_core.files.actions import NewFile
from crm_core.words.clock import DAY
from crm_core.words.content import FileRef
from crm_core.words.errors import Gone, NotFound, TooLarge
from crm_core.words.values import AuthorKind, KeptState, LegMode
from hub.desk.calls import acting, handing
from hub.desk.calls.handing import Onward
from hub.desk.calls.recordings import MOST_BYTES_OF_CALL, Piece, Recordings
from hub.desk.manners import CallManner
from hub.machinery.accounts import Open
from hub.machinery.stretches import Stretch, Stretches
from tests.hub.desk.calls.town import Town, town_of
from tests.hub.desk.scene import Scene

NAME = "0123456789abcdef"
LATER = 31_000


class Shelf:
    """Files of the account, in memory and in the database."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self.kept: dict[int, bytes] = {}

    async def keep(self, name: str, content: bytes | AsyncIterator[bytes], /, *, is_recording: bool = False) -> FileRef:
        sound = content if isinstance(content, bytes) else b"".join([piece async for piece in content])
        new = NewFile(
            name=name,
            type="audio/webm",
            size=len(sound),
            sha256="0" * 64,
            stored_as=f"{len(self.kept)}",
            uploader_kind=AuthorKind.SYSTEM,
            uploader_id=self._town.source.account_id,
        )
        file = await self._town.db.write(files.add, new)
        self.kept[file.id] = sound
        return FileRef(file.id)

    async def read(self, file: FileRef, /) -> Kept:
        return Kept(name="x", type="audio/webm", content=self.kept[file.id])

    def link(self, file: FileRef, /) -> str:
        return f"https://files.example/{file.id}"


class OneAccount:
    """The accounts of a house with one line. `closed`: it is not open now."""

    def __init__(self, town: Town) -> None:
        self.shelf = Shelf(town)
        self.closed = False
        self._account = Account(town.source.account_id, "pub-key", "Shop", WebChatSettings())

    def by_id(self, account_id: int) -> Open | None:
        channel: Channel = _Nothing()
        known = account_id == self._account.id and not self.closed
        return Open(self._account, "webchat", MANIFEST, channel, None) if known else None

    def files(self, opened: Open) -> Files:
        return self.shelf


class _Nothing:
    capabilities = None


class Studio:
    """A call that is recorded by an agent's browser."""

    def __init__(self, scene: Scene, folder: Path) -> None:
        self.scene = scene
        self.town = town_of(scene, CallManner(record=True, recording_notice=False))
        self.folder = folder
        self.accounts = OneAccount(self.town)
        self.recordings = self.reopened()

    def reopened(self, *, most_bytes_of_call: int = MOST_BYTES_OF_CALL) -> Recordings:
        """As after a restart."""
        stretches = Stretches(self.folder)
        self.recordings = Recordings(
            self.scene.db,
            stretches,
            self.accounts,  # type: ignore[arg-type]
            self.town.clock,
            most_bytes_of_call=most_bytes_of_call,
        )
        return self.recordings

    async def talk(self) -> Call:
        """Anna speaks with somebody."""
        await self.town.ring()
        return await self.town.take(self.scene.anna)

    async def piece(self, call: Call, seq: int, sound: bytes, *, last: bool = False, name: str = NAME) -> None:
        """Anna's browser sends five seconds."""
        piece = Piece(recording=name, seq=seq, duration=seq * 5_000, last=last, sound=sound)
        await self.recordings.take(self.scene.anna, call.id, piece)

    async def stored(self, call: Call) -> list[tuple[KeptState, int | None, bytes]]:
        """The recordings of a call: what became of each, how long it is, and its bytes."""
        await self.recordings.look()
        now = await self.town.now(call.id)
        kept = self.accounts.shelf.kept
        return [(one.state, one.duration, kept.get(one.file_id or 0, b"")) for one in now.recordings]


@pytest.fixture
def studio(scene: Scene, tmp_path: Path) -> Studio:
    return Studio(scene, tmp_path / "recordings")


async def test_pieces_are_one_recording_when_the_last_has_come(studio: Studio) -> None:
    call = await studio.talk()
    await studio.piece(call, 1, b"one ")
    assert (await studio.stored(call))[0][0] is KeptState.RUNNING
    await studio.piece(call, 2, b"two ")
    await studio.piece(call, 2, b"two ")
    await studio.piece(call, 3, b"three", last=True)
    assert await studio.stored(call) == [(KeptState.STORED, 15_000, b"one two three")]
    now = await studio.town.now(call.id)
    assert now.recordings[0].agent_id == studio.scene.anna.agent_id
    assert list(studio.folder.iterdir()) == []
    with pytest.raises(Gone):
        await studio.piece(call, 4, b"four")


async def test_a_browser_that_crashed_loses_only_its_last_seconds(studio: Studio) -> None:
    call = await studio.talk()
    await studio.piece(call, 1, b"one ")
    await studio.piece(call, 2, b"two")
    studio.town.clock.advance(LATER)
    assert await studio.stored(call) == [(KeptState.STORED, 10_000, b"one two")]


async def test_what_came_before_the_hub_was_killed_is_kept(studio: Studio) -> None:
    call = await studio.talk()
    await studio.piece(call, 1, b"one ")
    studio.reopened()
    assert await Stretches(studio.folder).left() == [Stretch(call.id, studio.scene.anna.agent_id, NAME)]
    await studio.piece(call, 2, b"two", last=True)
    assert await studio.stored(call) == [(KeptState.STORED, 10_000, b"one two")]


async def test_a_recording_waits_for_its_account_to_be_open_again(studio: Studio) -> None:
    call = await studio.talk()
    studio.accounts.closed = True
    await studio.piece(call, 1, b"one", last=True)
    assert (await studio.stored(call))[0][0] is KeptState.RUNNING
    studio.accounts.closed = False
    assert (await studio.stored(call))[0][0] is KeptState.STORED


async def test_the_last_piece_may_come_after_the_call_but_not_long_after(studio: Studio) -> None:
    call = await studio.talk()
    await studio.piece(call, 1, b"one ")
    await studio.town.hangs_up(call)
    await studio.piece(call, 2, b"two", last=True)
    assert await studio.stored(call) == [(KeptState.STORED, 10_000, b"one two")]
    studio.town.clock.advance(11 * 60_000)
    with pytest.raises(Gone):
        await studio.piece(call, 1, b"late", name="f" * 16)


async def test_only_who_takes_part_may_add_to_it(studio: Studio) -> None:
    call = await studio.talk()
    with pytest.raises(NotFound):
        await studio.recordings.take(
            studio.scene.ben, call.id, Piece(recording=NAME, seq=1, duration=1, last=False, sound=b"x")
        )
    assert not studio.folder.exists()


async def test_only_who_spoke_with_the_contact_has_anything_to_record(studio: Studio) -> None:
    call = await studio.talk()
    scene, town = studio.scene, studio.town
    piece = Piece(recording="e" * 16, seq=1, duration=1, last=False, sound=b"x")
    await scene.db.write(handing.listen, scene.sofia, call.id, LegMode.BARGE, "tab-9", announce=False)
    await town.device_answers(await town.now(call.id), scene.sofia)
    to_ben = Onward(agent_id=scene.ben.agent_id, attended=True)
    await scene.db.write(handing.transfer, scene.anna, call.id, to_ben, town.line)
    for agent in (scene.sofia, scene.ben):
        with pytest.raises(NotFound):
            await studio.recordings.take(agent, call.id, piece)
    await scene.db.write(acting.answer, scene.ben, call.id, "tab-2")
    await town.device_answers(await town.now(call.id), scene.ben)
    await scene.db.write(acting.complete, scene.anna, call.id)
    await studio.recordings.take(scene.ben, call.id, piece)


async def test_a_call_is_recorded_in_no_more_stretches_than_a_browser_begins(studio: Studio) -> None:
    call = await studio.talk()
    for number in range(50):
        await studio.piece(call, 1, b"x", name=f"{number:016x}")
    with pytest.raises(TooLarge, match="stretches"):
        await studio.piece(call, 1, b"x", name="f" * 16)
    await studio.piece(call, 2, b"x", name=f"{49:016x}")


async def test_no_call_fills_the_disk_whether_its_stretches_are_joined_or_not(studio: Studio) -> None:
    call = await studio.talk()
    studio.reopened(most_bytes_of_call=10)
    await studio.piece(call, 1, b"12345", last=True)
    assert (await studio.stored(call))[0][0] is KeptState.STORED
    await studio.piece(call, 1, b"678", name="e" * 16)
    with pytest.raises(TooLarge, match="more was recorded"):
        await studio.piece(call, 2, b"901", name="e" * 16)
    assert [sound for _, _, sound in await studio.stored(call)] == [b"12345", b"678"]


async def test_a_recording_outlives_the_sweep_of_unused_files(studio: Studio) -> None:
    call = await studio.talk()
    await studio.piece(call, 1, b"one", last=True)
    await studio.stored(call)
    studio.town.clock.advance(2 * DAY)
    assert await studio.scene.db.write(files.sweep_unused) == []
