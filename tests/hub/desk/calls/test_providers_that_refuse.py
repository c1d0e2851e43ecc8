"""A provider says no: nobody who is on the line is put down for it, and what it did not take is tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from pydantic import BaseModel

from channels.contract import (
    Account,
    AccountBroken,
    Calling,
    Capabilities,
    ChannelEvent,
    Deliver,
    PhonePass,
    PhoneSocket,
    PhoneWanted,
    Refused,
    Stored,
    TryLater,
)
from channels.voice import MANIFEST
from crm_core.calls.rules.call import Call
from crm_core.words.calls import LegAnswered, Scene
from crm_core.words.values import CallOutcome, CallState
from hub.desk.calls import acting, dialling
from hub.desk.calls.arranging import MOST_TRIES, Arranger
from hub.machinery.accounts import Open
from tests.hub.desk import scene as desk
from tests.hub.desk.calls.town import Town, town_of


class Provider:
    """Takes scenes, unless it says no."""

    capabilities = Capabilities()
    calling = Calling(media="sip", dials_numbers=True, number="+493012345")

    def __init__(self) -> None:
        self.no: Exception | None = None
        self.asked = 0
        self.stands: dict[int, Scene] = {}

    async def arrange(self, scene: Scene, deliver: Deliver, /) -> None:
        self.asked += 1
        if self.no is not None:
            raise self.no
        self.stands[scene.call_id] = scene

    async def lend(self, wanted: PhoneWanted, /) -> PhonePass:
        return PhonePass(media="sip")

    async def connect(self, phone: PhoneSocket, /) -> None:
        await phone.close(1000)


class NoSettings(BaseModel):
    """An account with nothing to set."""


class OneLine:
    """The only account of the house."""

    def __init__(self, provider: Provider, account_id: int) -> None:
        self._open = Open(Account(account_id, "key", "Phone", NoSettings()), "voice", MANIFEST, provider, None)

    def by_id(self, account_id: int) -> Open | None:
        return self._open if account_id == self._open.account.id else None

    def deliver(self, opened: Open) -> Deliver:
        async def deliver(event: ChannelEvent, /) -> Stored:
            raise AssertionError("this provider reports nothing by itself")

        return deliver


@asynccontextmanager
async def arranging(town: Town, provider: Provider) -> AsyncIterator[None]:
    """The hub brings calls to the provider."""
    arranger = Arranger(town.db, OneLine(provider, town.source.account_id), first_pause=0.001, longest_pause=0.002)
    town.db.subscribe(arranger.heard)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(arranger.run())
        yield
        running.cancel()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while True:
            if true():
                return
            await asyncio.sleep(0.001)


async def becomes(town: Town, call: Call, true: Callable[[Call], bool]) -> Call:
    async with asyncio.timeout(20):
        while not true(call):
            await asyncio.sleep(0.001)
            call = await town.now(call.id)
    return call


@pytest.mark.parametrize(
    "no",
    [
        Refused("The address of the music is not valid."),
        AccountBroken("The token is old."),
        Refused("The address of the music is not valid, and this provider has a lot to say about it. " * 5),
    ],
)
async def test_a_caller_stays_on_the_line_when_a_provider_refuses_what_they_shall_hear(
    scene: desk.Scene, no: Exception
) -> None:
    town, provider = town_of(scene), Provider()
    async with arranging(town, provider):
        await town.ring()
        call = await town.take(scene.anna)
        await until(lambda: call.id in provider.stands)
        provider.no = no
        await scene.db.write(acting.hold, scene.anna, call.id, on=True)
        call = await becomes(town, call, lambda known: bool(known.reason))
        assert (call.state, call.reason) == (CallState.HELD, str(no)[:200])
        provider.no = None
        call = await becomes(town, call, lambda known: not known.reason)
        assert call.state is CallState.HELD
        await until(lambda: provider.stands[call.id].version == call.version or not provider.stands[call.id].reason)


async def test_a_number_that_a_provider_refuses_to_call_is_let_go_with_its_words(scene: desk.Scene) -> None:
    town, provider = town_of(scene), Provider()
    provider.no = Refused("This number is not reached from here.")
    async with arranging(town, provider):
        placed = await scene.db.write(dialling.place, scene.anna, town.line, "030 901820", "tab-1")
        call = await becomes(town, await town.now(placed.id), lambda known: known.state is CallState.ENDED)
    assert (call.outcome, call.reason) == (CallOutcome.FAILED, str(provider.no))


async def test_a_contact_whom_we_called_and_who_is_there_stays_when_the_provider_refuses(scene: desk.Scene) -> None:
    town, provider = town_of(scene), Provider()
    async with arranging(town, provider):
        placed = await scene.db.write(dialling.place, scene.anna, town.line, "030 901820", "tab-1")
        await town.device_answers(await town.now(placed.id), scene.anna)
        call = await town.report_by_id(await town.now(placed.id), LegAnswered(external_id="CA77"))
        provider.no = AccountBroken("The token is old.")
        await scene.db.write(acting.mute, scene.anna, call.id, on=True)
        call = await becomes(town, call, lambda known: bool(known.reason))
    assert call.state is CallState.TALKING


async def test_a_live_call_is_tried_for_as_long_as_it_lives(scene: desk.Scene) -> None:
    town, provider = town_of(scene), Provider()
    provider.no = TryLater("Nobody is there.")
    async with arranging(town, provider):
        call = await town.ring()
        await until(lambda: provider.asked > 3 * MOST_TRIES)
        provider.no = None
        await until(lambda: call.id in provider.stands)


async def test_the_end_of_a_call_is_told_again_after_the_account_was_repaired(scene: desk.Scene) -> None:
    town, provider = town_of(scene), Provider()
    async with arranging(town, provider):
        call = await town.ring()
        await until(lambda: call.id in provider.stands)
        provider.no = AccountBroken("The token is old.")
        asked = provider.asked
        await town.hangs_up(call)
        await until(lambda: provider.asked > asked + 1)
        provider.no = None
        await until(lambda: provider.stands[call.id].over)
