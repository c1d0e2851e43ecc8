"""What stored payloads say, for `hub parse telegram`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from channels.contract import NotUnderstood
from channels.telegram.parse import IGNORED, TAKEN, Said, arrived, update
from channels.telegram.reading import Loose


def explain_telegram(raw: bytes) -> Mapping[str, Any]:
    """The events of one update or message, or of many: an array, an answer of getUpdates, or a JSON value a line.

    Moments that Telegram does not tell are 0. What cannot be read is said under `problem`.
    """
    try:
        updates = list(_updates(raw))
    except (ValueError, RecursionError) as error:
        return {"problem": "This is no JSON.", "why": type(error).__name__}
    return {"updates": [_explained(value) for value in updates]}


def _updates(raw: bytes) -> Iterator[Any]:
    text = raw.decode("utf-8-sig", "replace")
    try:
        values = [json.loads(text)]
    except json.JSONDecodeError:
        values = [json.loads(line) for line in text.splitlines() if line.strip()]
    for value in values:
        if isinstance(value, dict) and isinstance(value.get("result"), list):
            value = value["result"]
        yield from value if isinstance(value, list) else [value]


def _explained(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {"problem": "This is no update."}
    try:
        said = _said(value)
    except NotUnderstood as error:
        return {"update_id": value.get("update_id"), "problem": str(error)}
    return {
        "update_id": value.get("update_id"),
        "events": [{"event": type(event).__name__, **_plain(event)} for event in said.events],
        "files": [_plain(file) for file in said.files],
    }


def _said(value: Loose) -> Said:
    is_message = "message_id" in value and not any(kind in value for kind in (*TAKEN, *IGNORED))
    return arrived(value, 0) if is_message else update(value, 0)


def _plain(value: Any) -> Any:
    """The value as JSON knows it, without what is empty."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
        return {name: item for name, item in told.items() if item not in (None, "", [], {}, False)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value
