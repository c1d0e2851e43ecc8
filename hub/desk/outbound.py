"""What agents write: replies that leave the house through the outbox, and notes that never do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from crm_core.conversations import timeline
from crm_core.conversations.actions import add_by_agent, set_delivery
from crm_core.conversations.drafts import clear_draft, draft_of
from crm_core.conversations.mentions import mention
from crm_core.conversations.queries import readable_row
from crm_core.files.actions import claim_for_entry, copied, copied_for_entry
from crm_core.store import outbox
from crm_core.store.transaction import AnyRow, Tx
from crm_core.words.clock import DAY, Moment
from crm_core.words.content import DeliveryStatus
from crm_core.words.errors import Conflict, Invalid, MovedOn, NotFound
from crm_core.words.permissions import Actor, Permission
from crm_core.words.text import MAX_MESSAGE, one_line, storable
from crm_core.words.values import (
    AuthorKind,
    ConversationStatus,
    Direction,
    DraftExtras,
    DraftValue,
    EntryDetails,
    EntryKind,
    EntryValue,
    FileValue,
    Pressable,
)
from hub.desk import carrying, copies
from hub.desk.addressing import Aim, aim
from hub.desk.machine import answering
from hub.desk.ways import Directory

LONGEST_DELAY: Final = 400 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What an agent wrote. `seen_entry_id` is the newest entry they had before their eyes.

    `way` is (identity id, account id), none for the way of the contact's last words. `to` goes to addresses instead of
    the contact's own: where their last words want the answer, which is so by itself, or to somebody else. `html_file`
    is the laid-out form, kept as a file of theirs.
    """

    text: str
    files: tuple[int, ...] = ()
    client_key: str = ""
    seen_entry_id: int | None = None
    way: tuple[int, int] | None = None
    subject: str | None = None
    html_file: int | None = None
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    buttons: tuple[Pressable, ...] = ()
    send_at: Moment | None = None
    reply_to_id: int | None = None
    forward_of: int | None = None
    """An entry whose files go along."""
    instead_of: int | None = None
    """An entry that failed, whose files go along."""


_NO_ONE_OPEN: Final[Directory] = {}


def reply(tx: Tx, actor: Actor, conversation_id: int, words: Words, directory: Directory | None = None) -> EntryValue:
    """
    Write to the contact: the entry, the delivery owed and the event, in one transaction.

    With a directory the rules of the way are asked first, and what it does not carry is refused in words.
    The same client key again gives the entry it gave before. The actor's draft goes when it is what was sent:
    a newer one, begun while this was on its way, stays. Raises MovedOn when the contact wrote
    something the agent had not seen (`newest_entry_id` says what), Conflict when the conversation is
    closed, Invalid for nothing, too much, or what the way forbids, NotFound for what the actor may not read.
    """
    actor.must(Permission.WORK)
    row = readable_row(tx, actor, conversation_id, lock=True)
    said_before = _said_before(tx, actor, conversation_id, words)
    if said_before is not None:
        return said_before
    if row.status == ConversationStatus.CLOSED:
        raise Conflict("The conversation is closed. Reopen it to reply.", why="closed_reply")
    if words.seen_entry_id is not None and row.last_inbound_id > words.seen_entry_id:
        raise MovedOn(newest_entry_id=row.last_inbound_id)
    aimed = aim(tx, row, words, directory)
    entry = _entry(tx, actor, conversation_id, words, EntryKind.MESSAGE)
    aimed.must_carry(entry["text"], entry["files"] or (), words)
    entry.update(
        direction=Direction.OUT,
        account_id=aimed.account_id,
        channel=aimed.channel,
        identity_id=aimed.identity_id,
        delivery=DeliveryStatus.QUEUED,
        details=_details(tx, row, words, aimed),
    )
    value = add_by_agent(tx, entry, **_answered(tx, row, aimed))
    send_at = _send_at(tx, words)
    outbox.owe(tx, account_id=aimed.account_id, conversation_id=conversation_id, entry_id=value.id, send_at=send_at)
    _clear_said(tx, actor, conversation_id, EntryKind.MESSAGE, words)
    return value


def note(tx: Tx, actor: Actor, conversation_id: int, words: Words, mentions: Sequence[int] = ()) -> EntryValue:
    """Write a note that only colleagues see, naming those who should look. Raises NotFound, Invalid."""
    actor.must(Permission.WORK)
    readable_row(tx, actor, conversation_id, lock=True)
    said_before = _said_before(tx, actor, conversation_id, words)
    if said_before is not None:
        return said_before
    entry = _entry(tx, actor, conversation_id, words, EntryKind.NOTE)
    value = add_by_agent(tx, entry)
    mention(tx, conversation_id, value.id, mentions)
    _clear_said(tx, actor, conversation_id, EntryKind.NOTE, words)
    return value


def retry(tx: Tx, actor: Actor, entry_id: int) -> EntryValue:
    """Owe a message again that failed, or of which nobody knows whether it went. Raises Conflict, NotFound."""
    actor.must(Permission.WORK)
    _failed_row(tx, actor, entry_id)
    outbox.owe_again(tx, entry_id)
    value = set_delivery(tx, entry_id, DeliveryStatus.QUEUED, again=True)
    assert value is not None
    return value


# house: parameters because it is a reply whose words are known already: actor, what failed, by which way, what is open
def retry_by(
    tx: Tx, actor: Actor, entry_id: int, way: tuple[int, int], directory: Directory, client_key: str = ""
) -> EntryValue:
    """Say by another way what failed by one: a new entry that names the old one. Raises as `reply`, and Conflict.

    Copies, template and laid-out form go along where the way carries them; a notice names who is left out. Buttons
    that it does not carry are lines of the text.
    """
    actor.must(Permission.WORK)
    conversation_id = _failed_row(tx, actor, entry_id)["conversation_id"]
    kept = carrying.kept(timeline.value(tx, entry_id), directory, way[1])
    # Where a letter wanted its answer is no matter of another way; whom something was forwarded to always is.
    was_answer = copies.letters(tx, conversation_id).have_wanted(kept.to)
    words = Words(
        text=kept.text,
        client_key=client_key or f"instead-{entry_id}",
        way=way,
        to=() if was_answer else kept.to,
        cc=kept.cc,
        bcc=kept.bcc,
        template=kept.template,
        variables=kept.variables,
        buttons=kept.buttons,
        instead_of=entry_id,
    )
    said_before = _said_before(tx, actor, conversation_id, words)
    if said_before is not None:
        return said_before
    if kept.html_file_id is not None:
        (html,) = copied(tx, (AuthorKind.AGENT, actor.agent_id), [kept.html_file_id])
        words = replace(words, html_file=html.id)
    said = reply(tx, actor, conversation_id, words, directory)
    carrying.left_behind(tx, conversation_id, kept.left)
    return said


def cancel(tx: Tx, actor: Actor, entry_id: int) -> EntryValue:
    """Take back a message that has not left yet. Raises Conflict when it has, NotFound."""
    actor.must(Permission.WORK)
    row = timeline.row(tx, entry_id)
    readable_row(tx, actor, row["conversation_id"], lock=True)
    if row["kind"] != EntryKind.MESSAGE or row["delivery"] == DeliveryStatus.CANCELLED:
        return _as_it_is(tx, entry_id)
    if not outbox.cancel(tx, entry_id):
        raise Conflict("This message has left already.", why="left_already")
    value = set_delivery(tx, entry_id, DeliveryStatus.CANCELLED)
    assert value is not None
    return value


def _as_it_is(tx: Tx, entry_id: int) -> EntryValue:
    row = timeline.row(tx, entry_id)
    if row["delivery"] != DeliveryStatus.CANCELLED:
        raise Conflict("Only a message can be taken back.", why="only_message_back")
    return timeline.value(tx, entry_id)


def _failed_row(tx: Tx, actor: Actor, entry_id: int) -> Mapping[str, Any]:
    row = timeline.row(tx, entry_id)
    readable_row(tx, actor, row["conversation_id"], lock=True)
    if row["kind"] != EntryKind.MESSAGE or row["delivery"] not in (
        DeliveryStatus.FAILED,
        DeliveryStatus.UNCONFIRMED,
    ):
        raise Conflict("Only a message that failed, or whose fate is unknown, can be sent again.", why="not_failed")
    return row  # type: ignore[return-value]


def _said_before(tx: Tx, actor: Actor, conversation_id: int, words: Words) -> EntryValue | None:
    if not words.client_key:
        return None
    before = timeline.by_client_key(tx, conversation_id, actor.agent_id, words.client_key)
    if before is not None and before.text != storable(words.text):
        raise Conflict("This message key was used before with other words.")
    return before


def _clear_said(tx: Tx, actor: Actor, conversation_id: int, kind: EntryKind, words: Words) -> None:
    draft = draft_of(tx, actor, conversation_id, kind)
    if draft is not None and _is_said(draft, words):
        clear_draft(tx, actor, conversation_id, kind)


def _is_said(draft: DraftValue, words: Words) -> bool:
    extras = draft.extras or DraftExtras()
    typed, said = draft.text.strip(), storable(words.text).strip()
    if extras.template != words.template or [f.id for f in draft.files] != list(words.files):
        return False
    if [b.text.strip() for b in extras.buttons if b.text.strip()] != [b.text.strip() for b in words.buttons]:
        return False
    if words.forward_of is not None:
        # Whoever composed it put what is forwarded below the typed words.
        return extras.about_id == words.forward_of and said.startswith(typed)
    # What is typed beside a template is kept for later.
    return typed == said or (bool(words.template) and not typed)


def _entry(tx: Tx, actor: Actor, conversation_id: int, words: Words, kind: EntryKind) -> dict[str, Any]:
    text = storable(words.text)
    has_more = words.files or words.template or words.forward_of or words.instead_of
    if not text.strip() and not has_more:
        raise Invalid("The message is empty.", why="message_empty")
    if len(text) > MAX_MESSAGE:
        raise Invalid("The message is longer than {n} characters.", why="message_long", n=MAX_MESSAGE)
    entry = timeline.new_entry(
        tx,
        conversation_id=conversation_id,
        kind=kind,
        direction=Direction.INTERNAL,
        author_kind=AuthorKind.AGENT,
        author_id=actor.agent_id,
        author_name=actor.name,
        text=text,
        client_key=words.client_key or None,
    )
    files = _files(tx, actor, words, entry)
    if files:
        entry["files"] = files
    return entry


def _files(tx: Tx, actor: Actor, words: Words, entry: Mapping[str, Any]) -> list[FileValue]:
    where = (entry["conversation_id"], entry["id"])
    mine = [*words.files, *([words.html_file] if words.html_file else [])]
    claimed = claim_for_entry(tx, [(AuthorKind.AGENT, actor.agent_id)], mine, *where) if mine else []
    files = claimed[: len(dict.fromkeys(words.files))]
    for source in (words.forward_of, words.instead_of):
        if source is not None:
            original = timeline.row(tx, source)
            readable_row(tx, actor, original["conversation_id"])
            files += copied_for_entry(tx, actor, [f["id"] for f in original["files"] or ()], *where)
    return files


def _details(tx: Tx, row: AnyRow, words: Words, aimed: Aim) -> dict[str, Any] | None:
    before = timeline.value(tx, words.instead_of).details if words.instead_of else None
    details = EntryDetails(
        subject=one_line(_subject(tx, row, words, before), most=500) if aimed.carries_subject else "",
        html_file_id=words.html_file,
        to=aimed.to,
        cc=aimed.cc,
        bcc=aimed.bcc,
        template=words.template,
        variables=dict(words.variables),
        buttons=list(words.buttons),
        reply_to_id=_answered_entry(tx, row, words),
        instead_of_id=words.instead_of,
        send_at=_send_at(tx, words),
    )
    return None if details == EntryDetails() else msgspec.to_builtins(details)


def _subject(tx: Tx, row: AnyRow, words: Words, before: EntryDetails | None) -> str:
    if words.subject is not None:
        return words.subject
    return answering(copies.letters(tx, row.id).subject(row.subject)) if before is None else before.subject


def _answered_entry(tx: Tx, row: AnyRow, words: Words) -> int | None:
    """The message that is answered. Raises NotFound for one of another conversation: its name would go out with it."""
    if words.reply_to_id is None:
        return None
    answered = timeline.row(tx, words.reply_to_id)
    if answered["conversation_id"] != row.id or answered["kind"] != EntryKind.MESSAGE:
        raise NotFound
    return words.reply_to_id


def _answered(tx: Tx, row: AnyRow, aimed: Aim) -> dict[str, Any]:
    """What an answer changes in the conversation; a message to somebody else answers nobody."""
    if not aimed.answers:
        return {}
    return {
        "waiting_since": None,
        "first_reply_at": row.first_reply_at or tx.now,
        "agent_read_id": max(row.agent_read_id, row.last_inbound_id),
    }


def _send_at(tx: Tx, words: Words) -> Moment | None:
    if words.send_at is None:
        return None
    if not tx.now < words.send_at <= tx.now + LONGEST_DELAY:
        raise Invalid("Choose a time in the future, at most {n} days away.", why="time_ahead", n=400)
    return words.send_at
