from __future__ import annotations

import pytest

from crm_core.contacts import rules
from crm_core.contacts.rules import Known, Match
from crm_core.words.addresses import VISITOR, Address, email, phone
from crm_core.words.errors import Invalid

MAIL = email("taras@example.org")
MOBILE = phone("+380671234567")


@pytest.mark.parametrize(
    ("proven", "claimed", "known", "expected"),
    [
        ([MAIL], [], [Known(1, MAIL)], Match(1)),
        ([], [MAIL], [Known(1, MAIL)], Match(None, (1,))),
        ([MAIL], [], [Known(1, MAIL, is_shared=True)], Match(None, (1,))),
        ([MAIL], [], [Known(1, MAIL), Known(2, MAIL)], Match(None, (1, 2))),
        ([MAIL], [MOBILE], [Known(1, MAIL), Known(2, MOBILE)], Match(1, (2,))),
        ([MAIL], [MOBILE], [], Match()),
    ],
    ids=["proved", "only said", "shared", "two holders", "both", "nobody"],
)
def test_only_what_was_proved_of_one_person_attaches_by_itself(
    proven: list[Address], claimed: list[Address], known: list[Known], expected: Match
) -> None:
    assert rules.match(proven, claimed, known) == expected


def test_what_a_form_says_is_read_as_addresses_and_nonsense_is_passed_over() -> None:
    facts = {"email": " Taras@Example.ORG ", "phone": "call me", "page": "/"}
    assert rules.claims(facts) == [MAIL]


def test_a_person_is_shown_by_the_best_name_there_is() -> None:
    assert rules.shown_name("Taras S.", "taras", MAIL) == "Taras S."
    assert rules.shown_name(None, "taras", MAIL) == "taras"
    assert rules.shown_name(None, "", MAIL) == "taras@example.org"
    assert rules.shown_name(None, "", Address(VISITOR, "8sd7f")) == "Visitor"


def test_a_contact_has_a_name_on_one_line() -> None:
    assert rules.checked_name(" Taras\r\n<script> ") == "Taras <script>"
    with pytest.raises(Invalid):
        rules.checked_name("\u202e \t")


def test_tags_and_fields_are_bounded() -> None:
    assert rules.checked_tags(["vip", " vip ", "", "new"]) == ["vip", "new"]
    with pytest.raises(Invalid):
        rules.checked_tags(str(i) for i in range(51))
    with pytest.raises(Invalid):
        rules.checked_fields({"": "x"})
