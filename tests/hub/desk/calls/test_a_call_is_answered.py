"""A call comes, is offered, answered and written down; its record, its work and its conversation say so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from channels.contract import Capabilities
from crm_core.accounts.actions import NewAccount
from crm_core.accounts.actions import add as add_account
from crm_core.accounts.sealing import Sealer
from crm_core.calls import queries
from crm_core.calls.queries import CallListing
from crm_core.conversations import phrases, timeline
from crm_core.conversations import queries as conversations
from crm_core.staff import queries as staff
from crm_core.words.calls import LegEnded
from crm_core.words.errors import Conflict, Gone, Invalid
from crm_core.words.values import (
    Activity,
    CallOutcome,
    CallState,
    ConversationStatus,
    EntryKind,
    OfferState,
    WorkState,
)
from crm_core.work import actions as work
from hub.desk import outbound, ways
from hub.desk.calls import acting, dialling, taking
from hub.desk.calls.acting import Wrapping
from hub.desk.manners import CallManner, MenuKey
from hub.desk.outbound import Words
from hub.machinery.accounts import Line as AccountLine
from tests.hub.desk.calls.town import ALICE, town_of
from tests.hub.desk.scene import Scene


async def test_a_caller_is_offered_to_an_agent_answered_and_written_down(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.ring()
    assert call.state is CallState.QUEUED
    offer = await town.offer()
    assert (offer.agent_id, offer.call_id, offer.who) == (scene.anna.agent_id, call.id, "+49 30 901820")
    town.clock.advance(3_000)
    call = await town.take(scene.anna)
    assert (call.state, call.wait) == (CallState.TALKING, 3_000)
    town.clock.advance(60_000)
    call = await town.hangs_up(call)
    assert (call.state, call.outcome, call.talk) == (CallState.WRAP_UP, CallOutcome.ANSWERED, 60_000)
    anna = await scene.db.read(staff.agent, scene.anna.agent_id)
    assert anna.wrap_up_until is not None
    assert anna.units_used == 0
    town.clock.advance(5_000)
    with pytest.raises(Conflict, match="what came of"):
        await town.wraps_up(call, scene.anna)
    call = await town.time_passes(call, 30_000)
    assert call.state is CallState.ENDED
    assert (await scene.db.read(staff.agent, scene.anna.agent_id)).wrap_up_until is None


async def test_the_timeline_has_one_line_for_a_call_and_the_list_one_record(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.ring()
    call = await town.take(scene.anna)
    town.clock.advance(20_000)
    call = await town.hangs_up(call)
    entries = await scene.db.read(timeline.page, scene.sofia, call.conversation_id)
    lines = [entry for entry in entries if entry.kind is EntryKind.CALL]
    assert len(lines) == 1
    assert lines[0].details is not None
    assert lines[0].details.call is not None
    assert (lines[0].details.call.outcome, lines[0].details.call.talk) == (CallOutcome.ANSWERED, 20_000)
    page = await scene.db.read(queries.page, scene.anna, CallListing(view="answered"))
    assert [one.id for one in page.items] == [call.id]


async def test_a_call_reported_twice_is_one_call(scene: Scene) -> None:
    town = town_of(scene)
    first = await town.ring(key="CA1")
    again = await town.ring(key="CA1")
    assert first.id == again.id
    assert len((await scene.db.read(queries.page, scene.sofia, CallListing())).items) == 1


async def test_of_two_agents_who_answer_one_has_the_call(scene: Scene) -> None:
    town = town_of(scene)
    await town.ring()
    offer = await town.offer()
    await scene.db.write(taking.accept, scene.anna, offer.id, "tab-1", lambda _id: town.line)
    with pytest.raises(Gone):
        await scene.db.write(work.end_offer, offer.id, OfferState.ACCEPTED)


async def test_a_caller_who_hangs_up_while_it_rings_stops_the_ringing(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.ring()
    offer = await town.offer()
    call = await town.hangs_up(call)
    assert call.outcome is CallOutcome.ABANDONED
    assert await scene.offers(scene.anna) != [offer]
    with pytest.raises(Gone):
        await scene.db.write(taking.accept, scene.anna, offer.id, "tab-1", lambda _id: town.line)
    assert (await scene.db.read(staff.agent, scene.anna.agent_id)).activity is Activity.AVAILABLE


async def test_a_missed_call_waits_for_somebody_to_call_back(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.hangs_up(await town.ring())
    conversation = await scene.db.read(conversations.get, scene.sofia, call.conversation_id)
    assert (conversation.status, conversation.work_state) == (ConversationStatus.OPEN, WorkState.QUEUED)
    assert conversation.case_id is not None


async def test_a_hidden_number_leaves_a_record_and_no_lead(scene: Scene) -> None:
    town = town_of(scene)
    call = await town.hangs_up(await town.ring(None))
    assert call.number == ""
    conversation = await scene.db.read(conversations.get, scene.sofia, call.conversation_id)
    assert conversation.case_id is None
    assert call.outcome is CallOutcome.ABANDONED


async def test_a_busy_agent_is_kept_for_the_call_and_gets_no_further_chats(scene: Scene) -> None:
    await scene.activity(scene.ben, Activity.BREAK)
    await scene.write_in("v1", "hello")
    [chat] = await scene.offers(scene.anna)
    await scene.db.write(taking.accept, scene.anna, chat.id, "", lambda _id: None)
    town = town_of(scene)
    call = await town.ring()
    scene.clock.advance(1_000)
    await scene.write_in("v2", "hello")
    assert await scene.offers() == []
    await scene.db.write(work.finish, chat.conversation_id)
    offer = await town.offer()
    assert offer.call_id == call.id


async def test_the_menu_leads_where_its_keys_say(scene: Scene) -> None:
    menu = CallManner(
        greeting={"en": "Welcome."},
        menu_prompt={"en": "For sales press 1, for a message press 2."},
        menu=[MenuKey(digit="1", label="Sales"), MenuKey(digit="2", label="Message", then="voicemail")],
    )
    town = town_of(scene, menu)
    call = await town.ring()
    assert call.prompt is not None
    assert (call.state, call.prompt.code) == (CallState.GREETING, "greeting")
    call = await town.plays(call)
    assert call.prompt is not None
    assert call.prompt.digits == "12"
    sales = await town.presses(call, "1")
    assert sales.state is CallState.QUEUED
    other = await town.plays(await town.ring("+4930901821"))
    assert (await town.presses(other, "2")).state is CallState.VOICEMAIL


async def test_who_asks_to_be_called_back_keeps_the_place_and_is_called(scene: Scene) -> None:
    town = town_of(scene)
    await scene.activity(scene.anna, Activity.BREAK)
    await scene.activity(scene.ben, Activity.BREAK)
    first = await town.ring()
    town.clock.advance(10_000)
    second = await town.ring("+4930901821")
    first = await town.plays(await town.presses(first, "*"))
    assert (first.outcome, first.state) == (CallOutcome.CALLBACK, CallState.ENDED)
    await scene.activity(scene.anna, Activity.AVAILABLE)
    offer = await town.offer(scene.anna)
    assert (offer.call_id, offer.purpose) == (first.id, "callback")
    await scene.db.write(taking.accept, scene.anna, offer.id, "tab-1", lambda _id: town.line)
    [out] = await scene.db.read(queries.with_agent, scene.anna.agent_id)
    assert (out.direction, out.number, out.callback_of) == ("out", ALICE, first.id)
    assert (await town.now(second.id)).state is CallState.QUEUED


async def test_a_failed_outbound_call_leaves_the_agent_as_they_were(scene: Scene) -> None:
    town = town_of(scene)
    await scene.activity(scene.anna, Activity.BUSY)
    placed = await scene.db.write(dialling.place, scene.anna, town.line, "030 901820", "tab-1")
    call = await town.device_answers(await town.now(placed.id), scene.anna)
    customer = next(leg for leg in call.legs if leg.role == "customer")
    call = await town.report_by_id(call, LegEnded(leg_id=customer.id, reason="busy"))
    assert (call.outcome, call.state) == (CallOutcome.BUSY, CallState.ENDED)
    anna = await scene.db.read(staff.agent, scene.anna.agent_id)
    assert (anna.activity, anna.wrap_up_until, anna.units_used) == (Activity.BUSY, None, 0)


async def test_an_agent_whose_device_stays_silent_loses_the_call_to_the_next(scene: Scene) -> None:
    town = town_of(scene)
    await town.ring()
    offer = await town.offer()
    await scene.db.write(taking.accept, scene.anna, offer.id, "tab-1", lambda _id: town.line)
    assert offer.call_id is not None
    call = await town.time_passes(await town.now(offer.call_id), 20_000)
    assert call.state in (CallState.QUEUED, CallState.OFFERED)
    assert (await scene.db.read(staff.agent, scene.anna.agent_id)).activity is Activity.NOT_RESPONDING
    assert (await town.offer()).agent_id == scene.ben.agent_id


async def test_a_disposition_ends_the_wrap_up_and_closes_what_was_only_a_call(scene: Scene) -> None:
    sold = await scene.db.write(phrases.add_disposition, None, "Sold")
    town = town_of(scene)
    await town.ring()
    call = await town.hangs_up(await town.take(scene.anna))
    written = Wrapping(disposition_id=sold.id, note="Wants two.", done=True)
    ended = await scene.db.write(acting.wrap_up, scene.anna, call.id, written)
    assert (ended.state, ended.disposition, ended.note) == (CallState.ENDED, "Sold", "Wants two.")
    conversation = await scene.db.read(conversations.get, scene.sofia, call.conversation_id)
    assert (conversation.status, conversation.disposition) == (ConversationStatus.CLOSED, "Sold")


async def test_an_answer_in_writing_to_a_caller_takes_a_way_that_carries_words(scene: Scene) -> None:
    sealer = Sealer(b"k" * 32)
    phone = await scene.db.write(add_account, None, sealer, NewAccount(kind="voice", name="Phone"))
    texts = await scene.db.write(add_account, None, sealer, NewAccount(kind="sms", name="Texts"))
    town = town_of(scene)
    town.source = replace(town.source, account_id=phone.id)
    call = await town.ring()
    directory = {
        phone.id: AccountLine(Capabilities(), frozenset({"tel"}), writes=False),
        texts.id: AccountLine(Capabilities(can_start=True), frozenset({"tel"})),
    }
    [way] = await scene.db.read(ways.ways, scene.sofia, directory, call.conversation_id)
    assert way.account_id == texts.id
    said = await scene.db.write(outbound.reply, scene.sofia, call.conversation_id, Words(text="Hi"), directory)
    assert said.account_id == texts.id
    with pytest.raises(Invalid, match="not written to"):
        await scene.db.write(
            outbound.reply, scene.sofia, call.conversation_id, Words(text="Hi"), {phone.id: directory[phone.id]}
        )
