"""The codes that the console puts into words are those that the hub gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest

from crm_core.words.calls import ReportedSignal
from crm_core.words.values import LegMode, OfferState
from routing.explanation import Because, Reason

WORDS = Path(__file__).parent.parent.parent / "agent_ui" / "console" / "words"


def sentences(beginning: str, part: str = "inbox") -> set[str]:
    """The keys of the English catalogue under a beginning, without it; the other languages have the same keys."""
    catalogue = json.loads((WORDS / "en" / f"{part}.json").read_text(encoding="utf-8"))
    return {key.removeprefix(beginning) for key in catalogue if key.startswith(beginning)}


@pytest.mark.parametrize(
    ("beginning", "codes"), [("why.reason.", Reason), ("why.because.", Because), ("why.offer.", OfferState)]
)
def test_every_code_of_a_routing_decision_has_words_and_no_other(
    beginning: str, codes: type[Reason | Because | OfferState]
) -> None:
    assert sentences(beginning) == {code.value for code in codes}


def test_every_line_of_a_calls_history_has_words_and_no_other() -> None:
    reported = {signal.__name__ for signal in get_args(ReportedSignal)}
    supervised = {mode.value for mode in LegMode} | {"played"}
    # Written down by the desk when a record is changed afterwards; a voicemail is a recording that says so.
    kept = {"Rewritten", "voicemail"}
    assert sentences("calls.told.", "calls") == reported | supervised | kept
