"""When a lead opens, what a case takes, and where it stands then: pure decisions."""

from __future__ import annotations

import pytest

from crm_core.cases import rules
from crm_core.cases.rules import Decision, Past, Verdict, verdict
from crm_core.words.errors import Conflict, Invalid
from crm_core.words.values import CaseKind, StageCategory, StageValue

OPEN, CLOSED = Past(id=7, is_open=True), Past(id=9, is_open=False)


@pytest.mark.parametrize(
    ("past", "facts", "expected"),
    [
        ([], {}, Verdict(opens=True)),
        ([OPEN], {}, Verdict(case_id=7)),
        ([OPEN, CLOSED], {}, Verdict(case_id=7)),
        ([OPEN, Past(id=8, is_open=True)], {}, Verdict(case_id=8)),
        ([CLOSED], {}, Verdict(opens=True, origin_id=9)),
        ([], {"is_contact": True}, Verdict()),
        ([CLOSED], {"is_contact": True}, Verdict(opens=True, origin_id=9)),
        ([CLOSED], {"is_contact": True, "is_spam": True}, Verdict()),
        ([OPEN], {"is_contact": True}, Verdict(case_id=7)),
        ([], {"contactable": False}, Verdict()),
        ([OPEN], {"contactable": False}, Verdict(case_id=7)),
        ([], {"is_spam": True}, Verdict()),
        ([CLOSED], {"is_spam": True}, Verdict()),
    ],
)
def test_a_stranger_who_can_be_reached_again_opens_a_lead_and_a_contact_one_after_another_only(
    past: list[Past], facts: dict[str, bool], expected: Verdict
) -> None:
    given = {"is_contact": False, "is_spam": False, "contactable": True, **facts}
    assert verdict(past, **given) == expected


@pytest.mark.parametrize("decision", sorted(rules.OF_LEADS))
def test_decisions_about_leads_are_about_open_leads(decision: Decision) -> None:
    for category in StageCategory:
        if category.is_open:
            rules.must_allow(decision, CaseKind.LEAD, category)
        else:
            with pytest.raises(Conflict):
                rules.must_allow(decision, CaseKind.LEAD, category)
        with pytest.raises(Conflict):
            rules.must_allow(decision, CaseKind.DEAL, category)


def test_what_is_open_is_not_reopened_and_what_is_closed_is() -> None:
    for category in StageCategory:
        if category.is_open:
            with pytest.raises(Conflict):
                rules.must_allow(Decision.REOPENED, CaseKind.DEAL, category)
        else:
            rules.must_allow(Decision.REOPENED, CaseKind.DEAL, category)
            with pytest.raises(Conflict):
                rules.must_allow(Decision.MOVED, CaseKind.DEAL, category)


def stages(*categories: StageCategory, keys: dict[int, str] | None = None) -> list[StageValue]:
    return [
        StageValue(id=at, pipeline_id=1, name=f"{at}", category=category, key=(keys or {}).get(at, ""))
        for at, category in enumerate(categories, 1)
    ]


NEW, ACTIVE, WAITING = StageCategory.NEW, StageCategory.ACTIVE, StageCategory.WAITING
WON, LOST, CANCELLED = StageCategory.WON, StageCategory.LOST, StageCategory.CANCELLED


@pytest.mark.parametrize(
    ("categories", "wanted", "expected"),
    [
        ((NEW, ACTIVE, WAITING, WON, LOST), WAITING, 3),
        ((NEW, ACTIVE, ACTIVE, WON), ACTIVE, 2),
        ((NEW, ACTIVE, WON), WAITING, 2),
        ((NEW, WON), ACTIVE, 1),
        ((NEW, WON, CANCELLED), LOST, 3),
    ],
)
def test_a_stage_that_is_missing_is_stood_in_for(
    categories: tuple[StageCategory, ...], wanted: StageCategory, expected: int
) -> None:
    assert rules.stage_for(stages(*categories), wanted).id == expected


def test_a_stage_is_known_by_its_key_and_not_by_its_name() -> None:
    three = stages(NEW, WON, LOST, LOST, keys={4: "spam"})
    assert rules.stage_for(three, LOST, "spam").id == 4
    assert rules.stage_for(three, LOST, "duplicate").id == 3
    with pytest.raises(Conflict):
        rules.stage_for(stages(NEW, WON), LOST)


def test_a_pipeline_lets_its_cases_begin_and_end() -> None:
    rules.must_be_whole(CaseKind.LEAD, [NEW, WON, LOST])
    rules.must_be_whole(CaseKind.REQUEST, [NEW, WON])
    for kind, some in ((CaseKind.LEAD, [NEW, WON]), (CaseKind.REQUEST, [ACTIVE, WON]), (CaseKind.JOB, [NEW])):
        with pytest.raises(Invalid):
            rules.must_be_whole(kind, some)


def test_a_lead_ends_by_a_decision_and_not_by_a_move() -> None:
    new, won = stages(NEW, WON)
    rules.must_move(CaseKind.LEAD, new)
    rules.must_move(CaseKind.DEAL, won)
    with pytest.raises(Invalid):
        rules.must_move(CaseKind.LEAD, won)


def test_a_lead_is_called_by_its_first_words() -> None:
    assert rules.title_of("How much is\nit?", "Ann") == "How much is it?"
    assert rules.title_of("", "Ann") == "Ann"
    assert rules.title_of("", "") == "Lead"


@pytest.mark.parametrize("wrong", ["EU", "EURO", "12E", "ЄВР"])
def test_a_currency_is_a_code(wrong: str) -> None:
    assert rules.checked_currency(" uah ") == "UAH"
    assert rules.checked_currency("") == ""
    with pytest.raises(Invalid):
        rules.checked_currency(wrong)
