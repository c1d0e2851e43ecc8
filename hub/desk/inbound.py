"""What arrives from a channel becomes an entry, a conversation and work: once, durable before it is acknowledged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from channels.contract import MessageArrived, Stored
from crm_core.contacts.resolving import KnownIdentity, resolve_many
from crm_core.conversations import timeline
from crm_core.conversations.actions import changed
from crm_core.conversations.opening import Opened, flush, open_or_continue
from crm_core.conversations.rows import conversation_value, entry_value
from crm_core.files.actions import claim_for_entry
from crm_core.store.transaction import Batch, Fields, Tx
from crm_core.words.content import Medium
from crm_core.words.errors import Conflict, HubError, Invalid
from crm_core.words.events import EntryAdded
from crm_core.words.text import MAX_MESSAGE, one_line, preview, storable
from crm_core.words.values import AuthorKind, Direction, EntryKind, WorkState
from crm_core.work.actions import new_work
from crm_core.work.actions import store as store_work
from crm_core.work.sticky import sticky_waits


@dataclass(frozen=True, slots=True)
class Source:
    """The account a message came by, as far as the desk needs it."""

    account_id: int
    kind: str
    medium: Medium
    queue_id: int | None


@dataclass(slots=True)
class _Arrival:
    """One message on its way through the batch."""

    source: Source
    event: MessageArrived
    text: str
    digest: str
    answer: Stored | HubError | None = None
    identity: KnownIdentity | None = None

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


def take_many(tx: Tx, calls: Sequence[tuple[Source, MessageArrived]]) -> list[Stored | BaseException]:
    """`take` for several messages: the same rows and events, in a handful of statements."""
    arrivals = [_read(source, event) for source, event in calls]
    _answer_repeats(tx, arrivals)
    fresh = _first_of_each([a for a in arrivals if a.answer is None])
    if fresh:
        _store(tx, fresh)
        _answer_twins(arrivals, fresh)
    answers = [arrival.answer for arrival in arrivals]
    assert all(answer is not None for answer in answers)
    return [answer for answer in answers if answer is not None]


def take_one(tx: Tx, source: Source, event: MessageArrived) -> Stored:
    """
    Store one message with all that follows from it: identity, conversation, entry, work and events.

    Seen before: the entry it was then, `repeated`. Raises Conflict when the external id was used with
    other words, Invalid when it says nothing or more than fits, NotFound for files that are not the sender's.
    """
    answer = take_many(tx, [(source, event)])[0]
    if isinstance(answer, BaseException):
        raise answer
    return answer


take = Batch(take_one, take_many)


def _read(source: Source, event: MessageArrived) -> _Arrival:
    text = storable(event.content.text)
    said = "\n".join([text, *(str(f.id) for f in event.content.files)])
    arrival = _Arrival(source, event, text, hashlib.blake2b(said.encode(), digest_size=12).hexdigest())
    if event.content.is_empty:
        arrival.answer = Invalid("The message is empty.")
    elif len(text) > MAX_MESSAGE:
        arrival.answer = Invalid(f"The message is longer than {MAX_MESSAGE} characters.")
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


def _repeat(arrival: _Arrival, row: Fields) -> Stored | HubError:
    if row["digest"] != arrival.digest:
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


def _store(tx: Tx, fresh: Sequence[_Arrival]) -> None:
    identities = resolve_many(tx, [_sender(a) for a in fresh])
    for arrival in fresh:
        arrival.identity = identities[arrival.event.sender]
    opened = open_or_continue(tx, [_wanted(a) for a in fresh])
    waits = sticky_waits(tx, {c.row["queue_id"] for c in opened} | {a.source.queue_id for a in fresh})
    written = _Written()
    for arrival, conversation in zip(fresh, opened, strict=True):
        _write(tx, arrival, conversation, waits, written)
    flush(tx, opened)
    timeline.store(tx, written.entries)
    for event in written.events:
        tx.record(event)
    for row, agent_id in written.lost:
        changed(tx, conversation_value(row), lost_agent_id=agent_id)
    store_work(tx, written.work)


def _sender(arrival: _Arrival) -> tuple[Any, str, Mapping[str, str]]:
    event = arrival.event
    facts = {one_line(k, most=40): one_line(v, most=500) for k, v in event.sender_facts.items()}
    return (event.sender, one_line(event.sender_name, most=80), facts)


def _wanted(arrival: _Arrival) -> Any:
    assert arrival.identity is not None
    return (arrival.identity, arrival.source.account_id, arrival.source.kind, arrival.event.thread)


def _write(tx: Tx, arrival: _Arrival, conversation: Opened, waits: Mapping[int | None, int], written: _Written) -> None:
    identity, event, row = arrival.identity, arrival.event, conversation.row
    assert identity is not None
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
    if event.content.files:
        ids = [f.id for f in event.content.files]
        files = claim_for_entry(tx, AuthorKind.CONTACT, identity.id, ids, row["id"], entry["id"])
        entry["files"] = files
    words = preview(arrival.text) or ", ".join(f.name for f in entry["files"] or ())[:160]
    conversation.heard(tx.now, entry["id"], words)
    if row["work_state"] is None:
        row["queue_id"] = row["queue_id"] or arrival.source.queue_id
        if row["queue_id"] is not None:
            written.work.append(_work(tx, row, arrival.source.medium, waits))
            row["work_state"] = WorkState.QUEUED
            if row["assignee_id"] is not None:
                written.lost.append((row, row["assignee_id"]))
                row["assignee_id"] = None
    written.entries.append(entry)
    value = entry_value(entry)
    written.events.append(EntryAdded(entry=value, conversation=conversation_value(row)))
    arrival.answer = Stored(entry=value)


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
