"""What the product writes for one message, as scripts of pgbench's: literals, and ids drawn for each transaction."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import Json

from channels.contract import MessageArrived
from crm_core.words.values import EntryValue
from hub.bench.desk import KNOWN, STRANGERS, Desk, People
from hub.bench.writes import Ear, Writes
from hub.desk.inbound import Source

_PLACE: Final = re.compile(r"%\((\w+)\)s")
_LEAST_ID: Final = 2**45
"""Ids are larger (they hold the time), moments in milliseconds are smaller."""
_LARGEST: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Script:
    """A file for pgbench, and how often it is run among the others."""

    path: Path
    weight: int


@dataclass(frozen=True, slots=True)
class Scripts:
    whole: list[Script]
    without_positions: list[Script]


async def scripts(desk: Desk, hears: Ear, folder: Path) -> Scripts:
    """Let the desk take a message of somebody known and one of a stranger, and write both down into `folder`."""
    people = People(seed=2)
    known, continuing = await _heard(desk, hears, people.message(7))
    stranger, opening = await _heard(desk, hears, people.message(KNOWN + 2_000_000))
    share = round(STRANGERS * 100)
    made: list[list[Script]] = []
    for name, with_positions in (("whole", True), ("free", False)):
        texts = [
            _Text(known, desk.source, is_known=True, with_positions=with_positions).of(continuing),
            _Text(stranger, desk.source, is_known=False, with_positions=with_positions).of(opening),
        ]
        paths = [folder / f"{name}-continuing.sql", folder / f"{name}-opening.sql"]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, encoding="utf-8")
        made.append([Script(paths[0], 100 - share), Script(paths[1], share)])
    return Scripts(*made)


def renumber(connection: psycopg.Connection[Any]) -> int:
    """Give the conversations the ids from 1, so that pgbench can draw one; how many there are."""
    connection.execute(
        "UPDATE conversation SET id = numbered.n FROM (SELECT id, row_number() OVER (ORDER BY id) AS n"
        " FROM conversation) AS numbered WHERE conversation.id = numbered.id"
    )
    connection.execute("VACUUM ANALYZE conversation")
    found = connection.execute("SELECT count(*) FROM conversation").fetchone()
    assert found is not None
    return int(found[0])


async def _heard(desk: Desk, hears: Ear, message: MessageArrived) -> tuple[EntryValue, Writes]:
    with hears.listening() as writes:
        return await desk.take(message), writes


class _Text:
    """One message's statements as a script. Ids of what is there stay, the others are variables."""

    def __init__(self, entry: EntryValue, source: Source, *, is_known: bool, with_positions: bool) -> None:
        self._names: dict[Any, str] = {entry.id: ":entry"}
        self._kept = {source.queue_id}
        if is_known:
            self._names[entry.conversation_id] = ":conversation"
            self._kept.add(entry.author.id)
        self._with_positions = with_positions
        self._drawn = ["entry"]

    def of(self, writes: Writes) -> str:
        positions = [row["position"] for text, rows in writes.rows.items() if " journal " in text for row in rows]
        for back, position in enumerate(reversed(positions)):
            self._names[position] = f"(:position::bigint - {back})"
        lines = [self._line(text, row) for text, rows in writes.rows.items() for row in rows]
        drawn = [f"\\set {name} random(1, {_LARGEST})" for name in self._drawn]
        if not self._with_positions:
            drawn.append(f"\\set position random(1000000000, {_LARGEST})")
        return "\n".join(["\\set conversation random(1, :known)", *drawn, "BEGIN;", *lines, "COMMIT;", ""])

    def _line(self, text: str, row: Mapping[str, Any]) -> str:
        if "journal_head" in text:
            return f"{self._filled(text, row)} \\gset" if self._with_positions else ""
        return f"{self._filled(text, row)};"

    def _filled(self, text: str, row: Mapping[str, Any]) -> str:
        return _PLACE.sub(lambda place: self._value(place[1], row[place[1]]), text).replace("\n", " ")

    def _value(self, name: str, value: Any) -> str:
        if name in ("external_id", "value"):
            # Unique in their tables; everything else may be the same in every message.
            return "('b' || :entry)"
        if isinstance(value, int) and not isinstance(value, bool):
            if value in self._names:
                return self._names[value]
            if value > _LEAST_ID and value not in self._kept:
                self._drawn.append(f"id{len(self._drawn)}")
                self._names[value] = f":{self._drawn[-1]}"
                return self._names[value]
        return _literal(value)


def _literal(value: Any) -> str:
    if isinstance(value, Json):
        value = msgspec.json.encode(value.obj).decode()
    if isinstance(value, str):
        # pgbench takes a colon for the beginning of a variable, also inside quotes.
        text = value.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
        return f"E'{text}'"
    return sql.Literal(value).as_string()
