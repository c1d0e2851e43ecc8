"""An agent's message as a request says it, made into words for the desk: laid-out form kept, forwarded words quoted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from crm_core.conversations import timeline
from crm_core.conversations.queries import readable_row
from crm_core.files.actions import NewFile, add
from crm_core.files.served import LAID_OUT, served
from crm_core.store.transaction import Tx
from crm_core.words.errors import Invalid
from crm_core.words.permissions import Actor
from crm_core.words.text import MAX_MESSAGE, storable
from crm_core.words.values import AuthorKind, EntryDetails, EntryKind, EntryValue, Pressable
from hub.api.call import Call
from hub.api.models.conversations import Reply
from hub.desk.outbound import Words
from hub.machinery.media import letters


async def composed(call: Call, body: Reply) -> Words:
    """The words of a reply. Raises NotFound for an entry to forward that the actor may not read, Invalid for a note."""
    text, html = body.text, body.html
    if html is not None:
        html = await asyncio.to_thread(letters.cleaned, html)
    if body.forward_of is not None:
        original = await call.read(_readable, call.actor, body.forward_of)
        quoted = _quoted(original)
        html = (html or letters.as_html(text)) + await _quoted_html(call, original)
        # What one quotes may be as long as a message may be; one's own words come first.
        text = (f"{text}\n\n{quoted}" if text.strip() else quoted)[: max(len(text), MAX_MESSAGE)]
    return Words(
        text=text,
        files=tuple(body.files),
        client_key=body.client_key,
        seen_entry_id=body.seen_entry_id,
        way=None if body.way is None else (body.way.identity_id, body.way.account_id),
        subject=body.subject,
        html_file=None if html is None else await _kept(call, html),
        to=tuple(body.to),
        cc=tuple(body.cc),
        bcc=tuple(body.bcc),
        template="" if body.template is None else body.template.id,
        variables={} if body.template is None else body.template.variables,
        buttons=tuple(Pressable(text=storable(b.text), key=b.key, url=b.url) for b in body.buttons),
        send_at=body.send_at,
        reply_to_id=body.reply_to_id,
        forward_of=body.forward_of,
    )


def _readable(tx: Tx, actor: Actor, entry_id: int) -> EntryValue:
    entry = timeline.value(tx, entry_id)
    readable_row(tx, actor, entry.conversation_id)
    if entry.kind is not EntryKind.MESSAGE:
        raise Invalid("Only a message can be forwarded: notes never leave the house.", why="forward_note")
    return entry


async def _kept(call: Call, html: str) -> int:
    stored = await call.house.media.receive(_one(html.encode()), "message.html")
    new = NewFile(
        name=stored.name,
        type=LAID_OUT,
        size=stored.size,
        sha256=stored.sha256,
        stored_as=stored.stored_as,
        uploader_kind=AuthorKind.AGENT,
        uploader_id=call.actor.agent_id,
    )
    return (await call.house.db.write(add, new)).id


def _head(entry: EntryValue) -> list[tuple[str, str]]:
    details = entry.details or EntryDetails()
    at = datetime.fromtimestamp(entry.at / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
    shown = [("From", entry.author.name), ("Date", at), ("Subject", details.subject)]
    return [(name, value) for name, value in shown if value]


def _quoted(entry: EntryValue) -> str:
    details = entry.details or EntryDetails()
    lines = [f"{name}: {value}" for name, value in _head(entry)]
    return "\n".join(["---------- Forwarded message ----------", *lines, "", entry.text, details.folded]).rstrip()


async def _quoted_html(call: Call, entry: EntryValue) -> str:
    details = entry.details or EntryDetails()
    head = letters.as_html("\n".join(f"{name}: {value}" for name, value in _head(entry)))
    if details.html_file_id is None:
        return head + f"<blockquote>{letters.as_html(entry.text)}</blockquote>"
    file = await call.read(served, details.html_file_id)
    body = b"".join([chunk async for chunk in call.house.media.read(file.stored_as, 0, file.size)])
    return head + f"<blockquote>{letters.without_pictures(body.decode('utf-8', 'replace'))}</blockquote>"


async def _one(content: bytes) -> AsyncIterator[bytes]:
    yield content
