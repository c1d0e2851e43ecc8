from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from crm_core.staff.actions import set_activity, set_queues
from crm_core.staff.queries import actor_of
from crm_core.staff.sessions import living
from crm_core.words.clock import HOUR
from crm_core.words.values import Activity, AuthorKind, Role
from hub.auth.lapsing import Lapsing
from hub.bus.whispers import Typing
from hub.console.protocol import (
    Gone,
    Happened,
    Position,
    PresenceShown,
    Ready,
    Resync,
    ResyncReason,
    SnapshotTaken,
    TypingShown,
    ViewingShown,
    WatchedShown,
)
from hub.desk.assignments import Target, assign

if TYPE_CHECKING:
    from tests.hub.console.conftest import Live


async def test_a_console_starts_with_a_snapshot_and_then_hears_what_its_agent_may_know(live: Live) -> None:
    sales, support = await live.queue("Sales"), await live.queue("Support")
    ann = await live.agent("Ann", sales)
    console = await live.open(ann)
    taken = await console.until(SnapshotTaken)
    assert taken.snapshot.me.id == ann.id
    assert taken.snapshot.me.present
    await live.hear("for others", queue=support, visitor="bob")
    stored = await live.hear("hello", queue=sales)
    happened = await console.until(Happened)
    assert happened.event.entry.id == stored.entry.id, "the first event is the one of their own queue"


async def test_supervisors_hear_every_queue(live: Live) -> None:
    sales = await live.queue("Sales")
    sue = await live.agent("Sue", role=Role.SUPERVISOR)
    console = await live.open(sue)
    await console.until(SnapshotTaken)
    stored = await live.hear("hello", queue=sales)
    assert (await console.until(Happened)).event.entry.id == stored.entry.id


async def test_a_console_that_was_away_gets_what_it_missed_once_and_in_order(live: Live) -> None:
    sales = await live.queue("Sales")
    ann = await live.agent("Ann", sales)
    first = await live.open(ann)
    await first.until(SnapshotTaken)
    await live.hear("one", queue=sales)
    await first.until(Happened)
    await first.wire.close()
    for number in range(20):
        await live.hear(f"missed {number}", queue=sales)
    second = await live.open(ann, resume=first.resume())
    ready = await second.until(Ready)
    assert ready.resumed
    last = await live.hear("live again", queue=sales)
    while True:
        happened = await second.until(Happened)
        if getattr(happened.event, "entry", None) and happened.event.entry.id == last.entry.id:
            break
    assert second.positions() == sorted(set(second.positions()))
    texts = [f.event.entry.text for f in second.frames if isinstance(f, Happened) and hasattr(f.event, "entry")]
    assert texts == [*(f"missed {n}" for n in range(20)), "live again"]
    assert not [f for f in second.frames if isinstance(f, SnapshotTaken)]


async def test_a_restarted_hub_resumes_from_the_journal(live: Live) -> None:
    sales = await live.queue("Sales")
    ann = await live.agent("Ann", sales)
    first = await live.open(ann)
    await first.until(SnapshotTaken)
    await first.wire.close()
    stored = await live.hear("missed", queue=sales)
    backlog = live.live.backlog
    live.live.backlog = type(backlog)()
    await live.live._begin()
    second = await live.open(ann, resume=first.resume())
    assert (await second.until(Ready)).resumed
    assert (await second.until(Happened)).event.entry.id == stored.entry.id


async def test_positions_of_another_world_lead_to_a_snapshot(live: Live) -> None:
    ann = await live.agent("Ann")
    first = await live.open(ann)
    await first.until(SnapshotTaken)
    good = first.resume()
    for change, reason in (
        ({"position": good["position"] + 1_000}, ResyncReason.UNKNOWN_POSITION),
        ({"position": -1}, ResyncReason.UNKNOWN_POSITION),
        ({"position": 2**60}, ResyncReason.UNKNOWN_POSITION),
        ({"epoch": "another"}, ResyncReason.OTHER_EPOCH),
        ({"rights": "another"}, ResyncReason.RIGHTS),
    ):
        console = await live.open(ann, resume={**good, **change})
        assert (await console.until(Resync)).reason == reason
        assert (await console.until(SnapshotTaken)).snapshot.me.id == ann.id


async def test_a_console_too_far_behind_gets_a_snapshot(live: Live) -> None:
    sales = await live.queue("Sales")
    ann = await live.agent("Ann", sales)
    first = await live.open(ann)
    await first.until(SnapshotTaken)
    live.live.backlog._most = 3
    for number in range(5):
        await live.hear(f"{number}", queue=sales)
    console = await live.open(ann, resume=first.resume())
    assert (await console.until(Resync)).reason == ResyncReason.TOO_OLD


async def test_a_console_a_day_behind_gets_a_snapshot(live: Live) -> None:
    sales = await live.queue("Sales")
    ann = await live.agent("Ann", sales)
    first = await live.open(ann)
    await first.until(SnapshotTaken)
    await live.hear("old", queue=sales)
    live.clock.advance(25 * 3_600_000)
    console = await live.open(ann, resume=first.resume())
    assert (await console.until(Resync)).reason == ResyncReason.TOO_OLD


async def test_an_agent_who_loses_a_conversation_is_told_that_and_nothing_more(live: Live) -> None:
    sales, secret = await live.queue("Sales"), await live.queue("Secret")
    ann, sue = await live.agent("Ann", sales), await live.agent("Sue", role=Role.SUPERVISOR)
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    stored = await live.hear("hello", queue=sales)
    conversation_id = stored.entry.conversation_id
    await console.until(Happened)
    supervisor = await live.db.read(actor_of, sue.id)
    heard = len(console.frames)
    await live.db.write(assign, supervisor, conversation_id, Target(queue_id=secret))
    gone = await console.until(Gone)
    assert gone.conversation_id == conversation_id
    await live.hear("not for Ann", queue=sales)
    await live.hear("for Ann", queue=sales, visitor="bob")
    await console.until(Happened)
    of_it = [
        f.event.conversation.id
        for f in console.frames[heard:]
        if isinstance(f, Happened) and hasattr(f.event, "conversation")
    ]
    assert conversation_id not in of_it


async def test_other_queues_take_effect_at_once_with_a_fresh_snapshot(live: Live) -> None:
    sales, support = await live.queue("Sales"), await live.queue("Support")
    ann = await live.agent("Ann", sales)
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    await live.db.write(set_queues, None, ann.id, [support])
    assert (await console.until(Resync)).reason == ResyncReason.RIGHTS
    taken = await console.until(SnapshotTaken)
    assert taken.snapshot.me.queues == [support]
    await live.hear("for sales", queue=sales)
    mine = await live.hear("for support", queue=support, visitor="bob")
    assert (await console.until(Happened)).event.entry.id == mine.entry.id


async def test_a_watched_conversation_comes_with_its_entries(live: Live) -> None:
    sales = await live.queue("Sales")
    ann = await live.agent("Ann", sales)
    stored = await live.hear("one", queue=sales)
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    await console.say({"type": "watch", "conversation_id": stored.entry.conversation_id})
    shown = await console.until(WatchedShown)
    assert [e.text for e in shown.watched.entries] == ["one"]
    await live.hear("two", queue=sales)
    await console.until(Happened)
    assert console.snapshot is not None
    assert [e.text for e in console.snapshot.watched[0].entries] == ["one", "two"]


async def test_a_conversation_that_may_not_be_read_looks_like_none(live: Live) -> None:
    sales, support = await live.queue("Sales"), await live.queue("Support")
    ann = await live.agent("Ann", sales)
    foreign = await live.hear("secret", queue=support)
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    answers = []
    for conversation_id in (foreign.entry.conversation_id, 12345):
        await console.say({"type": "watch", "conversation_id": conversation_id})
        gone = await console.until(Gone)
        answers.append((type(gone), gone.conversation_id == conversation_id))
    assert answers == [(Gone, True), (Gone, True)]


async def test_colleagues_see_who_looks_and_who_types(live: Live) -> None:
    sales = await live.queue("Sales")
    ann, bea = await live.agent("Ann", sales), await live.agent("Bea", sales)
    conversation_id = (await live.hear("one", queue=sales)).entry.conversation_id
    a, b = await live.open(ann, watching=[conversation_id]), await live.open(bea, watching=[conversation_id])
    while (await a.until(ViewingShown)).agent_ids != sorted([ann.id, bea.id]):
        pass
    await b.until(ViewingShown)
    await b.say({"type": "typing", "conversation_id": conversation_id, "on": True, "kind": "note"})
    typing = await a.until(TypingShown)
    assert (typing.agent_id, typing.on, typing.kind) == (bea.id, True, "note")
    await b.wire.close()
    assert not (await a.until(TypingShown)).on
    assert (await a.until(ViewingShown)).agent_ids == [ann.id]


async def test_a_visitor_who_types_is_seen_by_those_who_look(live: Live) -> None:
    sales = await live.queue("Sales")
    ann = await live.agent("Ann", sales)
    conversation_id = (await live.hear("one", queue=sales)).entry.conversation_id
    console = await live.open(ann, watching=[conversation_id])
    await console.until(ViewingShown)
    live.bus.whisper(Typing(conversation_id=conversation_id, by=AuthorKind.CONTACT, on=True))
    assert (await console.until(TypingShown)).by == AuthorKind.CONTACT


async def test_typing_in_a_foreign_conversation_reaches_nobody(live: Live) -> None:
    sales, support = await live.queue("Sales"), await live.queue("Support")
    ann, bea = await live.agent("Ann", sales), await live.agent("Bea", support)
    conversation_id = (await live.hear("one", queue=support)).entry.conversation_id
    inside, outside = await live.open(bea, watching=[conversation_id]), await live.open(ann)
    await inside.until(ViewingShown)
    await outside.until(SnapshotTaken)
    await outside.say({"type": "typing", "conversation_id": conversation_id, "on": True})
    await outside.say({"type": "watch", "conversation_id": conversation_id})
    await outside.until(Gone)
    await live.hear("two", queue=support)
    await inside.until(Happened)
    assert not [f for f in inside.frames if isinstance(f, TypingShown)]


async def test_presence_is_told_together_once_a_second(live: Live) -> None:
    ann, bea = await live.agent("Ann"), await live.agent("Bea")
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    other = await live.open(bea)
    await other.until(SnapshotTaken)
    live.live.beat()
    assert bea.id in (await console.until(PresenceShown)).came


async def test_the_session_of_an_open_console_is_in_use_and_a_closed_one_ends_for_want_of_it(live: Live) -> None:
    ann = await live.agent("Ann")
    session = await live.session(ann)
    console = await live.open(ann, session)
    await console.until(SnapshotTaken)
    lapsing = Lapsing(live.db, live.clock, live.gateway.sessions, idle_hours=1)
    live.clock.advance(2 * HOUR)
    assert await lapsing.step() == 0
    await console.wire.close()
    async with asyncio.timeout(60):
        while True:
            if not live.gateway.sessions():
                break
            await asyncio.sleep(0.01)
    live.clock.advance(2 * HOUR)
    assert await lapsing.step() == 1
    assert await live.db.read(living, session) is None


async def test_a_console_without_a_sign_of_life_is_let_go_after_two_heartbeats(live: Live) -> None:
    ann = await live.agent("Ann")
    alive, silent = await live.open(ann), await live.open(ann)
    for console in (alive, silent):
        await console.until(SnapshotTaken)
    for _ in range(3):
        live.clock.advance(20_000)
        live.live.beat()
        await alive.until(Position)
        await alive.say({"type": "alive"})
        await alive.say({"type": "watch", "conversation_id": 1})
        await alive.until(Gone)
    assert await silent.until_closed() == 1001
    assert len(live.live.crowd.all) == 1


async def test_positions_of_heartbeats_count_what_was_for_others(live: Live) -> None:
    sales, support = await live.queue("Sales"), await live.queue("Support")
    ann = await live.agent("Ann", sales)
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    await live.hear("for others", queue=support)
    live.clock.advance(20_000)
    live.live.beat()
    assert (await console.until(Position)).position == live.bus.position


async def test_a_drain_tells_everybody_when_to_come_back(live: Live) -> None:
    ann = await live.agent("Ann")
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    draining = asyncio.gather(live.gateway.close(), console.until_closed())
    assert (await draining)[1] == 1012
    assert type(console.frames[-1]).__name__ == "Restarting"
    response = await live.http.get(live.url, headers={"Origin": "https://hub.example.com"})
    assert response.status == 503


async def test_every_agent_is_told_of_a_colleagues_state(live: Live) -> None:
    ann, bea = await live.agent("Ann"), await live.agent("Bea")
    console = await live.open(ann)
    await console.until(SnapshotTaken)
    await live.db.write(set_activity, None, bea.id, Activity.AVAILABLE)
    happened = await console.until(Happened)
    assert happened.event.agent.activity == Activity.AVAILABLE
