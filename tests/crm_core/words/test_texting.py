from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.words.addresses import TEL, Address
from crm_core.words.content import ReachState
from crm_core.words.errors import Invalid
from crm_core.words.texting import SENDER, asks_help, number_or_name, wish


@pytest.mark.parametrize(
    "text",
    ["STOP", "stop", " Stop. ", "STOPALL", "Unsubscribe", "СТОП", "стоп!", "退订", "TD", "td", "Rezygnuję", "ＳＴＯＰ"],
)
def test_a_word_alone_asks_for_silence(text: str) -> None:
    assert wish(text, carrier_words=False) is ReachState.OPTED_OUT


@pytest.mark.parametrize("text", ["START", "unstop", "Старт", "订阅"])
def test_a_word_alone_asks_to_be_written_to_again(text: str) -> None:
    assert wish(text, carrier_words=False) is ReachState.OK


@pytest.mark.parametrize("text", ["stop please", "don't stop", "HELP", "INFO", "", "STOP" * 20, "стоп машина", "yes"])
def test_a_sentence_or_a_plea_for_help_changes_nothing(text: str) -> None:
    assert wish(text, carrier_words=False) is None


@pytest.mark.parametrize(
    ("text", "state"), [("CANCEL", ReachState.OPTED_OUT), ("End", ReachState.OPTED_OUT), ("YES", ReachState.OK)]
)
def test_words_with_two_meanings_count_only_where_the_carrier_acts_on_them(text: str, state: ReachState) -> None:
    assert wish(text, carrier_words=True) is state
    assert wish(text, carrier_words=False) is None


@pytest.mark.parametrize("text", ["HELP", "help!", "Допомога", "Помощь.", "pomoc", "帮助"])
def test_a_word_alone_asks_whose_texts_these_are(text: str) -> None:
    assert asks_help(text, carrier_words=False)
    assert asks_help(text, carrier_words=True)


@pytest.mark.parametrize("text", ["help me please", "can you help", "", "помощь нужна"])
def test_a_sentence_about_help_is_for_a_person(text: str) -> None:
    assert not asks_help(text, carrier_words=True)


def test_info_asks_for_help_only_where_the_carrier_answers_it() -> None:
    assert [asks_help("INFO", carrier_words=known) for known in (True, False)] == [True, False]


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert wish(text, carrier_words=True) in (None, ReachState.OK, ReachState.OPTED_OUT)


@pytest.mark.parametrize(
    ("raw", "region", "address"),
    [
        ("+14155550100", None, Address(TEL, "+14155550100")),
        ("380441234567", None, Address(TEL, "+380441234567")),
        ("044 123 45 67", "UA", Address(TEL, "+380441234567")),
        ("BANK", None, Address(SENDER, "BANK")),
        ("PrivatBank", "UA", Address(SENDER, "PrivatBank")),
        ("8808", None, Address(SENDER, "8808")),
        ("10060", "UA", Address(SENDER, "10060")),
        ("+266696687", None, Address(SENDER, "+266696687")),
    ],
)
def test_a_sender_is_a_number_or_a_name(raw: str, region: str | None, address: Address) -> None:
    assert number_or_name(raw, region=region) == address


def test_a_sender_of_nothing_is_refused() -> None:
    with pytest.raises(Invalid):
        number_or_name("  ")
