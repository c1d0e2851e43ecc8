"""The rules that imports cannot show, held against the tree as it is. tests/house/README.md lists them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.house.house import House
from tests.house.rules import RULES

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


@pytest.mark.parametrize("code", RULES)
def test_nothing_breaks_the_rule(house: House, code: str) -> None:
    breaches = house.breaches(code, RULES[code])
    if breaches:
        pytest.fail(f"{RULES[code].__doc__}\n" + "\n".join(map(str, breaches)), pytrace=False)


def test_every_rule_is_explained(house: House) -> None:
    explained = house.files["tests/house/README.md"].text
    assert [code for code in RULES if f"`{code}`" not in explained] == []


def test_the_tree_was_really_read(house: House) -> None:
    assert {"crm_core/words/clock.py", "pyproject.toml", "Makefile"} <= house.files.keys()
    assert "crm_core/words/clock.py" in {source.path for source in house.product}
