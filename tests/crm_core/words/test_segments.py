from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.words.segments import GSM_ALPHABET, Encoding, count

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "cases" / "segments.json").read_text("utf-8"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["name"]))
def test_a_text_is_cut_as_the_case_says(case: dict[str, Any]) -> None:
    counted = count(case["text"])
    assert {
        "encoding": counted.encoding,
        "characters": counted.characters,
        "units": counted.units,
        "parts": counted.parts,
        "per_part": counted.per_part,
        "left": counted.left,
    } == {key: value for key, value in case.items() if key not in ("name", "text")}


def test_the_gsm_alphabet_has_all_its_127_characters() -> None:
    assert len(GSM_ALPHABET) == 127


@given(st.text(max_size=700))
def test_what_is_left_and_what_is_used_make_whole_parts(text: str) -> None:
    counted = count(text)
    held = counted.parts * counted.per_part
    assert 0 <= counted.left <= counted.per_part
    assert counted.units <= held or counted.parts == 0
    # At each cut at most one unit stays empty, since no character is wider than two.
    assert held - counted.units - counted.left <= max(0, counted.parts - 1) or counted.parts == 0


@given(st.text(max_size=300), st.text(max_size=300))
def test_a_longer_text_is_never_fewer_parts(text: str, more: str) -> None:
    assert count(text + more).parts >= count(text).parts


@given(st.text(alphabet=sorted(GSM_ALPHABET), max_size=300))
def test_plain_words_go_out_in_seven_bits(text: str) -> None:
    assert count(text).encoding is Encoding.GSM7
