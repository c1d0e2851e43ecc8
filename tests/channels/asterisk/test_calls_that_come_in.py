from __future__ import annotations

import pytest

from crm_core.calls.rules.call import CallPlan, MenuChoice
from crm_core.calls.rules.signals import AcceptedBy, HungUp
from crm_core.words.calls import DigitPressed, LegEnded
from crm_core.words.values.calls import CallOutcome, CallState, PromptValue
from tests.channels.asterisk.house import House
from tests.peers.sipp import caller, telephone

pytestmark = pytest.mark.long

MENU = CallPlan(
    queue_id=1,
    menu=[MenuChoice(digit="1"), MenuChoice(digit="2", then="voicemail")],
    menu_prompt=PromptValue(seq=0, code="wait"),
)


async def test_a_caller_waits_with_music_and_then_talks_with_an_agent_both_ways(house: House) -> None:
    with telephone(talks=True) as desk, caller(house.asterisk.sip_port, "+380445556677", name="Olena"):
        house.asterisk.make_telephone("201", desk.port)
        call = await house.until_state(CallState.QUEUED)
        assert (call.number, call.line, call.who) == ("+380441234567", "+380445556677", "Olena")
        await house.until_in(house.named("line"), call.external_id)
        await house.until_loud(call.external_id)
        contact, agent = await house.take(900, "201")
        await house.until_loud(agent)
        await house.until_loud(contact)
        house.do(HungUp(agent_id=3))
        await house.until(lambda: house.call.outcome is CallOutcome.ANSWERED)
        await house.until_gone()


async def test_the_agents_telephone_shows_who_calls(house: House) -> None:
    with telephone(ring=4_000) as desk, caller(house.asterisk.sip_port, "+380445556677", name="Olena"):
        house.asterisk.make_telephone("202", desk.port)
        call = await house.until_state(CallState.QUEUED)
        house.do(AcceptedBy(agent_id=3, leg_id=901, device="phone", address="202"))
        await house.until(lambda: any(leg.state == "ringing" for leg in house.call.legs))
        shown = await house.ari("GET", f"/channels/{house.named('leg', 901)}")
        assert shown["connected"] == {"name": "Olena", "number": call.number}


async def test_a_caller_who_hangs_up_while_it_rings_leaves_nothing_ringing(house: House) -> None:
    with telephone(ring=20_000) as desk, caller(house.asterisk.sip_port, "+380445556677", stays=5_000):
        house.asterisk.make_telephone("203", desk.port)
        await house.until_state(CallState.QUEUED)
        house.do(AcceptedBy(agent_id=3, leg_id=902, device="phone", address="203"))
        await house.until(lambda: any(leg.state == "ringing" for leg in house.call.legs))
        await house.until(lambda: house.call.outcome is CallOutcome.ABANDONED)
        await house.until_gone()


async def test_a_telephone_that_is_busy_gives_the_caller_back_to_the_line(house: House) -> None:
    with telephone(answers=False) as desk, caller(house.asterisk.sip_port, "+380445556677"):
        house.asterisk.make_telephone("204", desk.port)
        await house.until_state(CallState.QUEUED)
        house.do(AcceptedBy(agent_id=3, leg_id=903, device="phone", address="204"))
        await house.until(lambda: any(leg.reason == "busy" for leg in house.call.legs))
        await house.until_state(CallState.QUEUED)
        await house.until_in(house.named("line"), house.call.external_id)


@pytest.mark.parametrize("address", ["nobody", "1&PJSIP/trunk", "../1", "+", "0800 (1)"])
async def test_what_cannot_be_called_is_told_at_once(house: House, address: str) -> None:
    with caller(house.asterisk.sip_port, "+380445556677"):
        await house.until_state(CallState.QUEUED)
        house.do(AcceptedBy(agent_id=3, leg_id=904, device="phone", address=address))
        await house.until(lambda: house.call.legs[-1].reason == "failed")
        assert house.call.state is CallState.QUEUED
        assert len(await house.channels()) == 1


class TestMenus:
    @pytest.fixture
    def plan(self) -> CallPlan:
        return MENU

    async def test_a_key_chooses(self, house: House) -> None:
        with caller(house.asterisk.sip_port, "+380445556677", keys="1", talks=False):
            await house.until_state(CallState.QUEUED)
        assert [e.signal.digit for e in house.reports if isinstance(e.signal, DigitPressed)] == ["1"]
        assert (house.call.chosen, house.call.menu_round) == (["1"], 1)

    async def test_a_key_that_means_nothing_has_the_menu_said_again(self, house: House) -> None:
        with caller(house.asterisk.sip_port, "+380445556677", keys="9", talks=False):
            await house.until_state(CallState.QUEUED)
        assert [e.signal.digit for e in house.reports if isinstance(e.signal, DigitPressed)] == ["9"]
        assert house.call.menu_round == 2

    async def test_who_presses_nothing_is_asked_twice_and_put_in_line(self, house: House) -> None:
        with caller(house.asterisk.sip_port, "+380445556677", talks=False):
            await house.until_state(CallState.QUEUED)
        assert house.call.menu_round == 2


async def test_somebody_who_hides_their_number_and_somebody_whose_number_makes_no_sense_get_through(
    house: House,
) -> None:
    with caller(house.asterisk.sip_port, "+380445556677", number="anonymous", name="Anonymous"):
        await house.until_state(CallState.QUEUED)
        assert (house.call.number, house.call.who) == ("", "")
    with caller(house.asterisk.sip_port, "+380445556677", number="99999999999999999999"):
        await house.until(lambda: len(house.desk.calls) == 2 and house.call.state is CallState.QUEUED)
        assert house.call.number == ""


async def test_a_display_name_with_markup_is_a_name_and_what_was_dialled_is_no_argument(house: House) -> None:
    name = r"<script>alert(1)</script>\r\n&#39;' OR 1=1"
    with telephone(ring=4_000) as desk, caller(house.asterisk.sip_port, "+38044%2Cin%2C5556677", name=name):
        house.asterisk.make_telephone("205", desk.port)
        call = await house.until_state(CallState.QUEUED)
        assert "<script>" in call.who
        assert "\n" not in call.who
        assert call.line == "+38044in5556677"
        house.do(AcceptedBy(agent_id=3, leg_id=905, device="phone", address="205"))
        await house.until(lambda: any(leg.state == "ringing" for leg in house.call.legs))
        shown = await house.ari("GET", f"/channels/{house.named('leg', 905)}")
        assert "<" not in shown["connected"]["name"]


async def test_the_same_event_twice_changes_nothing(house: House) -> None:
    with caller(house.asterisk.sip_port, "+380445556677", stays=1_000):
        await house.until_state(CallState.QUEUED)
        await house.until(lambda: house.call.outcome is CallOutcome.ABANDONED)
    ended = [e for e in house.reports if isinstance(e.signal, LegEnded)]
    assert {e.key for e in ended} == {f"{house.call.external_id}:ended"}
