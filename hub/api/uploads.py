"""Files of agents: uploaded in a stream, opened by a signed link on the files' host."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import BadHttpMessage

from crm_core.files import actions
from crm_core.words.errors import Invalid
from crm_core.words.values import AuthorKind
from hub.api.call import Call
from hub.api.models.files import File
from hub.api.problems import BadRequest, WrongMediaType

_CHUNK: Final = 65_536


async def add(call: Call) -> File:
    """Upload one file as `multipart/form-data` with the field `file`. It is used in a reply or note within a day."""
    if call.request.content_type != "multipart/form-data":
        raise WrongMediaType("Send this as multipart/form-data.")
    try:
        parts = await call.request.multipart()
        part = await parts.next()
        if not isinstance(part, BodyPartReader) or part.name != "file":
            raise Invalid("The first field of the form has to be `file`.")
        stored = await call.house.media.receive(_chunks(part), part.filename or "file")
        if await parts.next() is not None:
            await call.house.media.remove(stored.stored_as)
            raise Invalid("The form has one field: `file`.")
    except (ValueError, AssertionError, BadHttpMessage, web.RequestPayloadError) as error:
        raise BadRequest("The form cannot be read.") from error
    new = actions.NewFile(
        name=stored.name,
        type=stored.type,
        size=stored.size,
        sha256=stored.sha256,
        stored_as=stored.stored_as,
        width=stored.width,
        height=stored.height,
        uploader_kind=AuthorKind.AGENT,
        uploader_id=call.actor.agent_id,
    )
    return File.model_validate(await call.house.db.write(actions.add, new))


async def open_file(call: Call, file_id: int) -> web.Response:
    """Go to the bytes of a file that I may read: the answer leads to a link that works for an hour."""
    await call.read(actions.get_readable, call.actor, file_id)
    return web.Response(status=302, headers={"Location": call.house.media.signed_url(file_id)})


async def _chunks(part: BodyPartReader) -> AsyncIterator[bytes]:
    while chunk := await part.read_chunk(_CHUNK):
        yield chunk
