"""Updates and messages out of other projects' tests. They are no part of this repository."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from channels.contract import MessageArrived, NotUnderstood
from channels.telegram.media import SILENT
from channels.telegram.parse import IGNORED, TAKEN, arrived, update
from tests.channels.telegram.telling import NOW

CORPUS = Path(__file__).resolve().parents[3] / ".." / "shared" / "corpora" / "telegram"
FILES = sorted(CORPUS.glob("*/*/*.json"))
WORDS = ("text", "caption")


def updates() -> list[dict[str, Any]]:
    """Every JSON object of the corpus, whatever it is."""
    values = [json.loads(path.read_text()) for path in FILES]
    return [value for value in values if isinstance(value, dict)]


@pytest.mark.skipif(not FILES, reason="The corpora are not beside this checkout")
def test_no_update_raises_and_no_word_is_lost() -> None:
    read = 0
    for value in updates():
        try:
            said = update(value, NOW) if {*TAKEN, *IGNORED} & value.keys() else arrived(value, NOW)
        except NotUnderstood:
            # Objects that are neither an update nor a message: users, chats, answers of methods.
            message = value.get("message", value)
            assert not (
                isinstance(message, dict) and message.get("chat") and isinstance(message.get("message_id"), int)
            )
            continue
        read += 1
        message = value.get("message", value)
        if any(isinstance(message.get(key), str) for key in WORDS):
            (event,) = said.events
            assert isinstance(event, MessageArrived)
            assert all(message[key] in event.content.text for key in WORDS if key in message)
        elif "chat" in message and not SILENT & message.keys() and not IGNORED & value.keys() and "from" in message:
            assert said.events
    assert read >= 55
