"""The tree as the rules see it: its files, read once, and the breaches that no line excuses."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

FLOORS: Final = ("hub", "channels", "routing", "crm_core")
EXCUSE: Final = re.compile(r"house: ([a-z]+) because \S")
TEXT: Final = {
    ".py",
    ".md",
    ".toml",
    ".lock",
    ".json",
    ".ts",
    ".svelte",
    ".js",
    ".css",
    ".html",
    ".sh",
    ".yml",
    ".txt",
    "",
}


@dataclass(frozen=True, slots=True)
class Breach:
    """Where a rule is broken. A breach of a whole file stands at line 1."""

    path: str
    line: int
    words: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.words}"


@dataclass(frozen=True)
class Source:
    """One file; `path` is relative to the root, with slashes."""

    path: str
    text: str

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @cached_property
    def parsed(self) -> tuple[ast.Module, SyntaxError | None]:
        """The syntax tree, or an empty one and the mistake that the rule `syntax` reports."""
        try:
            return ast.parse(self.text, self.path), None
        except SyntaxError as error:
            return ast.Module(body=[], type_ignores=[]), error

    @property
    def tree(self) -> ast.Module:
        return self.parsed[0]

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @property
    def parts(self) -> tuple[str, ...]:
        return tuple(self.path.split("/"))

    @property
    def module(self) -> str:
        """The dotted name that imports it."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    def is_in(self, *places: str) -> bool:
        """Whether the file is one of these files or lies in one of these folders."""
        return any(self.path == place or self.path.startswith(f"{place}/") for place in places)

    def excuses(self, line: int, code: str) -> bool:
        """Whether the line, or the one above it, says why this rule does not hold there."""
        near = self.lines[max(0, line - 2) : line]
        return any(found[1] == code for text in near for found in EXCUSE.finditer(text))


class House:
    """All text files below a folder that git would keep (all there are, where git keeps nothing)."""

    def __init__(self, root: Path) -> None:
        self.root = root
        found = (self._read(path) for path in self._paths())
        self.files: dict[str, Source] = {source.path: source for source in found if source is not None}

    @cached_property
    def python(self) -> list[Source]:
        """Every Python file but the migrations' versions, which are history."""
        sources = [source for source in self.files.values() if source.path.endswith(".py")]
        return [source for source in sources if not source.is_in("crm_core/migrations/versions")]

    @cached_property
    def product(self) -> list[Source]:
        """The Python files of the four floors."""
        return [source for source in self.python if source.is_in(*FLOORS)]

    def has(self, path: str) -> bool:
        return path in self.files

    def folders(self, parent: str) -> list[str]:
        """The names of the Python packages right below a folder."""
        depth = len(parent.split("/"))
        inner = (source.parts for source in self.python if source.is_in(parent))
        return sorted({parts[depth] for parts in inner if len(parts) > depth + 1})

    def breaches(self, code: str, find: Callable[[House], Iterator[Breach]]) -> list[Breach]:
        """What a rule finds and no line excuses."""
        return [
            breach
            for breach in find(self)
            if breach.path not in self.files or not self.files[breach.path].excuses(breach.line, code)
        ]

    def _paths(self) -> list[str]:
        if (self.root / ".git").exists():
            listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
            names = subprocess.run(listing, cwd=self.root, capture_output=True, text=True, check=True).stdout
            return sorted({name for name in names.split("\0") if name})
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if path.is_file())

    def _read(self, path: str) -> Source | None:
        file = self.root / path
        if file.suffix not in TEXT or not file.is_file():
            return None
        try:
            return Source(path, file.read_text(encoding="utf-8"))
        except UnicodeDecodeError:
            return None


def dotted(node: ast.AST) -> str:
    """`a.b().c` as text, with calls left out: `a.b.c`. Empty for anything else."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{inner}.{name}" if (inner := dotted(value)) else name
        case ast.Call(func=function):
            return dotted(function)
        case _:
            return ""


def imports_of(source: Source) -> dict[str, str]:
    """What each imported name stands for: `{"now": "datetime.datetime.now", "sa": "sqlalchemy"}`."""
    names: dict[str, str] = {}
    for node in source.nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.update({alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names})
    return names


def full_name(node: ast.AST, names: dict[str, str]) -> str:
    """The dotted name with its first part replaced by what was imported under it."""
    first, _, rest = dotted(node).partition(".")
    known = names.get(first, first)
    return f"{known}.{rest}" if rest else known
