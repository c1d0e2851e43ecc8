"""What a visitor is shown. Pure. A note or a notice has no way through here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from channels.webchat.protocol import ShownConversation, ShownEntry, ShownFile
from crm_core.words.values import (
    ConversationStatus,
    ConversationValue,
    Direction,
    EntryKind,
    EntryValue,
    FileValue,
    WorkState,
)

FileUrl = Callable[[int], str]

_WAITING: Final = frozenset({WorkState.QUEUED, WorkState.OFFERED})


class NotForVisitors(Exception):
    """An internal line was about to be shown to a visitor."""


def is_for_visitors(entry: EntryValue) -> bool:
    """Whether a line of the timeline was said between the visitor and us."""
    return entry.kind is EntryKind.MESSAGE and entry.direction in (Direction.IN, Direction.OUT)


def entry(value: EntryValue, file_url: FileUrl) -> ShownEntry:
    """One message. Raises NotForVisitors for a note or a notice."""
    if not is_for_visitors(value):
        raise NotForVisitors(value.kind)
    mine = value.direction is Direction.IN
    return ShownEntry(
        id=value.id,
        mine=mine,
        at=value.at,
        name="" if mine else value.author.name,
        text=value.text,
        files=[_file(f, file_url) for f in value.files],
        client_message_id=value.client_key if mine else None,
    )


def entries(values: Iterable[EntryValue], file_url: FileUrl) -> list[ShownEntry]:
    """Messages in their order; whatever is not for visitors is left out."""
    return [entry(value, file_url) for value in values if is_for_visitors(value)]


def conversation(value: ConversationValue) -> ShownConversation:
    """How the conversation stands, without who owns it, its queue, tags or subject."""
    return ShownConversation(
        open=value.status is not ConversationStatus.CLOSED,
        waiting=value.status is not ConversationStatus.CLOSED and value.work_state in _WAITING,
        agent_read_id=value.agent_read_id,
    )


def _file(value: FileValue, file_url: FileUrl) -> ShownFile:
    return ShownFile(
        id=value.id,
        name=value.name,
        type=value.type,
        size=value.size,
        url=file_url(value.id),
        width=value.width,
        height=value.height,
    )
