"""What arrives from a channel becomes an entry, a conversation and work: once, durable before it is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import msgspec

from channels.contract import Calling, MessageArrived, ReachChanged, Stored
from crm_core.contacts.reach import heard_many
from crm_core.contacts.resolving import KnownIdentity, resolve_many
from crm_core.conversations import joining, timeline
from crm_core.conversations.actions import changed
from crm_core.conversations.opening import Opened, Wanted, flush, open_or_continue
from crm_core.conversations.rows import conversation_value, entry_value
from crm_core.files.actions import claim_for_entry
from crm_core.store import receipts
from crm_core.store.transaction import Batch, Fields, Tx
from crm_core.words.addresses import MAILTO, Address
from crm_core.words.content import FileRef, Medium, ReachState
from crm_core.words.errors import Conflict, HubError, Invalid
from crm_core.words.events import EntryAdded
from crm_core.words.text import MAX_MESSAGE, one_line, preview, storable
from crm_core.words.values import AuthorKind, ConversationStatus, Direction, EntryKind, FileValue, WorkState
from crm_core.work.actions import new_work
from crm_core.work.actions import store as store_work
from crm_core.work.sticky import sticky_waits
from hub.desk import aftermath, albums, leads, strangers
from hub.desk import receipts as standing
from hub.desk.manners import Manner
from hub.desk.particulars import particulars

SPAM = "spam"
"""The state of an identity whose messages are kept and trouble nobody."""
UNVERIFIED: Final = "unverified"
"""The scope of mail addresses as they stand in mail that nobody vouches for.

Such mail never goes on with what their owner has with us, nor shows it (RELIABILITY.md, vulnerability 17).
"""


@dataclass(frozen=True, slots=True)
class Source:
    """The account a message came by, as far as the desk needs it."""

    account_id: int
    kind: str
    medium: Medium
    queue_id: int | None
    manner: Manner | None = None
    invited: Callable[[Tx, str], int | None] | None = None
    """The contact that an invitation was made for, which is used up so; none when nobody made it."""
    calling: Calling | None = None
    """What the calls of the account can do; none where that is not known, or it carries none."""


@dataclass(slots=True)
class _Arrival:
    """One message on its way through the batch."""

    source: Source
    event: MessageArrived
    html: FileRef | None
    text: str
    digest: str
    answer: Stored | HubError | None = None
    identity: KnownIdentity | None = None

    @property
    def sender(self) -> Address:
        """Whose message it is: an address that nobody vouches for is not the one that its owner has."""
        sender = self.event.sender
        return replace(sender, scope=UNVERIFIED) if self.event.unverified and sender.scheme == MAILTO else sender

    @property
    def key(self) -> tuple[int, str]:
        return (self.source.account_id, self.event.external_id)


@dataclass(slots=True)
class _Written:
    """What the batch will insert, and the events in order."""

    entries: list[dict[str, Any]] = field(default_factory=list)
    events: list[EntryAdded] = field(default_factory=list)
    work: list[dict[str, Any]] = field(default_factory=list)
    lost: list[tuple[Mapping[str, Any], int]] = field(default_factory=list)
    """Conversations that went back into line, and who had put them away."""


def take_many(tx: Tx, calls: Sequence[tuple[Any, ...]]) -> list[Stored | BaseException]:
    """`take` for several messages: the same rows and events, in a handful of statements."""
    arrivals = [_read(*call) for call in calls]
    _answer_repeats(tx, arrivals)
    new = _first_of_each([a for a in arrivals if a.answer is None])
    fresh, parts = _without_later_parts(tx, new)
    if fresh:
        _store(tx, fresh)
    for part in parts:
        _join(tx, part)
    if new:
        _answer_twins(arrivals, new)
    answers = [arrival.answer for arrival in arrivals]
    assert all(answer is not None for answer in answers)
    return [answer for answer in answers if answer is not None]


def take_one(tx: Tx, source: Source, event: MessageArrived, html: FileRef | None = None) -> Stored:
    """
    Store one message with all that follows from it: identity, conversation, entry, work and events.

    `html` is its laid-out form, kept as a file. Seen before: the entry it was then, `repeated`. Raises Conflict
    when the external id was used with other words, Invalid when it says nothing or more than fits, NotFound
    for files that are neither the sender's nor the account's.
    """
    answer = take_many(tx, [(source, event, html)])[0]
    if isinstance(answer, BaseException):
        raise answer
    return answer


take = Batch(take_one, take_many)


def _read(source: Source, event: MessageArrived, html: FileRef | None = None) -> _Arrival:
    text = storable(event.content.text)
    # Files that a channel fetched have new ids each time; a visitor's own upload keeps its id.
    files = [str(f.id) for f in event.content.files] if event.client_key else [str(len(event.content.files))]
    said = "\n".join([text, *([] if files == ["0"] else files)])
    arrival = _Arrival(source, event, html, text, hashlib.blake2b(said.encode(), digest_size=12).hexdigest())
    if event.content.is_empty and event.raw is None:
        arrival.answer = Invalid("The message is empty.", why="message_empty")
    elif len(text) > MAX_MESSAGE:
        if event.raw is None:
            arrival.answer = Invalid("The message is longer than {n} characters.", why="message_long", n=MAX_MESSAGE)
        arrival.text = text[:MAX_MESSAGE]
    return arrival


def _answer_repeats(tx: Tx, arrivals: Sequence[_Arrival]) -> None:
    open_ones = [a for a in arrivals if a.answer is None]
    if not open_ones:
        return
    seen = timeline.seen_before(tx, [a.key for a in open_ones])
    for arrival in open_ones:
        row = seen.get(arrival.key)
        if row is not None:
            arrival.answer = _repeat(arrival, row)
        elif arrival.event.part_of is not None:
            arrival.answer = albums.repeat(tx, arrival.source.account_id, arrival.event, arrival.text)


def _repeat(arrival: _Arrival, row: Fields) -> Stored | HubError:
    # What was edited since is still the message that came first.
    was_edited = bool(row["details"]) and (row["details"].get("edited_at") or row["details"].get("withdrawn_at"))
    if row["digest"] != arrival.digest and not was_edited:
        return Conflict("This message id was used before with other words.")
    return Stored(entry=entry_value(row), repeated=True)


def _first_of_each(arrivals: Sequence[_Arrival]) -> list[_Arrival]:
    first: dict[tuple[int, str], _Arrival] = {}
    for arrival in arrivals:
        first.setdefault(arrival.key, arrival)
    return list(first.values())


def _answer_twins(arrivals: Sequence[_Arrival], fresh: Sequence[_Arrival]) -> None:
    """The same message twice in one batch: the second is a repeat of the first."""
    first = {a.key: a for a in fresh}
    for arrival in arrivals:
        if arrival.answer is None:
            twin = first[arrival.key]
            if isinstance(twin.answer, Stored) and twin.digest == arrival.digest:
                arrival.answer = Stored(entry=twin.answer.entry, repeated=True)
            else:
                arrival.answer = Conflict("This message id was used before with other words.")


def _without_later_parts(tx: Tx, new: Sequence[_Arrival]) -> tuple[list[_Arrival], list[_Arrival]]:
    """The messages that become entries, and those that join one that is there, or that one of the first becomes."""
    fresh: list[_Arrival] = []
    parts: list[_Arrival] = []
    begun: set[tuple[int, str]] = set()
    for arrival in new:
        is_later = albums.is_later(tx, arrival.source.account_id, arrival.event, arrival.sender, begun)
        (parts if is_later else fresh).append(arrival)
    return fresh, parts


def _join(tx: Tx, arrival: _Arrival) -> None:
    """One more part of an album, in the entry of those before it."""
    event, account_id = arrival.event, arrival.source.account_id
    entry = albums.open_entry(tx, account_id, event, arrival.sender)
    if entry is None:
        _store(tx, [arrival])
        return
    arrival.identity = resolve_many(tx, [_sender(arrival)])[arrival.sender]
    _recognise(tx, arrival, arrival.identity)
    joined = albums.join(tx, account_id, entry, event, arrival.html)
    arrival.answer = Stored(entry=joined)
    heard_many(tx, [(arrival.identity.id, account_id, event.thread)])
    leads.said_more(tx, joined)
    if event.reach is not None:
        standing.reach_changed(tx, account_id, _wish(arrival, event.reach))


def _store(tx: Tx, fresh: Sequence[_Arrival]) -> None:
    identities = resolve_many(tx, [_sender(a) for a in fresh])
    telling = [a for a in fresh if a.event.proves or a.event.mentions or a.event.invitation]
    for arrival in telling:
        _recognise(tx, arrival, identities[arrival.sender])
    if telling:
        identities = resolve_many(tx, [_sender(a) for a in fresh])
    for arrival in fresh:
        arrival.identity = identities[arrival.sender]
    opened = open_or_continue(tx, [_wanted(tx, a) for a in fresh])
    strangers.open_leads(tx, [_stranger(a, o) for a, o in zip(fresh, opened, strict=True)])
    waits = sticky_waits(tx, {c.row["queue_id"] for c in opened} | {a.source.queue_id for a in fresh})
    written = _Written()
    for arrival, conversation in zip(fresh, opened, strict=True):
        _write(tx, arrival, conversation, waits, written)
    flush(tx, opened)
    timeline.store(tx, written.entries)
    unreachable = heard_many(tx, [(_identity(a).id, a.source.account_id, a.event.thread) for a in fresh])
    for event in written.events:
        tx.record(event)
    for row, agent_id in written.lost:
        changed(tx, conversation_value(row), lost_agent_id=agent_id)
    store_work(tx, written.work)
    for arrival, conversation in zip(fresh, opened, strict=True):
        if (_identity(arrival).id, arrival.source.account_id) in unreachable and not arrival.event.automatic:
            aftermath.reachable(tx, arrival.source.account_id, arrival.event)
        _follow(tx, arrival, conversation)


def _recognise(tx: Tx, arrival: _Arrival, identity: KnownIdentity) -> None:
    """Before any conversation is chosen: whoever turns out to be a known contact goes on with theirs."""
    event, redeem = arrival.event, arrival.source.invited
    # Somebody who is known already leaves an invitation to whom it is for.
    is_new = bool(event.invitation) and identity.contact_id is None
    invited = redeem(tx, event.invitation) if is_new and redeem is not None else None
    aftermath.recognise(tx, identity, event, invited)


def _identity(arrival: _Arrival) -> KnownIdentity:
    assert arrival.identity is not None
    return arrival.identity


def _sender(arrival: _Arrival) -> tuple[Any, str, Mapping[str, str]]:
    event = arrival.event
    facts = {one_line(k, most=40): one_line(v, most=500) for k, v in event.sender_facts.items()}
    return (arrival.sender, one_line(event.sender_name, most=80), facts)


def _wanted(tx: Tx, arrival: _Arrival) -> Wanted:
    event, source = arrival.event, arrival.source
    joined = None
    if event.conversation_id is not None or event.references:
        joined = joining.joins(
            tx, _identity(arrival), source.account_id, token=event.conversation_id, references=event.references
        )
    is_aside = event.automatic or event.help is not None
    return Wanted(_identity(arrival), source.account_id, source.kind, event.thread, joined, automatic=is_aside)


def _stranger(arrival: _Arrival, opened: Opened) -> strangers.Newcomer:
    event = arrival.event
    is_aside = event.automatic or event.help is not None or event.reach is ReachState.OPTED_OUT
    return strangers.Newcomer(
        _identity(arrival),
        opened,
        arrival.source.kind,
        arrival.text,
        asks=not is_aside and _identity(arrival).state != SPAM,
        facts=event.sender_facts,
        queue_id=arrival.source.queue_id,
        subject=event.content.subject or "",
    )


def _write(tx: Tx, arrival: _Arrival, conversation: Opened, waits: Mapping[int | None, int], written: _Written) -> None:
    identity, event, row = _identity(arrival), arrival.event, conversation.row
    entry = timeline.new_entry(
        tx,
        conversation_id=row["id"],
        kind=EntryKind.MESSAGE,
        direction=Direction.IN,
        author_kind=AuthorKind.CONTACT,
        author_id=identity.id,
        author_name=identity.shown_name,
        account_id=arrival.source.account_id,
        channel=arrival.source.kind,
        identity_id=identity.id,
        sent_at=event.sent_at,
        text=arrival.text,
        external_id=event.external_id,
        client_key=event.client_key,
        digest=arrival.digest,
    )
    entry["files"] = _files(tx, arrival, entry) or None
    details = particulars(
        tx, arrival.source.account_id, event, arrival.html, is_cut=arrival.text != storable(event.content.text)
    )
    entry["details"] = None if details is None else msgspec.to_builtins(details)
    if event.part_of is not None:
        entry["details"] = {**(entry["details"] or {}), **albums.begun(event, arrival.html)}
    row["subject"] = row["subject"] or one_line(event.content.subject or "", most=200)
    if event.help is not None:
        conversation.asked(tx.now, entry["id"], arrival.text)
    elif event.automatic and not conversation.is_new:
        # An absence note wakes nobody and answers nothing; a message nobody has read yet stays what waits.
        conversation.noted(tx.now, entry["id"])
    else:
        conversation.heard(tx.now, entry["id"], _preview(arrival, entry["files"]))
        row["closed_at"] = None
        _queue(tx, arrival, row, waits, written)
    written.entries.append(entry)
    value = entry_value(entry)
    written.events.append(EntryAdded(entry=value, conversation=conversation_value(row)))
    arrival.answer = Stored(entry=value)


def _files(tx: Tx, arrival: _Arrival, entry: Mapping[str, Any]) -> list[FileValue]:
    """The message's files become the entry's; those of its other forms too, but are not shown among them."""
    shown = [f.id for f in arrival.event.content.files]
    behind = [f.id for f in (arrival.html, arrival.event.raw) if f is not None]
    if not shown and not behind:
        return []
    uploaders = [(AuthorKind.CONTACT, _identity(arrival).id), (AuthorKind.SYSTEM, arrival.source.account_id)]
    claimed = claim_for_entry(tx, uploaders, [*shown, *behind], entry["conversation_id"], entry["id"])
    return claimed[: len(dict.fromkeys(shown))]


def _preview(arrival: _Arrival, files: Sequence[FileValue] | None) -> str:
    content = arrival.event.content
    place = content.place.title or "📍" if content.place else ""
    return (
        preview(arrival.text) or preview(content.subject or "") or ", ".join(f.name for f in files or ())[:160] or place
    )


def _queue(tx: Tx, arrival: _Arrival, row: dict[str, Any], waits: Mapping[int | None, int], written: _Written) -> None:
    if row["work_state"] is not None or _identity(arrival).state == SPAM:
        return
    row["queue_id"] = row["queue_id"] or arrival.source.queue_id
    if row["queue_id"] is None:
        return
    written.work.append(_work(tx, row, arrival.source.medium, waits))
    row["work_state"] = WorkState.QUEUED
    if row["assignee_id"] is not None:
        written.lost.append((row, row["assignee_id"]))
        row["assignee_id"] = None


def _work(tx: Tx, row: Mapping[str, Any], medium: Medium, waits: Mapping[int | None, int]) -> dict[str, Any]:
    """Work for a conversation that has none; whoever had the person last is asked first for a while."""
    preferred = row["assignee_id"] or row["last_assignee_id"]
    return new_work(
        tx,
        conversation_id=row["id"],
        queue_id=row["queue_id"],
        medium=medium,
        priority=row["priority"],
        preferred_agent_id=preferred,
        preferred_until=tx.now + waits.get(row["queue_id"], 0) if preferred else None,
    )


def _follow(tx: Tx, arrival: _Arrival, conversation: Opened) -> None:
    """What a message may bring about once it is stored."""
    event, source = arrival.event, arrival.source
    assert isinstance(arrival.answer, Stored)
    assert arrival.answer.entry is not None
    entry_id, identity = arrival.answer.entry.id, _identity(arrival)
    if event.known_as is not None:
        receipts.note_parts(tx, source.account_id, entry_id, [storable(event.known_as)])
    if event.part_of is not None:
        albums.remember(tx, source.account_id, entry_id, event, arrival.sender)
    if event.content.to or event.content.cc:
        aftermath.let_in(tx, conversation, identity, event)
    if event.reach is not None:
        # Before any answer: whoever writes STOP gets not even a greeting.
        standing.reach_changed(tx, source.account_id, _wish(arrival, event.reach))
    if event.help is not None:
        if identity.state != SPAM:
            aftermath.explain(tx, conversation, identity, source.account_id, event.help)
        return
    is_open = conversation.row["status"] == ConversationStatus.OPEN
    if source.manner is not None and is_open and not event.automatic and identity.state != SPAM:
        aftermath.answer(tx, conversation, identity, source.account_id, source.manner)


def _wish(arrival: _Arrival, state: ReachState) -> ReachChanged:
    event, said = arrival.event, one_line(arrival.text, most=40)
    return ReachChanged(address=event.sender, state=state, at=event.sent_at, reason=f"They wrote “{said}”.")
