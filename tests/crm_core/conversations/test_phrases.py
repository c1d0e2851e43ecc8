from __future__ import annotations

import pytest

from crm_core.conversations import phrases
from crm_core.conversations.phrases import CannedChange, DispositionChange, NewCanned
from crm_core.store.database import Database
from crm_core.store.journal import after
from crm_core.words.errors import Conflict, Denied, Invalid, NotFound
from crm_core.words.events import CannedChanged, DispositionChanged
from tests.crm_core.conversations.people import BOSS, CHIEF, OLENA

HELLO = NewCanned(shortcut="hello", title="Greeting", text="Hello {{contact.name}}!")


async def test_a_canned_reply_is_kept_told_and_changed_from_its_newest_version(db: Database) -> None:
    hello = await db.write(phrases.add_canned, CHIEF, HELLO)
    change = CannedChange(version=hello.version, text="Hi {{contact.name}}!")
    changed = await db.write(phrases.change_canned, CHIEF, hello.id, change)
    assert await db.read(phrases.canned) == [changed]
    assert [c.event for c in await db.read(after, 0, most=9)] == [
        CannedChanged(canned=hello),
        CannedChanged(canned=changed),
    ]
    with pytest.raises(Conflict):
        await db.write(phrases.change_canned, CHIEF, hello.id, change)
    with pytest.raises(NotFound):
        await db.write(phrases.change_canned, CHIEF, 404, change)


async def test_deleting_can_be_undone_unless_the_shortcut_was_taken(db: Database) -> None:
    hello = await db.write(phrases.add_canned, CHIEF, HELLO)
    gone = await db.write(phrases.delete_canned, CHIEF, hello.id)
    assert gone.deleted
    assert await db.read(phrases.canned) == []
    assert [c.id for c in await db.read(phrases.canned, with_deleted=True)] == [hello.id]
    assert not (await db.write(phrases.restore_canned, CHIEF, hello.id)).deleted
    await db.write(phrases.delete_canned, CHIEF, hello.id)
    await db.write(phrases.add_canned, CHIEF, NewCanned(shortcut="/HELLO", text="other"))
    with pytest.raises(Conflict):
        await db.write(phrases.restore_canned, CHIEF, hello.id)


@pytest.mark.parametrize(
    "new",
    [
        NewCanned(shortcut=" ", text="a"),
        NewCanned(shortcut="two words", text="a"),
        NewCanned(shortcut="a", text=" "),
        NewCanned(shortcut="a", text="a" * 16_001),
    ],
)
async def test_a_canned_reply_of_no_sense_is_refused(db: Database, new: NewCanned) -> None:
    with pytest.raises(Invalid):
        await db.write(phrases.add_canned, CHIEF, new)


async def test_agents_use_phrases_and_do_not_change_them(db: Database) -> None:
    with pytest.raises(Denied):
        await db.write(phrases.add_canned, OLENA, HELLO)
    with pytest.raises(Denied):
        await db.write(phrases.add_disposition, CHIEF, "Sold")


async def test_dispositions_stand_in_their_order_and_a_deleted_one_closes_nothing(db: Database) -> None:
    sold = await db.write(phrases.add_disposition, BOSS, "Sold", 2)
    spam = await db.write(phrases.add_disposition, BOSS, "Spam", 1)
    assert [d.name for d in await db.read(phrases.dispositions)] == ["Spam", "Sold"]
    assert await db.read(phrases.disposition_name, spam.id) == "Spam"
    await db.write(
        phrases.change_disposition, BOSS, sold.id, DispositionChange(version=sold.version, name="Bought", position=0)
    )
    assert [d.name for d in await db.read(phrases.dispositions)] == ["Bought", "Spam"]
    gone = await db.write(phrases.delete_disposition, BOSS, spam.id)
    assert (await db.read(after, 0, most=9))[-1].event == DispositionChanged(disposition=gone)
    with pytest.raises(NotFound):
        await db.read(phrases.disposition_name, spam.id)
    await db.write(phrases.restore_disposition, BOSS, spam.id)
    assert await db.read(phrases.disposition_name, spam.id) == "Spam"
