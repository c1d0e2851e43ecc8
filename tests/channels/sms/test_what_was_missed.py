"""Sends of which nobody knows, and what came while nobody listened."""

from __future__ import annotations

import asyncio

import pytest

from channels.contract import ChannelEvent, Stored, TryLater, Unclear
from channels.simulators.twilio import Answer, Service
from channels.sms import MANIFEST
from crm_core.words.content import DeliveryStatus, ReachState
from crm_core.words.errors import StoreUnavailable
from tests.channels.twilio.bench import OURS, THEIRS, outbound, world

SERVICE = "MG" + "0" * 32


# --- doubt --------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [Answer.SERVER_ERROR, Answer.CUT])
async def test_a_doubtful_send_that_arrived_is_found(answer: Answer) -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.send(outbound("Hello", delivery=4))
        it.clock.advance(60_000)
        it.cloud.answers.append(answer)
        doubtful = outbound("Hello", delivery=5, at=it.clock.now())
        with pytest.raises(Unclear):
            await it.channel.send(doubtful)
        found = await it.channel.recall(doubtful)
        assert found is not None
        assert found.external_ids == (it.cloud.messages[-1].sid,)


async def test_a_doubtful_send_that_never_arrived_is_known_once_the_list_is_complete() -> None:
    async with world(MANIFEST, {}) as it:
        await it.channel.send(outbound("Hello", delivery=4))
        it.clock.advance(60_000)
        it.cloud.answers.append(Answer.CUT_BEFORE)
        doubtful = outbound("Hello", delivery=5, at=it.clock.now())
        with pytest.raises(Unclear):
            await it.channel.send(doubtful)
        with pytest.raises(TryLater):
            await it.channel.recall(doubtful)
        it.clock.advance(180_000)
        assert await it.channel.recall(doubtful) is None


async def test_a_message_written_long_before_it_was_sent_is_given_the_lists_time_after_a_restart() -> None:
    async with world(MANIFEST, {}) as it:
        written = it.clock.now()
        it.clock.advance(3_600_000)
        cut_off = outbound("Hello", delivery=5, at=written, tried_at=it.clock.now())
        it.clock.advance(20_000)
        with pytest.raises(TryLater) as caught:
            await it.channel.recall(cut_off)
        assert caught.value.after_ms == 100_000
        it.clock.advance(100_000)
        assert await it.channel.recall(cut_off) is None


async def test_the_receipt_of_a_doubtful_send_proves_it() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.answers.append(Answer.SERVER_ERROR)
        with pytest.raises(Unclear):
            await it.channel.send(outbound(delivery=41))
        await it.cloud.settled()
    assert {(r.delivery, r.external_id) for r in it.reports} == {(41, it.cloud.messages[-1].sid)}


# --- what came while we were down ---------------------------------------------------------------


async def test_what_came_while_nobody_listened_is_handed_in_once() -> None:
    async with world(MANIFEST, {}) as it:
        door = it.cloud.numbers.pop(OURS)
        lost, _ = await it.cloud.phone(THEIRS).text(OURS, "Is anybody there?")
        it.cloud.numbers[OURS] = door
        it.clock.advance(60_000)
        seen, _ = await it.cloud.phone(THEIRS).text(OURS, "Hello?")
        heard = asyncio.Event()

        async def deliver(event: ChannelEvent) -> Stored:
            stored = await it.recorder(event)
            heard.set()
            return stored

        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            listening = group.create_task(it.channel.listen(deliver))
            await heard.wait()
            listening.cancel()
    assert it.recorder.external_ids == [seen, lost]
    assert it.arrived[-1].sent_at == it.clock.now() - 60_000


async def test_receipts_that_were_lost_are_asked_for() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.manner.silent = True
        sent = await it.channel.send(outbound())
        await it.channel.reconcile(it.recorder)
        await it.channel.reconcile(it.recorder)
    assert [(r.external_id, r.status) for r in it.reports] == [(sent.external_ids[0], DeliveryStatus.DELIVERED)]


async def test_only_the_accounts_own_numbers_are_reconciled_page_by_page() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.numbers.pop(OURS)
        for number in range(450):
            await it.cloud.phone(THEIRS).text(OURS if number % 2 else "+14155550999", f"{number}")
        await it.channel.reconcile(it.recorder)
    assert len(it.recorder.external_ids) == 225


async def test_what_is_older_than_a_day_is_left() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.numbers.pop(OURS)
        await it.cloud.phone(THEIRS).text(OURS, "Long ago")
        it.clock.advance(25 * 3_600_000)
        await it.channel.reconcile(it.recorder)
    assert not it.events


async def test_a_service_reconciles_all_its_numbers() -> None:
    async with world(MANIFEST, {}, sender=SERVICE) as it:
        it.cloud.numbers = {}
        it.cloud.services[SERVICE] = Service(SERVICE, [OURS])
        await it.cloud.phone(THEIRS).text(OURS, "Hello")
        await it.channel.reconcile(it.recorder)
    assert len(it.arrived) == 1


async def test_of_what_somebody_asked_for_while_nobody_listened_the_last_counts() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.numbers.pop(OURS)
        for words in ("STOP", "Hello?", "START", "Thanks"):
            await it.cloud.phone(THEIRS).text(OURS, words)
            it.clock.advance(1_000)
        await it.channel.reconcile(it.recorder)
    assert [message.content.text for message in it.arrived] == ["STOP", "Hello?", "START", "Thanks"]
    assert [reach.state for reach in it.reaches] == [ReachState.OK]


async def test_while_the_store_is_away_nothing_is_taken_for_handed_in() -> None:
    async with world(MANIFEST, {}) as it:
        it.cloud.numbers.pop(OURS)
        await it.cloud.phone(THEIRS).text(OURS, "Hello?")
        it.recorder.failing = True
        with pytest.raises(StoreUnavailable):
            await it.channel.reconcile(it.recorder)
        it.recorder.failing = False
        await it.channel.reconcile(it.recorder)
    assert len(it.arrived) == 1
