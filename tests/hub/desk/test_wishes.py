"""Whoever writes STOP is left alone from that very message on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from channels.contract import Capabilities, MessageArrived, ReachChanged
from crm_core.cases import queries as cases
from crm_core.cases.queries import CaseListing
from crm_core.contacts import reach
from crm_core.conversations import timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.store.database import Database
from crm_core.words.addresses import phone
from crm_core.words.clock import DAY, MINUTE
from crm_core.words.content import Content, ExternalId, ReachState, ThreadKey
from crm_core.words.errors import Invalid
from crm_core.words.values import CaseKind, ConversationStatus, EntryValue
from hub.desk import outbound
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

THEIRS = phone("+380441234567")
GREETING = {"language": "en", "greeting": {"en": "Hello!"}}


def texts(
    scene: Scene, text: str, name: str, reach: ReachState | None, *, sent_at: int | None = None
) -> MessageArrived:
    """A text message of theirs, and what it asks for; sent now, or when it is said."""
    return MessageArrived(
        external_id=ExternalId(name),
        thread=ThreadKey("t"),
        sender=THEIRS,
        content=Content(text=text),
        sent_at=scene.clock() if sent_at is None else sent_at,
        reach=reach,
    )


async def greets(lanes: Lanes) -> None:
    """The account is open again, and greets."""
    await lanes.behaves("sms", GREETING)


async def arrives(lanes: Lanes, event: MessageArrived) -> EntryValue:
    """The text's entry."""
    entry = (await lanes.deliver("sms")(event)).entry
    assert entry is not None
    return entry


async def test_a_stranger_who_writes_stop_gets_no_greeting_and_becomes_no_lead(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    sms = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    async with open_lanes(db, clock, tmp_path, {"sms": sms}, queue_id=scene.queue_id) as lanes:
        await greets(lanes)
        entry = await arrives(lanes, texts(scene, "STOP", "m1", ReachState.OPTED_OUT))
        await lanes.deliverer.step()
        assert not sms.got
        assert not (await db.read(cases.page, scene.sofia, CaseListing(kind=CaseKind.LEAD, open=True))).items
        lines = await db.read(timeline.page, scene.sofia, entry.conversation_id)
        assert [line.notice.code for line in lines if line.notice is not None] == ["reach_opted_out"]
        words = Words(text="but wait")
        with pytest.raises(Invalid, match="asked not to be written to"):
            await db.write(outbound.reply, scene.sofia, entry.conversation_id, words, lanes.accounts.directory())
        start = texts(scene, "START", "m2", ReachState.OK)
        await arrives(lanes, start)
        # The same STOP again is one that was heeded long ago.
        await arrives(lanes, texts(scene, "STOP", "m1", ReachState.OPTED_OUT))
        await db.write(outbound.reply, scene.sofia, entry.conversation_id, words, lanes.accounts.directory())


async def test_a_stranger_who_only_says_hello_is_greeted_and_becomes_a_lead(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    sms = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    async with open_lanes(db, clock, tmp_path, {"sms": sms}, queue_id=scene.queue_id) as lanes:
        await greets(lanes)
        await arrives(lanes, texts(scene, "Hello", "m1", None))
        await lanes.deliverer.step()
        assert len((await db.read(cases.page, scene.sofia, CaseListing(kind=CaseKind.LEAD, open=True))).items) == 1
        assert [message.content.text for message in sms.got] == ["Hello!"]


@pytest.mark.parametrize("first", ["START", "STOP"])
async def test_of_two_wishes_the_one_that_was_sent_last_counts_in_whatever_order_they_come(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path, first: str
) -> None:
    sms = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    wishes = {"START": ReachState.OK, "STOP": ReachState.OPTED_OUT}
    last = next(word for word in wishes if word != first)
    clock.advance(MINUTE)
    async with open_lanes(db, clock, tmp_path, {"sms": sms}, queue_id=scene.queue_id) as lanes:
        # The gateway could not hand the first one in, and tries again once the last one is there.
        await arrives(lanes, texts(scene, "Hello", "m0", None))
        await arrives(lanes, texts(scene, last, "m2", wishes[last], sent_at=clock() - 1_000))
        entry = await arrives(lanes, texts(scene, first, "m1", wishes[first], sent_at=clock() - 2_000))
        assert entry.identity_id is not None
        way = await db.read(reach.way, entry.identity_id, lanes.account_ids["sms"])
        assert way is not None
        assert (way.state, way.said_at) == (wishes[last], clock() - 1_000)
        lines = await db.read(timeline.page, scene.sofia, entry.conversation_id)
        codes = [line.notice.code for line in lines if line.notice is not None]
        assert codes == (["reach_opted_out"] if last == "STOP" else [])


async def test_a_wish_from_the_future_does_not_silence_the_next_one(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    sms = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    async with open_lanes(db, clock, tmp_path, {"sms": sms}, queue_id=scene.queue_id) as lanes:
        await arrives(lanes, texts(scene, "START", "m1", ReachState.OK, sent_at=clock() + DAY))
        entry = await arrives(lanes, texts(scene, "STOP", "m2", ReachState.OPTED_OUT))
        assert entry.identity_id is not None
        way = await db.read(reach.way, entry.identity_id, lanes.account_ids["sms"])
        assert way is not None
        assert way.state is ReachState.OPTED_OUT


@pytest.mark.parametrize("answer", ["The shop: STOP ends it.", ""])
async def test_a_strangers_help_is_answered_by_the_machine_and_rings_nobody(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path, answer: str
) -> None:
    sms = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    async with open_lanes(db, clock, tmp_path, {"sms": sms}, queue_id=scene.queue_id) as lanes:
        await greets(lanes)
        entry = await arrives(lanes, replace(texts(scene, "HELP", "m1", None), help=answer))
        await arrives(lanes, replace(texts(scene, "HELP", "m1", None), help=answer))
        await lanes.deliverer.step()
        assert [message.content.text for message in sms.got] == ([answer] if answer else [])
        assert await scene.offers() == []
        assert not (await db.read(cases.page, scene.sofia, CaseListing(kind=CaseKind.LEAD, open=True))).items
        lines = await db.read(timeline.page, scene.sofia, entry.conversation_id)
        assert lines[0].text == "HELP"
        found = await db.read(conversation_row, entry.conversation_id)
        assert (found.status, found.waiting_since, found.preview) == (ConversationStatus.CLOSED, None, "HELP")
        # What they write next is for a person.
        asked = await arrives(lanes, texts(scene, "Where is my order?", "m2", None))
        assert [offer.conversation_id for offer in await scene.offers()] == [asked.conversation_id]


async def test_help_in_the_middle_of_a_conversation_leaves_it_as_it_is(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    sms = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    async with open_lanes(db, clock, tmp_path, {"sms": sms}, queue_id=scene.queue_id) as lanes:
        first = await arrives(lanes, texts(scene, "Where is my order?", "m1", None))
        before = await db.read(conversation_row, first.conversation_id)
        clock.advance(MINUTE)
        entry = await arrives(lanes, replace(texts(scene, "HELP", "m2", None), help="STOP ends it."))
        now = await db.read(conversation_row, first.conversation_id)
        assert entry.conversation_id == first.conversation_id
        for name in ("status", "waiting_since", "work_state", "last_inbound_id", "preview"):
            assert getattr(now, name) == getattr(before, name), name
        await lanes.deliverer.step()
        assert [message.content.text for message in sms.got] == ["STOP ends it."]


async def test_whoever_said_stop_and_then_help_is_not_written_to(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    sms = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    async with open_lanes(db, clock, tmp_path, {"sms": sms}, queue_id=scene.queue_id) as lanes:
        await arrives(lanes, texts(scene, "STOP", "m1", ReachState.OPTED_OUT))
        await arrives(lanes, replace(texts(scene, "HELP", "m2", None), help="STOP ends it."))
        await lanes.deliverer.step()
        assert not sms.got


async def test_whoever_writes_by_a_way_that_was_thought_closed_is_reached_there_again(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    bot = Provider(capabilities=Capabilities(can_start=True), reaches=frozenset({"tel"}))
    async with open_lanes(db, clock, tmp_path, {"sms": bot}, queue_id=scene.queue_id) as lanes:
        entry = await arrives(lanes, texts(scene, "Hello", "m1", None))
        clock.advance(MINUTE)
        blocked = ReachChanged(address=THEIRS, state=ReachState.BLOCKED, at=clock(), reason="They blocked the bot.")
        await lanes.deliver("sms")(blocked)
        words = Words(text="Are you there?")
        with pytest.raises(Invalid, match="blocked"):
            await db.write(outbound.reply, scene.sofia, entry.conversation_id, words, lanes.accounts.directory())
        # What was written before they closed it, and what a machine writes, opens nothing.
        await arrives(lanes, texts(scene, "Late", "m2", None, sent_at=clock() - 1))
        clock.advance(MINUTE)
        await arrives(lanes, replace(texts(scene, "I am away.", "m3", None), automatic=True))
        with pytest.raises(Invalid, match="blocked"):
            await db.write(outbound.reply, scene.sofia, entry.conversation_id, words, lanes.accounts.directory())
        await arrives(lanes, texts(scene, "I am back.", "m4", None))
        await db.write(outbound.reply, scene.sofia, entry.conversation_id, words, lanes.accounts.directory())
        lines = await db.read(timeline.page, scene.sofia, entry.conversation_id)
        assert [line.notice.code for line in lines if line.notice is not None] == ["reach_blocked", "reach_ok"]
