from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from channels.contract import MessageArrived, NotUnderstood
from channels.telegram.explain import explain_telegram
from channels.telegram.media import SILENT
from channels.telegram.parse import TAKEN, update
from tests.channels.telegram.telling import NOW

FIELDS = st.sampled_from(
    [
        *("message_id", "from", "chat", "id", "type", "date", "text", "entities", "offset", "length", "url", "caption"),
        *("photo", "file_id", "document", "sticker", "contact", "phone_number", "user_id", "location", "latitude"),
        *("longitude", "venue", "poll", "options", "quote", "forward_origin", "reply_to_message", "is_topic_message"),
        *("message_thread_id", "business_connection_id", "message_ids", "data", "message", "reply_markup"),
        *("inline_keyboard", "callback_data", "new_chat_member", "status", "first_name", "title", "rich_message"),
        *("blocks", "checklist", "tasks", "dice", "paid_media", "hologram", next(iter(SILENT))),
    ]
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["private", "kicked", "member", "bold", "text_link", "https://a.example", "/start x"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(FIELDS, inner, max_size=6),
    max_leaves=25,
)
NEARLY = st.dictionaries(FIELDS, VALUES, max_size=8).map(
    lambda more: {"message_id": 1, "id": "5", "chat": {"id": 7, "type": "private"}, "from": {"id": 7}, **more}
)
UPDATES = st.fixed_dictionaries({"update_id": st.integers()}, optional=dict.fromkeys(TAKEN, VALUES | NEARLY))


@settings(max_examples=150, deadline=None)
@given(UPDATES)
def test_any_update_is_read_or_not_understood(raw: dict[str, Any]) -> None:
    try:
        said = update(raw, NOW)
    except NotUnderstood:
        return
    for event in said.events:
        assert not isinstance(event, MessageArrived) or said.files or not event.content.is_empty
    again = update(raw, NOW)
    assert repr(again) == repr(said)


@settings(max_examples=50, deadline=None)
@given(st.one_of(UPDATES, VALUES, st.lists(UPDATES, max_size=3)))
def test_explaining_never_raises_and_is_json(raw: Any) -> None:
    told = explain_telegram(json.dumps(raw).encode())
    assert json.dumps(told)
    assert explain_telegram(repr(raw).encode("utf-8", "replace"))
