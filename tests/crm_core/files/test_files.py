from __future__ import annotations

import pytest

from crm_core.conversations.drafts import save_draft
from crm_core.files.actions import (
    KEPT_UNUSED,
    NewFile,
    add,
    claim_for_entry,
    get_readable,
    of_visitor,
    own_unused,
    sweep_unused,
)
from crm_core.store.database import Database
from crm_core.words.errors import NotFound
from crm_core.words.permissions import Actor
from crm_core.words.values import AuthorKind, EntryKind, FileValue, Role
from crm_core.work import queues
from tests.crm_core.conversations.people import OLENA, OTHER, a_conversation
from tests.peers.clock import VirtualClock

AGENT, CONTACT = AuthorKind.AGENT, AuthorKind.CONTACT


async def upload(
    db: Database,
    kind: AuthorKind = AGENT,
    uploader: int = OLENA.agent_id,
    name: str = "a.png",
    kind_of_file: str = "image/png",
) -> FileValue:
    new = NewFile(
        name=name,
        type=kind_of_file,
        size=70,
        sha256="0" * 64,
        stored_as=f"{kind}-{len(name)}{name[0]}",
        uploader_kind=kind,
        uploader_id=uploader,
        width=1,
        height=1,
    )
    return await db.write(add, new)


async def test_a_file_is_its_uploaders_until_it_is_sent_and_then_the_conversations(db: Database) -> None:
    conversation, file = await db.write(a_conversation), await upload(db)
    assert await db.read(get_readable, OLENA, file.id) == file
    with pytest.raises(NotFound):
        await db.read(get_readable, OTHER, file.id)
    assert await db.write(claim_for_entry, [(AGENT, OLENA.agent_id)], [file.id], conversation, 77) == [file]
    assert await db.read(get_readable, OLENA, file.id) == file
    with pytest.raises(NotFound):
        await db.read(get_readable, OTHER, file.id)


async def test_a_file_is_sent_once_and_only_by_who_uploaded_it(db: Database) -> None:
    conversation, mine, theirs = await db.write(a_conversation), await upload(db), await upload(db, CONTACT, 2, "b.png")
    with pytest.raises(NotFound):
        await db.write(claim_for_entry, [(AGENT, OLENA.agent_id)], [mine.id, theirs.id], conversation, 77)
    # Refused whole: mine is still free.
    assert await db.read(own_unused, AGENT, OLENA.agent_id, [mine.id]) == [mine]
    await db.write(claim_for_entry, [(AGENT, OLENA.agent_id)], [mine.id], conversation, 77)
    with pytest.raises(NotFound):
        await db.write(claim_for_entry, [(AGENT, OLENA.agent_id)], [mine.id], conversation, 78)
    with pytest.raises(NotFound):
        await db.read(own_unused, AGENT, OLENA.agent_id, [mine.id])


async def test_files_of_an_entry_keep_the_order_they_were_given_in(db: Database) -> None:
    conversation = await db.write(a_conversation)
    first, second = await upload(db), await upload(db, name="b.png")
    ids = [second.id, first.id, second.id]
    assert await db.write(claim_for_entry, [(AGENT, OLENA.agent_id)], ids, conversation, 77) == [second, first]
    assert await db.write(claim_for_entry, [(AGENT, OLENA.agent_id)], [], conversation, 78) == []


async def test_a_visitor_has_only_what_they_uploaded(db: Database) -> None:
    file = await upload(db, CONTACT, 50)
    assert await db.read(of_visitor, 50, file.id) == file
    with pytest.raises(NotFound):
        await db.read(of_visitor, 51, file.id)


async def test_a_name_is_one_line_without_a_path(db: Database) -> None:
    assert (await upload(db, name="../../etc/pass\r\nwd\0")).name == "pass wd\u2400"
    assert (await upload(db, name="C:\\Users\\me\\a.png")).name == "a.png"
    assert (await upload(db, name=" \t ")).name == "file"


async def test_what_nobody_sent_is_forgotten_after_a_day_unless_somebody_drafts_with_it(
    db: Database, clock: VirtualClock
) -> None:
    conversation = await db.write(a_conversation)
    lost, drafted, sent = await upload(db), await upload(db, name="b.png"), await upload(db, name="c.png")
    await db.write(save_draft, OLENA, conversation, (EntryKind.MESSAGE, ""), [drafted])
    await db.write(claim_for_entry, [(AGENT, OLENA.agent_id)], [sent.id], conversation, 77)
    clock.advance(KEPT_UNUSED)
    assert await db.write(sweep_unused) == []
    clock.advance(1)
    assert await db.write(sweep_unused) == ["agent-5a"]
    with pytest.raises(NotFound):
        await db.read(get_readable, OLENA, lost.id)
    assert await db.read(get_readable, OLENA, drafted.id) == drafted
    assert await db.read(get_readable, OLENA, sent.id) == sent


async def test_the_music_of_a_queue_is_kept_and_heard_by_everybody_until_no_queue_plays_it(
    db: Database, clock: VirtualClock
) -> None:
    boss = Actor(OLENA.agent_id, "Boss", Role.ADMINISTRATOR)
    song = await upload(db, name="song.mp3", kind_of_file="audio/mpeg")
    queue = await db.write(queues.add_queue, boss, queues.NewQueue(name="Sales", voice={"music_file_id": song.id}))
    clock.advance(KEPT_UNUSED + 1)
    assert await db.write(sweep_unused) == []
    assert await db.read(get_readable, OTHER, song.id) == song
    await db.write(queues.change_queue, boss, queue.id, queues.QueueChange(voice={}))
    assert await db.write(sweep_unused) == ["agent-8s"]
    with pytest.raises(NotFound):
        await db.read(get_readable, OTHER, song.id)
