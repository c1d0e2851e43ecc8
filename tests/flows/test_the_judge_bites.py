"""A judge who never complains proves nothing: each kind of loss and double, done to a ledger in order, is found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.flows.judge import Held, Ledgers, Said, judge, judge_work


def in_order() -> Ledgers:
    """One visitor wrote twice and was answered once, before the eyes of two consoles."""
    stored = [
        Said(1, "v-1", "hello", "vera", is_reply=False),
        Said(2, "v-2", "anyone?", "vera", is_reply=False),
        Said(3, "a-1", "yes", "vera", is_reply=True),
    ]
    return Ledgers(
        sent={said.key: said.text for said in stored},
        acknowledged={said.key: {said.entry_id} for said in stored},
        stored=stored,
        owed_to_consoles={"anna": {11, 12, 14}, "ben": {11, 12, 14}},
        told_to_consoles={"anna": [11, 12, 14], "ben": [11, 12, 14]},
        shown_on_consoles={"anna": [1, 2, 3], "ben": [1, 2, 3]},
        shown_to_visitors={"vera": [1, 2, 3]},
    )


def lose_a_row(ledgers: Ledgers) -> None:
    del ledgers.stored[1]


def store_twice(ledgers: Ledgers) -> None:
    ledgers.stored.append(replace(ledgers.stored[0], entry_id=4))


def store_other_words(ledgers: Ledgers) -> None:
    ledgers.stored[0] = replace(ledgers.stored[0], text="hell")


def store_what_nobody_sent(ledgers: Ledgers) -> None:
    del ledgers.sent["a-1"]


def acknowledge_as_two(ledgers: Ledgers) -> None:
    ledgers.acknowledged["a-1"].add(9)


def never_acknowledge(ledgers: Ledgers) -> None:
    del ledgers.acknowledged["v-2"]


def leave_a_gap(ledgers: Ledgers) -> None:
    ledgers.told_to_consoles["ben"].remove(12)


def tell_twice(ledgers: Ledgers) -> None:
    ledgers.told_to_consoles["ben"].insert(1, 12)


def tell_what_is_not_theirs(ledgers: Ledgers) -> None:
    ledgers.told_to_consoles["anna"].insert(2, 13)


def tell_out_of_order(ledgers: Ledgers) -> None:
    ledgers.told_to_consoles["anna"].reverse()


def keep_from_a_console(ledgers: Ledgers) -> None:
    ledgers.shown_on_consoles["anna"].remove(3)


def show_what_was_not_stored(ledgers: Ledgers) -> None:
    ledgers.shown_on_consoles["anna"].append(4)


def keep_from_the_visitor(ledgers: Ledgers) -> None:
    ledgers.shown_to_visitors["vera"].remove(3)


def show_the_visitor_twice(ledgers: Ledgers) -> None:
    ledgers.shown_to_visitors["vera"].append(3)


def forget_the_visitor(ledgers: Ledgers) -> None:
    ledgers.shown_to_visitors.clear()


CRIMES: tuple[tuple[Callable[[Ledgers], None], str], ...] = (
    (lose_a_row, "lost: v-2"),
    (store_twice, "double: v-1"),
    (store_other_words, "changed: v-1"),
    (store_what_nobody_sent, "invented: a-1"),
    (acknowledge_as_two, "acknowledged as another: a-1"),
    (never_acknowledge, "never acknowledged: v-2"),
    (leave_a_gap, "gap: ben was not told event 12"),
    (tell_twice, "double: 12 was told 2 times (ben)"),
    (tell_what_is_not_theirs, "not theirs: anna was told event 13"),
    (tell_out_of_order, "out of order: anna"),
    (keep_from_a_console, "not shown: anna never saw entry 3"),
    (show_what_was_not_stored, "shown and not stored: anna saw entry 4"),
    (keep_from_the_visitor, "not shown: vera never saw entry 3"),
    (show_the_visitor_twice, "double: 3 was shown 2 times (vera)"),
    (forget_the_visitor, "not shown: vera never saw entry 1"),
)


def test_ledgers_in_order_are_believed() -> None:
    assert judge(in_order()) == []


@pytest.mark.parametrize(("crime", "sentence"), CRIMES, ids=[crime.__name__ for crime, _ in CRIMES])
def test_a_crime_is_found(crime: Callable[[Ledgers], None], sentence: str) -> None:
    ledgers = in_order()
    crime(ledgers)
    assert [found for found in judge(ledgers) if found.startswith(sentence)], judge(ledgers)


NOW = 1_000
WELL_HELD = (
    Held(1, None, [("queued", None, 7)], []),
    Held(2, None, [("offered", 5, 7)], [(5, NOW + 1)]),
    Held(3, 5, [("assigned", 5, 7)], []),
)


def test_work_in_order_is_believed() -> None:
    assert judge_work(WELL_HELD, {1: "accepted"}, NOW) == []


@pytest.mark.parametrize(
    "held",
    [
        Held(1, None, [], []),
        Held(1, None, [("queued", None, 7), ("queued", None, 7)], []),
        Held(1, None, [("queued", None, None)], []),
        Held(1, None, [("queued", 5, 7)], []),
        Held(1, None, [("offered", 5, 7)], []),
        Held(1, None, [("offered", 5, 7)], [(6, NOW + 1)]),
        Held(1, None, [("offered", 5, 7)], [(5, NOW - 1)]),
        Held(1, None, [("offered", 5, 7)], [(5, NOW + 1), (5, NOW + 1)]),
        Held(1, 5, [("assigned", 5, 7)], [(5, NOW + 1)]),
        Held(1, 6, [("assigned", 5, 7)], []),
        Held(1, None, [("assigned", None, 7)], []),
    ],
)
def test_work_that_is_stuck_or_nobodys_is_found(held: Held) -> None:
    assert judge_work([held], {}, NOW) != []


def test_an_acceptance_that_did_not_last_is_found() -> None:
    assert judge_work(WELL_HELD, {1: "timed_out"}, NOW) != []
