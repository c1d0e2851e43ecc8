"""Several messages of a provider's that are one to whoever sent them: the parts of an album share one entry.

The part that comes first makes the entry, the others join it, each once and in any order, as long as nobody has
answered it, or has read it a while ago: what comes after that is news, and has an entry of its own, which the rest of
the parts join. So it is unread again, and whoever answers is told that there is more.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

import msgspec

from channels.contract import MessageArrived, MessageEdited, MessageWithdrawn, Stored
from crm_core.conversations import actions, timeline
from crm_core.conversations.queries import row as conversation_row
from crm_core.conversations.rows import entry_value
from crm_core.files.actions import claim_for_entry
from crm_core.store import receipts
from crm_core.store.transaction import Fields, Tx
from crm_core.words.addresses import Address
from crm_core.words.clock import SECOND, Moment
from crm_core.words.content import Content, FileRef
from crm_core.words.errors import Conflict
from crm_core.words.text import MAX_MESSAGE, storable
from crm_core.words.values import AuthorKind, ConversationStatus, EntryValue, FileValue

MOST_PARTS: Final = 50
"""Parts of one entry; more begin another."""
AT_ONCE: Final[Moment] = 10 * SECOND
"""How long after the first part others join it also before the eyes of whoever reads it: albums come in a burst."""
_KEPT: Final = "parts"
"""Where an entry keeps them, beside the details that are shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One of the messages, as far as the entry it is in has to know it apart."""

    name: str
    """The provider's id of it."""
    place: int
    text: str = ""
    folded: str = ""
    html: int | None = None
    problem: str = ""
    files: list[int] = field(default_factory=list)
    edited_at: Moment = 0
    is_gone: bool = False
    """Its writer took it back."""


def begun(event: MessageArrived, html: FileRef | None) -> dict[str, Any]:
    """What the entry of a first part keeps beside its details."""
    return {_KEPT: [asdict(_said(event, html))]}


def remember(tx: Tx, account_id: int, entry_id: int, event: MessageArrived, sender: Address) -> None:
    """From now on the other parts of the message's album join this entry."""
    receipts.point(tx, account_id, _group(event, sender), entry_id)


def open_entry(tx: Tx, account_id: int, event: MessageArrived, sender: Address) -> Fields | None:
    """The row of the entry that a part joins; none when it is the first, or comes too late."""
    entry_id = receipts.entry_of_part(tx, account_id, _group(event, sender))
    if entry_id is None:
        return None
    entry = timeline.row(tx, entry_id)
    details = entry["details"] or {}
    is_over = details.get("withdrawn_at") or len(_parts(entry)) >= MOST_PARTS
    return None if is_over or not _waits(tx, entry) else entry


def _waits(tx: Tx, entry: Fields) -> bool:
    """Whether the entry is still to be read and answered, so that whoever answers sees what joins it."""
    conversation = conversation_row(tx, entry["conversation_id"])
    if conversation.status != ConversationStatus.OPEN:
        return False
    if conversation.agent_read_id >= entry["id"] and tx.now - entry["at"] > AT_ONCE:
        return False
    if (entry["details"] or {}).get("automatic"):
        return True
    return conversation.waiting_since is not None and conversation.waiting_since <= entry["at"]


def is_later(tx: Tx, account_id: int, event: MessageArrived, sender: Address, begun: set[tuple[int, str]]) -> bool:
    """Whether a message joins an entry: one that is there, or that of an album that `begun` names.

    Otherwise, if it is a part, `begun` names its album from now on.
    """
    if event.part_of is None:
        return False
    album = (account_id, _group(event, sender))
    if album in begun or open_entry(tx, account_id, event, sender) is not None:
        return True
    begun.add(album)
    return False


def join(tx: Tx, account_id: int, entry: Fields, event: MessageArrived, html: FileRef | None) -> EntryValue:
    """The entry with one more part. Raises NotFound as `inbound.take`."""
    part = _said(event, html)
    receipts.note_parts(tx, account_id, entry["id"], [part.name])
    raw = [] if event.raw is None else [event.raw]
    files = _claimed(tx, account_id, entry, part, raw)
    changes: dict[str, Any] = {}
    if event.raw is not None and (entry["details"] or {}).get("raw_file_id") is None:
        changes["raw_file_id"] = event.raw.id
    return _shown(tx, entry, [*_parts(entry), part], files, conversation=_heard(tx, entry), **changes)


def _heard(tx: Tx, entry: Fields) -> dict[str, Any]:
    """What one more part changes in the conversation: there is news in it, unread if the entry had been read."""
    conversation = conversation_row(tx, entry["conversation_id"])
    if conversation.agent_read_id < entry["id"]:
        return {"last_activity_at": tx.now}
    return {"last_activity_at": tx.now, "agent_read_id": entry["id"] - 1}


def repeat(tx: Tx, account_id: int, event: MessageArrived, text: str) -> Stored | Conflict | None:
    """The answer to a part that came before; none for a new one. `text`: its words as they are stored."""
    found = part_of_entry(tx, account_id, event.external_id)
    if found is None:
        return None
    entry, part = found
    if part.text != text and not (part.edited_at or part.is_gone):
        return Conflict("This message id was used before with other words.")
    return Stored(entry=entry_value(entry), repeated=True)


def part_of_entry(tx: Tx, account_id: int, external_id: str) -> tuple[Fields, Part] | None:
    """The entry that a message is a part of, and the part; none for a message that is an entry of its own."""
    entry_id = receipts.entry_of_part(tx, account_id, external_id)
    if entry_id is not None:
        entry: Fields | None = timeline.row(tx, entry_id)
    else:
        entry = timeline.seen_before(tx, [(account_id, external_id)]).get((account_id, external_id))
    if entry is None:
        return None
    part = next((p for p in _parts(entry) if p.name == external_id), None)
    return None if part is None else (entry, part)


def edit(
    tx: Tx, account_id: int, found: tuple[Fields, Part], event: MessageEdited, html: FileRef | None
) -> EntryValue | None:
    """The entry with one part as it is now; none when that was edited later than this, or taken back."""
    entry, part = found
    if part.is_gone or part.edited_at >= event.at:
        return None
    now = replace(_now(part, event.content, html), edited_at=event.at)
    files: Sequence[FileValue] = ()
    if event.content.problem and not event.content.files:
        # What could not be fetched once more was seen before.
        now = replace(now, files=part.files)
    else:
        files = _claimed(tx, account_id, entry, now)
    parts = [now if p.name == part.name else p for p in _parts(entry)]
    return _shown(tx, entry, parts, files, edited_at=max(p.edited_at for p in parts))


def taken_edited(tx: Tx, found: tuple[Fields, Part], at: Moment) -> EntryValue:
    """The entry, a part of which came first in its later words: its first ones, which may still come, are old."""
    entry, part = found
    parts = [replace(p, edited_at=at) if p.name == part.name else p for p in _parts(entry)]
    return actions.change_details(tx, entry["id"], beside={_KEPT: [asdict(p) for p in parts]}, edited_at=at)


def withdraw(tx: Tx, found: tuple[Fields, Part], event: MessageWithdrawn) -> EntryValue:
    """The entry without a part's words and files; without any words once none of its parts is left."""
    entry, part = found
    if part.is_gone:
        return timeline.value(tx, entry["id"])
    parts = [replace(p, is_gone=True) if p.name == part.name else p for p in _parts(entry)]
    if not all(p.is_gone for p in parts):
        return _shown(tx, entry, parts, ())
    kept = {_KEPT: [asdict(p) for p in parts]}
    return actions.change_details(tx, entry["id"], "", beside=kept, withdrawn_at=event.at, folded="", html_file_id=None)


def _group(event: MessageArrived, sender: Address) -> str:
    """What the parts of one album have in common: nobody else's message, and none of another thread, joins it."""
    assert event.part_of is not None, "only parts have a group"
    said = "\0".join([sender.scheme, sender.value, sender.scope, event.thread, event.part_of])
    return receipts.GROUP + hashlib.blake2b(said.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _said(event: MessageArrived, html: FileRef | None) -> Part:
    return _now(Part(name=event.external_id, place=event.part), event.content, html)


def _now(part: Part, content: Content, html: FileRef | None) -> Part:
    text = storable(content.text)
    return replace(
        part,
        text=text[:MAX_MESSAGE],
        folded=storable(content.folded)[:MAX_MESSAGE],
        html=None if html is None else html.id,
        problem=content.problem or ("cut" if len(text) > MAX_MESSAGE else ""),
        files=list(dict.fromkeys(f.id for f in content.files)),
    )


def _parts(entry: Fields) -> list[Part]:
    return [Part(**kept) for kept in (entry["details"] or {}).get(_KEPT, [])]


def _claimed(tx: Tx, account_id: int, entry: Fields, part: Part, raw: Sequence[FileRef] = ()) -> list[FileValue]:
    """A part's files become the entry's; those of its other forms too, but are not shown among them."""
    behind = [*([] if part.html is None else [part.html]), *(f.id for f in raw)]
    uploaders = [(AuthorKind.CONTACT, entry["identity_id"]), (AuthorKind.SYSTEM, account_id)]
    claimed = claim_for_entry(tx, uploaders, [*part.files, *behind], entry["conversation_id"], entry["id"])
    return claimed[: len(part.files)]


def _shown(tx: Tx, entry: Fields, parts: Sequence[Part], new: Sequence[FileValue], **changes: Any) -> EntryValue:
    """The entry as its parts make it, in their order; `new` are files that it has not shown yet."""
    known = {f.id: f for f in [*msgspec.convert(entry["files"] or [], list[FileValue]), *new]}
    there = sorted((p for p in parts if not p.is_gone), key=lambda p: p.place)
    speaking = [p for p in there if p.text.strip()]
    text = "\n".join(p.text for p in speaking)
    problems = [p.problem for p in there if p.problem]
    if len(text) > MAX_MESSAGE:
        problems.append("cut")
    return actions.change_details(
        tx,
        entry["id"],
        text[:MAX_MESSAGE],
        [known[i] for p in there for i in p.files if i in known],
        beside={_KEPT: [asdict(p) for p in parts]},
        # What one of several says is only a part of the layout too.
        html_file_id=speaking[0].html if len(speaking) == 1 else None,
        folded="\n".join(p.folded for p in there if p.folded)[:MAX_MESSAGE],
        problem=problems[0] if problems else "",
        **changes,
    )
