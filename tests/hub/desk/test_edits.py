"""What a contact changes of what they wrote stands as it is now, all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from channels.contract import MessageArrived, MessageEdited, MessageWithdrawn
from crm_core.conversations import timeline
from crm_core.files.actions import NewFile, add
from crm_core.files.served import beside
from crm_core.store.database import Database
from crm_core.words.addresses import email
from crm_core.words.content import Content, ExternalId, FileRef, Place, ThreadKey
from crm_core.words.values import AuthorKind, EntryDetails, EntryValue
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

NAME = ExternalId("m1")


class Talk:
    """Somebody who writes by one account, and changes what they wrote."""

    def __init__(self, lanes: Lanes, scene: Scene) -> None:
        self.lanes = lanes
        self.scene = scene

    async def keeps(self, name: str, content: bytes = b"x") -> FileRef:
        """A file that the channel fetched."""
        stored = await self.lanes.media.receive(_once(content), name)
        new = NewFile(
            name=stored.name,
            type=stored.type,
            size=stored.size,
            sha256=stored.sha256,
            stored_as=stored.stored_as,
            uploader_kind=AuthorKind.SYSTEM,
            uploader_id=self.lanes.account_ids["mail"],
        )
        return FileRef((await self.lanes.db.write(add, new)).id)

    async def says(self, content: Content) -> EntryValue:
        """They write."""
        entry = (await self.lanes.deliver("mail")(said(content))).entry
        assert entry is not None
        return entry

    async def changes(self, content: Content, at: int = 2) -> EntryValue | None:
        """They change it; the entry as it stands then."""
        event = MessageEdited(external_id=NAME, content=content, at=at, unseen=said(content))
        return (await self.lanes.deliver("mail")(event)).entry


def said(content: Content) -> MessageArrived:
    """The message."""
    who = email("olena@shop.example")
    return MessageArrived(external_id=NAME, thread=ThreadKey("t"), sender=who, content=content, sent_at=1)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.fixture
async def talk(scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Talk]:
    async with open_lanes(db, clock, tmp_path, {"mail": Provider()}, queue_id=scene.queue_id) as lanes:
        yield Talk(lanes, scene)


def details(entry: EntryValue | None) -> EntryDetails:
    """What only some messages have."""
    assert entry is not None
    assert entry.details is not None
    return entry.details


async def test_the_files_and_the_layout_of_an_edited_message_replace_the_old_ones(talk: Talk) -> None:
    wrong = await talk.keeps("wrong.txt")
    first = await talk.says(Content(text="look", html="<i>look</i>", files=(wrong,)))
    right = await talk.keeps("right.txt")
    spot = Place(latitude=50.45, longitude=30.52)
    now = await talk.changes(Content(text="look here", html="<b>look here</b>", files=(right,), place=spot))
    assert now is not None
    assert (now.id, now.text, [f.name for f in now.files]) == (first.id, "look here", ["right.txt"])
    assert details(now).html_file_id not in (None, details(first).html_file_id)
    assert (details(now).place is not None, details(now).edited_at) == (True, 2)
    kept = await talk.lanes.db.read(beside, right.id)
    assert {wrong.id, right.id, details(first).html_file_id, details(now).html_file_id} == kept


async def test_a_file_that_could_not_be_fetched_again_stays_as_it_was(talk: Talk) -> None:
    await talk.says(Content(text="look", files=(await talk.keeps("photo.txt"),)))
    now = await talk.changes(Content(text="look here", problem="file_missing"))
    assert now is not None
    assert (now.text, [f.name for f in now.files]) == ("look here", ["photo.txt"])


async def test_an_edit_of_a_message_that_never_reached_us_is_that_message(talk: Talk) -> None:
    new = await talk.changes(Content(text="the order is 41", files=(await talk.keeps("bill.txt"),)), at=7)
    assert new is not None
    assert (new.text, [f.name for f in new.files], details(new).edited_at) == ("the order is 41", ["bill.txt"], 7)
    # Its first words come late: they change nothing.
    late = await talk.lanes.deliver("mail")(said(Content(text="the order is 14")))
    assert late.repeated
    lines = await talk.lanes.db.read(timeline.page, talk.scene.sofia, new.conversation_id)
    assert [line.text for line in lines] == ["the order is 41"]
    assert await talk.changes(Content(text="older"), at=6) is None


async def test_an_edit_that_names_nobody_or_says_nothing_is_nothing(talk: Talk) -> None:
    deliver = talk.lanes.deliver("mail")
    event = MessageEdited(external_id=NAME, content=Content(text="hi"), at=2)
    assert (await deliver(event)).entry is None
    assert (await deliver(replace(event, content=Content(), unseen=said(Content())))).entry is None


async def test_what_was_taken_back_is_not_changed_any_more(talk: Talk) -> None:
    await talk.says(Content(text="secret"))
    await talk.lanes.deliver("mail")(MessageWithdrawn(external_id=NAME, at=3))
    assert await talk.changes(Content(text="secret again"), at=4) is None
