"""Whoever writes STOP is left alone from that very message on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from channels.contract import Capabilities, MessageArrived
from crm_core.accounts import actions
from crm_core.cases import queries as cases
from crm_core.cases.queries import CaseListing
from crm_core.conversations import timeline
from crm_core.store.database import Database
from crm_core.words.addresses import phone
from crm_core.words.content import Content, ExternalId, ReachState, ThreadKey
from crm_core.words.errors import Invalid
from crm_core.words.values import CaseKind, EntryValue
from hub.desk import outbound
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Lanes, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

THEIRS = phone("+380441234567")
GREETING = {"language": "en", "greeting": {"en": "Hello!"}}


def texts(scene: Scene, text: str, name: str, reach: ReachState | None) -> MessageArrived:
    """A text message of theirs, and what it asks for."""
    return MessageArrived(
        external_id=ExternalId(name),
        thread=ThreadKey("t"),
        sender=THEIRS,
        content=Content(text=text),
        sent_at=scene.clock(),
        reach=reach,
    )


async def greets(lanes: Lanes) -> None:
    """The account is open again, and greets."""
    await lanes.db.write(actions.set_manner, lanes.account_ids["sms"], GREETING)
    while not _has_manner(lanes):  # noqa: ASYNC110 - what is waited for is a state
        await asyncio.sleep(0.01)


def _has_manner(lanes: Lanes) -> bool:
    opened = lanes.accounts.by_id(lanes.account_ids["sms"])
    return opened is not None and opened.manner is not None


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
