from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crm_core.words.addresses import Address, phone
from crm_core.words.errors import Invalid
from crm_core.words.texting import SENDER, number_or_name

_BESIDE = "../shared/corpora/phone-numbers/examples_all_regions.json"


def _examples() -> list[dict[str, Any]]:
    for folder in Path(__file__).resolve().parents:
        if (folder / _BESIDE).exists():
            found: list[dict[str, Any]] = json.loads((folder / _BESIDE).read_text("utf-8"))
            return found
    pytest.skip("The corpora are not beside this checkout")


def _read(raw: str, region: str | None) -> str | None:
    try:
        return phone(raw, region=region).value
    except Invalid:
        return None


def test_numbers_of_every_region_are_read_as_the_corpus_says() -> None:
    """Numbers that are too short or too long for their country are no address here."""
    examples = _examples()
    wrong = [e for e in examples if _read(e["raw"], e["region"]) != (e["e164"] if e["possible"] else None)]
    assert len(examples) > 2_000
    # The countries' own lists of numbers change from one version of the library to the next.
    assert len(wrong) / len(examples) < 0.005, wrong[:5]


def test_numbers_of_every_region_are_senders_that_can_be_answered() -> None:
    whole = [e for e in _examples() if e["kind"] == "example_e164"]
    names = [e["raw"] for e in whole if number_or_name(e["raw"]) == Address(SENDER, e["raw"])]
    assert len(names) / len(whole) < 0.005, names[:5]
