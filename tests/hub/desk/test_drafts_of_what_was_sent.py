"""A message that goes out takes its own draft along, and no other."""

from __future__ import annotations

import pytest

from crm_core.conversations.drafts import drafts_of
from crm_core.files.actions import NewFile, add
from crm_core.store.database import Database
from crm_core.words.values import AuthorKind, DraftExtras, DraftMode, EntryKind, Pressable
from hub.desk import drafts, outbound
from hub.desk.outbound import Words
from tests.hub.desk.scene import Scene

REPLY = EntryKind.MESSAGE
QUESTION = DraftExtras(buttons=[Pressable(text="Yes "), Pressable(text="")])
CHOSEN = DraftExtras(template="HX1")


@pytest.mark.parametrize(
    ("typed", "extras", "sent", "is_gone"),
    [
        ("Thanks \n", None, Words(text="Thanks"), True),
        ("Thanks, and", None, Words(text="Thanks"), False),
        ("Shall I?", QUESTION, Words(text="Shall I?", buttons=(Pressable(text="Yes"),)), True),
        ("Shall I?", QUESTION, Words(text="Shall I?"), False),
        ("", CHOSEN, Words(text="Hello Olena", template="HX1"), True),
        ("for later", CHOSEN, Words(text="Hello Olena", template="HX1"), False),
        ("for later", None, Words(text="Hello Olena", template="HX1"), False),
    ],
)
async def test_a_reply_takes_only_the_draft_that_it_was(
    db: Database, scene: Scene, typed: str, extras: DraftExtras | None, sent: Words, *, is_gone: bool
) -> None:
    conversation = (await scene.heard("olena", "Hello")).conversation_id
    await db.write(drafts.save, scene.sofia, conversation, (REPLY, typed), extras=extras)
    await db.write(outbound.reply, scene.sofia, conversation, sent)
    assert (await db.read(drafts_of, scene.sofia.agent_id) == []) is is_gone


async def test_a_reply_leaves_the_same_words_with_a_file_that_did_not_go(db: Database, scene: Scene) -> None:
    conversation = (await scene.heard("olena", "Hello")).conversation_id
    new = NewFile(
        name="offer.pdf",
        type="application/pdf",
        size=1,
        sha256="0" * 64,
        stored_as="offer",
        uploader_kind=AuthorKind.AGENT,
        uploader_id=scene.sofia.agent_id,
    )
    file = await db.write(add, new)
    kept = await db.write(drafts.save, scene.sofia, conversation, (REPLY, "Thanks"), [file.id])
    await db.write(outbound.reply, scene.sofia, conversation, Words(text="Thanks"))
    assert await db.read(drafts_of, scene.sofia.agent_id) == [kept]
    await db.write(outbound.reply, scene.sofia, conversation, Words(text="Thanks", files=(file.id,)))
    assert await db.read(drafts_of, scene.sofia.agent_id) == []


async def test_a_forwarded_message_takes_the_draft_that_forwards_it(db: Database, scene: Scene) -> None:
    heard = await scene.heard("olena", "Hello")
    extras = DraftExtras(mode=DraftMode.FORWARD, about_id=heard.id, to=["bob@x.example"])
    await db.write(drafts.save, scene.sofia, heard.conversation_id, (REPLY, "Look"), extras=extras)
    await db.write(outbound.reply, scene.sofia, heard.conversation_id, Words(text="Look\n\nHello", forward_of=heard.id))
    assert await db.read(drafts_of, scene.sofia.agent_id) == []


async def test_a_note_leaves_the_one_that_is_being_written(db: Database, scene: Scene) -> None:
    conversation = (await scene.heard("olena", "Hello")).conversation_id
    kept = await db.write(drafts.save, scene.sofia, conversation, (EntryKind.NOTE, "Look at"))
    await db.write(outbound.note, scene.sofia, conversation, Words(text="Seen"))
    assert await db.read(drafts_of, scene.sofia.agent_id) == [kept]
    await db.write(outbound.note, scene.sofia, conversation, Words(text="Look at"))
    assert await db.read(drafts_of, scene.sofia.agent_id) == []
