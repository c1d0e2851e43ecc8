"""No use case of the desk is left out of the proof that live views are what a fresh console would show."""

from __future__ import annotations

import ast
import inspect
import pkgutil
from importlib import import_module
from pathlib import Path
from types import ModuleType

import hub.desk

PROOFS = sorted(Path(__file__).parent.glob("test_live_*.py"))
ONE_OF_MANY = {"take_one", "take_many"}
"""Both ways of `inbound.take`, which is what the proof calls (by `live.hear`)."""


def use_cases(module: ModuleType) -> set[str]:
    """The public functions of a module that take a transaction: `module.name`."""
    short = module.__name__.rpartition(".")[2]
    found = inspect.getmembers(module, inspect.isfunction)
    return {
        f"{short}.{name}"
        for name, function in found
        if function.__module__ == module.__name__
        and not name.startswith("_")
        and name not in ONE_OF_MANY
        and next(iter(inspect.signature(function).parameters), None) == "tx"
    }


def named_in(path: Path) -> set[str]:
    """Every `a.b` that a file says."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }


def test_every_use_case_of_the_desk_is_in_the_proof() -> None:
    modules = [import_module(f"hub.desk.{found.name}") for found in pkgutil.iter_modules(hub.desk.__path__)]
    wanted = set().union(*(use_cases(module) for module in modules))
    assert len(wanted) > 20
    assert wanted - set().union(*(named_in(path) for path in PROOFS)) == set()
