"""What somebody sent at once is one entry, though its parts come one by one."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from channels.contract import MessageArrived, MessageEdited, MessageWithdrawn, Stored
from crm_core.conversations import timeline
from crm_core.conversations.actions import change
from crm_core.conversations.queries import row as conversation_row
from crm_core.files.actions import NewFile, add
from crm_core.store import journal
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email
from crm_core.words.clock import DAY
from crm_core.words.content import Content, ExternalId, FileRef, Medium, ReachState, ThreadKey
from crm_core.words.errors import Conflict, MovedOn, NotFound
from crm_core.words.events import EntryAdded, EntryChanged
from crm_core.words.values import AuthorKind, ConversationStatus, EntryKind, EntryValue
from hub.desk import inbound
from hub.desk.albums import AT_ONCE, MOST_PARTS
from hub.desk.conversations import close, mark_read, snooze
from hub.desk.inbound import Source
from hub.desk.leads import of_conversation
from hub.desk.machine import say
from hub.desk.outbound import Words, note, reply
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock


class Talk:
    """Somebody who sends albums, and whoever answers."""

    def __init__(self, lanes: Lanes, scene: Scene, provider: Provider) -> None:
        self.lanes = lanes
        self.provider = provider
        self.scene = scene

    async def keeps(self, name: str) -> FileRef:
        """A file that the channel fetched."""
        stored = await self.lanes.media.receive(_once(name.encode()), name)
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

    async def part(self, number: int, text: str = "", *, album: str | None = "a1", **more: object) -> MessageArrived:
        """The photo of this number, as the channel tells it."""
        who = str(more.pop("who", "olena@shop.example"))
        content = more.pop("content", None) or Content(text=text, files=(await self.keeps(f"{number}.jpg"),))
        return MessageArrived(
            external_id=ExternalId(f"m{number}"),
            thread=ThreadKey(str(more.pop("thread", "t"))),
            sender=email(who),
            content=content,  # type: ignore[arg-type]
            sent_at=1,
            part_of=None if album is None else ExternalId(album),
            part=number,
            **more,  # type: ignore[arg-type]
        )

    async def tells(self, event: MessageArrived) -> Stored:
        """The channel hands it in."""
        return await self.lanes.deliver("mail")(event)

    async def sends(self, number: int, text: str = "", **more: object) -> EntryValue:
        """They send one; the entry it is in."""
        entry = (await self.tells(await self.part(number, text, **more))).entry  # type: ignore[arg-type]
        assert entry is not None
        return entry

    async def changes(self, number: int, content: Content, at: int) -> EntryValue | None:
        """They change one."""
        unseen = await self.part(number, content=content)
        event = MessageEdited(external_id=unseen.external_id, content=content, at=at, unseen=unseen)
        return (await self.lanes.deliver("mail")(event)).entry

    async def takes_back(self, number: int, at: int = 9) -> EntryValue | None:
        """They take one back."""
        event = MessageWithdrawn(external_id=ExternalId(f"m{number}"), at=at)
        return (await self.lanes.deliver("mail")(event)).entry

    async def lines(self, conversation_id: int) -> list[EntryValue]:
        """The messages of a conversation."""
        page = await self.lanes.db.read(timeline.page, self.scene.sofia, conversation_id)
        return [line for line in page if line.kind is EntryKind.MESSAGE]


def names(entry: EntryValue | None) -> list[str]:
    """What an entry's files are called."""
    assert entry is not None
    return [f.name for f in entry.files]


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


@pytest.fixture
async def talk(scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path) -> AsyncIterator[Talk]:
    provider = Provider()
    async with open_lanes(db, clock, tmp_path, {"mail": provider}, queue_id=scene.queue_id) as lanes:
        yield Talk(lanes, scene, provider)


@pytest.mark.parametrize("order", list(itertools.permutations((1, 2, 3))))
async def test_the_parts_of_an_album_are_one_entry_in_whatever_order_they_come(
    talk: Talk, order: tuple[int, ...]
) -> None:
    entries = [await talk.sends(number, "our door" if number == 1 else "") for number in order]
    entry = entries[-1]
    assert (entry.text, names(entry)) == ("our door", ["1.jpg", "2.jpg", "3.jpg"])
    assert await talk.lines(entry.conversation_id) == [entry]


async def test_parts_that_are_stored_together_are_one_entry(talk: Talk) -> None:
    parts = [await talk.part(n, "our door" if n == 2 else "") for n in (2, 3, 1)]
    other = [await talk.part(n, album="a2") for n in (4, 5)]
    alone = await talk.part(6, "hello", album=None)
    stored = await asyncio.gather(*(talk.tells(event) for event in [*parts, alone, *other, parts[0]]))
    assert [s.repeated for s in stored] == [False, False, False, False, False, False, True]
    assert stored[0].entry is not None
    lines = await talk.lines(stored[0].entry.conversation_id)
    assert [(line.text, names(line)) for line in lines] == [
        ("our door", ["1.jpg", "2.jpg", "3.jpg"]),
        ("hello", ["6.jpg"]),
        ("", ["4.jpg", "5.jpg"]),
    ]


async def test_the_first_part_is_told_as_new_and_the_others_as_a_change_of_it(talk: Talk) -> None:
    await talk.sends(1)
    entry = await talk.sends(2, "our door")
    told = [c.event for c in await talk.lanes.db.read(journal.after, 0, most=1_000)]
    added = [e for e in told if isinstance(e, EntryAdded)]
    changed = [e for e in told if isinstance(e, EntryChanged)]
    assert ([e.entry.id for e in added], [e.entry for e in changed]) == ([entry.id], [entry])
    assert (changed[0].conversation.preview, changed[0].conversation.entry_count) == ("our door", 1)


async def test_a_hub_that_was_started_anew_goes_on_with_the_album(talk: Talk, clock: VirtualClock) -> None:
    first, second = await talk.part(1), await talk.part(2)
    source = Source(talk.lanes.account_ids["mail"], "mail", Medium.MAIL, talk.scene.queue_id)
    await talk.lanes.db.write(inbound.take, source, first)
    anew = await Database.open(talk.lanes.db.url, clock=clock, node=1)
    try:
        joined = await anew.write(inbound.take, source, second)
        again = await anew.write(inbound.take, source, first)
    finally:
        await anew.close()
    assert names(joined.entry) == ["1.jpg", "2.jpg"]
    assert (again.repeated, again.entry) == (True, joined.entry)


async def test_a_part_that_is_told_again_is_the_one_that_is_there(talk: Talk) -> None:
    first, second = await talk.part(1, "our door"), await talk.part(2, "and the wall")
    for event in (first, second):
        await talk.tells(event)
    # Told again, its file is fetched again.
    for event in (first, second):
        again = await talk.tells(replace(event, content=replace(event.content, files=(await talk.keeps("x.jpg"),))))
        assert (again.repeated, names(again.entry)) == (True, ["1.jpg", "2.jpg"])
        with pytest.raises(Conflict):
            await talk.tells(replace(event, content=Content(text="other words")))


async def test_a_part_whose_file_is_nobodys_changes_nothing(talk: Talk) -> None:
    entry = await talk.sends(1, "our door")
    with pytest.raises(NotFound):
        await talk.tells(await talk.part(2, content=Content(files=(FileRef(404),))))
    assert await talk.lines(entry.conversation_id) == [entry]
    assert names(await talk.sends(2)) == ["1.jpg", "2.jpg"]


@pytest.mark.parametrize("more", [{"album": "a2"}, {"thread": "u"}, {"who": "ivan@shop.example"}])
async def test_another_album_thread_or_sender_is_another_entry(talk: Talk, more: dict[str, str]) -> None:
    first = await talk.sends(1)
    other = await talk.sends(2, **more)
    assert (other.id != first.id, names(other)) == (True, ["2.jpg"])


async def test_what_comes_after_the_conversation_was_closed_opens_one_again_with_all_that_follows(talk: Talk) -> None:
    first = await talk.sends(1)
    await talk.lanes.db.write(close, talk.scene.sofia, first.conversation_id)
    second, third = await talk.sends(2), await talk.sends(3)
    assert (second.id != first.id, third.id, names(third)) == (True, second.id, ["2.jpg", "3.jpg"])
    assert second.conversation_id != first.conversation_id
    assert (await talk.tells(await talk.part(1))).repeated


async def test_what_comes_after_the_answer_is_not_hidden_above_it(talk: Talk) -> None:
    first = await talk.sends(1)
    await talk.lanes.db.write(reply, talk.scene.sofia, first.conversation_id, Words(text="Thank you"))
    talk.scene.clock.advance(1_000)
    second = await talk.sends(2)
    lines = await talk.lines(first.conversation_id)
    assert [names(line) for line in lines] == [["1.jpg"], [], ["2.jpg"]]
    assert lines[-1] == second


async def test_what_comes_to_a_conversation_that_was_put_off_wakes_it(talk: Talk) -> None:
    first = await talk.sends(1)
    until = talk.scene.clock() + DAY
    await talk.lanes.db.write(snooze, talk.scene.sofia, first.conversation_id, until)
    second = await talk.sends(2)
    now = await talk.lanes.db.read(conversation_row, first.conversation_id)
    assert (second.id != first.id, now.status) == (True, ConversationStatus.OPEN)


async def test_an_edited_part_is_changed_and_the_others_stay(talk: Talk) -> None:
    await talk.sends(1, "our dor")
    await talk.sends(2)
    await talk.sends(3)
    now = await talk.changes(1, Content(text="our door", files=(await talk.keeps("better.jpg"),)), at=5)
    assert now is not None
    assert (now.text, names(now)) == ("our door", ["better.jpg", "2.jpg", "3.jpg"])
    later = await talk.changes(3, Content(text="the wall", problem="file_missing"), at=4)
    assert later is not None
    assert (later.text, names(later)) == ("our door\nthe wall", ["better.jpg", "2.jpg", "3.jpg"])
    assert later.details is not None
    assert (later.details.edited_at, later.details.problem) == (5, "file_missing")
    assert await talk.changes(1, Content(text="older"), at=3) is None


async def test_a_part_that_comes_first_in_its_later_words_joins_and_its_first_words_are_old(talk: Talk) -> None:
    await talk.sends(1)
    now = await talk.changes(2, Content(text="the order is 41", files=(await talk.keeps("2.jpg"),)), at=7)
    assert now is not None
    assert (now.text, names(now)) == ("the order is 41", ["1.jpg", "2.jpg"])
    late = await talk.tells(await talk.part(2, "the order is 14"))
    assert (late.repeated, late.entry) == (True, now)


async def test_a_part_that_is_taken_back_is_gone_and_the_last_takes_the_words_along(talk: Talk) -> None:
    await talk.sends(1, "our door")
    await talk.sends(2, "our wall")
    one = await talk.takes_back(1)
    assert one is not None
    assert (one.text, names(one)) == ("our wall", ["2.jpg"])
    assert await talk.takes_back(1) == one
    assert await talk.changes(1, Content(text="our door"), at=10) is None
    none = await talk.takes_back(2)
    assert none is not None
    assert none.details is not None
    assert (none.text, none.details.withdrawn_at) == ("", 9)
    late = await talk.sends(3)
    assert (late.id != none.id, names(late)) == (True, ["3.jpg"])


async def test_the_layout_of_the_only_words_is_shown_and_none_where_several_speak(talk: Talk) -> None:
    await talk.sends(1)
    page = Content(text="our door", html="<b>our door</b>", files=(await talk.keeps("2.jpg"),))
    laid_out = await talk.sends(2, content=page)
    assert laid_out.details is not None
    assert laid_out.details.html_file_id is not None
    both = await talk.sends(3, "the wall")
    assert both.details is not None
    assert (both.text, both.details.html_file_id) == ("our door\nthe wall", None)


async def test_the_original_and_the_wish_of_a_later_part_are_kept(talk: Talk) -> None:
    await talk.sends(1)
    raw = await talk.keeps("update.json")
    stop = Content(text="STOP", files=(await talk.keeps("2.jpg"),), problem="file_missing")
    entry = await talk.sends(2, content=stop, raw=raw, reach=ReachState.OPTED_OUT)
    assert entry.details is not None
    assert (entry.details.raw_file_id, entry.details.problem) == (raw.id, "file_missing")
    page = await talk.lanes.db.read(timeline.page, talk.scene.sofia, entry.conversation_id)
    assert [line.notice.code for line in page if line.notice is not None] == ["reach_opted_out"]


async def test_an_album_without_end_is_several_entries(talk: Talk) -> None:
    parts = [await talk.part(n) for n in range(MOST_PARTS + 2)]
    stored = [await talk.tells(event) for event in parts]
    assert [len(names(s.entry)) for s in stored[-3:]] == [MOST_PARTS, 1, 2]


async def test_an_answer_refers_to_an_album_by_the_id_of_its_entry(talk: Talk) -> None:
    await talk.sends(1)
    entry = await talk.sends(2)
    words = Words(text="Thank you", reply_to_id=entry.id)
    await talk.lanes.db.write(reply, talk.scene.sofia, entry.conversation_id, words)
    await talk.lanes.deliverer.step()
    (sent,) = talk.provider.got
    assert (sent.in_reply_to, sent.references) == ("m1", ("m1",))


async def mine(talk: Talk, entry: EntryValue) -> None:
    """Sofia has the conversation, and has read all of it."""

    def take_and_read(tx: Tx) -> None:
        change(tx, entry.conversation_id, assignee_id=talk.scene.sofia.agent_id)
        mark_read(tx, talk.scene.sofia, entry.conversation_id, entry.id)

    await talk.lanes.db.write(take_and_read)


async def test_a_part_that_comes_at_once_is_unread_again_and_makes_no_new_work(talk: Talk) -> None:
    first = await talk.sends(1)
    await mine(talk, first)
    work = [one.id for one in await talk.scene.offers()]
    talk.scene.clock.advance(1_000)
    second = await talk.sends(2, "our door")
    now = await talk.lanes.db.read(conversation_row, first.conversation_id)
    assert (second.id, now.last_inbound_id > now.agent_read_id) == (first.id, True)
    assert now.last_activity_at == talk.scene.clock()
    assert [one.id for one in await talk.scene.offers()] == work


async def test_a_part_that_comes_long_after_the_others_were_read_is_news_for_whoever_answers(talk: Talk) -> None:
    first = await talk.sends(1)
    await mine(talk, first)
    talk.scene.clock.advance(AT_ONCE + 1)
    second = await talk.sends(2, "our door")
    now = await talk.lanes.db.read(conversation_row, first.conversation_id)
    assert (second.id != first.id, now.last_inbound_id) == (True, second.id)
    with pytest.raises(MovedOn):
        await talk.lanes.db.write(
            reply, talk.scene.sofia, first.conversation_id, Words(text="Thank you", seen_entry_id=first.id)
        )


async def test_a_part_that_comes_late_joins_what_nobody_has_read(talk: Talk) -> None:
    first = await talk.sends(1)
    talk.scene.clock.advance(AT_ONCE + 1)
    assert names(await talk.sends(2)) == ["1.jpg", "2.jpg"]
    assert (await talk.lines(first.conversation_id))[0].id == first.id


async def test_a_caption_that_comes_later_is_the_preview_below_what_a_machine_said(talk: Talk) -> None:
    first = await talk.sends(1)

    def greet(tx: Tx) -> None:
        assert first.identity_id is not None
        say(tx, first.conversation_id, first.identity_id, talk.lanes.account_ids["mail"], "We are closed.")

    await talk.lanes.db.write(greet)
    await talk.sends(2, "our door")
    now = await talk.lanes.db.read(conversation_row, first.conversation_id)
    assert now.preview == "our door"
    await talk.lanes.db.write(note, talk.scene.sofia, first.conversation_id, Words(text="I ask the joiner."))
    await talk.sends(3, "and the wall")
    now = await talk.lanes.db.read(conversation_row, first.conversation_id)
    assert now.preview == "I ask the joiner."


async def test_a_caption_that_comes_later_is_the_first_words_of_the_lead(talk: Talk) -> None:
    first = await talk.sends(1)
    lead = await talk.lanes.db.read(of_conversation, talk.scene.sofia, first.conversation_id)
    assert lead.first_words == ""
    await talk.sends(2, "our door is broken")
    await talk.sends(3, "and the wall")
    told = await talk.lanes.db.read(of_conversation, talk.scene.sofia, first.conversation_id)
    assert (told.id, told.first_words, told.title) == (lead.id, "our door is broken", "our door is broken")
