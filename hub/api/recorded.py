"""Pieces of recordings that agents' browsers make."""

from __future__ import annotations

from aiohttp import BodyPartReader
from aiohttp.http_exceptions import BadHttpMessage
from aiohttp.web import RequestPayloadError

from crm_core.words.errors import Invalid, TooLarge
from hub.api.call import Call
from hub.api.models.calls import RecordedPiece
from hub.api.problems import BadRequest, WrongMediaType
from hub.desk.calls.recordings import Piece

MOST: int = 1024 * 1024
"""Bytes of one piece: five seconds of speech are a fiftieth of it."""


async def take(call: Call, call_id: int, query: RecordedPiece) -> None:
    """Add a piece of a recording that my browser makes, as `multipart/form-data` with the field `file`.

    It is durable when this answers; the same piece again changes nothing.
    """
    if call.request.content_type != "multipart/form-data":
        raise WrongMediaType("Send this as multipart/form-data.")
    try:
        part = await (await call.request.multipart()).next()
        if not isinstance(part, BodyPartReader) or part.name != "file":
            raise Invalid("The first field of the form has to be `file`.")
        sound = await _whole(part)
    except (ValueError, AssertionError, BadHttpMessage, RequestPayloadError) as error:
        raise BadRequest("The form cannot be read.") from error
    piece = Piece(
        recording=query.recording, seq=query.seq, duration=query.duration, last=query.last, sound=bytes(sound)
    )
    await call.house.recordings.take(call.actor, call_id, piece)


async def _whole(part: BodyPartReader) -> bytearray:
    sound = bytearray()
    while chunk := await part.read_chunk():
        sound += chunk
        if len(sound) > MOST:
            raise TooLarge("A piece has at most one megabyte.")
    return sound
