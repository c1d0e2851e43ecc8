"""What becomes of messages on their way out, provider by provider."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select

from channels.contract import (
    AccountBroken,
    Capabilities,
    DeliveryReported,
    ReachChanged,
    Refused,
    Sent,
    TryLater,
    Unclear,
)
from crm_core.accounts import actions as accounts_actions
from crm_core.accounts import queries as accounts
from crm_core.conversations import timeline
from crm_core.store.database import Database
from crm_core.store.outbox import Delivery
from crm_core.store.transaction import Tx
from crm_core.words.addresses import email
from crm_core.words.clock import DAY, HOUR, MINUTE, SECOND
from crm_core.words.content import DeliveryStatus, ExternalId, ReachState
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.values import EntryValue
from hub.desk import outbound
from hub.desk.delivering import Deliverer
from hub.desk.outbound import Words
from hub.desk.parcels import Parcels
from tests.hub.desk.lanes import Provider, open_lanes
from tests.hub.desk.scene import Scene
from tests.peers.clock import VirtualClock


async def said(scene: Scene, conversation_id: int, text: str, **more: object) -> EntryValue:
    """Sofia answers."""
    words = Words(text=text, **more)  # type: ignore[arg-type]
    return await scene.db.write(outbound.reply, scene.sofia, conversation_id, words)


async def now(db: Database, entry: EntryValue) -> EntryValue:
    return await db.read(timeline.value, entry.id)


async def test_a_slow_provider_holds_up_nobody_elses_messages(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    slow, quick = Provider(gate=asyncio.Event()), Provider()
    async with open_lanes(db, clock, tmp_path, {"slow": slow, "quick": quick}) as lanes:
        one = await said(scene, await lanes.write_in("slow", "a@x.example", "hi"), "slowly")
        two = await said(scene, await lanes.write_in("quick", "b@x.example", "hi"), "quickly")
        step = asyncio.create_task(lanes.deliverer.step())
        while not quick.got:  # noqa: ASYNC110 - what is waited for is a state
            await asyncio.sleep(0.01)
        assert not slow.got
        assert slow.gate is not None
        slow.gate.set()
        await step
        for entry in (one, two):
            assert (await now(db, entry)).delivery is DeliveryStatus.SENT


async def test_an_account_has_no_more_on_their_way_than_its_provider_takes_at_once(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    narrow = Provider(capabilities=Capabilities(can_start=True, sends_at_once=2), gate=asyncio.Event())
    async with open_lanes(db, clock, tmp_path, {"narrow": narrow}) as lanes:
        for number in range(5):
            await said(scene, await lanes.write_in("narrow", f"{number}@x.example", "hi"), "yes")
        step = asyncio.create_task(lanes.deliverer.step())
        while narrow.waiting < 2:  # noqa: ASYNC110 - what is waited for is a state
            await asyncio.sleep(0.01)
        owed = await db.read(lambda tx: tx.all(select(Delivery.state)))
        assert sorted(row.state for row in owed) == ["owed"] * 3 + ["sending"] * 2
        assert narrow.gate is not None
        narrow.gate.set()
        await step
    assert len(narrow.got) == 5


async def test_who_on_copy_was_refused_is_told_and_the_message_went(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(left_out={"nobody@x.example": "There is no such mailbox."})
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        conversation = await lanes.write_in("mail", "a@x.example", "hi")
        entry = await said(scene, conversation, "yes")
        await lanes.deliverer.step()
        assert (await now(db, entry)).delivery is DeliveryStatus.SENT
        facts = await db.read(timeline.last_notice, conversation, "delivery_failed_for")
        assert facts == {"address": "nobody@x.example", "reason": "There is no such mailbox."}


async def test_a_broken_accounts_messages_wait_and_others_of_the_conversation_go_by_another_way(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    broken, other = Provider(answers=[AccountBroken("The password is wrong.")]), Provider()
    async with open_lanes(db, clock, tmp_path, {"broken": broken, "other": other}) as lanes:
        conversation = await lanes.write_in("broken", "a@x.example", "hi")
        held = await said(scene, conversation, "first")
        await lanes.deliverer.step()
        account = await db.read(accounts.account, lanes.account_ids["broken"])
        assert (account.state, account.problem) == ("broken", "The password is wrong.")
        way = (held.identity_id, lanes.account_ids["other"])
        await said(scene, conversation, "second", way=way)
        await lanes.deliverer.step()
        assert [m.content.text for m in other.got] == ["second"]
        assert (await now(db, held)).delivery is DeliveryStatus.QUEUED


async def test_an_account_that_sends_again_is_broken_no_longer_and_is_not_opened_anew(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(answers=[AccountBroken("The password is wrong.")])
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        opened = lanes.accounts.by_id(lanes.account_ids["mail"])
        entry = await said(scene, await lanes.write_in("mail", "a@x.example", "hi"), "hello")
        await lanes.deliverer.step()
        assert (await db.read(accounts.account, lanes.account_ids["mail"])).state == "broken"
        clock.advance(MINUTE)
        await lanes.deliverer.step()
        assert (await now(db, entry)).delivery is DeliveryStatus.SENT
        account = await db.read(accounts.account, lanes.account_ids["mail"])
        assert (account.state, account.problem) == ("open", "")
        assert lanes.accounts.by_id(lanes.account_ids["mail"]) is opened


async def test_a_message_for_later_leaves_then_and_holds_nobody_up(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider()
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        conversation = await lanes.write_in("mail", "a@x.example", "hi")
        later = await said(scene, conversation, "tomorrow", send_at=clock() + HOUR)
        await said(scene, conversation, "today")
        await lanes.deliverer.step()
        assert [m.content.text for m in provider.got] == ["today"]
        clock.advance(HOUR)
        await lanes.deliverer.step()
        assert [m.content.text for m in provider.got] == ["today", "tomorrow"]
        with pytest.raises(Conflict):
            await db.write(outbound.cancel, scene.sofia, later.id)


async def test_a_message_for_later_can_be_taken_back(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider()
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        conversation = await lanes.write_in("mail", "a@x.example", "hi")
        later = await said(scene, conversation, "tomorrow", send_at=clock() + HOUR)
        taken = await db.write(outbound.cancel, scene.sofia, later.id)
        assert taken.delivery is DeliveryStatus.CANCELLED
        clock.advance(2 * HOUR)
        assert await lanes.deliverer.step() == 0
        assert not provider.got
        with pytest.raises(Invalid):
            await said(scene, conversation, "yesterday", send_at=clock() - 1)


async def test_a_doubtful_send_is_asked_of_the_provider_before_anybody_sends_it_again(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(answers=[Unclear("No answer."), Unclear("No answer.")])
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        known = await said(scene, await lanes.write_in("sms", "a@x.example", "hi"), "arrived")
        lost = await said(scene, await lanes.write_in("sms", "b@x.example", "hi"), "lost")
        await lanes.deliverer.step()
        assert not provider.got
        # The provider has the one whose text arrived.
        by_text = {e.text: e for e in (known, lost)}
        messages = {m.text: m for m in by_text.values()}
        assert set(messages) == {"arrived", "lost"}
        deliveries = await db.read(_deliveries)
        provider.knows = {deliveries[known.id]: Sent((ExternalId("SM1"),))}
        clock.advance(61 * SECOND)
        await lanes.deliverer.step()
        await lanes.deliverer.step()
        assert [m.content.text for m in provider.got] == ["lost"]
        assert (await now(db, known)).delivery is DeliveryStatus.SENT
        assert (await now(db, lost)).delivery is DeliveryStatus.SENT


async def test_a_receipt_that_comes_before_the_id_is_known_is_not_lost(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(gate=asyncio.Event())
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        entry = await said(scene, await lanes.write_in("sms", "a@x.example", "hi"), "hello")
        delivery = (await db.read(_deliveries))[entry.id]
        deliver = lanes.deliver("sms")
        early = DeliveryReported(
            external_id=ExternalId(f"part-{delivery}"), status=DeliveryStatus.DELIVERED, at=clock()
        )
        assert (await deliver(early)).entry is None
        assert provider.gate is not None
        provider.gate.set()
        await lanes.deliverer.step()
        assert (await now(db, entry)).delivery is DeliveryStatus.DELIVERED
        late = DeliveryReported(external_id=ExternalId(f"sent-{delivery}"), status=DeliveryStatus.SENT, at=clock())
        await deliver(late)
        assert (await now(db, entry)).delivery is DeliveryStatus.DELIVERED


async def test_a_receipt_that_names_our_delivery_proves_that_a_doubtful_send_arrived(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(answers=[Unclear("No answer.")])
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        entry = await said(scene, await lanes.write_in("sms", "a@x.example", "hi"), "hello")
        await lanes.deliverer.step()
        delivery = (await db.read(_deliveries))[entry.id]
        receipt = DeliveryReported(
            external_id=ExternalId("SM9"), status=DeliveryStatus.DELIVERED, at=clock(), delivery=delivery
        )
        await lanes.deliver("sms")(receipt)
        clock.advance(2 * MINUTE)
        assert await lanes.deliverer.step() == 0
        assert (await now(db, entry)).delivery is DeliveryStatus.DELIVERED


async def test_what_a_provider_refuses_fails_in_its_words_and_can_go_another_way(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    first, second = Provider(answers=[Refused("They have blocked the bot.")]), Provider()
    async with open_lanes(db, clock, tmp_path, {"first": first, "second": second}) as lanes:
        entry = await said(scene, await lanes.write_in("first", "a@x.example", "hi"), "hello")
        await lanes.deliverer.step()
        failed = await now(db, entry)
        assert (failed.delivery, failed.delivery_reason) == (DeliveryStatus.FAILED, "They have blocked the bot.")
        assert entry.identity_id is not None
        way = (entry.identity_id, lanes.account_ids["second"])
        directory = lanes.accounts.directory()
        again = await db.write(outbound.retry_by, scene.sofia, entry.id, way, directory)
        twice = await db.write(outbound.retry_by, scene.sofia, entry.id, way, directory)
        assert again.id == twice.id
        assert again.details is not None
        assert again.details.instead_of_id == entry.id
        await lanes.deliverer.step()
        assert [m.content.text for m in second.got] == ["hello"]


async def test_a_provider_that_asks_for_patience_gets_it(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(answers=[TryLater("Too many.", after_ms=30_000)])
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        conversation = await lanes.write_in("sms", "a@x.example", "hi")
        await said(scene, conversation, "one")
        await said(scene, conversation, "two")
        await lanes.deliverer.step()
        clock.advance(29_999)
        assert await lanes.deliverer.step() == 0
        clock.advance(1)
        await lanes.deliverer.step()
        assert [m.content.text for m in provider.got] == ["one", "two"]


async def test_a_message_is_tried_for_a_day_however_often_and_fails_then(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(answers=[TryLater("Too many.", after_ms=HOUR // 4)] * 999)
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        conversation = await lanes.write_in("sms", "a@x.example", "hi")
        entry = await said(scene, conversation, "hello", send_at=clock() + HOUR)
        clock.advance(HOUR)
        for _ in range(24 * 4):
            assert await lanes.deliverer.step() == 1
            clock.advance(HOUR // 4)
        assert (await now(db, entry)).delivery is DeliveryStatus.QUEUED
        clock.advance(1)
        await lanes.deliverer.step()
        failed = await now(db, entry)
        assert (failed.delivery, failed.delivery_reason) == (
            DeliveryStatus.FAILED,
            "Given up after 24 hours: Too many.",
        )


async def test_whoever_asked_not_to_be_written_to_is_not(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider(capabilities=Capabilities(can_start=True))
    async with open_lanes(db, clock, tmp_path, {"sms": provider}) as lanes:
        conversation = await lanes.write_in("sms", "a@x.example", "STOP")
        stop = ReachChanged(address=email("a@x.example"), state=ReachState.OPTED_OUT, at=clock())
        await lanes.deliver("sms")(stop)
        directory = lanes.accounts.directory()
        words = Words(text="but wait")
        with pytest.raises(Invalid, match="asked not to be written to"):
            await db.write(outbound.reply, scene.sofia, conversation, words, directory)
        notices = [e.notice.code for e in await _lines(db, scene, conversation) if e.notice is not None]
        assert "reach_opted_out" in notices
        await lanes.deliver("sms")(ReachChanged(address=email("a@x.example"), state=ReachState.OK, at=clock()))
        await db.write(outbound.reply, scene.sofia, conversation, words, directory)


async def _lines(db: Database, scene: Scene, conversation_id: int) -> list[EntryValue]:
    return await db.read(timeline.page, scene.sofia, conversation_id)


def _deliveries(tx: Tx) -> dict[int, int]:
    """Deliveries by their entries."""
    return {r.entry_id: r.id for r in tx.all(select(Delivery.entry_id, Delivery.id))}


async def test_a_message_that_waits_a_day_for_a_closed_account_fails_in_words_and_can_be_sent_again(
    scene: Scene, db: Database, clock: VirtualClock, tmp_path: Path
) -> None:
    provider = Provider()
    async with open_lanes(db, clock, tmp_path, {"mail": provider}) as lanes:
        account_id = lanes.account_ids["mail"]
        conversation_id = await lanes.write_in("mail", "a@x.example", "hi")
        await db.write(accounts_actions.disable, None, account_id)
        while lanes.accounts.by_id(account_id) is not None:  # noqa: ASYNC110 - what is waited for is a state
            await asyncio.sleep(0.01)
        entry = await said(scene, conversation_id, "Your order is here.")
        later = await said(scene, conversation_id, "And now?", send_at=clock() + HOUR)
        clock.advance(DAY)
        await lanes.deliverer.step()
        assert (await now(db, entry)).delivery is DeliveryStatus.QUEUED
        clock.advance(MINUTE)
        # A hub that has just started may only not have opened its accounts yet.
        await Deliverer(db, lanes.accounts, Parcels(db, lanes.media)).step()
        assert (await now(db, entry)).delivery is DeliveryStatus.QUEUED
        await lanes.deliverer.step()
        failed, waiting = await now(db, entry), await now(db, later)
        assert (failed.delivery, waiting.delivery) == (DeliveryStatus.FAILED, DeliveryStatus.QUEUED)
        assert failed.delivery_reason == "The channel account was not open for a day. Send it by another way."
        await db.write(outbound.retry, scene.sofia, entry.id)
        await lanes.deliverer.step()
        assert (await now(db, entry)).delivery is DeliveryStatus.QUEUED
