"""How long, how wide and how named."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Final

from tests.house.house import Breach, House, Source

FILE_LINES: Final = 400
FILE_LINES_P90: Final = 300
FUNCTION_LINES: Final = 40
FUNCTION_LINES_WITH_REASON: Final = 60
POSITIONAL: Final = 5
EMPTY_NAMES: Final = frozenset(
    {"util", "utils", "helper", "helpers", "common", "manager", "managers", "base", "misc", "data", "info"}
)
GENERATED: Final = (".gen.ts", ".gen.json")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(source: Source) -> Iterator[Function]:
    yield from (node for node in source.nodes if isinstance(node, Function))


def file(house: House) -> Iterator[Breach]:
    """A file is at most 400 lines and nine of ten are at most 300; a longer one is two things."""
    written = [source for source in house.files.values() if source.path.endswith((".py", ".ts", ".svelte"))]
    written = [source for source in written if not source.path.endswith(GENERATED)]
    written = [source for source in written if not source.is_in("crm_core/migrations/versions")]
    for source in written:
        if len(source.lines) > FILE_LINES:
            yield Breach(
                source.path, 1, f"{len(source.lines)} lines, {FILE_LINES} at most: make it a folder of the same name"
            )
    lengths = sorted(len(source.lines) for source in written)
    if lengths and (p90 := lengths[len(lengths) * 9 // 10]) > FILE_LINES_P90:
        yield Breach(".", 1, f"one file in ten is longer than {FILE_LINES_P90} lines (the 90th percentile is {p90})")


def function(house: House) -> Iterator[Breach]:
    """A function is at most 40 lines without its docstring; up to 60 where the docstring says why (`… because …`)."""
    for source in house.python:
        for node in functions(source):
            words = ast.get_docstring(node) or ""
            first = node.body[1] if words and len(node.body) > 1 else node.body[0]
            lines = (node.end_lineno or node.lineno) - first.lineno + 1 + (node.body[0].lineno - node.lineno)
            most = FUNCTION_LINES_WITH_REASON if "because" in words else FUNCTION_LINES
            if lines > most:
                yield Breach(source.path, node.lineno, f"{node.name} has {lines} lines, {most} at most")


def parameters(house: House) -> Iterator[Breach]:
    """At most five positional parameters, and a bool is given by name: `f(True)` says nothing."""
    for source in house.product:
        for node in functions(source):
            taken = [*node.args.posonlyargs, *node.args.args]
            if taken and taken[0].arg in {"self", "cls"}:
                taken = taken[1:]
            if len(taken) > POSITIONAL:
                yield Breach(
                    source.path,
                    node.lineno,
                    f"{node.name} takes {len(taken)} positional parameters, {POSITIONAL} at most",
                )
            for parameter in taken:
                # An underscore in front: somebody else's signature, and not looked at.
                if parameter.arg.startswith("_"):
                    continue
                if isinstance(parameter.annotation, ast.Name) and parameter.annotation.id == "bool":
                    yield Breach(
                        source.path,
                        node.lineno,
                        f"{node.name} takes the bool {parameter.arg} by position: put it after *",
                    )


def name(house: House) -> Iterator[Breach]:
    """A name says what a thing is. These words say nothing."""
    for source in house.files.values():
        if not source.path.endswith((".py", ".ts", ".svelte")) or source.is_in("crm_core/store/base.py"):
            continue
        path = PurePosixPath(source.path)
        words = {
            word
            for part in (*path.parts[:-1], path.name.partition(".")[0])
            for word in re.split(r"[_\-]", part.lower())
        }
        for word in sorted(words & EMPTY_NAMES):
            yield Breach(source.path, 1, f"a file or folder called {word}")
        if not source.path.endswith(".py"):
            continue
        for node in source.nodes:
            if isinstance(node, ast.ClassDef):
                parts = {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", node.name)}
                for word in sorted(parts & EMPTY_NAMES):
                    yield Breach(source.path, node.lineno, f"the class {node.name} is called {word}")
