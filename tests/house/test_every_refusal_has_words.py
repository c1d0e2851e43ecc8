"""Whatever the hub refuses by a code, and whatever a channel finds, the console says in every language it speaks."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from channels.contract import Problem
from crm_core.words import dialling, errors
from crm_core.words.errors import HubError
from hub.desk import fitting, ways

HOUSE: Final = Path(__file__).parent.parent.parent
WORDS: Final = HOUSE / "agent_ui" / "console" / "words"
LANGUAGES: Final = sorted(path.name for path in WORDS.iterdir() if path.is_dir())
REFUSING: Final = {"Unfit", "BadShape"} | {name for name, kind in vars(errors).items() if isinstance(kind, type)}
FINDING: Final = {"told", "Trouble", "refusal", "_all_there", "TryLater", "AccountBroken"}
STEPPING: Final = {"told", "of", "_step", "_all_there", "_unreachable"}
ELSEWHERE: Final = ("hub/demo", "hub/bench", "channels/simulators")


@dataclass(frozen=True)
class Said:
    """A sentence of the hub's or a channel's with its code, and the facts that can be filled in."""

    kind: str
    why: str
    facts: frozenset[str]


def _catalogue(language: str) -> dict[str, object]:
    found: dict[str, object] = {}
    for path in (WORDS / language).glob("*.json"):
        found |= json.loads(path.read_text(encoding="utf-8"))
    return found


def _keys(language: str, beginning: str) -> set[str]:
    return {key.removeprefix(beginning) for key in _catalogue(language) if key.startswith(beginning)}


@cache
def _sources() -> list[tuple[Path, ast.Module]]:
    paths = [path for floor in ("hub", "crm_core", "channels") for path in sorted((HOUSE / floor).rglob("*.py"))]
    return [
        (path, ast.parse(path.read_text(encoding="utf-8")))
        for path in paths
        if not path.relative_to(HOUSE).as_posix().startswith(ELSEWHERE)
    ]


def _name(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _said() -> Iterator[Said]:
    for _, tree in _sources():
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            name = _name(call)
            kind = "found" if name in FINDING else "refused" if name in REFUSING else ""
            given = {word.arg: word.value for word in call.keywords if word.arg}
            why = given.get("why")
            if kind and isinstance(why, ast.Constant):
                assert isinstance(why.value, str)
                yield Said(kind, why.value, frozenset(given) | _blanks(call))


def _blanks(call: ast.Call) -> frozenset[str]:
    """What the sentence has in braces, `{{such}}` as well, which stands there as it is."""
    sentences = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
    return frozenset(name for sentence in sentences for name in _named(sentence))


def _named(sentence: str) -> set[str]:
    words = sentence.replace("{{", "{").replace("}}", "}")
    return {piece.partition("}")[0] for piece in words.split("{")[1:] if piece.partition("}")[0].isidentifier()}


def _steps() -> set[str]:
    """The steps that channels name in trying an account out, and the hub's own."""
    found: set[str] = set()
    for _, tree in _sources():
        constants = {
            line.target.id: line.value.value
            for line in tree.body
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
            if isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)
        }
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            named = [word.value for word in call.keywords if word.arg == "step"] if _name(call) == "Finding" else []
            first = call.args[:1] if _name(call) in STEPPING else []
            for step in [*named, *first]:
                match step:
                    case ast.Constant(value=str(value)):
                        found.add(value)
                    case ast.Name(id=name) if name in constants:
                        found.add(constants[name])
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_a_refusal_has_words_and_no_other(language: str) -> None:
    reasons = {said.why for said in _said() if said.kind == "refused"} | fitting.CODES
    elsewhere = _keys(language, "call.problem.") | _keys(language, "way.why.")
    assert reasons - elsewhere == _keys(language, "refused.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_that_trying_an_account_out_gives_has_words_and_no_other(language: str) -> None:
    assert {said.why for said in _said() if said.kind == "found"} == _keys(language, "found.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_step_and_every_problem_of_trying_an_account_out_has_words(language: str) -> None:
    steps = _steps()
    assert {"imap", "oauth", "webhook", "sender", "modules", "all"} <= steps
    assert steps - _keys(language, "accounts.step.") == set()
    assert _keys(language, "accounts.problem.") == _keys(language, "accounts.advice.") == {one.value for one in Problem}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_way_that_is_closed_and_every_number_not_called_has_words(language: str) -> None:
    assert {why.value for why in ways.Why if why} - _keys(language, "way.why.") == set()
    assert {why.value for why in dialling.Why} == _keys(language, "call.refused.")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_an_error_says_enough_by_itself(language: str) -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, HubError)]
    assert {kind.code for kind in kinds} - _keys(language, "problem.") == set()


def test_no_words_name_a_fact_that_the_hub_does_not_tell() -> None:
    english = _catalogue("en")
    strange = {
        f"{said.kind}.{said.why}": missing
        for said in _said()
        if (missing := _named(str(english.get(f"{said.kind}.{said.why}", ""))) - said.facts)
    }
    assert strange == {}


def test_nobody_puts_a_sentence_with_a_code_together_by_hand() -> None:
    """The facts are filled in from the sentence itself: what else stands in braces there would be read as a name."""
    together = [
        f"{path.relative_to(HOUSE)}:{call.lineno}"
        for path, tree in _sources()
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call))
        if _name(call) in REFUSING | FINDING and any(word.arg == "why" for word in call.keywords)
        if any(isinstance(arg, ast.JoinedStr | ast.BinOp) for arg in call.args)
    ]
    assert together == []
