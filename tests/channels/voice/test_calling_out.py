from __future__ import annotations

import base64
import json

import pytest
from structlog.testing import capture_logs

from channels.contract import AccountBroken, PhoneSocket, PhoneWanted, Refused, TryLater
from channels.simulators.twilio import Answer
from crm_core.calls.rules.signals import TransferWished
from crm_core.words.calls import Hears, SceneLeg
from crm_core.words.dialling import DialRefused
from crm_core.words.values.calls import CallOutcome, LegRole
from tests.channels.voice.bench import KEY, OTHER, OURS, THEIRS, town

AGENT = "client:agent_7_tab1"


@pytest.mark.parametrize(
    "number",
    [
        "+18769265555",
        "+18092211111",
        "+19005551212",
        "+97912345678",
        "+8821612345678",
        "+48226946000",
        "911",
        "112",
        "sip:attacker@evil.example",
        "client:agent_8_tab8",
        "12345",
        OURS,
    ],
)
async def test_what_may_not_be_called_is_not_called(number: str) -> None:
    async with town() as it:
        call = it.desk.place(number)
        await it.settle()
        ended = it.desk.calls[call.id]
        assert ended.outcome is CallOutcome.FAILED
        assert ended.reason
        assert {one.called for one in it.cloud.exchange.calls} == {AGENT}
        assert it.cloud.leg(AGENT).is_over


async def test_a_transfer_to_a_premium_number_leaves_the_caller_with_the_agent() -> None:
    async with town() as it:
        caller, agent, call = await it.talks()
        it.desk.do(call.id, TransferWished(agent_id=7, leg_id=999, attended=True, to_number="+19005551212"))
        await it.settle()
        assert (caller.hears(), agent.hears()) == ({AGENT}, {THEIRS})
        assert it.desk.calls[call.id].transfers[-1].result == "failed"


async def test_an_agents_own_telephone_is_held_to_the_same_rules() -> None:
    async with town() as it:
        caller = await it.calls()
        it.desk.accept(it.desk.call().id, device="phone", address="+19005551212")
        await it.settle()
        assert not caller.is_over
        assert {one.called for one in it.cloud.exchange.calls} == {OURS}


async def test_a_thousand_calls_a_minute_to_premium_numbers_reach_nobody_and_somebody_is_told_once() -> None:
    async with town() as it:
        with capture_logs() as logs:
            for n in range(1_000):
                leg = SceneLeg(id=n, role=LegRole.CUSTOMER, hears=Hears.ROOM, address=f"+1900555{n:04}")
                with pytest.raises(DialRefused):
                    it.channel.dialler.target(leg, 7)
                it.clock.advance(60)
        assert it.cloud.exchange.calls == []
        assert sum(entry["log_level"] == "error" for entry in logs) == 1
        assert it.channel.dialler.meter.alarmed_at is not None


async def test_an_account_calls_so_many_numbers_a_minute() -> None:
    async with town({"agent_minute": 3}) as it:
        for _ in range(5):
            it.desk.place(OTHER)
        await it.settle()
        assert sum(one.called == OTHER for one in it.cloud.exchange.calls) == 3
        assert any("Wait a little" in call.reason for call in it.desk.calls.values())


async def test_what_was_spent_in_a_day_is_a_limit_that_a_restart_remembers() -> None:
    async with town({"day_cost": 1.0}) as it:
        it.desk.place(OTHER)
        await it.settle()
        it.cloud.leg(OTHER).call.price = "-1.20"
        await it.does(it.cloud.leg(OTHER).hang_up())
        await it.restart()
        await it.channel.reconcile(it.desk)
        assert it.desk.call().cost == "1.2 USD"
        it.desk.place(OTHER, agent_id=8, device="tab8")
        await it.settle()
        assert sum(one.called == OTHER for one in it.cloud.exchange.calls) == 1


async def test_calls_that_have_no_price_yet_count_towards_a_days_cost() -> None:
    async with town({"day_cost": 1.0, "assumed_minute": 0.3}) as it:
        it.desk.place(OTHER)
        await it.settle()
        await it.live(70)
        it.desk.place(OTHER, agent_id=8, device="tab8")
        await it.settle()
        assert it.channel.dialler.meter.day_cost(0.3) == pytest.approx(0.9)
        await it.live(70)
        it.desk.place(OTHER, agent_id=9, device="tab9")
        await it.settle()
        assert sum(one.called == OTHER for one in it.cloud.exchange.calls) == 2
        for call in it.cloud.exchange.calls:
            call.price = "-0.02"
        await it.channel.reconcile(it.desk)
        it.desk.place(OTHER, agent_id=9, device="tab9")
        await it.settle()
        assert sum(one.called == OTHER for one in it.cloud.exchange.calls) == 3


async def test_the_caller_id_is_the_number_that_was_called_if_the_account_has_several() -> None:
    second = "+12025550112"
    async with town({"more_numbers": [second]}) as it:
        it.cloud.lines[second] = it.cloud.lines[OURS]
        it.desk.place(OTHER, line=second)
        it.desk.place(OTHER, agent_id=8, line="+19998887777")
        await it.settle()
        assert [one.caller for one in it.cloud.exchange.calls if one.called == OTHER] == [second, OURS]


async def test_what_twilio_refuses_ends_the_leg_with_its_reason() -> None:
    async with town() as it:
        it.desk.place(OTHER, device="phone", address=OTHER)
        it.cloud.exchange.answers.append(Answer.FORBIDDEN_COUNTRY)
        await it.settle()
        assert "21215" in it.desk.call().reason


@pytest.mark.parametrize(("answer", "failure"), [(Answer.UNAUTHORISED, AccountBroken), (Answer.SLOW_DOWN, TryLater)])
async def test_what_may_work_later_and_what_needs_a_person(answer: Answer, failure: type[Exception]) -> None:
    async with town() as it:
        await it.calls()
        it.desk.accept(it.desk.call().id)
        it.cloud.exchange.answers.append(answer)
        scene = (await it.desk.live())[0]
        with pytest.raises(failure):
            await it.channel.arrange(scene, it.desk)


async def test_a_softphone_takes_calls_and_makes_none() -> None:
    async with town(KEY) as it:
        lent = await it.channel.lend(PhoneWanted(agent_id=7, agent_name="Olena", device="tab1"))
        payload = lent.facts["token"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        assert claims["grants"] == {"identity": "agent_7_tab1", "voice": {"incoming": {"allow": True}}}
        assert claims["exp"] * 1_000 == lent.expires_at
        assert lent.facts["identity"] == "agent_7_tab1"
        assert "token" not in repr(lent)


async def test_a_tab_with_a_strange_name_still_has_a_name_that_twilio_takes() -> None:
    async with town(KEY) as it:
        lent = await it.channel.lend(PhoneWanted(agent_id=7, agent_name="Olena", device="a-b/c" * 40))
        identity = lent.facts["identity"]
        assert identity.replace("_", "").isalnum()
        assert len(identity) < 121


async def test_without_an_api_key_there_is_no_softphone_and_it_says_so() -> None:
    async with town({"api_origin": "https://api.dublin.ie1.twilio.com"}) as it:
        with pytest.raises(Refused, match="API key"):
            await it.channel.lend(PhoneWanted(agent_id=7, agent_name="Olena", device="tab1"))


async def test_a_stand_in_of_twilio_answers_in_the_tabs_place_and_says_so() -> None:
    async with town() as it:
        lent = await it.channel.lend(PhoneWanted(agent_id=7, agent_name="Olena", device="tab1"))
        assert (lent.media, lent.facts) == ("twilio", {"identity": "agent_7_tab1", "stand_in": True})


async def test_softphones_of_twilio_have_no_socket_of_ours() -> None:
    async with town() as it:
        with pytest.raises(Refused):
            await it.channel.connect(_Nobody())


class _Nobody(PhoneSocket):
    """A socket that nothing is said to."""
