"""Arranging a scene again changes nothing at Twilio, wherever the call stands, also for a hub that has just started."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from channels.simulators.twilio import How
from crm_core.calls.rules.call import CallPlan
from crm_core.calls.rules.scenes import scene
from crm_core.calls.rules.signals import HungUp, Joined, PositionKnown, RecordingWished, TransferWished
from crm_core.words.values.calls import LegMode
from tests.channels.calling import MENU, QUEUE
from tests.channels.voice.bench import OTHER, Town, town

Story = Callable[[Town], Awaitable[object]]
RECORDED = CallPlan(queue_id=QUEUE, record=True)


async def waits(it: Town) -> None:
    await it.calls()


async def is_told_the_place(it: Town) -> None:
    await it.calls()
    it.desk.do(it.desk.call().id, PositionKnown(position=2, estimate=None, prompt_text="You are second."))


async def leaves_a_message(it: Town) -> None:
    caller = await it.calls()
    it.desk.do(it.desk.call().id, PositionKnown(position=1, estimate=None, prompt_text="Next."))
    await it.settle()
    await it.does(caller.press("*"))


async def rings(it: Town) -> None:
    it.cloud.exchange.habits.dial = How.IGNORES
    await it.calls()
    it.desk.accept(it.desk.call().id)


async def talks(it: Town) -> None:
    await it.talks()


async def is_held(it: Town) -> None:
    _, _, call = await it.talks()
    it.desk.hold(call.id, on=True)


async def pauses_the_recording(it: Town) -> None:
    _, _, call = await it.talks()
    it.desk.do(call.id, RecordingWished(agent_id=7, on=False))


async def asks_somebody(it: Town) -> None:
    _, _, call = await it.talks()
    it.desk.do(call.id, TransferWished(agent_id=7, leg_id=it.desk.new_id(), attended=True, to_number=OTHER))


async def is_whispered_to(it: Town) -> None:
    _, _, call = await it.talks()
    leg_id = it.desk.new_id()
    it.desk.do(call.id, Joined(agent_id=9, leg_id=leg_id, mode=LegMode.WHISPER, device="tab9"))


async def calls_out(it: Town) -> None:
    it.desk.place(OTHER)


async def rings_outside(it: Town) -> None:
    it.cloud.exchange.dials[OTHER] = How.IGNORES
    it.desk.place(OTHER)


async def is_over(it: Town) -> None:
    _, _, call = await it.talks()
    it.desk.do(call.id, HungUp(agent_id=7))


STORIES: list[Story] = [
    waits,
    is_told_the_place,
    leaves_a_message,
    rings,
    talks,
    is_held,
    pauses_the_recording,
    asks_somebody,
    is_whispered_to,
    calls_out,
    rings_outside,
    is_over,
]


def changes(it: Town) -> int:
    """How often Twilio was asked to change anything."""
    return sum(method == "POST" for method, _, _ in it.cloud.asked)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.__name__)
async def test_the_same_scene_again_changes_nothing(story: Story) -> None:
    async with town(plan=MENU if story is leaves_a_message else RECORDED) as it:
        await story(it)
        await it.settle()
        before, call = changes(it), it.desk.call()
        for _ in range(3):
            await it.channel.arrange(scene(call), it.desk)
        assert changes(it) == before


@pytest.mark.parametrize(
    "story", [rings, talks, is_held, pauses_the_recording, asks_somebody, is_whispered_to, calls_out]
)
async def test_a_hub_that_has_just_started_changes_nothing_in_a_room(story: Story) -> None:
    async with town(plan=RECORDED) as it:
        await story(it)
        await it.settle()
        people = {room.sid: set(room.people) for room in it.cloud.exchange.conferences}
        calls, before = len(it.cloud.exchange.calls), changes(it)
        heard = [one.hears() for one in map(it.cloud.leg, {c.called for c in it.cloud.exchange.calls if not c.inbound})]
        await it.restart()
        await it.settle()
        assert {room.sid: set(room.people) for room in it.cloud.exchange.conferences} == people
        assert len(it.cloud.exchange.calls) == calls
        # Whoever hears music outside a room hears it from its beginning.
        assert changes(it) - before == (1 if story is rings else 0)
        assert heard == [
            one.hears() for one in map(it.cloud.leg, {c.called for c in it.cloud.exchange.calls if not c.inbound})
        ]


async def test_two_hundred_calls_are_held_at_once_and_each_has_one_record() -> None:
    async with town() as it:
        callers = [it.cloud.caller(f"+1202555{n:04}", "+12025550111") for n in range(1_000, 1_200)]
        await it.cloud.exchange.quiet()
        await it.cloud.exchange.pass_time(60_000)
        for caller in callers:
            await caller.hang_up()
        calls = it.desk.records()
        assert len(calls) == 200
        assert {call.wait for call in calls} == {60_000}
        assert all(call.outcome is not None for call in calls)
