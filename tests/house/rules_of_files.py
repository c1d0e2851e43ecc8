"""What no file of the repository may say. The words are put together here, so that this file does not say them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final

from tests.house.house import Breach, House

HOSTS: Final = re.compile(
    "|".join(
        re.escape(".".join(words))
        for words in (
            ("registry", "npmjs", "org"),
            ("registry", "yarnpkg", "com"),
            ("files", "pythonhosted", "org"),
            ("pypi", "org"),
            ("deb", "debian", "org"),
            ("archive", "ubuntu", "com"),
            ("proxy", "golang", "org"),
        )
    )
)
PLACES: Final = re.compile(
    r"(?<![\w.$~})])(?:"
    + "|".join(
        "/" + re.escape(place)
        for place in ("work/main", "work/shared", "work/.library", "farm/", "root/", "opt/pypi", "opt/wheels")
    )
    + ")"
)
OPEN_ENDS: Final = re.compile(
    r"\b(?:" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "NotImplemented" + "Error", "lorem " + "ipsum")) + r")\b"
)
CODE: Final = (".py", ".ts", ".svelte", ".js", ".css", ".sh", ".html")


def place(house: House) -> Iterator[Breach]:
    """No host of a package registry and no path of one machine: the next machine has others."""
    for source in house.files.values():
        for number, text in enumerate(source.lines, 1):
            for found in (*HOSTS.finditer(text), *PLACES.finditer(text)):
                yield Breach(source.path, number, f"names {found[0]}")


def lock(house: House) -> Iterator[Breach]:
    """Lock files hold versions and digests, never the address they came from."""
    for source in house.files.values():
        if source.path.endswith("package-lock.json"):
            for name, entry in json.loads(source.text).get("packages", {}).items():
                if str(entry.get("resolved", "")).startswith("http"):
                    yield Breach(source.path, 1, f"{name} is resolved to an address (agent_ui/.npmrc leaves them out)")
                elif name and not entry.get("link") and "integrity" not in entry:
                    yield Breach(source.path, 1, f"{name} has no integrity digest")
        elif source.path.endswith(".lock") and source.path.startswith("requirements"):
            for number, text in enumerate(source.lines, 1):
                if re.search(r"^--|://|@ ", text):
                    yield Breach(source.path, number, "names an address: run `make lock`")


def unfinished(house: House) -> Iterator[Breach]:
    """What is committed is finished; what is not is an issue."""
    for source in house.files.values():
        if source.path.endswith(CODE):
            for number, text in enumerate(source.lines, 1):
                if found := OPEN_ENDS.search(text):
                    yield Breach(source.path, number, f"says {found[0]}")
