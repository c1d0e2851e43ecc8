from __future__ import annotations

import pytest

from crm_core.calls.rules.signals import AcceptedBy, HungUp
from crm_core.words.values.calls import CallOutcome, CallState
from tests.channels.asterisk.house import House
from tests.peers.sipp import caller, telephone

pytestmark = pytest.mark.long


async def test_callers_stay_while_the_connection_is_cut_and_go_on_where_they_were(house: House) -> None:
    with telephone() as desk, caller(house.asterisk.sip_port, "+380445556677"):
        house.asterisk.make_telephone("501", desk.port)
        contact, agent = await house.take(940, "501")
        await house.connection_lost()
        house.do(HungUp(agent_id=3, leave=False))
        assert {contact, agent} <= set(await house.channels())
        await house.connection_back()
        await house.until_gone()
        assert house.call.outcome is CallOutcome.ANSWERED


async def test_an_agent_who_answers_meanwhile_is_let_go_and_the_caller_keeps_their_place(house: House) -> None:
    with telephone(ring=10_000) as desk, caller(house.asterisk.sip_port, "+380445556677"):
        house.asterisk.make_telephone("502", desk.port)
        await house.until_state(CallState.QUEUED)
        house.do(AcceptedBy(agent_id=3, leg_id=941, device="phone", address="502"))
        await house.until(lambda: any(leg.state == "ringing" for leg in house.call.legs))
        agent = house.named("leg", 941)
        await house.connection_lost()
        # Asterisk hangs up whoever answers for an application that is away.
        await house.until_left(agent)
        await house.connection_back()
        await house.until_state(CallState.QUEUED)
        await house.until_in(house.named("line"), house.call.external_id)


async def test_whoever_hangs_up_meanwhile_is_found_gone(house: House) -> None:
    with caller(house.asterisk.sip_port, "+380445556677", stays=2_000):
        call = await house.until_state(CallState.QUEUED)
        # Nobody hangs up who still hears it ring.
        await house.until_answered(call.external_id)
        await house.connection_lost()
        await house.until_no_channels()
        await house.connection_back()
        await house.until(lambda: house.call.outcome is CallOutcome.ABANDONED)
        await house.until_gone()


async def test_a_hub_that_knows_nothing_of_a_call_takes_its_remains_away_and_greets_who_waits(house: House) -> None:
    with telephone() as desk, caller(house.asterisk.sip_port, "+380445556677"):
        house.asterisk.make_telephone("503", desk.port)
        contact, _ = await house.take(942, "503")
        await house.connection_lost()
        house.desk.calls.clear()
        await house.connection_back()
        await house.until_state(CallState.QUEUED)
        assert house.call.external_id == contact
        await house.until_in(house.named("line"), contact)
        assert await house.channels() == [contact]


async def test_while_nobody_listens_a_call_goes_to_the_fallback(house: House) -> None:
    await house.connection_lost()
    with caller(house.asterisk.sip_port, "+380445556677"):
        await house.until_application("VoiceMail")
    assert not house.desk.calls


async def test_when_asterisk_crashes_the_calls_are_over_and_softphones_are_made_again(house: House) -> None:
    with caller(house.asterisk.sip_port, "+380445556677"):
        await house.until_state(CallState.QUEUED)
        phone = await house.lend(3, "tab1")
        await house.restart_asterisk()
        await house.until(lambda: house.call.outcome is CallOutcome.ABANDONED)
        await house.until_endpoint(phone["user"])
