"""Who may lean on whom, where the folders themselves say what there is: a new one is held to it from its first day."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from tests.house.house import Breach, House, Source

SIMULATORS: Final = "channels.simulators"
HOMES: Final = {
    "aiogram": ("channels/telegram", "channels/simulators"),
    "twilio": ("channels/twilio", "channels/sms", "channels/whatsapp", "channels/telephony", "channels/simulators"),
    "aiosmtplib": ("channels/email", "channels/simulators"),
    "aioimaplib": ("channels/email", "channels/simulators"),
}


def imported(source: Source) -> Iterator[tuple[int, str]]:
    """Every imported name with its line; `from a import b` is `a.b`, whether b is a module or not."""
    for node in source.nodes:
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def registry(house: House) -> Iterator[Breach]:
    """Nobody imports a channel by name: a new folder is enough for a new channel."""
    folders = {f"channels.{folder}" for folder in house.folders("channels") if folder != "contract"}
    for source in house.product:
        if source.is_in("channels"):
            continue
        allowed = {SIMULATORS} if source.is_in("hub/demo", "hub/bench") else set()
        for line, name in imported(source):
            if ".".join(name.split(".")[:2]) in folders - allowed:
                yield Breach(source.path, line, f"imports {name}: ask channels.registry instead")


def words(house: House) -> Iterator[Breach]:
    """Channels, routing and the plain words know of the book of record only its plain words."""
    for source in house.product:
        if not source.is_in("channels", "routing", "crm_core/words"):
            continue
        for line, name in imported(source):
            if name.split(".")[0] == "crm_core" and name.split(".")[1:2] != ["words"]:
                yield Breach(source.path, line, f"imports {name}: only crm_core.words is known here")


def home(house: House) -> Iterator[Breach]:
    """A provider's library is known to its own channel only."""
    for source in house.product:
        for line, name in imported(source):
            library = name.partition(".")[0]
            if library in HOMES and not source.is_in(*HOMES[library]):
                yield Breach(source.path, line, f"imports {library}, which is at home in {HOMES[library][0]}")
