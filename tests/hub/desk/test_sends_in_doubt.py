"""A send of which nobody knows whether it went: asked for, repeated a few times, and then an agent's to decide."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import update

from channels.contract import (
    Account,
    Capabilities,
    Channel,
    DeliveryReported,
    OutboundMessage,
    Sent,
    Tools,
    TryLater,
    Unclear,
)
from crm_core.conversations import timeline
from crm_core.conversations.joining import entry_known_as
from crm_core.conversations.model import Entry
from crm_core.store import outbox
from crm_core.store.database import Database
from crm_core.store.transaction import Tx
from crm_core.words.clock import DAY, HOUR, MINUTE, SECOND
from crm_core.words.content import DeliveryStatus, ExternalId
from crm_core.words.values import EntryValue
from hub.desk import outbound
from hub.desk.outbound import Words
from tests.hub.desk.lanes import Lanes, Line, Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock

UNCLEAR = Unclear("The provider did not answer in time.")


@dataclass
class Away(Provider):
    """A provider that fails when it is asked what it has."""

    problems: list[Exception] = field(default_factory=list)
    """Failures to answer questions with, the next first."""
    asking: asyncio.Event | None = None
    """While it is set and not open, questions wait."""
    asked: int = 0

    @asynccontextmanager
    async def _open(self, _account: Account, _tools: Tools) -> AsyncIterator[Channel]:
        yield _AwayLine(self)


class _AwayLine(Line):
    def __init__(self, provider: Away) -> None:
        super().__init__(provider)
        self._away = provider

    async def recall(self, message: OutboundMessage, /) -> Sent | None:
        self._away.asked += 1
        if self._away.asking is not None:
            await self._away.asking.wait()
        if self._away.problems:
            raise self._away.problems.pop(0)
        return await super().recall(message)


async def said(scene: Scene, lanes: Lanes, kind: str, text: str = "hello") -> EntryValue:
    """Somebody new writes by a kind of channel and Sofia answers."""
    conversation_id = await lanes.write_in(kind, f"{kind}.{text}@x.example", "hi")
    return await scene.db.write(outbound.reply, scene.sofia, conversation_id, Words(text=text))


async def stands(db: Database, entry: EntryValue) -> DeliveryStatus | None:
    return (await db.read(timeline.value, entry.id)).delivery


async def rounds(lanes: Lanes, clock: VirtualClock, number: int) -> None:
    """So many rounds, each after every lease and pause."""
    for _ in range(number):
        await lanes.deliverer.step()
        clock.advance(5 * MINUTE)


@pytest.mark.parametrize("dedupes", [True, False])
async def test_a_message_in_doubt_is_sent_five_times_and_is_an_agents_to_decide_then(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path, *, dedupes: bool
) -> None:
    provider = Provider(capabilities=Capabilities(dedupes_sends=dedupes), answers=[UNCLEAR] * 20)
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        entry = await said(scene, lanes, "mail")
        await rounds(lanes, clock, 20)
        assert await stands(db, entry) is DeliveryStatus.UNCONFIRMED
        assert len(provider.answers) == 15
        provider.answers.clear()
        await db.write(outbound.retry, scene.sofia, entry.id)
        await rounds(lanes, clock, 1)
        assert await stands(db, entry) is DeliveryStatus.SENT


async def test_a_message_that_stopped_half_way_is_known_by_its_parts_and_sent_again_from_there(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    gone = (ExternalId("a"), ExternalId("b"))
    stopped, untold = Unclear("Only the first 2 of 3 parts reached it.", sent=gone), Unclear("Nobody can tell.")
    provider = Away(answers=[stopped], problems=[untold])
    async with open_lanes(db, clock, tmp_path, {"chat": provider}) as lanes:
        entry = await said(scene, lanes, "chat")
        await rounds(lanes, clock, 2)
        assert await stands(db, entry) is DeliveryStatus.UNCONFIRMED
        for part in gone:
            assert await db.read(entry_known_as, lanes.account_ids["chat"], part) == entry.id
        seen = DeliveryReported(external_id=gone[1], status=DeliveryStatus.DELIVERED, at=clock())
        await lanes.deliver("chat")(seen)
        assert await stands(db, entry) is DeliveryStatus.UNCONFIRMED
        await db.write(outbound.retry, scene.sofia, entry.id)
        await rounds(lanes, clock, 1)
        (message,) = provider.got
        assert message.sent == gone


async def test_a_message_that_has_to_wait_half_way_goes_on_by_itself(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    gone = (ExternalId("a"),)
    provider = Provider(answers=[TryLater("Too many.", after_ms=SECOND, sent=gone)])
    async with open_lanes(db, clock, tmp_path, {"chat": provider}) as lanes:
        entry = await said(scene, lanes, "chat")
        await rounds(lanes, clock, 2)
        (message,) = provider.got
        assert (message.sent, await stands(db, entry)) == (gone, DeliveryStatus.SENT)


async def test_a_hub_that_dies_in_every_send_does_not_send_for_ever(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(capabilities=Capabilities(dedupes_sends=True))
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        entry = await said(scene, lanes, "mail")
        for _ in range(4):
            (owed,) = await db.write(outbox.claim, lanes.account_ids["mail"], "a hub that dies", SECOND, 9)
            clock.advance(SECOND)
            assert await db.write(outbox.repeat, owed.id)
            assert not await db.write(outbox.repeat, owed.id)
        await db.write(outbox.claim, lanes.account_ids["mail"], "a hub that dies", SECOND, 9)
        clock.advance(SECOND)
        await lanes.deliverer.step()
        assert (await stands(db, entry), provider.got) == (DeliveryStatus.UNCONFIRMED, [])


async def test_a_channel_that_needs_longer_for_a_send_gets_a_longer_lease(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    slow = Provider(capabilities=Capabilities(send_seconds=200), gate=asyncio.Event())
    async with open_lanes(db, clock, tmp_path, {"mail": slow}) as lanes:
        await said(scene, lanes, "mail")
        step = asyncio.create_task(lanes.deliverer.step())
        while not await db.read(outbox.expired):
            clock.advance(SECOND)
        assert slow.gate is not None
        slow.gate.set()
        await step
        (message,) = slow.got
        assert clock() - message.entry.at >= 200 * SECOND


async def test_who_is_asked_in_vain_holds_up_nobody_elses_messages(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    away = Away(answers=[UNCLEAR], asking=asyncio.Event())
    async with open_lanes(db, clock, tmp_path, {"away": away, "well": Provider()}) as lanes:
        doubtful = await said(scene, lanes, "away")
        await lanes.deliverer.step()
        clock.advance(2 * MINUTE)
        entry = await said(scene, lanes, "well")
        step = asyncio.create_task(lanes.deliverer.step())
        while await stands(db, entry) is not DeliveryStatus.SENT:  # noqa: ASYNC110 - what is waited for is a state
            await asyncio.sleep(0.01)
        assert not step.done()
        assert away.asking is not None
        away.asking.set()
        await step
        assert await stands(db, doubtful) is DeliveryStatus.SENT


async def test_a_question_that_fails_in_an_unforeseen_way_ends_neither_the_round_nor_the_house(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    away = Away(answers=[UNCLEAR] * 2, problems=[ZeroDivisionError("a fault of ours")])
    async with open_lanes(db, clock, tmp_path, {"away": away}) as lanes:
        broken, fine = await said(scene, lanes, "away", "one"), await said(scene, lanes, "away", "two")
        await rounds(lanes, clock, 3)
        ends = {await stands(db, broken), await stands(db, fine)}
        assert ends == {DeliveryStatus.UNCONFIRMED, DeliveryStatus.SENT}


async def test_a_provider_that_cannot_be_asked_is_asked_every_half_minute_for_a_day(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    away = Away(answers=[UNCLEAR], problems=[TryLater("Away.")] * 999)
    async with open_lanes(db, clock, tmp_path, {"away": away}) as lanes:
        entry = await said(scene, lanes, "away")
        await lanes.deliverer.step()
        clock.advance(MINUTE)
        for _ in range(3):
            await lanes.deliverer.step()
        assert away.asked == 1
        clock.advance(30 * SECOND)
        await lanes.deliverer.step()
        assert (away.asked, await stands(db, entry)) == (2, DeliveryStatus.QUEUED)
        clock.advance(DAY + HOUR)
        await lanes.deliverer.step()
        assert await stands(db, entry) is DeliveryStatus.UNCONFIRMED


async def test_a_message_whose_parts_are_gone_fails_and_the_others_go(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider()
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        gone, fine = await said(scene, lanes, "mail", "one"), await said(scene, lanes, "mail", "two")

        def lose(tx: Tx) -> None:
            tx.execute(update(Entry).where(Entry.id == gone.id).values(details={"html_file_id": 7}))

        await db.write(lose)
        await lanes.deliverer.step()
        assert (await stands(db, gone), await stands(db, fine)) == (DeliveryStatus.FAILED, DeliveryStatus.SENT)


async def test_what_the_provider_has_under_no_name_has_gone_all_the_same(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    away = Away(answers=[UNCLEAR])
    async with open_lanes(db, clock, tmp_path, {"away": away}) as lanes:
        entry = await said(scene, lanes, "away")
        await lanes.deliverer.step()
        clock.advance(MINUTE)
        (owed,) = await db.read(outbox.expired)
        away.knows = {owed.id: Sent(())}
        await rounds(lanes, clock, 2)
        assert (await stands(db, entry), away.got) == (DeliveryStatus.SENT, [])
        assert await db.read(outbox.names_of, [entry.id]) == {}
