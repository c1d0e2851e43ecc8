from __future__ import annotations

import asyncio
from contextlib import closing

import pytest

from crm_core.calls.rules.signals import (
    Held,
    HungUp,
    InvitationAnswered,
    Joined,
    Muted,
    Rejoined,
    ThreeWay,
    TransferDone,
    TransferWished,
)
from crm_core.words.values.calls import CallOutcome, CallState, LegMode
from tests.channels.asterisk.house import QUIET, House
from tests.peers.sipp import Ear, caller, telephone

pytestmark = pytest.mark.long


async def test_who_is_held_hears_music_and_the_agent_hears_nothing(house: House) -> None:
    with telephone() as desk, caller(house.asterisk.sip_port, "+380445556677"):
        house.asterisk.make_telephone("301", desk.port)
        contact, agent = await house.take(910, "301")
        await house.until_loud(agent)
        await house.until_quiet(contact)
        house.do(Held(agent_id=3, on=True))
        await house.until_in(house.named("line"), contact)
        await house.until_loud(contact)
        await house.until_quiet(agent)
        house.do(Held(agent_id=3, on=False))
        await house.until_in(house.named("room"), contact, agent)
        await house.until_loud(agent)


async def test_an_agent_who_is_muted_is_not_heard(house: House) -> None:
    with telephone(talks=True) as desk, caller(house.asterisk.sip_port, "+380445556677", talks=False):
        house.asterisk.make_telephone("302", desk.port)
        contact, _ = await house.take(911, "302")
        await house.until_loud(contact)
        house.do(Muted(agent_id=3, on=True))
        await house.until_quiet(contact)
        house.do(Muted(agent_id=3, on=False))
        await house.until_loud(contact)


async def test_a_question_is_asked_while_the_contact_waits_and_then_the_call_is_handed_over(house: House) -> None:
    with (
        telephone(talks=True) as first,
        telephone() as second,
        caller(house.asterisk.sip_port, "+380445556677", talks=False),
    ):
        house.asterisk.make_telephone("303", first.port)
        house.asterisk.make_telephone("304", second.port)
        contact, agent = await house.take(912, "303")
        house.do(TransferWished(agent_id=3, leg_id=913, attended=True, to_agent_id=4))
        await house.until_in(house.named("line"), contact)
        house.do(InvitationAnswered(agent_id=4, yes=True, device="phone", address="304"))
        asked = house.named("leg", 913)
        await house.until_in(house.named("room"), agent, asked)
        await house.until_loud(asked)
        house.do(TransferDone(agent_id=3))
        await house.until_in(house.named("room"), contact, asked)
        assert agent not in await house.channels()
        assert house.call.agent_id == 4


async def test_three_speak_with_each_other_and_one_of_them_is_a_number_outside(house: House) -> None:
    with (
        telephone() as desk,
        house.trunk(talks=True),
        caller(house.asterisk.sip_port, "+380445556677", talks=False),
    ):
        house.asterisk.make_telephone("305", desk.port)
        contact, agent = await house.take(914, "305")
        house.do(TransferWished(agent_id=3, leg_id=915, attended=True, to_number="+380671112233"))
        third = house.named("leg", 915)
        await house.until_in(house.named("room"), agent, third)
        house.do(ThreeWay(agent_id=3))
        await house.until_in(house.named("room"), contact, agent, third)
        await house.until_loud(contact)
        await house.until_loud(agent)
        house.do(HungUp(agent_id=3))
        await house.until_in(house.named("room"), contact, third)


async def test_a_supervisor_listens_whispers_and_joins(house: House) -> None:
    with (
        telephone() as desk,
        telephone(talks=True) as boss,
        caller(house.asterisk.sip_port, "+380445556677", talks=False),
    ):
        house.asterisk.make_telephone("306", desk.port)
        house.asterisk.make_telephone("307", boss.port)
        contact, agent = await house.take(916, "306")

        def join(mode: LegMode) -> None:
            # A leg is made by the first of them only.
            leg_id = 917 if mode is LegMode.MONITOR else house.desk.new_id()
            house.do(Joined(agent_id=9, leg_id=leg_id, mode=mode, device="phone", address="307"))

        join(LegMode.MONITOR)
        ear, leg = house.named("ear", 917), house.named("leg", 917)
        await house.until_in(ear, leg, house.named("snoop", 917, "monitor", 916))
        await house.until_quiet(agent)
        await house.until_quiet(contact)
        join(LegMode.WHISPER)
        await house.until_in(ear, leg, house.named("snoop", 917, "whisper", 916))
        await house.until_quiet(contact)
        join(LegMode.BARGE)
        await house.until_in(house.named("room"), contact, agent, leg)
        await house.until_loud(contact)


async def test_what_is_whispered_reaches_the_agents_telephone(house: House) -> None:
    ear = Ear()
    with (
        closing(ear),
        telephone(ear=ear) as desk,
        telephone(talks=True) as boss,
        caller(house.asterisk.sip_port, "+380445556677", talks=False),
    ):
        house.asterisk.make_telephone("314", desk.port)
        house.asterisk.make_telephone("315", boss.port)
        await house.take(922, "314")
        house.do(Joined(agent_id=9, leg_id=923, mode=LegMode.WHISPER, device="phone", address="315"))

        async def loud() -> bool:
            return await asyncio.to_thread(ear.loudness) > QUIET

        await house.until_true(loud, "nothing is heard at the agent's telephone")


async def test_a_listener_hears_both_sides(house: House) -> None:
    with telephone() as desk, telephone() as boss, caller(house.asterisk.sip_port, "+380445556677"):
        house.asterisk.make_telephone("308", desk.port)
        house.asterisk.make_telephone("309", boss.port)
        await house.take(918, "308")
        house.do(Joined(agent_id=9, leg_id=919, mode=LegMode.MONITOR, device="phone", address="309"))
        leg = house.named("leg", 919)
        await house.until_in(house.named("ear", 919), leg, house.named("snoop", 919, "monitor", 918))
        await house.until_loud(leg)


async def test_an_agent_comes_back_by_another_telephone(house: House) -> None:
    with telephone() as old, telephone() as new, caller(house.asterisk.sip_port, "+380445556677"):
        house.asterisk.make_telephone("310", old.port)
        house.asterisk.make_telephone("311", new.port)
        contact, agent = await house.take(920, "310")
        house.do(Rejoined(agent_id=3, leg_id=921, device="phone", address="311"))
        await house.until_in(house.named("room"), contact, house.named("leg", 921))
        assert agent not in await house.channels()
        assert house.call.outcome is None


async def test_an_agent_calls_a_number_and_hears_it_ring(house: House) -> None:
    with telephone() as desk, house.trunk(talks=True, ring=8_000):
        house.asterisk.make_telephone("312", desk.port)
        call = house.desk.place("+380671112233", 3, line="+380445556677", device="phone", address="312")
        agent = f"switchboard-leg-{call.id}-{call.legs[0].id}"
        await house.until_in(house.named("room"), agent)
        await house.until(lambda: house.call.state is CallState.RINGING)
        await house.until_loud(agent)
        contact = house.named("leg", house.call.legs[-1].id)
        shown = await house.ari("GET", f"/channels/{contact}")
        assert shown["connected"]["number"] == "+380445556677"
        await house.until_state(CallState.TALKING)
        await house.until_in(house.named("room"), agent, contact)
        await house.until_loud(agent)
        house.do(HungUp(agent_id=3))
        await house.until(lambda: house.call.outcome is CallOutcome.ANSWERED)
        await house.until_gone()


async def test_a_number_that_is_busy_is_told_to_be_busy(house: House) -> None:
    with telephone() as desk, house.trunk(answers=False):
        house.asterisk.make_telephone("313", desk.port)
        house.desk.place("+380671112233", 3, device="phone", address="313")
        await house.until(lambda: house.call.outcome is CallOutcome.BUSY)
        await house.until_gone()
