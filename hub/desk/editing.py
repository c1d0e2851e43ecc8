"""What a contact changes of what they wrote, or takes back, where their channel lets them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from channels.contract import MessageEdited, MessageWithdrawn
from crm_core.conversations import actions, timeline
from crm_core.files.actions import claim_for_entry
from crm_core.store.transaction import Fields, Tx
from crm_core.words.content import Content, FileRef
from crm_core.words.text import MAX_MESSAGE, storable
from crm_core.words.values import AuthorKind, EntryValue, FileValue, Pressable
from hub.desk import albums, inbound
from hub.desk.inbound import Source
from hub.desk.particulars import spot


def edit(tx: Tx, source: Source, event: MessageEdited, html: FileRef | None = None) -> EntryValue | None:
    """The entry with its new words, files and layout; none when it was edited later than this, or taken back.

    One that never reached us is taken now, if the event says whose it is. What it said in files before stays the
    entry's and is not shown any more. Raises Invalid and NotFound as `inbound.take`.
    """
    album = albums.part_of_entry(tx, source.account_id, event.external_id)
    if album is not None:
        return albums.edit(tx, source.account_id, album, event, html)
    found = timeline.seen_before(tx, [(source.account_id, event.external_id)])
    if not found:
        return _taken(tx, source, event, html)
    row = next(iter(found.values()))
    details = row["details"] or {}
    if (details.get("edited_at") or 0) >= event.at or details.get("withdrawn_at"):
        return None
    content = event.content
    text, is_cut = _words(content)
    # What could not be fetched once more was seen before: better shown as it was than not at all.
    files = None if content.problem and not content.files else _claimed(tx, source, row, content, html)
    return actions.change_details(
        tx,
        row["id"],
        text,
        files,
        html_file_id=None if html is None else html.id,
        folded=storable(content.folded)[:MAX_MESSAGE],
        buttons=[Pressable(text=storable(b.text), url=storable(b.url), key=storable(b.key)) for b in content.buttons],
        place=spot(content),
        problem=content.problem or ("cut" if is_cut else ""),
        edited_at=event.at,
    )


def _words(content: Content) -> tuple[str, bool]:
    text = storable(content.text)
    return text[:MAX_MESSAGE], len(text) > MAX_MESSAGE


def _taken(tx: Tx, source: Source, event: MessageEdited, html: FileRef | None) -> EntryValue | None:
    if event.unseen is None or event.content.is_empty:
        return None
    text, _ = _words(event.content)
    unseen = replace(event.unseen, content=replace(event.content, text=text))
    entry = inbound.take_one(tx, source, unseen, html).entry
    assert entry is not None
    album = albums.part_of_entry(tx, source.account_id, unseen.external_id)
    if album is not None:
        return albums.taken_edited(tx, album, event.at)
    # It says so, and the message in its first words may still come.
    return actions.change_details(tx, entry.id, edited_at=event.at)


def _claimed(tx: Tx, source: Source, row: Fields, content: Content, html: FileRef | None) -> list[FileValue]:
    shown = [f.id for f in content.files]
    behind = [] if html is None else [html.id]
    uploaders: list[Any] = [(AuthorKind.CONTACT, row["identity_id"]), (AuthorKind.SYSTEM, source.account_id)]
    claimed = claim_for_entry(tx, uploaders, [*shown, *behind], row["conversation_id"], row["id"])
    return claimed[: len(dict.fromkeys(shown))]


def withdraw(tx: Tx, account_id: int, event: MessageWithdrawn) -> EntryValue | None:
    """The entry without its words; none when it never reached us."""
    album = albums.part_of_entry(tx, account_id, event.external_id)
    if album is not None:
        return albums.withdraw(tx, album, event)
    found = timeline.seen_before(tx, [(account_id, event.external_id)])
    if not found:
        return None
    row = next(iter(found.values()))
    if (row["details"] or {}).get("withdrawn_at"):
        return timeline.value(tx, row["id"])
    return actions.change_details(tx, row["id"], "", withdrawn_at=event.at, folded="", html_file_id=None)
