"""Bytes of frames: built once for everybody on the way out, taken apart with suspicion on the way in."""

from __future__ import annotations

import json
import struct
from typing import Any, Final, NoReturn

import msgspec

from crm_core.store.journal import Committed
from hub.console.protocol import FromClient, FromServer

LARGEST_IN: Final = 64 * 1024
"""Bytes of one frame from a console."""
DEEPEST_IN: Final = 8
"""Brackets opened in one frame. The deepest frame there is opens three."""
_TEXT: Final = 0x81

_encoder = msgspec.json.Encoder()


class NotJson(ValueError):
    """The text is no JSON, or JSON that two readers could read differently."""


class NotAFrame(ValueError):
    """The text is JSON but none of the frames."""


def framed(payload: bytes) -> bytes:
    """A whole, unmasked WebSocket text frame (RFC 6455 section 5.2) around UTF-8 bytes."""
    size = len(payload)
    if size < 126:
        return bytes((_TEXT, size)) + payload
    if size < 65_536:
        return struct.pack("!BBH", _TEXT, 126, size) + payload
    return struct.pack("!BBQ", _TEXT, 127, size) + payload


def encoded(frame: FromServer) -> bytes:
    """A server frame as bytes for the wire."""
    return framed(_encoder.encode(frame))


def encoded_event(committed: Committed) -> bytes:
    """An event as bytes for the wire, around the JSON that the journal has already."""
    return framed(
        b'{"type":"event","position":%d,"at":%d,"event":%b}' % (committed.position, committed.at, committed.payload)
    )


def decoded(text: str) -> FromClient:
    """What a console said. Raises NotJson or NotAFrame; neither says what was wrong with it.

    Refused as no JSON: NaN and infinities, a key twice in one object, lone surrogates, deep nesting.
    """
    if text.count("{") + text.count("[") > DEEPEST_IN:
        raise NotAFrame
    try:
        plain = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse)
        text.encode()
    except (ValueError, RecursionError) as error:
        raise NotJson from error
    try:
        frame: FromClient = msgspec.convert(plain, FromClient)
    except msgspec.ValidationError as error:
        raise NotAFrame from error
    return frame


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError
    return found


def _refuse(_name: str) -> NoReturn:
    raise ValueError
