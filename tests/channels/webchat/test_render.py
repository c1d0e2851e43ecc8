from __future__ import annotations

import pytest

from channels.webchat import protocol, render
from crm_core.words.values import ConversationStatus, Direction, EntryKind, FileValue, Notice, WorkState
from tests.channels.standins import conversation, message

INTERNAL = [
    message(3, "psst", ours=True, kind=EntryKind.NOTE, direction=Direction.INTERNAL),
    message(3, "psst", ours=True, kind=EntryKind.NOTE, direction=Direction.OUT),
    message(3, "", kind=EntryKind.NOTICE, direction=Direction.INTERNAL, notice=Notice(code="closed")),
    message(3, "psst", ours=True, direction=Direction.INTERNAL),
]


def url(file_id: int) -> str:
    return f"https://files.example/{file_id}"


@pytest.mark.parametrize("entry", INTERNAL)
def test_what_is_internal_can_not_be_shown(entry: protocol.ShownEntry) -> None:
    with pytest.raises(render.NotForVisitors):
        render.entry(entry, url)  # type: ignore[arg-type]
    assert render.entries([entry], url) == []  # type: ignore[list-item]


def test_an_agent_is_shown_by_name_and_a_visitor_by_nothing() -> None:
    shown = render.entries([message(1, "hello"), message(2, "hi", ours=True)], url)
    assert [(e.mine, e.name, e.text) for e in shown] == [(True, "", "hello"), (False, "Olena", "hi")]


def test_a_file_is_shown_by_a_link_of_its_own() -> None:
    file = FileValue(id=8, name="plan.pdf", type="application/pdf", size=10)
    assert render.entry(message(1, "", files=[file]), url).files[0].url == "https://files.example/8"


def test_a_closed_conversation_does_not_wait() -> None:
    shown = render.conversation(conversation(status=ConversationStatus.CLOSED, work_state=WorkState.QUEUED))
    assert (shown.open, shown.waiting) == (False, False)
    assert render.conversation(conversation()).waiting
