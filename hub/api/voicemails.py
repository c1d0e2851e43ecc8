"""Pieces of the message that a visitor leaves on a call, sent by their page while it is recorded."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from pydantic import TypeAdapter

from hub.api.chat import CHAT, visitor_of
from hub.api.models.calls import RecordedPiece
from hub.api.reading import path_id, query_of, read_bytes
from hub.api.recorded import MOST
from hub.desk.calls.messages import Caller
from hub.desk.calls.recordings import Piece
from hub.keys import HOUSE

_ASKED: Final = TypeAdapter(RecordedPiece)


def mount(app: web.Application) -> None:
    """Add the route. The visitors' door has to be there."""
    app.router.add_post("/chat/{key}/calls/{call_id}/message", take)


async def take(request: web.Request) -> web.Response:
    """Add a piece of the message; its bytes are the body, and the query says which piece it is.

    Only the visitor of the bearer token adds to the message of their own call. It is durable when this answers; the
    same piece again changes nothing, and the last one may be empty.
    """
    door = request.app[CHAT]
    found, channel = door.opened(request)
    door.must_be_welcome(request, channel.doorway)
    asked = query_of(request.query, RecordedPiece, _ASKED)
    call_id = path_id(request.match_info["call_id"])
    visit = await visitor_of(request, door.desk(found))
    door.recording.take(f"{visit.identity_id}")
    sound = await read_bytes(request, most=MOST)
    caller = Caller(account_id=found.account.id, identity_id=visit.identity_id)
    piece = Piece(recording=asked.recording, seq=asked.seq, duration=asked.duration, last=asked.last, sound=sound)
    await request.app[HOUSE].recordings.take_message(caller, call_id, piece)
    return web.Response(status=204)
