"""The timeline: reading it, answering, noting, trying again."""

from __future__ import annotations

from crm_core.conversations import timeline
from hub.api.call import Call
from hub.api.composing import composed
from hub.api.models.conversations import Entries, Entry, Note, Reply, Timeline
from hub.desk import outbound
from hub.desk.outbound import Words


async def page(call: Call, conversation_id: int, query: Entries) -> Timeline:
    """Entries of a conversation, oldest first: the newest, those before an entry, or those after one."""
    found = await call.read(
        timeline.page, call.actor, conversation_id, before=query.before, after=query.after, most=query.limit
    )
    return Timeline.model_validate({"items": found})


async def reply(call: Call, conversation_id: int, body: Reply) -> Entry:
    """Answer the contact. The answer is stored and owed when this returns; its delivery follows."""
    words = await composed(call, body)
    directory = call.house.accounts.directory()
    return await call.write(Entry.model_validate, outbound.reply, call.actor, conversation_id, words, directory)


async def note(call: Call, conversation_id: int, body: Note) -> Entry:
    """Write a note that only colleagues see. Who is mentioned finds it under their mentions."""
    words = Words(text=body.text, files=tuple(body.files), client_key=body.client_key)
    return await call.write(
        Entry.model_validate, outbound.note, call.actor, conversation_id, words, tuple(body.mentions)
    )
