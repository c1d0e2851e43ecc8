from __future__ import annotations

from collections import Counter

import pytest

from crm_core.words.clock import DAY, MINUTE, SECOND, Moment
from crm_core.words.dialling import (
    Charge,
    DialMeter,
    DialPlan,
    DialRefused,
    Why,
    country_of,
    may_be_rung,
    may_call,
    minutes_of,
    read_extensions,
)
from crm_core.words.errors import Invalid

OURS = "+12025550111"
AMERICA = DialPlan(region="US", countries=frozenset({"US"}), own=frozenset({OURS}))
NOW = 1_767_603_600_000


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("+1 (202) 456-1414", "+12024561414"),
        ("202 456 1414", "+12024561414"),
        ("+1 800 222 1222", "+18002221222"),
    ],
)
def test_a_number_of_the_accounts_own_country_is_called(raw: str, number: str) -> None:
    assert may_call(raw, AMERICA) == number


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("+1 876 926 5555", Why.COUNTRY),
        ("+1 809 221 1111", Why.COUNTRY),
        ("+48 22 694 60 00", Why.COUNTRY),
        ("+1 900 555 1212", Why.PREMIUM),
        ("+44 70 1234 5678", Why.PREMIUM),
        ("+979 1 2345 6789", Why.COSTLY),
        ("+882 16 1234 5678", Why.COSTLY),
        ("+881 6 1234 5678", Why.COSTLY),
        ("+870 773 123456", Why.COSTLY),
        ("911", Why.EMERGENCY),
        ("112", Why.EMERGENCY),
        ("+1911", Why.EMERGENCY),
        ("12345", Why.SHORT),
        ("sip:attacker@evil.example", Why.NO_NUMBER),
        ("client:agent_7", Why.NO_NUMBER),
        ("whatsapp:+12024561414", Why.NO_NUMBER),
        ("=+12024561414", Why.NO_NUMBER),
        ("+1202456١٤١٤", Why.NO_NUMBER),
        ("\u202e+12024561414", Why.NO_NUMBER),
        ("", Why.NO_NUMBER),
        (OURS, Why.OWN),
        ("202 555 0111", Why.OWN),
    ],
)
def test_what_is_never_called(raw: str, why: Why) -> None:
    with pytest.raises(DialRefused) as caught:
        may_call(raw, AMERICA)
    assert caught.value.why is why
    assert caught.value.facts == {"why": why.value}


def test_a_prefix_opens_a_part_of_another_country_and_closes_a_part_of_ones_own() -> None:
    plan = DialPlan(countries=frozenset({"US"}), allowed=("+4420",), forbidden=("+1907",))
    assert may_call("+44 20 7946 0018", plan) == "+442079460018"
    with pytest.raises(DialRefused) as elsewhere:
        may_call("+44 161 496 0018", plan)
    with pytest.raises(DialRefused) as alaska:
        may_call("+1 907 269 5511", plan)
    assert (elsewhere.value.why, alaska.value.why) == (Why.COUNTRY, Why.FORBIDDEN)


def test_an_allowed_prefix_does_not_open_what_costs_by_the_minute() -> None:
    plan = DialPlan(countries=frozenset({"US"}), allowed=("+",))
    for raw in ("+1 900 555 1212", "+979 1 2345 6789"):
        with pytest.raises(DialRefused):
            may_call(raw, plan)


def test_an_account_that_names_no_country_calls_nobody() -> None:
    with pytest.raises(DialRefused):
        may_call("+12024561414", DialPlan())


def test_jamaica_is_not_america() -> None:
    assert [country_of(n) for n in ("+18769265555", "+18092211111", "+12024561414", "nonsense")] == [
        "JM",
        "DO",
        "US",
        "",
    ]


def test_a_thousand_premium_numbers_a_minute_are_refused_and_somebody_is_told() -> None:
    meter = DialMeter()
    why: Counter[Why] = Counter()
    for n in range(1_000):
        with pytest.raises(DialRefused) as caught:
            meter.ask(f"+1900555{n:04}", AMERICA, agent_id=7, now=NOW + n * 60)
        why[caught.value.why] += 1
    assert why == {Why.PREMIUM: 1_000}
    assert meter.alarmed_at == NOW + 999 * 60


def test_calls_back_that_the_hub_itself_asks_for_alarm_nobody_however_often_they_are_refused() -> None:
    meter = DialMeter()
    for _ in range(40):
        with pytest.raises(DialRefused):
            meter.ask("+18769265555", AMERICA, agent_id=1, now=NOW, is_promised=True)
    assert meter.alarmed_at is None


def test_a_single_refusal_alarms_nobody() -> None:
    meter = DialMeter()
    with pytest.raises(DialRefused):
        meter.ask("911", AMERICA, agent_id=7, now=NOW)
    assert meter.alarmed_at is None


def test_an_agent_calls_so_many_numbers_a_minute_and_then_may_again() -> None:
    meter = DialMeter()
    for n in range(10):
        meter.ask("+12024561414", AMERICA, agent_id=7, now=NOW + n * SECOND)
    with pytest.raises(DialRefused) as caught:
        meter.ask("+12024561414", AMERICA, agent_id=7, now=NOW + 10 * SECOND)
    assert caught.value.why is Why.AGENT_RATE
    assert meter.ask("+12024561414", AMERICA, agent_id=8, now=NOW + 10 * SECOND)
    assert meter.ask("+12024561414", AMERICA, agent_id=7, now=NOW + MINUTE)


def test_a_thousand_calls_a_minute_of_many_agents_stop_at_the_accounts_limit() -> None:
    meter = DialMeter()
    for n in range(60):
        meter.ask("+12024561414", AMERICA, agent_id=n, now=NOW + n * 59)
    for n in range(60, 1_000):
        with pytest.raises(DialRefused) as caught:
            meter.ask("+12024561414", AMERICA, agent_id=n, now=NOW + n * 59)
        assert caught.value.why is Why.ACCOUNT_RATE
    assert meter.alarmed_at is not None


def test_a_days_cost_is_a_limit_and_a_day_later_it_is_open_again() -> None:
    meter = DialMeter()
    plan = DialPlan(countries=frozenset({"US"}), day_cost=5.0)
    meter.spent([charge("CA1", 3.0), charge("CA2", 1.5), charge("CA2", 2.0)], now=NOW)
    with pytest.raises(DialRefused) as caught:
        meter.ask("+12024561414", plan, agent_id=7, now=NOW)
    assert (caught.value.why, meter.day_cost(), meter.alarmed_at) == (Why.COST, 5.0, NOW)
    assert meter.ask("+12024561414", plan, agent_id=7, now=NOW + DAY)


def charge(name: str, price: float | None = None, *, minutes: int = 1, at: Moment = NOW) -> Charge:
    """A call that went out."""
    return Charge(name=name, at=at, minutes=minutes, price=price)


def test_a_minute_without_a_price_counts_as_the_dearest_that_has_one_and_at_least_as_is_assumed() -> None:
    meter = DialMeter()
    meter.spent([charge("CA1", minutes=4), charge("CA2", minutes=0), charge("CA3", minutes=6)], now=NOW)
    assert meter.day_cost() == 0.0
    assert meter.day_cost(0.5) == 5.0
    meter.spent([charge("CA4", 3.0, minutes=2), charge("CA5", 0.1, minutes=10)], now=NOW)
    assert meter.day_cost(0.5) == pytest.approx(3.1 + 10 * 1.5)
    meter.spent([charge("CA1", 0.4, minutes=4)], now=NOW)
    assert meter.day_cost(0.5) == pytest.approx(3.5 + 6 * 1.5)


def test_whoever_was_called_since_prices_were_told_counts_as_a_minute() -> None:
    meter = DialMeter()
    plan = DialPlan(countries=frozenset({"US"}), day_cost=1.0, assumed_minute=0.25)
    meter.spent([charge("CA1", minutes=2)], now=NOW)
    for n in range(2):
        meter.ask("+12024561414", plan, agent_id=7, now=NOW + SECOND + n)
    with pytest.raises(DialRefused) as caught:
        meter.ask("+12024561414", plan, agent_id=7, now=NOW + 2 * SECOND)
    assert caught.value.why is Why.COST
    meter.spent(
        [charge("CA1", 0.02, minutes=2), charge("CA2", minutes=0), charge("CA3", minutes=1)], now=NOW + 3 * SECOND
    )
    assert meter.ask("+12024561414", plan, agent_id=7, now=NOW + 3 * SECOND)


def test_what_was_called_before_a_restart_counts_for_the_rest_of_its_minute() -> None:
    before = [(NOW - 30 * SECOND, 7), (NOW - 50 * SECOND, 7), (NOW - 40 * SECOND, None)]
    meter = DialMeter(before)
    plan = DialPlan(countries=frozenset({"US"}), agent_minute=2, account_minute=4)
    with pytest.raises(DialRefused) as caught:
        meter.ask("+12024561414", plan, agent_id=7, now=NOW)
    assert caught.value.why is Why.AGENT_RATE
    assert meter.ask("+12024561414", plan, agent_id=8, now=NOW)
    with pytest.raises(DialRefused) as caught:
        meter.ask("+12024561414", plan, agent_id=8, now=NOW)
    assert caught.value.why is Why.ACCOUNT_RATE
    assert meter.ask("+12024561414", plan, agent_id=7, now=NOW + 10 * SECOND)


@pytest.mark.parametrize(("seconds", "minutes"), [(0, 1), (1, 1), (60, 1), (61, 2), (3_600, 60)])
def test_a_begun_minute_is_a_minute(seconds: int, minutes: int) -> None:
    assert minutes_of(NOW, NOW + seconds * SECOND) == minutes


def test_an_agents_telephone_is_an_extension_that_is_allowed_or_a_number_that_may_be_called() -> None:
    inside = DialPlan(region="DE", countries=frozenset({"DE"}), extensions=read_extensions(["100-299", "7001"]))
    assert [may_be_rung(raw, [AMERICA, inside]) for raw in ("201", "7001", "+4930901826", "202 456 1414")] == [
        "201", "7001", "+4930901826", "+12024561414",
    ]  # fmt: skip
    for raw in ("301", "0201", "112", "911", "110", "+499001234567", "+18769265555"):
        with pytest.raises(DialRefused):
            may_be_rung(raw, [AMERICA, inside])


def test_where_no_line_has_rules_costly_and_emergency_numbers_are_refused_all_the_same() -> None:
    assert may_be_rung("+4930901826", []) == "+4930901826"
    for raw in ("101", "911", "112", "+881612345678", "+19005550199"):
        with pytest.raises(DialRefused):
            may_be_rung(raw, [])


@pytest.mark.parametrize("text", ["", "a", "20-", "200-20", "299-200", "1234567", "100 -x"])
def test_what_is_no_range_of_extensions_is_refused_in_words(text: str) -> None:
    with pytest.raises(Invalid):
        read_extensions([text])
