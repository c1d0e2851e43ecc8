"""What Asterisk's events say of calls."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from channels.asterisk.names import Kind, Name, read, softphone_channel
from channels.contract import CallArrived, CallReported, ChannelEvent
from crm_core.words.addresses import Address, phone
from crm_core.words.calls import (
    DigitPressed,
    LegAnswered,
    LegEnded,
    LegLost,
    LegRinging,
    PromptPlayed,
    RecordingStarted,
    ReportedSignal,
)
from crm_core.words.clock import Moment
from crm_core.words.content import ExternalId
from crm_core.words.errors import Invalid
from crm_core.words.text import one_line

INBOUND: Final = "in"
"""The first argument of Stasis(…) for calls that come in."""
_HIDDEN: Final = {"anonymous", "unavailable", "unknown", "private", "restricted", "withheld", "asterisk", ""}
_REASONS: Final = {
    1: "failed", 2: "failed", 3: "failed", 17: "busy", 18: "no_answer", 19: "no_answer", 20: "no_answer",
    21: "declined", 22: "failed", 27: "failed", 28: "failed", 34: "failed", 38: "failed", 41: "failed", 42: "failed",
    102: "no_answer",
}  # fmt: skip
"""Q.850 causes (Asterisk's causes.h) of legs that were never answered."""
_SILENT: Final = 44
"""The cause Asterisk gives when a leg has sent no sound for `rtp_timeout` seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Whose events these are."""

    app: str
    account_id: int = 0
    region: str = ""
    line: str = ""
    """What the account is called, for calls whose number dialled is unknown."""


def events(data: Mapping[str, Any], source: Source, *, now: Moment) -> Sequence[ChannelEvent]:
    """What one event says; nothing for most. `now` stands in for an event without a time.

    Whatever is missing or of another type says nothing; nothing is ever raised.
    """
    at = moment(data.get("timestamp"), now)
    kind = data.get("type")
    if kind == "PlaybackFinished":
        return _played(_object(data, "playback"), source, at)
    if kind == "RecordingStarted":
        return _recording(_object(data, "recording"), source, at)
    channel = _object(data, "channel")
    channel_id = channel.get("id")
    if not isinstance(channel_id, str) or not channel_id:
        return ()
    ours = read(source.app, channel_id)
    if kind == "StasisStart" and ours is None:
        args = data.get("args")
        return arrived(channel, args if isinstance(args, list) else [], source, at)
    if kind == "ChannelDtmfReceived":
        return _digit(data, channel_id, source, at)
    if ours is None:
        ended = kind in ("StasisEnd", "ChannelDestroyed")
        return (_report(LegEnded(), f"{channel_id}:ended", at, call=channel_id),) if ended else ()
    return _of_leg(data, channel_id, ours, source, at)


def _of_leg(
    data: Mapping[str, Any], channel_id: str, ours: Name, source: Source, at: Moment
) -> Sequence[ChannelEvent]:  # fmt: skip
    if ours.kind is not Kind.LEG or not ours.number:
        return ()
    signal: ReportedSignal
    match data.get("type"):
        case "ChannelStateChange" if _object(data, "channel").get("state") == "Ringing":
            signal, word = LegRinging(leg_id=ours.number, external_id=channel_id), "ringing"
        case "StasisStart":
            signal, word = LegAnswered(leg_id=ours.number, external_id=channel_id), "answered"
        case "ChannelHangupRequest" if data.get("cause") == _SILENT:
            signal, word = LegLost(leg_id=ours.number), "lost"
        case "ChannelHangupRequest":
            return ()
        case "StasisEnd" | "ChannelDestroyed" if _is_softphone_in_talk(data, source):
            # People hang up on the console. A softphone that does it by itself is a tab that was closed or loaded anew.
            signal, word = LegLost(leg_id=ours.number), "lost"
        case "StasisEnd":
            signal, word = LegEnded(leg_id=ours.number), "ended"
        case "ChannelDestroyed":
            cause = data.get("cause")
            reason = _REASONS.get(cause if isinstance(cause, int) else 0, "hung_up")
            detail = one_line(str(data.get("cause_txt") or ""), most=100) if reason == "failed" else ""
            signal, word = LegEnded(leg_id=ours.number, reason=reason, detail=detail), "ended"
        case _:
            return ()
    return (_report(signal, f"{channel_id}:{word}", at, call_id=ours.call_id),)


def _is_softphone_in_talk(data: Mapping[str, Any], source: Source) -> bool:
    channel = _object(data, "channel")
    is_softphone = str(channel.get("name")).startswith(softphone_channel(source.app))
    return is_softphone and channel.get("state") == "Up"


def arrived(channel: Mapping[str, Any], args: Sequence[object], source: Source, at: Moment) -> tuple[CallArrived, ...]:
    """The call that a channel of somebody else is; nothing for one that was not sent to us by the dialplan's way in."""
    if not args or args[0] != INBOUND:
        return ()
    caller = _object(channel, "caller")
    number, name = str(caller.get("number") or ""), str(caller.get("name") or "")
    sender = _sender(number, source)
    called = one_line(str(args[1]) if len(args) > 1 else "", most=60)
    facts = {"number": one_line(number, most=60)} if sender is None and number.lower() not in _HIDDEN else {}
    shown = "" if name.strip().lower() in _HIDDEN else one_line(name, most=100)
    return (
        CallArrived(
            external_id=ExternalId(str(channel["id"])),
            sender=sender,
            called=called or source.line,
            at=at,
            sender_name=shown if shown != number else "",
            sender_facts=facts,
        ),
    )


def _sender(number: str, source: Source) -> Address | None:
    if number.strip().lower() in _HIDDEN:
        return None
    try:
        return phone(number, region=source.region or None)
    except Invalid:
        return None


def _played(playback: Mapping[str, Any], source: Source, at: Moment) -> Sequence[ChannelEvent]:
    ours = read(source.app, playback.get("id"))
    if ours is None or ours.kind is not Kind.SAY:
        return ()
    key = f"{playback['id']}:played"
    return (_report(PromptPlayed(seq=ours.number), key, at, call_id=ours.call_id),)


def finished_playback(data: Mapping[str, Any], source: Source) -> tuple[Name, bool] | None:
    """A playing of ours that is over, and whether it failed: what was to be fetched is not there, or is no sound."""
    if data.get("type") != "PlaybackFinished":
        return None
    playback = _object(data, "playback")
    ours = read(source.app, playback.get("id"))
    return None if ours is None else (ours, playback.get("state") == "failed")


def _recording(recording: Mapping[str, Any], source: Source, at: Moment) -> Sequence[ChannelEvent]:
    ours = read(source.app, recording.get("name"))
    if ours is None or ours.kind is not Kind.TALK:
        return ()
    label = str(recording["name"])
    return (_report(RecordingStarted(external_id=label), f"{label}:started", at, call_id=ours.call_id),)


def _digit(data: Mapping[str, Any], channel_id: str, source: Source, at: Moment) -> Sequence[ChannelEvent]:
    digit = data.get("digit")
    if not isinstance(digit, str) or len(digit) != 1 or digit not in "0123456789*#ABCD":
        return ()
    if read(source.app, channel_id) is not None:
        return ()
    # The same key pressed twice is two keys: only Asterisk's own time tells a repeated event from a second press.
    key = f"{channel_id}:{data.get('timestamp')}:{digit}"
    return (_report(DigitPressed(digit=digit), key, at, call=channel_id),)


def finished_recording(data: Mapping[str, Any], source: Source) -> str:
    """The name of a recording of ours that is over; empty for every other event."""
    if data.get("type") not in ("RecordingFinished", "RecordingFailed"):
        return ""
    label = _object(data, "recording").get("name")
    ours = read(source.app, label)
    return str(label) if ours is not None and ours.kind in (Kind.TALK, Kind.MAIL) else ""


def listener_ready(data: Mapping[str, Any], source: Source) -> int | None:
    """The call whose listening channel has come to us now; none for every other event."""
    if data.get("type") != "StasisStart":
        return None
    ours = read(source.app, _object(data, "channel").get("id"))
    return ours.call_id if ours is not None and ours.kind is Kind.SNOOP else None


def moment(stamp: object, otherwise: Moment) -> Moment:
    """An ARI time (`2026-01-05T09:00:00.000+0000`) in ms; `otherwise` when it is none."""
    if not isinstance(stamp, str):
        return otherwise
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return otherwise
    return otherwise if when.tzinfo is None else round(when.timestamp() * 1000)


def sound_length(head: bytes, size: int) -> int:
    """Milliseconds of sound in a WAV file of `size` bytes that begins with `head`; 0 when it is none.

    The sizes in the header are not believed: Asterisk writes them last, and a crash leaves them 0.
    """
    if len(head) < 44 or head[:4] != b"RIFF" or head[8:16] != b"WAVEfmt ":
        return 0
    rate: int = struct.unpack_from("<I", head, 28)[0]
    return max(0, size - 44) * 1000 // rate if rate else 0


def _report(
    signal: ReportedSignal, key: str, at: Moment, *, call: str = "", call_id: int | None = None
) -> CallReported:
    return CallReported(signal=signal, key=key, at=at, call=ExternalId(call) if call else None, call_id=call_id)


def _object(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def explain(payload: bytes) -> Mapping[str, Any]:
    """What one stored event says, for `hub parse`."""
    return {"event": payload.decode("utf-8", "replace")[:10_000]}
