"""What must lie where."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tests.house.house import FLOORS, Breach, House

NOT_CHANNELS: Final = {"contract", "simulators", "twilio"}
CHANNEL_FILES: Final = ("parse.py", "render.py", "channel.py")


def init(house: House) -> Iterator[Breach]:
    """No __init__.py under tests: the tests are no package, and two files may have one name."""
    for path in house.files:
        if path.startswith("tests/") and path.endswith("__init__.py"):
            yield Breach(path, 1, "an __init__.py under tests")


def readme(house: House) -> Iterator[Breach]:
    """Every floor says in its README what lives there and why; every folder on it in a README or its docstring."""
    for floor in (*FLOORS, "agent_ui"):
        if any(path.startswith(f"{floor}/") for path in house.files) and not house.has(f"{floor}/README.md"):
            yield Breach(f"{floor}/README.md", 1, "is missing: say what lives here and why it is so")
    for floor in FLOORS:
        for folder in house.folders(floor):
            place = f"{floor}/{folder}"
            package = house.files.get(f"{place}/__init__.py")
            if package is None:
                yield Breach(f"{place}/__init__.py", 1, "is missing")
            elif not house.has(f"{place}/README.md") and not ast.get_docstring(package.tree):
                yield Breach(package.path, 1, "needs a docstring that says what lives here (or a README.md beside it)")


def channel(house: House) -> Iterator[Breach]:
    """A channel is a whole folder: MANIFEST, parse, render, channel and a README; or a folder of such folders."""
    for kind in house.folders("channels"):
        if kind in NOT_CHANNELS:
            continue
        place = f"channels/{kind}"
        package = house.files.get(f"{place}/__init__.py")
        if package is None or not _assigns(package.tree, "MANIFEST"):
            yield Breach(f"{place}/__init__.py", 1, "exports no MANIFEST")
        if not house.has(f"{place}/README.md"):
            yield Breach(
                f"{place}/README.md", 1, "is missing: say how to set the channel up and what the provider promises"
            )
        inner = [folder for folder in house.folders(place) if house.has(f"{place}/{folder}/channel.py")]
        for folder in [f"{place}/{folder}" for folder in inner] or [place]:
            for file in CHANNEL_FILES:
                if not house.has(f"{folder}/{file}"):
                    yield Breach(f"{folder}/{file}", 1, "is missing from the channel")


def _assigns(tree: ast.Module, name: str) -> bool:
    for node in tree.body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == name for target in targets):
            return True
        if isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == name for alias in node.names):
            return True
    return False
