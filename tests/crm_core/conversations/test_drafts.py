from __future__ import annotations

import pytest

from crm_core.conversations.drafts import clear_draft, drafts_of, save_draft
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.words.errors import Invalid, NotFound
from crm_core.words.events import DraftChanged
from crm_core.words.text import MAX_MESSAGE
from crm_core.words.values import DraftExtras, DraftMode, EntryKind, FileValue, Pressable
from tests.crm_core.conversations.people import OLENA, OTHER, a_conversation
from tests.peers.clock import VirtualClock

REPLY, NOTE = EntryKind.MESSAGE, EntryKind.NOTE


async def test_a_draft_survives_with_its_files_and_is_only_its_agents(db: Database, clock: VirtualClock) -> None:
    conversation = await db.write(a_conversation)
    file = FileValue(id=9, name="offer.pdf", type="application/pdf", size=3)
    await db.write(save_draft, OLENA, conversation, (REPLY, "Good mor"))
    clock.advance(1_000)
    draft = await db.write(save_draft, OLENA, conversation, (REPLY, "Good morning"), [file])
    assert draft is not None
    assert (draft.files, draft.updated_at) == ([file], clock())
    assert await db.read(drafts_of, OLENA.agent_id) == [draft]
    assert await db.read(drafts_of, OTHER.agent_id) == []


async def test_all_that_a_reply_is_besides_is_kept_with_it(db: Database) -> None:
    conversation = await db.write(a_conversation)
    extras = DraftExtras(
        identity_id=3,
        account_id=4,
        mode=DraftMode.FORWARD,
        about_id=5,
        subject="",
        to=["ada@shop.exam"],
        html="<p>Good</p>",
        template="HX1",
        variables={"name": "Ada"},
        buttons=[Pressable(text="Yes"), Pressable(text="", url="https://")],
        send_at=9,
    )
    draft = await db.write(save_draft, OLENA, conversation, (REPLY, "Good"), extras=extras)
    assert draft is not None
    assert draft.extras == extras
    assert await db.read(drafts_of, OLENA.agent_id) == [draft]
    (told, *_) = reversed(await db.read(after, 0, most=9))
    assert isinstance(told.event, DraftChanged)
    assert told.event.draft == draft
    plain = await db.write(save_draft, OLENA, conversation, (REPLY, "Good"))
    assert plain is not None
    assert plain.extras is None


async def test_a_reply_without_words_is_a_draft_once_something_else_of_it_is_there(db: Database) -> None:
    conversation = await db.write(a_conversation)
    only_a_way = DraftExtras(identity_id=3, account_id=4)
    assert await db.write(save_draft, OLENA, conversation, (REPLY, ""), extras=only_a_way) is None
    subject = DraftExtras(subject="Order")
    kept = await db.write(save_draft, OLENA, conversation, (REPLY, ""), extras=subject)
    assert await db.read(drafts_of, OLENA.agent_id) == [kept]
    assert await db.write(save_draft, OLENA, conversation, (REPLY, ""), extras=DraftExtras()) is None
    assert await db.read(drafts_of, OLENA.agent_id) == []


async def test_clearing_a_reply_leaves_the_note_beside_it(db: Database) -> None:
    conversation = await db.write(a_conversation)
    await db.write(save_draft, OLENA, conversation, (REPLY, "a reply"))
    note = await db.write(save_draft, OLENA, conversation, (NOTE, "a note"))
    start = (await db.read(after, 0, most=9))[-1].position
    await db.write(clear_draft, OLENA, conversation, REPLY)
    await db.write(clear_draft, OLENA, conversation, REPLY)
    assert await db.read(drafts_of, OLENA.agent_id) == [note]
    told = [c.event for c in await db.read(after, start, most=9)]
    assert told == [
        DraftChanged(agent_id=OLENA.agent_id, conversation_id=conversation, kind=REPLY, draft=None),
    ]


async def test_an_emptied_draft_is_none(db: Database) -> None:
    conversation = await db.write(a_conversation)
    await db.write(save_draft, OLENA, conversation, (REPLY, "a"))
    assert await db.write(save_draft, OLENA, conversation, (REPLY, " \n")) is None
    assert await db.read(drafts_of, OLENA.agent_id) == []


async def test_a_draft_of_no_sense_is_refused(db: Database) -> None:
    conversation = await db.write(a_conversation)
    with pytest.raises(NotFound):
        await db.write(save_draft, OTHER, conversation, (REPLY, "a"))
    with pytest.raises(Invalid):
        await db.write(save_draft, OLENA, conversation, (EntryKind.NOTICE, "a"))
    with pytest.raises(Invalid):
        await db.write(save_draft, OLENA, conversation, (REPLY, "a" * (MAX_MESSAGE + 1)))
    with pytest.raises(Invalid):
        await db.write(save_draft, OLENA, conversation, (NOTE, "a"), extras=DraftExtras())
    with pytest.raises(Invalid):
        await db.write(save_draft, OLENA, conversation, (REPLY, "a"), extras=DraftExtras(html="a" * (MAX_MESSAGE + 1)))
    odd = DraftExtras(cc=["\0"], variables={"\0": "\ud800"}, buttons=[Pressable(text="\0")])
    kept = await db.write(save_draft, OLENA, conversation, (REPLY, "nul \0 and \ud800"), extras=odd)
    assert kept is not None
    assert kept.text == "nul \u2400 and \ufffd"
    assert kept.extras == DraftExtras(cc=["\u2400"], variables={"\u2400": "\ufffd"}, buttons=[Pressable(text="\u2400")])
    assert await db.read(drafts_of, OLENA.agent_id) == [kept]
