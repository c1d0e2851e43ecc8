"""The list of bad inputs names tests that are there, for every number of it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent.parent
ROW: Final = re.compile(r"^\| (\d+) \|.*\| ([^|]+) \|$", re.MULTILINE)
NAMED: Final = re.compile(r"`([\w/]+\.py)::(\w+)`")


def shown() -> dict[int, list[tuple[str, str]]]:
    """For each number of the list the tests that it names: file and function."""
    text = (TESTS / "BAD_INPUTS.md").read_text(encoding="utf-8")
    return {int(number): NAMED.findall(tests) for number, tests in ROW.findall(text)}


@cache
def names_in(file: str) -> frozenset[str]:
    """The names of the test functions of a file, none if it is not there."""
    path = TESTS / file
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    functions = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(f.name for f in functions if f.name.startswith("test_"))


def test_every_bad_input_names_a_test() -> None:
    assert [number for number, tests in sorted(shown().items()) if tests] == [*range(1, 44), *range(66, 70)]


def test_every_test_that_the_list_names_is_there() -> None:
    missing = {f"{file}::{name}" for tests in shown().values() for file, name in tests if name not in names_in(file)}
    assert not missing


def test_nothing_stands_in_the_list_that_is_not_the_name_of_a_test() -> None:
    text = (TESTS / "BAD_INPUTS.md").read_text(encoding="utf-8")
    for number, tests in ROW.findall(text):
        assert NAMED.sub("", tests).strip() == "", number
