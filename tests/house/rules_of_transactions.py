"""What may be handed to a transaction."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tests.house.house import Breach, House, Source, dotted, full_name, imports_of

DATABASES: Final = {"db", "database"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def coroutine(house: House) -> Iterator[Breach]:
    """A transaction is a plain function: nothing can be awaited, and so nothing can be sent, inside one."""
    elsewhere = {
        f"{source.module}.{node.name}"
        for source in house.python
        for node in source.tree.body
        if isinstance(node, ast.AsyncFunctionDef)
    }
    for source in house.python:
        reader = _Reader(source, elsewhere)
        reader.visit(source.tree)
        yield from reader.breaches


class _Reader(ast.NodeVisitor):
    """Walks one file and knows at each call which name is a plain function and which a coroutine function."""

    def __init__(self, source: Source, elsewhere: set[str]) -> None:
        self.breaches: list[Breach] = []
        self._source = source
        self._elsewhere = elsewhere
        self._imports = imports_of(source)
        self._scopes: list[dict[str, bool]] = [_functions_in(source.tree)]
        self._classes: list[dict[str, bool]] = []

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._classes.append(_functions_in(node))
        self.generic_visit(node)
        self._classes.pop()

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._enter(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._enter(node)

    def visit_Call(self, node: ast.Call) -> None:
        owner, _, verb = dotted(node.func).rpartition(".")
        if verb in {"write", "read"} and owner.rpartition(".")[2].lstrip("_") in DATABASES and node.args:
            action = node.args[0]
            if isinstance(action, ast.Call) and dotted(action.func).rpartition(".")[2] == "partial" and action.args:
                action = action.args[0]
            if self._is_coroutine(action):
                words = f"hands the coroutine function {dotted(action)} to a transaction"
                self.breaches.append(Breach(self._source.path, node.lineno, words))
        self.generic_visit(node)

    def _enter(self, node: Function) -> None:
        self._scopes.append(_functions_in(node))
        self.generic_visit(node)
        self._scopes.pop()

    def _is_coroutine(self, action: ast.expr) -> bool:
        name = dotted(action)
        if name.startswith("self.") and self._classes:
            return self._classes[-1].get(name.removeprefix("self."), False)
        for scope in reversed(self._scopes):
            if name in scope:
                return scope[name]
        return full_name(action, self._imports) in self._elsewhere


def _functions_in(place: ast.Module | ast.ClassDef | Function) -> dict[str, bool]:
    """The functions defined right in a scope: True for those that are coroutine functions."""
    return {node.name: isinstance(node, ast.AsyncFunctionDef) for node in place.body if isinstance(node, Function)}
