"""An error is a sentence; with a code it is a sentence in every language, and tells no more than it names."""

from __future__ import annotations

import pytest

from crm_core.words.errors import Conflict, Invalid, TooMany, Unfit


def test_a_sentence_with_a_code_is_filled_in_from_its_facts_and_tells_only_of_those_that_it_names() -> None:
    error = Conflict("{name} has this case.", why="case_taken", name="Ada {owner_id}", owner_id=7)
    assert (str(error), error.why, error.named) == (
        "Ada {owner_id} has this case.",
        "case_taken",
        {"name": "Ada {owner_id}"},
    )
    assert error.facts["owner_id"] == 7


def test_a_sentence_without_a_code_stays_as_it_is() -> None:
    error = Invalid("There is no file {to}.", name="Ada")
    assert (str(error), error.why, error.named) == ("There is no file {to}.", "", {})
    assert (str(TooMany()), TooMany(retry_after=3).named) == ("Too many requests. Wait a little and try again.", {})


def test_a_sentence_that_names_a_fact_nobody_gave_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Invalid("At most {n} tags.", why="tags_many")


def test_a_validator_hands_on_what_was_raised_with_its_code_and_facts() -> None:
    unfit = Unfit.by(Invalid("{word} {{to}} is not it.", why="no_such_word", word="{thing}"))
    assert (str(unfit), unfit.why, unfit.named) == ("{thing} {to} is not it.", "no_such_word", {"word": "{thing}"})
    assert isinstance(unfit, ValueError)
