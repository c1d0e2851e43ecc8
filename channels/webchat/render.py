"""What a visitor is shown. Pure. A note or a notice has no way through here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from channels.webchat.protocol import ShownCall, ShownConversation, ShownEntry, ShownFile, ShownPrompt, ShownSound
from crm_core.words.calls import Hears
from crm_core.words.values import (
    CallState,
    CallValue,
    ConversationStatus,
    ConversationValue,
    Direction,
    EntryKind,
    EntryValue,
    FileValue,
    LegMode,
    LegRole,
    LegState,
    LegValue,
    RecordingState,
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


OVER: Final = "over"
_STANDS: Final = {
    CallState.RINGING: "opening",
    CallState.GREETING: "opening",
    CallState.QUEUED: "waiting",
    CallState.OFFERED: "waiting",
    CallState.CONNECTING: "connecting",
    CallState.TALKING: "talking",
    CallState.HELD: "held",
    CallState.VOICEMAIL: "voicemail",
    CallState.WRAP_UP: OVER,
    CallState.ENDED: OVER,
}


def call(
    value: CallValue, *, here: bool, music: ShownSound | None, most_voicemail: int, said: ShownSound | None = None
) -> ShownCall:
    """A visitor's call, without what agents write down, where it was handed on, or who listens.

    `most_voicemail` in ms; `said` is the sound of the prompt, where its words were recorded.
    """
    peer = _owner(value)
    prompt = value.prompt
    return ShownCall(
        id=value.id,
        state=_STANDS[value.state],
        hears=_hears(value),
        here=here,
        leg=own_leg(value),
        peer=None if peer is None else peer.id,
        name="" if peer is None else peer.name,
        prompt=None
        if prompt is None
        else ShownPrompt(seq=prompt.seq, text=prompt.text, digits=prompt.digits, choices=prompt.choices, sound=said),
        position=value.position,
        wait=value.estimate if value.position is not None else None,
        since=value.answered_at or value.started_at,
        recorded=value.recording is RecordingState.ON,
        music=music,
        most_voicemail=most_voicemail,
        message=any(one.is_voicemail for one in value.recordings),
    )


def own_leg(value: CallValue) -> int:
    """The visitor's own leg; 0 while there is none."""
    return next((leg.id for leg in reversed(value.legs) if leg.role is LegRole.CUSTOMER), 0)


def is_over(value: CallValue) -> bool:
    """Whether the visitor's side of a call is over."""
    return _STANDS[value.state] == OVER


def _owner(value: CallValue) -> LegValue | None:
    """The leg of whoever has the call: their browser is the one that connects with the visitor's."""
    speaking = [leg for leg in value.legs if leg.role is LegRole.AGENT and leg.mode is LegMode.TALK and _is_called(leg)]
    return next((leg for leg in speaking if leg.agent_id == value.agent_id), next(iter(speaking), None))


def _is_called(leg: LegValue) -> bool:
    return leg.state in (LegState.DIALLING, LegState.RINGING, LegState.CONNECTED)


def _hears(value: CallValue) -> str:
    """As the scene of the call has it."""
    if is_over(value):
        return "nothing"
    if value.state is CallState.VOICEMAIL:
        return Hears.RECORDER.value
    if value.prompt is not None:
        return Hears.PROMPT.value
    is_there = any(
        leg.role is not LegRole.CUSTOMER and leg.mode is LegMode.TALK and leg.state is LegState.CONNECTED
        for leg in value.legs
    )
    return Hears.ROOM.value if value.state is CallState.TALKING and is_there else Hears.MUSIC.value


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
